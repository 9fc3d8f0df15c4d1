"""The interface document, in libvirt's layout."""

from __future__ import annotations

from pasarela.model.interface import (
    ArpMonitor,
    BondDetails,
    BridgeDetails,
    HostInterface,
    InterfaceType,
    MiiMonitor,
    VlanDetails,
)
from pasarela.xml.writer import Writer

_LINK_STATES = frozenset(
    {"unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"}
)


def format_interface(interface: HostInterface) -> str:
    writer = Writer()
    _write_interface(writer, interface, top=True)
    return str(writer)


def _write_interface(writer: Writer, interface: HostInterface, *, top: bool) -> None:
    with writer.element("interface", {"type": interface.type.value, "name": interface.name}):
        if top and interface.mtu:
            writer.empty("mtu", {"size": interface.mtu})
        if interface.type is not InterfaceType.BRIDGE:
            _write_link(writer, interface)
        match interface.details:
            case BridgeDetails() as bridge:
                _write_bridge(writer, bridge)
            case BondDetails() as bond:
                _write_bond(writer, bond)
            case VlanDetails() as vlan:
                _write_vlan(writer, vlan)
            case None:
                writer.empty("mac", {"address": interface.mac})


def _write_link(writer: Writer, interface: HostInterface) -> None:
    state = interface.state if interface.state in _LINK_STATES else None
    if state or interface.speed:
        writer.empty("link", {"speed": interface.speed or None, "state": state})


def _write_bridge(writer: Writer, bridge: BridgeDetails) -> None:
    attributes: dict[str, str | int | None] = {
        "stp": "on" if bridge.stp else "off",
        "delay": bridge.delay,
    }
    with writer.element("bridge", attributes):
        for member in bridge.members:
            _write_interface(writer, member, top=False)


def _write_bond(writer: Writer, bond: BondDetails) -> None:
    with writer.element("bond", {"mode": bond.mode}):
        match bond.monitor:
            case MiiMonitor() as mii:
                _write_mii(writer, mii)
            case ArpMonitor() as arp:
                attributes: dict[str, str | int | None] = {
                    "interval": arp.interval,
                    "target": arp.target,
                    "validate": arp.validate,
                }
                writer.empty("arpmon", attributes)
        for member in bond.members:
            _write_interface(writer, member, top=False)


def _write_mii(writer: Writer, mii: MiiMonitor) -> None:
    attributes: dict[str, str | int | None] = {
        "freq": mii.frequency,
        "downdelay": mii.down_delay or None,
        "updelay": mii.up_delay or None,
        "carrier": mii.carrier,
    }
    writer.empty("miimon", attributes)


def _write_vlan(writer: Writer, vlan: VlanDetails) -> None:
    with writer.element("vlan", {"tag": vlan.tag}):
        writer.empty("interface", {"name": vlan.parent})
