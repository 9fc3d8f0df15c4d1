"""Which addresses, gateways and links a node has, as the kernel tells."""

from __future__ import annotations

import json
from ipaddress import IPv6Interface
from typing import Any

from pasarela.lab import events, node
from pasarela.lab.faults import run


def usable_ipv6(name: str, interface: str, *, scope: str = "global") -> list[IPv6Interface]:
    """The interface's IPv6 addresses that have passed duplicate address detection."""
    links = ip(name, "-6", "addr", "show", "dev", interface, "scope", scope)
    infos = [info for link in links for info in link.get("addr_info", [])]
    return [
        IPv6Interface(f"{info['local']}/{info['prefixlen']}")
        for info in infos
        if info and not info.get("tentative")  # iproute2 leaves {} for what it filtered out
    ]


def await_ipv6(name: str, interface: str, timeout: float, *, scope: str = "global") -> bool:
    """Wait until the interface has a usable IPv6 address; False after ``timeout`` seconds."""
    return events.wait_until(name, lambda: bool(usable_ipv6(name, interface, scope=scope)), timeout)


def await_ipv4(name: str, interface: str, timeout: float) -> bool:
    """Wait until the interface has an IPv4 address; False after ``timeout`` seconds."""
    return events.wait_until(name, lambda: any("." in one for one in of(name, interface)), timeout)


def await_router(name: str, timeout: float) -> bool:
    """Wait until a router's advertisement has put an IPv6 prefix or gateway on a node.

    The node has had no IPv6 route but the link's own before.
    """
    return events.wait_until(name, lambda: _is_advertised(name), timeout)


def _is_advertised(name: str) -> bool:
    destinations = (route["dst"] for route in ip(name, "-6", "route", "show"))
    return any(not destination.startswith("fe80:") for destination in destinations)


def exists(name: str, interface: str) -> bool:
    return any(link["ifname"] == interface for link in ip(name, "link", "show"))


def of(name: str, interface: str) -> list[str]:
    """The interface's addresses that reach further than its link."""
    links = ip(name, "addr", "show", "dev", interface, "scope", "global")
    infos = [info for link in links for info in link.get("addr_info", []) if info]
    return [f"{info['local']}/{info['prefixlen']}" for info in infos]


def ipv6_gateways(name: str) -> list[str]:
    routes = ip(name, "-6", "route", "show", "default")
    return [route["gateway"] for route in routes if "gateway" in route]


def ip(name: str, *arguments: str) -> list[dict[str, Any]]:
    """What ip(8) shows in a node's network namespace."""
    command = ["nsenter", f"--net={node.pin(name)}", "--", "ip", "-json", *arguments]
    said = run(command)
    rows: list[dict[str, Any]] = json.loads(said) if said.strip() else []
    return [row for row in rows if row]
