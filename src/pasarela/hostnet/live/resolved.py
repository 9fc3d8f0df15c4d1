"""Name servers of a link in systemd-resolved, moved with its addresses.

resolved keeps what it was told of a link in /run/systemd/resolve/netif, by the link's index; it is
told again with resolvectl, which speaks to it over D-Bus. Where resolved does not run there is
nothing to do: resolv.conf knows no links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import if_nametoindex
from typing import Any

from pasarela.hostnet.live.programs import succeeds

_STATE = Path("/run/systemd/resolve/netif")
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LinkDns:
    """What one link was given; ``domains`` as resolvectl takes them (``~.`` routes all)."""

    link: str
    servers: tuple[str, ...]
    domains: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"link": self.link, "servers": self.servers, "domains": self.domains}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> LinkDns:
        return cls(str(found["link"]), tuple(found["servers"]), tuple(found["domains"]))

    def commands(self, link: str) -> list[list[str]]:
        found = [["resolvectl", "dns", link, *self.servers]]
        if self.domains:
            found.append(["resolvectl", "domain", link, *self.domains])
        return found


def read(links: Iterable[str]) -> tuple[LinkDns, ...]:
    """What resolved was told of these links by somebody other than networkd."""
    return tuple(one for link in links if (one := _read(link)) is not None)


def move(known: Sequence[LinkDns], sources: Sequence[str], target: str) -> tuple[str, ...]:
    """Give the target what the sources had; what to type where that cannot be done."""
    commands = [c for one in known if one.link in sources for c in one.commands(target)]
    return _run(commands)


def restore(known: Sequence[LinkDns]) -> None:
    """A link that went keeps nothing; one that stayed was never told to forget."""
    _run([command for one in known for command in one.commands(one.link)])


def _run(commands: Sequence[Sequence[str]]) -> tuple[str, ...]:
    failed = [" ".join(command) for command in commands if not succeeds(command, _SECONDS)]
    return tuple(f"systemd-resolved could not be told; try: {command}" for command in failed)


def _read(link: str) -> LinkDns | None:
    try:
        text = (_STATE / str(if_nametoindex(link))).read_text()
    except OSError:
        return None
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    servers = tuple(values.get("SERVERS", "").split())
    routed = (f"~{name}" for name in values.get("ROUTE_DOMAINS", "").split())
    domains = (*values.get("DOMAINS", "").split(), *routed)
    return LinkDns(link, servers, domains) if servers else None
