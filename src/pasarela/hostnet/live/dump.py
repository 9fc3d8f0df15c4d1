"""What the kernel said of some links, byte for byte, so that it can be kept in a file.

From the answers themselves comes the way back: nothing is lost between reading and writing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from os import listdir
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import Any

from pasarela.host.netlink import links
from pasarela.host.netlink.socket import Message, NetlinkError, NetlinkSocket
from pasarela.hostnet.live import wire

NETLINK_ROUTE = 0
SYSCTLS = Path("/proc/sys/net")
# Below each of these a folder a link. What is about the link's hardware or set by the kernel alone
# stays with the link.
FOLDERS = ("ipv4/conf", "ipv6/conf", "ipv4/neigh", "ipv6/neigh")
_NOT_COPIED = frozenset({"mc_forwarding", "mtu"})
_FAMILIES = (AF_INET, AF_INET6)


@dataclass(frozen=True, slots=True)
class Dump:
    """The kernel's answers about some links, at one moment.

    ``taken`` is that moment, in seconds since the boot (CLOCK_BOOTTIME). ``watched`` are the links
    that the change is about, whether they exist or not; of all other links only names are used.
    """

    taken: float
    watched: tuple[str, ...]
    links: tuple[bytes, ...]
    addresses: tuple[bytes, ...]
    routes: tuple[bytes, ...]
    rules: tuple[bytes, ...]
    neighbours: tuple[bytes, ...]
    sysctls: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        return {
            name: [one.hex() if isinstance(one, bytes) else one for one in value]
            if isinstance(value, tuple)
            else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Dump:
        def packed(name: str) -> tuple[bytes, ...]:
            return tuple(bytes.fromhex(one) for one in found[name])

        return cls(
            taken=float(found["taken"]),
            watched=tuple(map(str, found["watched"])),
            links=packed("links"),
            addresses=packed("addresses"),
            routes=packed("routes"),
            rules=packed("rules"),
            neighbours=packed("neighbours"),
            sysctls={str(path): str(value) for path, value in found["sysctls"].items()},
        )


def now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def observe(socket: NetlinkSocket, watched: Iterable[str]) -> Dump:
    """Ask the kernel for all that hangs on these links.

    Raises:
        NetlinkError: the kernel refused to tell.
    """
    wanted = tuple(sorted(set(watched)))
    return Dump(
        taken=now(),
        watched=wanted,
        links=tuple(socket.dump(links.get_all())),
        addresses=_of_families(socket, _ask_addresses),
        routes=_of_families(socket, _ask_routes),
        rules=_of_families(socket, _ask_rules),
        neighbours=_of_families(socket, _ask_neighbours, _ask_proxies),
        sysctls={path: value for link in wanted for path, value in read_sysctls(link)},
    )


def read_sysctls(link: str) -> Iterable[tuple[str, str]]:
    """A link's settings that may be set, as path below /proc/sys/net and value."""
    for folder in FOLDERS:
        try:
            names = sorted(listdir(SYSCTLS / folder / link))  # noqa: PTH208  names alone
        except OSError:
            continue
        for name in names:
            path = f"{folder}/{link}/{name}"
            value = _read(path) if name not in _NOT_COPIED else None
            if value is not None:
                yield path, value


def _read(path: str) -> str | None:
    """A value that was never set (a secret) cannot be read."""
    try:
        return (SYSCTLS / path).read_text().strip()
    except OSError:
        return None


def _of_families(socket: NetlinkSocket, *questions: Callable[[int], Message]) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for family in _FAMILIES:
        for question in questions:
            try:
                found += socket.dump(question(family))
            except NetlinkError:
                if family == AF_INET:  # a kernel without IPv6 has nothing to tell
                    raise
    return tuple(found)


def _ask_addresses(family: int) -> Message:
    return Message(
        wire.RTM_GETADDR, 0, wire.IFADDR.pack(family, 0, 0, 0, 0), "cannot list addresses"
    )


def _ask_routes(family: int) -> Message:
    header = wire.RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
    return Message(wire.RTM_GETROUTE, 0, header, "cannot list routes")


def _ask_rules(family: int) -> Message:
    header = wire.RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
    return Message(wire.RTM_GETRULE, 0, header, "cannot list routing rules")


def _ask_neighbours(family: int) -> Message:
    return Message(
        wire.RTM_GETNEIGH, 0, wire.NDMSG.pack(family, 0, 0, 0, 0), "cannot list neighbours"
    )


def _ask_proxies(family: int) -> Message:
    header = wire.NDMSG.pack(family, 0, 0, wire.NTF_PROXY, 0)
    return Message(wire.RTM_GETNEIGH, 0, header, "cannot list neighbours")
