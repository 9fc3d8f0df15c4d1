"""What each port had when it joined a bridge, so that the end of the bridge can give it back.

Noted in a file of our own, by bridge: neither the kernel nor the managers' files have a place for
it. It is written and taken back together with those.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path, PurePosixPath
from typing import Any

from pasarela.hostnet import journal, tree
from pasarela.hostnet.live.sharing import Had, had
from pasarela.hostnet.live.snapshot import Snapshot
from pasarela.hostnet.manager import FileEdit
from pasarela.model.interface_config import (
    ConfiguredRoute,
    DnsConfig,
    InterfaceConfig,
    IpConfig,
)

FOLDER = PurePosixPath("/") / journal.FOLDER / "bridges"


@dataclass(frozen=True, slots=True)
class Origin:
    """What one port had: ``live`` in the kernel, the others in its manager's files."""

    live: Had
    ipv4: IpConfig | None = None
    ipv6: IpConfig | None = None
    dns: DnsConfig = field(default_factory=DnsConfig)


Origins = Mapping[str, Origin]


def origin(before: Snapshot, port: str, config: InterfaceConfig | None) -> Origin:
    """What a port has now, before it joins."""
    dhcp = any(client.link == port for client in before.clients)
    live = had(before.state, port, dhcp=dhcp)
    if config is None:
        return Origin(live)
    return Origin(live, config.ipv4, config.ipv6, config.dns)


def load(root: Path, bridge: str) -> Origins:
    """What is known of a bridge's ports; nothing where nobody noted it, or it cannot be read."""
    text = tree.read(root, [str(_place(bridge).relative_to("/"))]).get(_place(bridge))
    try:
        found = json.loads(text) if text else {}
        return {str(port): _from_json(one) for port, one in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def edit(root: Path, bridge: str, origins: Origins) -> FileEdit | None:
    """The edit after which just this is known of the bridge's ports; None if it is so already."""
    place = _place(bridge)
    before = tree.read(root, [str(place.relative_to("/"))]).get(place)
    shown = {port: _to_json(one) for port, one in sorted(origins.items())}
    after = json.dumps(shown, indent=1) + "\n" if shown else None
    return FileEdit(place, before, after, 0o600) if before != after else None


def _place(bridge: str) -> PurePosixPath:
    return FOLDER / f"{bridge}.json"


# as JSON


def _to_json(one: Origin) -> dict[str, Any]:
    return {
        "live": {**asdict(one.live)},
        "ipv4": _ip_to_json(one.ipv4),
        "ipv6": _ip_to_json(one.ipv6),
        "dns": {"servers": list(map(str, one.dns.servers)), "search": list(one.dns.search)},
    }


def _ip_to_json(ip: IpConfig | None) -> dict[str, Any] | None:
    if ip is None:
        return None
    return {
        "dhcp": ip.dhcp,
        "autoconf": ip.autoconf,
        "peer_dns": ip.peer_dns,
        "addresses": list(map(str, ip.addresses)),
        "gateway": _text(ip.gateway),
        "routes": [[str(r.destination), _text(r.gateway), r.metric] for r in ip.routes],
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _from_json(found: Mapping[str, Any]) -> Origin:
    live = found["live"]
    return Origin(
        Had(_words(live["addresses"]), _words(live["routes"]), _words(live["rules"]), live["dhcp"]),
        _ip_from_json(found["ipv4"]),
        _ip_from_json(found["ipv6"]),
        DnsConfig(tuple(map(ip_address, found["dns"]["servers"])), _words(found["dns"]["search"])),
    )


def _ip_from_json(found: Mapping[str, Any] | None) -> IpConfig | None:
    if found is None:
        return None
    return IpConfig(
        dhcp=bool(found["dhcp"]),
        autoconf=bool(found["autoconf"]),
        peer_dns=found["peer_dns"],
        addresses=tuple(map(ip_interface, found["addresses"])),
        gateway=ip_address(found["gateway"]) if found["gateway"] else None,
        routes=tuple(
            ConfiguredRoute(ip_network(to), ip_address(via) if via else None, metric)
            for to, via, metric in found["routes"]
        ),
    )


def _words(found: Iterable[object]) -> tuple[str, ...]:
    return tuple(map(str, found))
