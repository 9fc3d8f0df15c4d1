"""net-list without the engine, for the plain case: it is typed, and polled, more than all others.

Loading the engine, and the modules that every dataclass needs, takes twice as long as virsh takes
for a whole ``net-list``. Here the folders are read with nothing imported but expat. Whatever is
not as Pasarela or libvirt writes it (a half-done change, a file edited by hand, an odd name,
another option, a daemon) is left to the engine, which does and says the same, only later.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # what typing has, without the milliseconds that importing it takes
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CONFIG = "etc/libvirt/qemu/networks"  # as model/paths.py has them, which is too slow to import
_STATE = "run/libvirt/network"
_SOCKET = "run/libvirt/virtnetworkd-sock"
_PENDING = "run/pasarela/host/pending.json"  # a host-bridge to tell of
_FILTERS = {
    "--persistent": ("persistent", True),
    "--transient": ("persistent", False),
    "--autostart": ("autostart", True),
    "--no-autostart": ("autostart", False),
}
_FORMS = frozenset({"--name", "--uuid", "--table"})
_OPTIONS = frozenset({"--all", "--inactive", *_FILTERS, *_FORMS})
_MODES_WITHOUT_BRIDGE = tuple(
    f"mode='{mode}'".encode() for mode in ("bridge", "private", "vepa", "passthrough", "hostdev")
)
_OTHER_URI = ("VIRSH_DEFAULT_CONNECT_URI", "LIBVIRT_DEFAULT_URI")

Network = dict[str, object]  # name, uuid, active, persistent, autostart


def quick_list(arguments: Sequence[str]) -> str | None:
    """What this command line prints; None if it takes the engine to know."""
    words = list(arguments)
    root = _root(words)
    quiet = words[:1] == ["-q"]
    options = words[quiet + 1 :]
    if words[quiet : quiet + 1] != ["net-list"] or not _OPTIONS.issuperset(options):
        return None
    if len(set(options)) != len(options) or len(_FORMS.intersection(options)) > 1:
        return None
    if any(os.environ.get(name) for name in _OTHER_URI):
        return None
    if os.path.exists(os.path.join(root, _PENDING)):  # noqa: PTH110, PTH118
        return None
    networks = _networks(root)
    if networks is None or (not networks and sys.stderr.isatty()):  # then there is a hint to give
        return None
    return _format(_chosen(networks, options), options, quiet=quiet)


def _root(words: list[str]) -> str:
    """The prefix of all folders, taken out of ``words``."""
    if words[:1] == ["--root"] and len(words) > 1:
        del words[0]
        return words.pop(0)
    return os.environ.get("PASARELA_ROOT") or "/"


def _chosen(networks: Iterable[Network], options: Sequence[str]) -> list[Network]:
    wanted: dict[str, set[object]] = {"active": {True}}
    if "--inactive" in options:
        wanted["active"] = {False}
    if "--all" in options:
        wanted["active"] = {True, False}
    for option, (key, value) in _FILTERS.items():
        if option in options:
            wanted.setdefault(key, set()).add(value)
    return [one for one in networks if all(one[key] in wanted[key] for key in wanted)]


def _format(networks: Iterable[Network], options: Sequence[str], *, quiet: bool) -> str:
    ordered = sorted(networks, key=lambda one: str(one["name"]).lower())
    end = "" if quiet else "\n"
    for option, key in (("--name", "name"), ("--uuid", "uuid")):
        if option in options:
            return "".join(f"{one[key]}\n" for one in ordered) + end
    from pasarela.cli.output import format_table

    rows = [
        [
            str(one["name"]),
            "active" if one["active"] else "inactive",
            "yes" if one["autostart"] else "no",
            "yes" if one["persistent"] else "no",
        ]
        for one in ordered
    ]
    return format_table(["Name", "State", "Autostart", "Persistent"], rows, quiet=quiet) + end


# reading the folders


class _NotPlain(Exception):
    """Something that the engine must look at."""


def _networks(root: str) -> list[Network] | None:
    """All networks; None if anything is not plain."""
    config, state = os.path.join(root, _CONFIG), os.path.join(root, _STATE)  # noqa: PTH118
    listening = os.path.join(root, _SOCKET)  # noqa: PTH118
    if os.path.lexists(listening):
        return _of_daemon(listening)  # which may know better than the files
    try:
        if _entries(f"{state}/pasarela-journal"):
            return None  # a change was begun and not finished
        defined = _uuids(config, "network")
        live = _uuids(state, "networkstatus")
        marked = {entry.name[:-4] for entry in _documents(f"{config}/autostart")}
    except (_NotPlain, OSError):
        return None
    if any(live[name] != defined[name] for name in live.keys() & defined.keys()):
        return None
    return [
        {
            "name": name,
            "uuid": uuid,
            "active": name in live,
            "persistent": name in defined,
            "autostart": name in marked and name in defined,
        }
        for name, uuid in (live | defined).items()
    ]


def _of_daemon(path: str) -> list[Network] | None:
    from pasarela.client.quick import Unexpected, networks

    try:
        return networks(path)
    except Unexpected:
        return None


def _documents(folder: str) -> list[os.DirEntry[str]]:
    """The folder's entries that end in .xml.

    Raises:
        _NotPlain: there is a half-written one, or one that is no file.
    """
    found = [entry for entry in _entries(folder) if ".xml" in entry.name]
    if any(not (entry.name.endswith(".xml") and entry.is_file()) for entry in found):
        raise _NotPlain
    return found


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _uuids(folder: str, root: str) -> dict[str, str]:
    """The uuids of the networks whose documents lie in ``folder``, by their names."""
    names = {entry.name[:-4]: entry.path for entry in _documents(folder)}
    return {name: _uuid(path, name, root) for name, path in names.items()}


def _uuid(path: str, name: str, root: str) -> str:
    """The uuid in a well-formed document that names the network that its file is called after.

    Raises:
        _NotPlain: it is not as it is when written.
    """
    with open(path, "rb") as file:  # noqa: PTH123
        content = file.read()
    head, _, rest = content.partition(b"<name>" + name.encode() + b"</name>\n")
    line, _, _ = rest.partition(b"\n")
    uuid = line.strip().removeprefix(b"<uuid>").removesuffix(b"</uuid>").decode("ascii", "replace")
    if not (name.isascii() and name.isprintable() and _is_uuid(uuid) and _is_complete(rest)):
        raise _NotPlain
    _check_well_formed(content, head, root.encode())
    return uuid


def _is_uuid(text: str) -> bool:
    digits = text.replace("-", "")
    return len(text) == 36 and len(digits) == 32 and set(digits) <= set("0123456789abcdef")


def _is_complete(rest: bytes) -> bool:
    """Whether nothing is missing that would be made up when the document is loaded."""
    return b"<mac address=" in rest or any(mode in rest for mode in _MODES_WITHOUT_BRIDGE)


def _check_well_formed(content: bytes, head: bytes, root: bytes) -> None:
    from pyexpat import ExpatError, ParserCreate

    is_status = b"<networkstatus" in head
    if b"<!DOCTYPE" in content or b"<network" not in head or b"<name>" in head:
        raise _NotPlain
    if is_status != (root == b"networkstatus"):
        raise _NotPlain
    try:
        ParserCreate().Parse(content, True)
    except ExpatError:
        raise _NotPlain from None
