"""What the commands in a stanza are about: the link, or the addresses and routes on it."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

from pasarela.hostnet.ifupdown.document import Option
from pasarela.model.interface_config import ConfiguredRoute

UP = frozenset({"up", "post-up"})
HOOKS = UP | {"pre-up", "down", "pre-down", "post-down"}
QUIETING = ("pre-up", "echo 1 > /proc/sys/net/ipv6/conf/$IFACE/disable_ipv6 || true")
"""Without it, a card that is up before its bridge takes it makes addresses and routes of router
advertisements, and keeps them beside the bridge's (seen with ifupdown 0.8, bridge-utils 1.7)."""
_PARTS = re.compile(r"\s*(?:;|&&|\|\||\n)\s*")
_LINK_TOOLS = frozenset({"ethtool", "mii-tool", "iw", "iwconfig", "tc"})
_ADDRESS_OBJECTS = ("address", "route", "rule")
_ROUTE = re.compile(
    r"(?:\S*/)?ip\s+(?:-[46]\s+)?(?:r|ro|route)\s+(?:add|replace|append)\s+(?P<rest>[^;|&]+?)"
    r"\s*(?:\|\|\s*(?:true|:))?"
)


def is_hook(option: Option) -> bool:
    return option.key in HOOKS


def is_quieting(option: Option) -> bool:
    """Whether it keeps a port from having IPv6 of its own, as we write it."""
    return (option.key, option.value) == QUIETING


def is_about_link(command: str) -> bool:
    """Whether it sets up the device itself, as ethtool does; such a command stays with it."""
    parts = [part for part in _PARTS.split(command) if part not in ("true", ":", "")]
    return bool(parts) and all(_tool(part) in _LINK_TOOLS or _is_link(part) for part in parts)


def is_about_addresses(command: str) -> bool:
    """Whether it does nothing but add or take addresses, routes or rules."""
    parts = [part for part in _PARTS.split(command) if part not in ("true", ":", "")]
    return bool(parts) and all(_is_addressing(part) for part in parts)


def names(command: str, device: str) -> bool:
    """Whether a command names ``device`` itself (and not ``eth0.5`` or ``veth0``)."""
    return re.search(rf"(?<![\w-]){re.escape(device)}(?![\w-]|\.\d)", command) is not None


def route(option: Option) -> ConfiguredRoute | None:
    """The route that an ``up ip route add …`` makes, if it is as plain as that."""
    found = _ROUTE.fullmatch(option.value) if option.key in UP else None
    return _route(found["rest"].split()) if found else None


def route_hooks(wanted: ConfiguredRoute) -> list[tuple[str, str]]:
    """The hooks that make a route, and take it away."""
    via = f" via {wanted.gateway}" if wanted.gateway else ""
    metric = f" metric {wanted.metric}" if wanted.metric is not None else ""
    target = f"{wanted.destination}{via} dev $IFACE{metric}"
    return [("up", f"ip route add {target}"), ("down", f"ip route del {target} || true")]


def is_route_hook(option: Option, route_there: ConfiguredRoute) -> bool:
    """Whether a hook makes this route or takes it away."""
    if route(option) == route_there:
        return True
    undone = re.sub(r"\broute\s+del(ete)?\b", "route add", option.value)
    return option.key in HOOKS - UP and route(Option(0, "up", undone)) == route_there


def _route(given: list[str]) -> ConfiguredRoute | None:
    try:
        text = given[0].replace("default", "::/0" if ":" in " ".join(given[1:]) else "0.0.0.0/0")
        destination = ip_network(text)
        told = dict(zip(given[1::2], given[2::2], strict=True))
        if not told.keys() <= {"via", "dev", "metric"}:
            return None
        gateway = ip_address(told["via"]) if "via" in told else None
        return ConfiguredRoute(
            destination, gateway, int(told["metric"]) if "metric" in told else None
        )
    except ValueError:
        return None


def _words(command: str) -> list[str]:
    return [word for word in command.split() if not word.startswith("-")]


def _tool(command: str) -> str:
    return next(iter(_words(command)), "").rpartition("/")[2]


def _is_link(command: str) -> bool:
    found = _words(command)[1:2]
    return _tool(command) == "ip" and bool(found) and "link".startswith(found[0])


def _is_addressing(command: str) -> bool:
    found = _words(command)[1:2]
    if _tool(command) == "ip":
        return bool(found) and any(name.startswith(found[0]) for name in _ADDRESS_OBJECTS)
    return _tool(command) in ("route", "ifconfig")
