"""The network port document, both ways, as libvirt reads and writes it."""

from __future__ import annotations

from uuid import UUID

from pasarela.errors import InternalError, PasarelaError, XmlContentError
from pasarela.model.network import MacTableManager
from pasarela.model.port import Plug, PlugType, Port
from pasarela.model.values import MacAddress
from pasarela.xml.bandwidth import read_bandwidth, write_bandwidth
from pasarela.xml.node import Node
from pasarela.xml.pci import pci_attributes, read_pci_address
from pasarela.xml.reader import read
from pasarela.xml.scalars import parse_mac, parse_uuid
from pasarela.xml.schema import check_schema
from pasarela.xml.suggest import choose
from pasarela.xml.virtualport import read_virtual_port, write_virtual_port
from pasarela.xml.vlan import read_vlan, write_vlan
from pasarela.xml.writer import Attributes, Writer, yes_no

_DIRECT_MODES = ("vepa", "private", "bridge", "passthrough")
_DRIVERS = ("kvm", "vfio")


def parse_port(text: str, *, validate: bool = False, source: str | None = None) -> Port:
    """Read a network port document.

    Args:
        text: the document.
        validate: also refuse elements and attributes that the format does not know.
        source: the file it came from, for the location in errors.

    Raises:
        PasarelaError: in libvirt's words, with the line and the way out.
    """
    root = read(text, "networkport", source=source)
    if validate:
        check_schema(root)
    return _read_port(root)


def _read_port(root: Node) -> Port:
    uuid = _uuid(root, root.child_text("uuid"), "network port has no uuid")
    owner_name, owner_uuid = _owner(root)
    virtual_port, bandwidth, vlan, options, filters = (
        root.child(name) for name in ("virtualport", "bandwidth", "vlan", "port", "rxfilters")
    )
    profile = read_virtual_port(virtual_port, require_type=False) if virtual_port else None
    return Port(
        uuid=uuid,
        owner_name=owner_name,
        owner_uuid=owner_uuid,
        group=root.child_text("group"),
        virtual_port=profile,
        mac=_mac(root),
        bandwidth=read_bandwidth(bandwidth, floor=True, class_id=True) if bandwidth else None,
        vlan=read_vlan(vlan) if vlan else None,
        isolated=options.yes_no("isolated") if options else None,
        trust_guest_rx_filters=filters.yes_no("trustGuest") if filters else None,
        plug=_read_plug(root.child("plug")),
    )


def _owner(root: Node) -> tuple[str, UUID]:
    owner = root.child("owner")
    name = owner.child_text("name") if owner else None
    if name is None:
        raise _missing(root, "network port has no owner name")
    uuid = owner.child_text("uuid") if owner else None
    return name, _uuid(root, uuid, "network port has no owner UUID")


def _uuid(node: Node, text: str | None, complaint: str) -> UUID:
    if text is None:
        raise _missing(node, complaint)
    uuid = parse_uuid(text)
    if uuid is None:
        raise node.error(
            InternalError, f"Unable to parse UUID '{text}'", remedy="uuidgen prints a new one"
        )
    return uuid


def _mac(root: Node) -> MacAddress:
    node = root.child("mac")
    text = node.value("address") if node else None
    if text is None:
        raise _missing(root, "network port has no mac")
    mac = parse_mac(text)
    if mac is None:
        raise root.error(InternalError, f"Unable to parse MAC '{text}'")
    return mac


def _missing(node: Node, complaint: str) -> PasarelaError:
    return node.error(
        InternalError,
        complaint,
        remedy="a port needs <uuid>, <owner> with <name> and <uuid>, and <mac address='…'/>",
    )


# the plug


def _read_plug(node: Node | None) -> Plug | None:
    kind = _plug_type(node) if node else PlugType.NONE
    if node is None or kind is PlugType.NONE:
        return None
    if kind is PlugType.DIRECT:
        return _direct(node)
    if kind is PlugType.HOSTDEV_PCI:
        return _hostdev(node)
    bridge = _required(node, "bridge", "Missing network port bridge name")
    return Plug(kind, bridge, _mac_table_manager(node))


def _plug_type(node: Node) -> PlugType:
    text = node.attribute("type")
    if text is None:
        return PlugType.NONE
    known = {kind.value: kind for kind in PlugType}
    if text not in known:
        raise node.bad_value("type", remedy=choose(text, known))
    return known[text]


def _mac_table_manager(node: Node) -> MacTableManager | None:
    text = node.attribute("macTableManager")
    known = {each.value: each for each in MacTableManager}
    if text is None or text in known:
        return known[text] if text else None
    raise node.error(
        XmlContentError,
        f"Invalid macTableManager setting '{text}' in network port",
        remedy=choose(text, known),
    )


def _direct(node: Node) -> Plug:
    dev = _required(node, "dev", "Missing network port link device name")
    mode = node.attribute("mode")
    if mode is not None and mode not in _DIRECT_MODES:
        raise node.error(
            XmlContentError,
            f"Invalid mode setting '{mode}' in network port",
            remedy=choose(mode, _DIRECT_MODES),
        )
    return Plug(PlugType.DIRECT, dev=dev, mode=mode or _DIRECT_MODES[0])


def _hostdev(node: Node) -> Plug:
    managed = node.yes_no("managed")
    driver, address = node.child("driver"), node.child("address")
    name = driver.value("name") if driver else None
    if name is not None and name not in _DRIVERS:
        raise node.error(
            XmlContentError, "Missing network port driver name", remedy=choose(name, _DRIVERS)
        )
    if address is None:
        raise node.error(XmlContentError, "Missing network port PCI address")
    return Plug(
        PlugType.HOSTDEV_PCI,
        managed=managed,
        driver_name=name,
        driver_model=driver.value("model") if driver else None,
        address=read_pci_address(address),
    )


def _required(node: Node, name: str, complaint: str) -> str:
    text = node.attribute(name)
    if text is None:
        raise node.error(XmlContentError, complaint, remedy=f"add {name}='…' to <{node.name}>")
    return text


# writing


def format_port(port: Port) -> str:
    writer = Writer()
    with writer.element("networkport"):
        writer.text("uuid", str(port.uuid))
        with writer.element("owner"):
            writer.text("name", port.owner_name)
            writer.text("uuid", str(port.owner_uuid))
        writer.text("group", port.group)
        writer.empty("mac", {"address": port.mac})
        write_virtual_port(writer, port.virtual_port)
        write_bandwidth(writer, port.bandwidth)
        write_vlan(writer, port.vlan)
        if port.isolated is not None:
            writer.empty("port", {"isolated": yes_no(port.isolated)})
        if port.trust_guest_rx_filters is not None:
            writer.empty("rxfilters", {"trustGuest": yes_no(port.trust_guest_rx_filters)})
        _write_plug(writer, port.plug)
    return str(writer)


def _write_plug(writer: Writer, plug: Plug | None) -> None:
    if plug is None or plug.type is PlugType.NONE:
        return
    attributes = _plug_attributes(plug)
    if plug.address is None:
        writer.empty("plug", attributes)
        return
    with writer.element("plug", attributes):
        if plug.driver_name or plug.driver_model:
            writer.empty("driver", {"name": plug.driver_name, "model": plug.driver_model})
        writer.empty("address", pci_attributes(plug.address))


def _plug_attributes(plug: Plug) -> Attributes:
    manager = plug.mac_table_manager.value if plug.mac_table_manager else None
    return {
        "type": plug.type.value,
        "bridge": plug.bridge,
        "macTableManager": manager,
        "dev": plug.dev,
        "mode": plug.mode,
        "managed": yes_no(plug.managed),
    }
