"""The host's own way to guests that are plugged into its NIC itself.

A macvtap never hears its own NIC: the host and its guests cannot reach each other. A macvlan of
the host's on the same NIC hears both. It is kept in the network's metadata, which libvirt's tools
carry along as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network

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
        address: with the LAN's prefix; None has the LAN's DHCP server give one.
        guests: addresses that the host looks for behind it, not behind its NIC.
    """

    link: str
    mac: MacAddress
    table: int
    address: IPv4Interface | None = None
    guests: IPv4Network | None = None

    def element(self) -> str:
        """The metadata element that says this."""
        said = {
            "link": self.link,
            "mac": self.mac,
            "table": self.table,
            "address": self.address,
            "guests": self.guests,
        }
        written = "".join(f" {name}='{value}'" for name, value in said.items() if value is not None)
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
    return HostAccess(
        link=link,
        mac=MacAddress(found["mac"]),
        table=_table(found["table"]),
        address=IPv4Interface(found["address"]) if "address" in found else None,
        guests=IPv4Network(found["guests"]) if "guests" in found else None,
    )


def _table(text: str) -> int:
    """The kernel's own tables, 253 to 255 and 0, are not to be had."""
    number = int(text)
    if not 255 < number < 2**32:
        raise ValueError(f"{number} is no routing table of its own: 256 to {2**32 - 1}")
    return number
