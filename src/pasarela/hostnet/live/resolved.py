"""What systemd-resolved was told of a link, moved with its addresses.

resolved keeps what it was told of a link in /run/systemd/resolve/netif, by the link's index; it is
told again with resolvectl, which speaks to it over D-Bus. What networkd has told it is networkd's
to tell again. Where resolved does not run there is nothing to do: resolv.conf knows no links.

When a link leaves a bridge the kernel says that a port has gone (RTM_DELLINK, AF_BRIDGE). systemd
252 takes this for the link's end: it forgets what it was told of it, and its addresses, without
which it asks nobody there. So the addresses are said again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import if_nametoindex
from typing import Any

from pasarela.hostnet.live import wire
from pasarela.hostnet.live.carry import open_socket
from pasarela.hostnet.live.dump import observe
from pasarela.hostnet.live.programs import succeeds
from pasarela.hostnet.live.state import link_names

_STATE = Path("/run/systemd/resolve/netif")
_SECONDS = 5.0
# What stands in that file (link_save_user of systemd 252), and how resolvectl calls it. What makes
# a server's answers trusted comes before the servers: no question goes out in the clear meanwhile.
_VERBS = {
    "DNSOVERTLS": "dnsovertls",
    "DNSSEC": "dnssec",
    "NTAS": "nta",
    "LLMNR": "llmnr",
    "MDNS": "mdns",
    "DEFAULT_ROUTE": "default-route",
    "SERVERS": "dns",
    "DOMAINS": "domain",
}


@dataclass(frozen=True, slots=True)
class LinkDns:
    """What one link was given: resolvectl's verbs, each with its words."""

    link: str
    told: tuple[tuple[str, ...], ...]

    def to_json(self) -> dict[str, Any]:
        return {"link": self.link, "told": self.told}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> LinkDns:
        return cls(str(found["link"]), tuple(tuple(map(str, words)) for words in found["told"]))

    def commands(self, link: str) -> list[list[str]]:
        return [["resolvectl", verb, link, *words] for verb, *words in self.told]


def read(links: Iterable[str]) -> tuple[LinkDns, ...]:
    """What resolved was told of these links by somebody other than networkd."""
    return tuple(one for link in links if (one := _read(link)) is not None)


def move(known: Sequence[LinkDns], sources: Sequence[str], target: str) -> tuple[str, ...]:
    """Give the target what the sources had; what to type where that cannot be done."""
    _announce((target,))
    moved = [one for one in known if one.link in sources]
    failed = _run([command for one in moved for command in one.commands(target)])
    if not failed:  # a port asks nobody; a bridge that has gone is forgotten by itself
        _run([["resolvectl", "revert", one.link] for one in moved if _is_there(one.link)])
    return failed


def restore(known: Sequence[LinkDns], links: Sequence[str]) -> None:
    """Tell it all of these links again; one that went keeps nothing."""
    _announce(links)
    _run([command for one in known if _is_there(one.link) for command in one.commands(one.link)])


def _announce(links: Sequence[str]) -> None:
    """Have the kernel tell of these links' addresses once more, as they are."""
    if not _STATE.is_dir():
        return
    with open_socket() as socket:
        dump = observe(socket, links)
        names = link_names(dump)
        indexes = {name: index for index, name in names.items()}
        found = (wire.address(payload, names) for payload in dump.addresses)
        socket.request([wire.add(one, indexes) for one in found if one.link in links])


def _run(commands: Sequence[Sequence[str]]) -> tuple[str, ...]:
    failed = [" ".join(command) for command in commands if not succeeds(command, _SECONDS)]
    return tuple(f"systemd-resolved could not be told; try: {command}" for command in failed)


def _is_there(link: str) -> bool:
    try:
        return bool(if_nametoindex(link))
    except OSError:
        return False


def _read(link: str) -> LinkDns | None:
    try:
        text = (_STATE / str(if_nametoindex(link))).read_text()
    except OSError:
        return None
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    told = [
        (verb, *(_anywhere(word) for word in values[name].split()))
        for name, verb in _VERBS.items()
        if values.get(name)
    ]
    return LinkDns(link, tuple(told)) if told else None


def _anywhere(word: str) -> str:
    """A server's address without its link, which is the one that is told of it (``fe80::1%2``)."""
    address, percent, rest = word.partition("%")
    return address + rest.lstrip("0123456789") if percent and ":" in address else word
