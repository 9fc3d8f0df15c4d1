"""SR-IOV: the virtual functions that a network card's physical function lends out.

Source: Documentation/PCI/pci-iov-howto.rst of the kernel; sysfs has a ``virtfn`` link for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pasarela.model.values import PciAddress
from pasarela.plan.facts import VirtualFunction

_ADDRESS = re.compile(r"([0-9a-f]+):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])")


def virtual_functions(
    device: str, class_net: Path = Path("/sys/class/net")
) -> tuple[VirtualFunction, ...]:
    """Those of a physical function by its name, in their order; none if it is not one."""
    links = (class_net / device / "device").glob("virtfn*")
    return tuple(_functions(sorted(links, key=lambda link: int(link.name[6:] or 0))))


def is_virtual_function(address: PciAddress, devices: Path = Path("/sys/bus/pci/devices")) -> bool:
    return (devices / str(address) / "physfn").exists()


def _functions(links: list[Path]) -> Iterator[VirtualFunction]:
    for link in links:
        found = _ADDRESS.fullmatch(link.resolve().name)
        if found:
            domain, bus, slot, function = (int(part, 16) for part in found.groups())
            name = next((one.name for one in sorted((link / "net").glob("*"))), None)
            yield VirtualFunction(PciAddress(domain, bus, slot, function), name)
