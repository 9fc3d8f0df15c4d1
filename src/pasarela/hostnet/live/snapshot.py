"""How some links are, with all that hangs on them and whoever serves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pasarela.hostnet.live import resolved
from pasarela.hostnet.live.carry import open_socket
from pasarela.hostnet.live.dhcp import clients
from pasarela.hostnet.live.dhcp.clients import Client
from pasarela.hostnet.live.dump import Dump, observe
from pasarela.hostnet.live.items import Address
from pasarela.hostnet.live.state import State, parse

RUN = Path("/run/pasarela/host")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the links of a change were before it."""

    dump: Dump
    clients: tuple[Client, ...]
    dns: tuple[resolved.LinkDns, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "dump": self.dump.to_json(),
            "clients": [client.to_json() for client in self.clients],
            "dns": [one.to_json() for one in self.dns],
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Snapshot:
        return cls(
            Dump.from_json(found["dump"]),
            tuple(Client.from_json(one) for one in found["clients"]),
            tuple(resolved.LinkDns.from_json(one) for one in found["dns"]),
        )

    @property
    def state(self) -> State:
        return parse(self.dump)


def snapshot(watched: Sequence[str]) -> Snapshot:
    """How these links are now, whether they are there or not."""
    with open_socket() as socket:
        dump = observe(socket, watched)
    served = (*clients.find(watched), *clients.find_manager(parse(dump)))
    return Snapshot(dump, served, resolved.read(watched))


def leased_address(state: State, links: Sequence[str]) -> str:
    """The first IPv4 address of these links, which a client without a lease asks for again."""
    found = (one for one in state.addresses if one.link in links and _is_ipv4(one))
    return next((str(one.interface.ip) for one in found), "")


def _is_ipv4(address: Address) -> bool:
    return address.interface.version == 4
