"""Writing cpio archives in the form that Linux takes as its initial file system ("newc").

Source: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_DIRECTORY, _FILE, _LINK, _DEVICE = 0o040000, 0o100000, 0o120000, 0o020000
_END = "TRAILER!!!"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in the archive."""

    path: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def directory(path: str) -> Entry:
    return Entry(path, _DIRECTORY | 0o755)


def file(path: str, data: bytes, *, executable: bool = False) -> Entry:
    return Entry(path, _FILE | (0o755 if executable else 0o644), data)


def link(path: str, target: str) -> Entry:
    return Entry(path, _LINK | 0o777, target.encode())


def character_device(path: str, major: int, minor: int) -> Entry:
    return Entry(path, _DEVICE | 0o600, device=(major, minor))


def archive(entries: Iterable[Entry]) -> bytes:
    """The archive, with the entries in order; a folder has to come before what is in it."""
    numbered = enumerate((*entries, Entry(_END, 0)), start=1)
    return b"".join(_member(number, entry) for number, entry in numbered)


def _member(inode: int, entry: Entry) -> bytes:
    name = entry.path.encode() + b"\0"
    links = 2 if entry.mode & 0o170000 == _DIRECTORY else 1
    fields = (
        inode, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, *entry.device, len(name), 0,
    )  # fmt: skip
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
