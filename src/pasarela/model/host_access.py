"""The host's own way to guests that are plugged into its NIC itself.

A macvtap never hears its own NIC: the host and its guests cannot reach each other. A macvlan of
the host's on the same NIC hears both. It is kept in the network's metadata, which libvirt's tools
carry along as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Interface,
    IPv4Network,
    IPv6Interface,
    IPv6Network,
    ip_interface,
    ip_network,
)

from pasarela.errors import ConfigUnsupported
from pasarela.model.network import ForwardMode, Network
from pasarela.model.values import MacAddress

NAMESPACE = "urn:pasarela:network:1"
KEY = "pasarela"
ELEMENT = "host-access"

_LINK = re.compile(r"[^\s/:]{1,15}")


@dataclass(frozen=True, slots=True)
class HostAccess:
    """A macvlan, and what is said over it.

    Attributes:
        link: the macvlan's name.
        table: the routing table of what the host sends from its address there.
        addresses: fixed ones, with the LAN's prefix.
        dhcp: the LAN gives addresses of the IP versions that have no fixed one: by DHCP, and of
            IPv6 by router advertisements, too.
        guests: addresses that the host looks for behind it, not behind its NIC.
    """

    link: str
    mac: MacAddress
    table: int
    addresses: tuple[IPv4Interface | IPv6Interface, ...] = ()
    dhcp: bool = False
    guests: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def asked(self) -> tuple[int, ...]:
        """The IP versions that the LAN gives addresses of."""
        fixed = {one.version for one in self.addresses}
        return tuple(version for version in (4, 6) if self.dhcp and version not in fixed)

    def element(self) -> str:
        """The metadata element that says this; without an address it means ``dhcp``."""
        said = {
            "link": self.link,
            "mac": self.mac,
            "table": self.table,
            "address": " ".join(map(str, self.addresses)),
            "dhcp": "yes" if self.dhcp and self.addresses else "",
            "guests": " ".join(map(str, self.guests)),
        }
        written = "".join(f" {name}='{value}'" for name, value in said.items() if value != "")
        return f"<{ELEMENT}{written}/>"


def host_access(network: Network) -> HostAccess | None:
    """What the network's metadata asks for.

    Raises:
        ConfigUnsupported: it cannot be understood, or not on this kind of network.
    """
    if NAMESPACE not in (network.metadata or ""):
        return None
    found = _attributes(network.metadata or "")
    if found is None:
        return None
    try:
        access = _read(found)
    except (KeyError, ValueError) as cause:
        raise ConfigUnsupported(
            f"network '{network.name}': <{ELEMENT}> in its metadata cannot be understood ({cause})",
            remedy=f"correct it with net-edit, or remove it: net-metadata {network.name} "
            f"--uri {NAMESPACE} --remove",
        ) from cause
    if network.forward.mode is not ForwardMode.BRIDGE or network.forward.dev is None:
        raise ConfigUnsupported(
            f"network '{network.name}': <{ELEMENT}> is for guests on a NIC of the host's",
            remedy="the host reaches the guests of other kinds of networks without it",
        )
    return access


def _attributes(metadata: str) -> dict[str, str] | None:
    from xml.etree import ElementTree  # noqa: PLC0415  (few networks have any)

    element = ElementTree.fromstring(metadata).find(f"{{{NAMESPACE}}}{ELEMENT}")
    return None if element is None else dict(element.attrib)


def _read(found: dict[str, str]) -> HostAccess:
    link = found["link"]
    if not _LINK.fullmatch(link) or link in (".", ".."):
        raise ValueError(f"'{link}' is no name for a device")
    addresses = tuple(map(ip_interface, found.get("address", "").split()))
    return HostAccess(
        link=link,
        mac=MacAddress(found["mac"]),
        table=_table(found["table"]),
        addresses=addresses,
        dhcp=not addresses or _said_yes(found.get("dhcp", "no")),
        guests=tuple(map(ip_network, found.get("guests", "").split())),
    )


def _said_yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"dhcp is yes or no, not '{text}'")
    return text == "yes"


def _table(text: str) -> int:
    """The kernel's own tables, 253 to 255 and 0, are not to be had."""
    number = int(text)
    if not 255 < number < 2**32:
        raise ValueError(f"{number} is no routing table of its own: 256 to {2**32 - 1}")
    return number
