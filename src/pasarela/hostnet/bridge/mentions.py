"""Who else speaks of a link by name, and would not know that its addresses have moved."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from shutil import which

from pasarela.errors import HostnetRefused

_STATUS = "run/libvirt/network"
_BRIDGED = re.compile(r"<forward\s[^>]*mode=['\"]bridge['\"]")
_OURS = ("table inet pasarela", "table bridge pasarela")
_SECONDS = 10.0


def firewall(link: str, bridge: str) -> Iterator[str]:
    """A warning for each table of the firewall whose rules name the link."""
    for table in _tables():
        header = table.split(" {", 1)[0]
        if not header.startswith(_OURS) and f'"{link}"' in table:
            yield (
                f"the firewall's {header} has rules for {link}, whose packets now come in by "
                f"{bridge}: say {bridge} there as well (nft list {header})"
            )


def networks(root: Path, bridge: str) -> Iterator[str]:
    """A warning for each running network whose guests are on the bridge."""
    for name, _ in _on(root, bridge):
        yield (
            f"network {name} is on {bridge}; no guest can be plugged into it any more: "
            f"pasarela net-destroy {name}"
        )


def refuse_networks_own(root: Path, bridge: str) -> None:
    """Raises:
    HostnetRefused: a running network has made the bridge, and has its own commands for it."""
    for name, text in _on(root, bridge):
        if not _BRIDGED.search(text):
            raise HostnetRefused(
                f"{bridge} is the bridge of network '{name}'",
                remedy=f"it comes and goes with it: pasarela net-destroy {quote(name)}; for guests "
                "on the LAN, make a bridge over the network card: pasarela host-bridge create",
            )


def _on(root: Path, bridge: str) -> Iterator[tuple[str, str]]:
    """The running networks that name the bridge, with their documents."""
    named = re.compile(rf"<bridge name=['\"]{re.escape(bridge)}['\"]")
    for file in sorted((root / _STATUS).glob("*.xml")):
        text = file.read_text(errors="replace")
        if named.search(text):
            yield file.stem, text


def uplinks(root: Path, link: str, bridge: str) -> Iterator[str]:
    """A warning for each running network that goes out by the link alone."""
    named = re.compile(rf"<(forward|interface)\s[^>]*dev=['\"]{re.escape(link)}['\"]")
    for file in sorted((root / _STATUS).glob("*.xml")):
        if named.search(file.read_text(errors="replace")):
            yield (
                f"network {file.stem} goes out by {link} alone, whose packets now go by {bridge}: "
                f"say {bridge} there (pasarela net-edit {file.stem}), or its guests are cut off"
            )


def _tables() -> list[str]:
    program = which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, "list", "ruleset"],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    text = done.stdout.decode(errors="replace")
    return [part for part in re.split(r"^(?=table )", text, flags=re.MULTILINE) if part]
