"""Reads the files that commands are given, with libvirt's errors."""

from __future__ import annotations

import os

from pasarela.cli.faults import CommandFailed

LIMIT = 10 * 1024 * 1024  # octets, virsh's own


def read_text(path: str) -> str:
    """The file's text.

    Raises:
        CommandFailed: it cannot be opened or read, or is larger than 10 MiB.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        hint = "to read what is piped in, say /dev/stdin" if path == "-" else None
        raise CommandFailed(f"Failed to open file '{path}': {error.strerror}", hint=hint) from None
    try:
        content = _read_all(descriptor)
    except OSError as error:
        raise CommandFailed(f"Failed to read file '{path}': {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(content) > LIMIT:
        raise CommandFailed(
            f"Failed to read file '{path}': Value too large for defined data type",
            hint=f"no network's XML is larger than {LIMIT >> 20} MiB; is this the right file?",
        )
    return content.decode(errors="surrogateescape")


def _read_all(descriptor: int) -> bytes:
    """All that is there, up to just over the limit; pipes and /dev/stdin too."""
    chunks: list[bytes] = []
    size = 0
    while size <= LIMIT and (chunk := os.read(descriptor, 1 << 16)):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)
