"""The network document's schema."""

from __future__ import annotations

from pasarela.xml.node import Node
from pasarela.xml.schema_common import (
    BANDWIDTH,
    CONNECTIONS,
    DRIVER,
    MAC,
    NAME,
    OPTIONAL_UUID,
    PCI,
    PORT_OPTIONS,
    VIRTUAL_PORT,
    VLAN,
    leaf,
    leaves,
    one_of,
)
from pasarela.xml.schema_types import (
    ANYTHING,
    COUNT,
    DEVICE,
    DNS_NAME,
    DUID,
    FAMILY,
    IP,
    IPV4,
    LONG,
    ON_OFF,
    PORT,
    PREFIX,
    SHORT,
    SOMETHING,
    UNICAST_MAC,
    YES_NO,
    ZONE,
    words,
)
from pasarela.xml.schema_walk import Child, Element, several, validate

DNSMASQ = "{http://libvirt.org/schemas/network/dnsmasq/1.0}"

_MODES = words("nat", "route", "open", "bridge", "passthrough", "private", "vepa", "hostdev")
_ADDRESS = {"family": FAMILY, "address": IP, "netmask": IPV4, "prefix": PREFIX}


def _one_pool(node: Node) -> str | None:
    if node.child("interface") and node.child("address"):
        return "<forward> has both <interface> and <address>"
    return None


def _is_known(node: Node) -> str | None:
    mac, identifier, name = (node.attribute(name) for name in ("mac", "id", "name"))
    if mac is not None and identifier is not None:
        return "<host> has both mac and id"
    return "<host> needs mac, id or name" if mac is identifier is name is None else None


_FORWARD = Element(
    {"dev": DEVICE, "mode": _MODES, "managed": YES_NO},
    children={
        "interface": leaves({"dev": DEVICE, "connections": CONNECTIONS}, "dev"),
        "address": leaves({"type": words("pci"), "connections": CONNECTIONS, **PCI}, "type"),
        "pf": leaf({"dev": DEVICE}, "dev"),
        "driver": DRIVER,
        "nat": Child(
            Element(
                {"ipv6": YES_NO},
                children={
                    "address": leaf({"start": IPV4, "end": IPV4}, "start", "end"),
                    "port": leaf({"start": PORT, "end": PORT}, "start", "end"),
                },
            )
        ),
    },
    conditions=(_one_pool,),
)
_BRIDGE = leaf(
    {
        "name": DEVICE,
        "zone": ZONE,
        "stp": ON_OFF,
        "delay": LONG,
        "macTableManager": words("kernel", "libvirt"),
    }
)
_DNS = Element(
    {"enable": YES_NO, "forwardPlainNames": YES_NO},
    children={
        "forwarder": leaves({"addr": IP, "domain": DNS_NAME, "port": PORT}),
        "txt": leaves({"name": DNS_NAME, "value": ANYTHING}, "name", "value"),
        "srv": leaves(
            {
                "service": ANYTHING,
                "protocol": words("tcp", "udp"),
                "domain": DNS_NAME,
                "target": ANYTHING,
                "port": SHORT,
                "priority": SHORT,
                "weight": SHORT,
            },
            "service",
            "protocol",
        ),
        "host": several(
            Element(
                {"ip": IP},
                frozenset({"ip"}),
                {"hostname": several(Element(text=DNS_NAME), least=1)},
            )
        ),
    },
)
_LEASE = leaf({"expiry": LONG, "unit": words("seconds", "minutes", "hours")}, "expiry")
_DHCP = Element(
    children={
        "range": several(
            Element({"start": IP, "end": IP}, frozenset({"start", "end"}), {"lease": _LEASE})
        ),
        "host": several(
            Element(
                {"mac": UNICAST_MAC, "id": DUID, "name": ANYTHING, "ip": IP},
                frozenset({"ip"}),
                {"lease": _LEASE},
                conditions=(_is_known,),
            )
        ),
        "bootp": leaf({"file": SOMETHING, "server": DNS_NAME}, "file"),
    }
)
_IP = Element(
    {**_ADDRESS, "localPtr": YES_NO},
    children={"tftp": leaf({"root": ANYTHING}, "root"), "dhcp": Child(_DHCP)},
    conditions=(one_of("netmask", "prefix"),),
)
_ROUTE = Element(
    {**_ADDRESS, "gateway": IP, "metric": COUNT},
    frozenset({"address", "gateway"}),
    conditions=(one_of("netmask", "prefix"),),
)
_PORTGROUP = Element(
    {"name": DEVICE, "default": YES_NO, "trustGuestRxFilters": YES_NO},
    frozenset({"name"}),
    {"virtualport": VIRTUAL_PORT, "bandwidth": BANDWIDTH, "vlan": VLAN},
)
_OPTIONS = Element(children={f"{DNSMASQ}option": leaves({"value": ANYTHING}, "value")})

NETWORK = Element(
    {"connections": CONNECTIONS, "ipv6": YES_NO, "trustGuestRxFilters": YES_NO},
    children={
        "name": NAME,
        "uuid": OPTIONAL_UUID,
        "title": Child(Element(text=SOMETHING)),
        "description": Child(Element(text=ANYTHING)),
        "metadata": Child(Element(free=True)),
        "forward": Child(_FORWARD),
        "bridge": _BRIDGE,
        "mtu": leaf({"size": SHORT}, "size"),
        "mac": Child(MAC),
        "domain": leaf({"name": DNS_NAME, "localOnly": YES_NO, "register": YES_NO}, "name"),
        "dns": Child(_DNS),
        "vlan": VLAN,
        "bandwidth": BANDWIDTH,
        "port": PORT_OPTIONS,
        "ip": several(_IP),
        "route": several(_ROUTE),
        "virtualport": VIRTUAL_PORT,
        "portgroup": several(_PORTGROUP),
        f"{DNSMASQ}options": Child(_OPTIONS),
    },
)


def check(root: Node) -> None:
    """Refuse what the network document's format does not know."""
    validate(root, NETWORK, "network.rng")
