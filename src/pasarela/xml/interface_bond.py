"""The element <bond> of a configured interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pasarela.model.interface import ArpMonitor, MiiMonitor
from pasarela.model.interface_config import BondConfig, InterfaceConfig
from pasarela.xml.interface_refusal import refuse
from pasarela.xml.node import Node
from pasarela.xml.scalars import parse_ipv4, parse_unsigned
from pasarela.xml.suggest import choose
from pasarela.xml.writer import Attributes, Writer

MODES = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)
CARRIERS = ("ioctl", "netif")
VALIDATIONS = ("active", "backup", "all")
_MILLISECONDS = "write a number of milliseconds"


def read_bond(node: Node, ports: tuple[InterfaceConfig, ...]) -> BondConfig:
    mode = _word(node, "mode", MODES, "unknown bonding mode")
    mii, arp = node.child("miimon"), node.child("arpmon")
    if mii is not None:
        return BondConfig(ports, mode, _mii(mii))
    return BondConfig(ports, mode, _arp(arp) if arp is not None else None)


def _mii(node: Node) -> MiiMonitor:
    return MiiMonitor(
        frequency=_interval(node, "freq", "bond interface miimon freq missing or invalid"),
        down_delay=_delay(node, "downdelay"),
        up_delay=_delay(node, "updelay"),
        carrier=_word(node, "carrier", CARRIERS, "unknown mii bonding carrier") or "netif",
    )


def _arp(node: Node) -> ArpMonitor:
    interval = _interval(node, "interval", "bond interface arpmon interval missing or invalid")
    target = node.value("target")
    if target is None:
        refuse(node, "bond interface arpmon target missing", "write target='192.0.2.1'")
    address = parse_ipv4(target)
    if address is None:
        refuse(
            node,
            f"bond interface arpmon target '{target}' is no IPv4 address",
            "write the address of a neighbour that always answers",
        )
    validate = _word(node, "validate", VALIDATIONS, "unknown arp bonding validate")
    return ArpMonitor(interval, str(address), validate)


def _interval(node: Node, name: str, complaint: str) -> int:
    text = node.value(name)
    number = parse_unsigned(text, bits=31) if text is not None else None
    if number is None:
        refuse(node, complaint, f"{_MILLISECONDS}: {name}='100'")
    return number


def _delay(node: Node, name: str) -> int:
    text = node.value(name)
    number = parse_unsigned(text, bits=31) if text is not None else 0
    if number is None:
        refuse(node, f"bond interface miimon {name} invalid", f"{_MILLISECONDS}: {name}='200'")
    return number


def _word(node: Node, name: str, known: tuple[str, ...], complaint: str) -> str | None:
    text = node.value(name)
    if text is not None and text not in known:
        refuse(node, f"{complaint} {text}", choose(text, known))
    return text


# writing


@contextmanager
def write_bond(writer: Writer, bond: BondConfig) -> Iterator[None]:
    """The element; its members are what the body of the ``with`` writes."""
    with writer.element("bond", {"mode": bond.mode}):
        match bond.monitor:
            case MiiMonitor() as mii:
                writer.empty("miimon", _mii_attributes(mii))
            case ArpMonitor(interval=interval, target=target, validate=validate):
                writer.empty(
                    "arpmon", {"interval": interval, "target": target, "validate": validate}
                )
        yield


def _mii_attributes(mii: MiiMonitor) -> Attributes:
    return {
        "freq": mii.frequency,
        "downdelay": mii.down_delay or None,
        "updelay": mii.up_delay or None,
        "carrier": mii.carrier,
    }
