"""dhclient, udhcpc and dhcpcd: their arguments, leases and scripts, on one link and on another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from shutil import which

from pasarela.errors import HostnetRefused
from pasarela.hostnet.live.dhcp import dhcpcd

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_PROGRAMS = frozenset({"dhclient", "udhcpc", dhcpcd.NAME})
_LEASES = Path("/var/lib/dhcp")
_IF_INET6 = Path("/proc/net/if_inet6")
_GLOBAL, _PERMANENT = 0x00, 0x80
# What runs first when udhcpc starts is "deconfig", which takes the addresses away; dhclient -6
# begins with PREINIT6, which takes those that last. They are moved already, so the first is let
# pass; all that comes later goes to the script that did it so far.
_SCRIPT = """\
#!/bin/sh
# Made by Pasarela for the DHCP client of {link}: the addresses are there already.
if [ "${{reason:-$1}}" = {first} ] && [ ! -e '{marker}' ]; then
    : > '{marker}'
    exit 0
fi
exec '{script}' "$@"
"""


def program_name(argv: Sequence[str]) -> str:
    """``dhclient`` of ``/sbin/dhclient``, ``udhcpc`` of ``busybox udhcpc``."""
    words = [word.rsplit("/", 1)[-1] for word in argv[:2]]
    return next((word for word in words if word in _PROGRAMS), "")


def option(argv: Sequence[str], name: str) -> str | None:
    return argv[argv.index(name) + 1] if name in argv[:-1] else None


# on another link


def moved_arguments(argv: Sequence[str], old: str, new: str) -> tuple[str, ...]:
    """The arguments with one link's name in the place of another's, in files' names too."""
    whole = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(old)}(?![A-Za-z0-9_-])")
    moved = [argv[0], *(whole.sub(new, word) for word in argv[1:])]
    for kept in ("-s", "-sf", "-df"):  # a script, or whose DUID it is: of no link, or its old one
        if kept in moved:
            moved[moved.index(kept) + 1] = argv[argv.index(kept) + 1]
    if program_name(argv) == "dhclient":
        moved = _with_own_files(moved, argv, new)
    return tuple(moved)


def _with_own_files(moved: list[str], old: Sequence[str], link: str) -> list[str]:
    """dhclient's files that are not by link would be shared with the client that was."""
    stem = f"{_stem(old)}.{link}"
    for name, place in (("-pf", f"/run/{stem}.pid"), ("-lf", f"{_LEASES}/{stem}.leases")):
        if name not in moved:
            moved = [moved[0], name, place, *moved[1:]]
        elif moved[moved.index(name) + 1] == old[old.index(name) + 1]:
            moved[moved.index(name) + 1] = place
    return list(in_background(moved))


def _stem(argv: Sequence[str]) -> str:
    """What dhclient's own files begin with, where it is not told."""
    return "dhclient6" if "-6" in argv else "dhclient"


def in_background(argv: Sequence[str]) -> tuple[str, ...]:
    """dhclient that does not wait for an answer: the addresses are there."""
    if program_name(argv) != "dhclient" or "-nw" in argv:
        return tuple(argv)
    return (argv[0], "-nw", *argv[1:])


def carry_lease(old: Sequence[str], source: str, new: Sequence[str], target: str) -> None:
    """Give the new client what the old one knows: a lease that is for its link."""
    match program_name(old):
        case "dhclient":
            kept, mine = _lease_file(old), _lease_file(new)
            with suppress(FileNotFoundError):
                text = kept.read_text(errors="surrogateescape")
                text = text.replace(f'interface "{source}"', f'interface "{target}"')
                mine.write_text(text, errors="surrogateescape")
        case dhcpcd.NAME:
            dhcpcd.carry_lease(source, target)


def _lease_file(argv: Sequence[str]) -> Path:
    return Path(option(argv, "-lf") or _LEASES / f"{_stem(argv)}.leases")


# sparing what is there


def sparing(argv: Sequence[str], link: str, run: Path, known: str) -> tuple[str, ...]:
    """The arguments of a client that leaves the link's addresses as it finds them."""
    match program_name(argv):
        case "udhcpc":
            return _sparing_udhcpc(argv, link, run, known)
        case "dhclient" if "-6" in argv and _has_lasting_ipv6(link):
            default = which("dhclient-script", path=PATH) or "/sbin/dhclient-script"
            script = _wrapped(option(argv, "-sf") or default, link, run, "PREINIT6")
            return _with_option(argv, "-sf", script)
    return tuple(argv)


def _has_lasting_ipv6(link: str) -> bool:
    """Whether dhclient's script would take an address of the link's that somebody has given it."""
    with suppress(FileNotFoundError):
        for line in _IF_INET6.read_text().splitlines():
            _, _, _, scope, flags, name = line.split()
            if name == link and int(scope, 16) == _GLOBAL and int(flags, 16) & _PERMANENT:
                return True
    return False


def _sparing_udhcpc(argv: Sequence[str], link: str, run: Path, known: str) -> tuple[str, ...]:
    """In the background at once, too."""
    default = "/etc/udhcpc/default.script"
    script = _wrapped(option(argv, "-s") or default, link, run, "deconfig")
    words = [word for word in argv if word not in ("-n", "-q", "-f", "-b")]
    words = list(_with_option(words, "-s", script))
    if known and "-r" not in words:
        words += ["-r", known]
    at = next(i for i, word in enumerate(words) if word.endswith("udhcpc")) + 1
    return (*words[:at], "-b", *words[at:])


def _with_option(argv: Sequence[str], name: str, value: str) -> tuple[str, ...]:
    if name not in argv:
        return (argv[0], name, value, *argv[1:]) if name != "-s" else (*argv, name, value)
    at = argv.index(name) + 1
    return (*argv[:at], value, *argv[at + 1 :])


def _wrapped(script: str, link: str, run: Path, first: str) -> str:
    """A script before the script; one of an earlier move is unwrapped first."""
    if Path(script).parent == run:
        script = re.findall(r"exec '(.*)'", Path(script).read_text())[-1]
    stem = "udhcpc" if first == "deconfig" else "dhclient6"
    marker, wrapper = run / f"{link}.{stem}.spared", run / f"{link}.{stem}"
    marker.unlink(missing_ok=True)
    wrapper.write_text(_SCRIPT.format(link=link, marker=marker, script=script, first=first))
    wrapper.chmod(0o755)
    return str(wrapper)


# a first one


def fresh(link: str, address: str | None) -> tuple[str, ...]:
    """The command line of a client for a link that had none, as ifup would have it.

    Args:
        address: the one to ask for, if the link has one.

    Raises:
        HostnetRefused: there is no client on this host.
    """
    if (program := which("dhclient", path=PATH)) is not None:
        pid, leases = f"/run/dhclient.{link}.pid", f"{_LEASES}/dhclient.{link}.leases"
        return (program, "-4", "-nw", "-i", "-pf", pid, "-lf", leases, link)
    if (program := which("udhcpc", path=PATH)) is not None:
        wish = ("-r", address) if address else ()
        return (program, "-p", f"/run/udhcpc.{link}.pid", "-i", link, *wish)
    if (program := which("dhcpcd", path=PATH)) is not None:
        return (program, "-b", link)
    raise HostnetRefused(
        "there is no DHCP client on this host",
        remedy="install one (apt install isc-dhcp-client), or give --address",
    )
