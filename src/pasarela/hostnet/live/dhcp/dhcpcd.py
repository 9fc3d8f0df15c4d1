"""dhcpcd, which is many processes under names of its own, and may serve all links at once.

Its processes write a title over their arguments, so its command line is made up anew from the title
and from what it says of itself on its socket. One that serves all links (its manager, as on
Raspberry Pi OS) has to be told which link has become a port: it does not look whether a link is
one, and leaves bridges alone unless its configuration names them. With 9.4.1 its socket takes one
command in a lifetime (with privilege separation the second client is never let in), so it is
started again, with a configuration that lasts until the next boot.
"""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pasarela.host import processes
from pasarela.hostnet.live.items import IFA_F_NOPREFIXROUTE
from pasarela.hostnet.live.state import State

NAME = "dhcpcd"
CONFIGURATION = Path("/etc/dhcpcd.conf")
LEASES = Path("/var/lib/dhcpcd")
RUN = Path("/run/dhcpcd")
_PROGRAM = "/usr/sbin/dhcpcd"
_MANAGERS = frozenset({"[manager]", "[master]"})
_TITLE = re.compile(r"dhcpcd: (\[manager\]|\[master\]|[^\s\[]+)(?: \[ip[46]\])*\s*")
_SECONDS = 0.5  # a process that has been stopped does not answer
_MOVED = re.compile(r"^# (\S+) > (\S*)$", re.MULTILINE)


# found


def original(pid: int, shown: Sequence[str]) -> tuple[str, ...]:
    """The command line that starts this process again, its title notwithstanding.

    ``-b`` lets it ask in the background: the addresses are there.
    """
    title = _TITLE.fullmatch(" ".join(shown))
    if title is None:
        return tuple(shown)
    who = "" if title[1] in _MANAGERS else title[1]
    family = next((one for one in ("-4", "-6") if who and _has_pid(f"{who}{one}.pid", pid)), "")
    words = (processes.program(pid) or _PROGRAM, "-b", *_configured(f"{who}{family}."), family, who)
    return tuple(word for word in words if word)


def _has_pid(file: str, pid: int) -> bool:
    try:
        return (RUN / file).read_text().strip() == str(pid)
    except OSError:
        return False


def _configured(stem: str) -> tuple[str, ...]:
    """The configuration that it reads, where that is not the usual one, as it says itself."""
    try:
        with socket.socket(socket.AF_UNIX) as own:
            own.settimeout(_SECONDS)
            own.connect(str(RUN / f"{stem.removeprefix('.')}unpriv.sock"))
            own.sendall(b"--getconfigfile\0")
            answer = own.recv(4096)
    except OSError:
        return ()
    found = answer[answer.find(b"/") :].split(b"\0")[0].decode(errors="surrogateescape")
    return ("-f", found) if found.startswith("/") and found != str(CONFIGURATION) else ()


def family(pid: int) -> list[int]:
    """The process and those of its program that came of it: its proxies, one for each right."""
    program = processes.program(pid)
    kin = {one: processes.parent(one) for one in processes.pids()} if program else {}
    found = [pid]
    for one in found:  # grows meanwhile
        found += [
            child
            for child, parent in kin.items()
            if parent == one and processes.program(child) == program
        ]
    return found


def manager() -> int | None:
    """The one that serves all links."""
    for file in (RUN / "pid", RUN.with_suffix(".pid")):  # up to version 8 the latter
        with suppress(OSError, ValueError):
            pid = int(file.read_text())
            if processes.program(pid).rpartition("/")[2] == NAME and processes.is_here(pid):
                return pid
    return None


def serves(link: str, state: State) -> bool:
    """Whether the link has an address as dhcpcd's manager gives them.

    Those come without the route that the kernel would add; people and ifupdown add them with it.
    """
    return any(one.link == link and one.flags & IFA_F_NOPREFIXROUTE for one in state.addresses)


# moved


def carry_lease(old: str, new: str) -> None:
    for suffix in ("lease", "lease6"):
        with suppress(FileNotFoundError):
            shutil.copy(LEASES / f"{old}.{suffix}", LEASES / f"{new}.{suffix}")


def without_files(link: str) -> None:
    """Take away what one that was killed on a link has left there for others to find it by."""
    for file in RUN.glob(f"{link}*"):
        if re.fullmatch(rf"{re.escape(link)}(-[46])?\.(pid|(unpriv\.)?sock)", file.name):
            file.unlink(missing_ok=True)


def for_other_link(argv: Sequence[str], old: str, new: str, run: Path) -> tuple[str, ...]:
    """How the manager is started so that it leaves one link alone and serves another instead.

    What it is told lasts until the next boot; once all is as its own configuration has it, it
    reads that again.

    Args:
        new: empty if it is to serve no other.
    """
    given = Path(argv[argv.index("-f") + 1]) if "-f" in argv else CONFIGURATION
    text = given.read_text() if given.exists() else ""
    moved, base = dict(_MOVED.findall(text)), given
    if given.parent == run:
        base = Path(text.partition("\n# of ")[2].partition("\n")[0])
        text = base.read_text() if base.exists() else ""
    if new and moved.get(new) == old:
        del moved[new]
    else:
        moved[old] = new
    rest = [word for word in argv if word not in ("-f", str(given))]
    if not moved:
        return (*rest, *(("-f", str(base)) if base != CONFIGURATION else ()))
    name = "+".join(f"{one}-{other}" for one, other in sorted(moved.items()))
    made = run / f"dhcpcd.{name}.conf"
    made.write_text(configuration(text, moved, base))
    return (*rest, "-f", str(made))


def configuration(text: str, moved: Mapping[str, str], base: Path) -> str:
    """The manager's configuration with links in the place of others.

    Args:
        text: its own configuration, which is in the file ``base``.
    """
    lines = ["# Made by Pasarela until the next boot.", f"# of {base}"]
    lines += [f"# {old} > {new}" for old, new in moved.items()]
    lines += [f"denyinterfaces {old}" for old in moved]
    served = {old: new for old, new in moved.items() if new}
    if re.search(r"^\s*allowinterfaces\s", text, re.MULTILINE):
        lines += [f"allowinterfaces {new}" for new in served.values()]
    lines.append(_let_in(text, frozenset(served.values())))
    for old, new in served.items():  # it serves a bridge only where a block is the bridge's
        lines += [f"interface {new}", *_block(text, old)]
    return "\n".join(lines) + "\n"


def _let_in(text: str, links: frozenset[str]) -> str:
    """The configuration without a word against these links."""

    def allowed(line: re.Match[str]) -> str:
        rest = [one for one in re.split(r"[\s,]+", line[2].strip()) if one not in links]
        return f"{line[1]} {' '.join(rest)}" if rest else ""

    return re.sub(r"^\s*(denyinterfaces)[ \t]+(.*)$", allowed, text, flags=re.MULTILINE)


def _block(text: str, link: str) -> list[str]:
    """What the configuration says of this link alone."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        words = line.split()
        if words[:1] and words[0] in ("interface", "ssid", "profile"):
            inside = words[:2] == ["interface", link]
        elif inside:
            found.append(line)
    return found
