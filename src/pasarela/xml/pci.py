"""The ``<address type='pci'>`` element of device pools and plugs."""

from __future__ import annotations

from pasarela.errors import ErrorDomain, XmlContentError
from pasarela.model.values import PciAddress
from pasarela.xml.node import Node
from pasarela.xml.writer import Attributes

_MAXIMA = (
    ("bus", "bus='{:#x}'", 0xFF),
    ("slot", "slot='{:#x}'", 0x1F),
    ("function", "function={:#x}", 7),
)


def read_pci_address(node: Node) -> PciAddress:
    domain, bus, slot, function = (
        node.unsigned(name, base=0) or 0 for name in ("domain", "bus", "slot", "function")
    )
    address = PciAddress(domain, bus, slot, function)
    if not (domain or bus or slot):
        return address  # an empty address is not looked at
    for name, form, maximum in _MAXIMA:
        value: int = getattr(address, name)
        if value > maximum:
            limit = f"{maximum:#x}".upper().replace("X", "x") if maximum > 7 else str(maximum)
            raise node.error(
                XmlContentError,
                f"Invalid PCI address {form.format(value)}, must be <= {limit}",
                domain=ErrorDomain.NONE,
                remedy="lspci -D lists the addresses as domain:bus:slot.function",
            )
    return address


def pci_attributes(address: PciAddress) -> Attributes:
    return {
        "type": "pci",
        "domain": f"0x{address.domain:04x}",
        "bus": f"0x{address.bus:02x}",
        "slot": f"0x{address.slot:02x}",
        "function": f"0x{address.function:x}",
    }
