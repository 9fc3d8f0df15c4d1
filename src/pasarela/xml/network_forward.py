"""The network's ``<forward>`` element: its mode, its devices, its address translation."""

from __future__ import annotations

from ipaddress import IPv4Address

from pasarela.errors import (
    ConfigUnsupported,
    XmlContentError,
    XmlSyntaxError,
)
from pasarela.model.network import AddressRange, Forward, ForwardInterface, ForwardMode, Nat
from pasarela.model.values import PciAddress, PortRange
from pasarela.xml.address_range import check_range
from pasarela.xml.node import Node
from pasarela.xml.pci import pci_attributes, read_pci_address
from pasarela.xml.scalars import format_ip, parse_ipv4, parse_unsigned
from pasarela.xml.suggest import choose
from pasarela.xml.writer import Writer, yes_no

_DRIVERS = ("kvm", "vfio")
_ADDRESS_TYPES = ("none", "pci", "netdev")


def read_forward(node: Node | None, network: str) -> Forward:
    """What the element says; without one the network is isolated."""
    if node is None:
        return Forward()
    mode = _mode(node)
    driver_name, driver_model = _driver(node, network)
    nat = _read_nat(node, mode, network)
    interfaces, pf = _devices(node, network)
    return Forward(
        mode=mode,
        interfaces=interfaces,
        pf=pf,
        managed=(node.value("managed") or "").lower() == "yes" or None,
        driver_name=driver_name,
        driver_model=driver_model,
        nat=nat,
    )


def _mode(node: Node) -> ForwardMode:
    text = node.value("mode")
    if text is None:
        return ForwardMode.NAT
    try:
        return ForwardMode(text)
    except ValueError:
        known = (mode.value for mode in ForwardMode if mode is not ForwardMode.NONE)
        detail, remedy = f"unknown forwarding type '{text}'", choose(text, known)
        raise node.error(ConfigUnsupported, detail, remedy=remedy) from None


def _driver(node: Node, network: str) -> tuple[str | None, str | None]:
    driver = node.child("driver")
    name = driver.value("name") if driver else None
    if driver and name and name not in _DRIVERS:
        raise driver.error(
            ConfigUnsupported,
            f"Unknown forward <driver name='{name}'/> in network {network}",
            remedy=choose(name, _DRIVERS),
        )
    return name, driver.value("model") if driver else None


# devices


def _devices(node: Node, network: str) -> tuple[tuple[ForwardInterface, ...], str | None]:
    """The pool: interfaces win over addresses, and addresses over a physical function."""
    interfaces, addresses, functions = (
        list(node.children(name)) for name in ("interface", "address", "pf")
    )
    dev = node.value("dev")
    if dev and (addresses or functions):
        raise node.error(
            XmlContentError,
            "the <forward> 'dev' attribute cannot be used when <address> or <pf> sub-elements "
            f"are present in network {network}",
        )
    if dev or interfaces:
        return _interfaces(dev, interfaces, network), None
    if addresses:
        return _addresses(addresses, network), None
    return (), _physical_function(functions, network)


def _interfaces(dev: str | None, nodes: list[Node], network: str) -> tuple[ForwardInterface, ...]:
    names = {dev: None} if dev else {}  # a dict, for its order
    for position, node in enumerate(nodes):
        name = _dev(node, f"<forward> <interface> element of network {network}")
        if position == 0 and dev:
            if name != dev:
                raise node.error(
                    XmlContentError,
                    f"<forward dev='{dev}'> must match first <interface dev='{name}'/> "
                    f"in network {network}",
                )
        elif name in names:
            detail = f"interface '{name}' can only be listed once in network {network}"
            raise node.error(XmlContentError, detail)
        else:
            names[name] = None
    return tuple(ForwardInterface(dev=name) for name in names)


def _addresses(nodes: list[Node], network: str) -> tuple[ForwardInterface, ...]:
    found: dict[PciAddress, None] = {}
    for node in nodes:
        _check_address_type(node, network)
        address = read_pci_address(node)
        if address in found:
            detail = f"PCI device '{address}' can only be listed once in network {network}"
            raise node.error(XmlContentError, detail)
        found[address] = None
    return tuple(ForwardInterface(address=address) for address in found)


def _check_address_type(node: Node, network: str) -> None:
    kind = node.attribute("type")
    if kind == "pci":
        return
    remedy = "write type='pci'"
    if kind is None:
        detail = f"missing address type in network {network}"
        raise node.error(XmlContentError, detail, remedy=remedy)
    if kind in _ADDRESS_TYPES:
        detail = f"unsupported address type '{kind}' in network {network}"
        raise node.error(XmlContentError, detail, remedy=remedy)
    detail = f"unknown address type '{kind}' in network {network}"
    raise node.error(ConfigUnsupported, detail, remedy=remedy)


def _physical_function(nodes: list[Node], network: str) -> str | None:
    if len(nodes) > 1:
        raise nodes[1].error(
            XmlContentError, f"Only one <pf> element is allowed in <forward> of network {network}"
        )
    return _dev(nodes[0], f"<pf> element of network '{network}'") if nodes else None


def _dev(node: Node, where: str) -> str:
    text = node.attribute("dev")
    if text is None:
        detail = f"Missing required dev attribute in {where}"
        raise node.error(XmlContentError, detail, remedy=f"write <{node.name} dev='eth0'/>")
    return text


# address translation


def _read_nat(node: Node, mode: ForwardMode, network: str) -> Nat | None:
    nats = list(node.children("nat"))
    if len(nats) > 1:
        raise nats[1].error(
            XmlContentError, f"Only one <nat> element is allowed in <forward> of network {network}"
        )
    if not nats:
        return None
    nat = nats[0]
    if mode is not ForwardMode.NAT:
        raise nat.error(
            XmlContentError,
            "The <nat> element can only be used when <forward> 'mode' is 'nat' "
            f"in network {network}",
        )
    ipv6 = nat.yes_no("ipv6")
    found = Nat(_nat_addresses(nat, network), _nat_ports(nat, network), ipv6)
    return found if found != Nat() else None


def _nat_addresses(nat: Node, network: str) -> AddressRange | None:
    node = _only(nat, "address", network)
    if node is None:
        return None
    texts = [_nat_attribute(node, name, network) for name in ("start", "end")]
    start, end = (
        _nat_address(node, name, text, network)
        for name, text in zip(("start", "end"), texts, strict=True)
    )
    check_range(node, start, end)
    return AddressRange(start, end)


def _nat_attribute(node: Node, name: str, network: str) -> str:
    text = node.attribute(name)
    if text is None:
        raise node.error(
            XmlContentError,
            f"missing '{name}' attribute in <address> element in <nat> in <forward> "
            f"in network {network}",
        )
    return text


def _nat_address(node: Node, name: str, text: str, network: str) -> IPv4Address:
    address = parse_ipv4(text)
    if address is None:
        raise node.error(
            XmlContentError,
            f"Bad ipv4 {name} address '{text}' in <nat> in <forward> in network '{network}'",
        )
    return address


def _nat_ports(nat: Node, network: str) -> PortRange | None:
    node = _only(nat, "port", network)
    if node is None:
        return None
    start = _nat_port(node, "start", 0, network)
    end = _nat_port(node, "end", start, network)
    return PortRange(start, end) if end else None


def _nat_port(node: Node, name: str, least: int, network: str) -> int:
    number = parse_unsigned(node.attribute(name) or "")
    if number is None or not least <= number <= 0xFFFF:
        raise node.error(
            XmlSyntaxError,
            f"Missing or invalid '{name}' attribute in <port> in <nat> in <forward> "
            f"in network {network}",
            remedy=f"write {name}='…' with a number from {least} to 65535",
        )
    return number


def _only(nat: Node, name: str, network: str) -> Node | None:
    nodes = list(nat.children(name))
    if len(nodes) > 1:
        raise nodes[1].error(
            XmlContentError,
            f"Only one <{name}> element is allowed in <nat> in <forward> in network {network}",
        )
    return nodes[0] if nodes else None


# writing


def write_forward(writer: Writer, forward: Forward, *, inactive: bool) -> None:
    if forward.mode is ForwardMode.NONE:
        return
    hostdev = forward.mode is ForwardMode.HOSTDEV
    attributes = {
        "dev": None if forward.pf is not None else forward.dev,
        "mode": forward.mode.value,
        "managed": yes_no(bool(forward.managed)) if hostdev else None,
    }
    nat = forward.nat if forward.nat != Nat() else None
    if not (forward.interfaces or forward.pf is not None or forward.driver_name or nat):
        writer.empty("forward", attributes)
        return
    with writer.element("forward", attributes):
        _write_driver(writer, forward)
        _write_nat(writer, nat)
        _write_devices(writer, forward, inactive=inactive)


def _write_driver(writer: Writer, forward: Forward) -> None:
    if forward.driver_name or forward.driver_model:
        writer.empty("driver", {"name": forward.driver_name, "model": forward.driver_model})


def _write_nat(writer: Writer, nat: Nat | None) -> None:
    if nat is None:
        return
    attributes = {"ipv6": yes_no(nat.ipv6)}
    if not (nat.addresses or nat.ports):
        writer.empty("nat", attributes)
        return
    with writer.element("nat", attributes):
        if nat.addresses:
            start, end = format_ip(nat.addresses.start), format_ip(nat.addresses.end)
            writer.empty("address", {"start": start, "end": end})
        if nat.ports:
            writer.empty("port", {"start": nat.ports.start, "end": nat.ports.end})


def _write_devices(writer: Writer, forward: Forward, *, inactive: bool) -> None:
    if forward.pf is not None:
        writer.empty("pf", {"dev": forward.pf})
        if inactive:
            return
    for interface in forward.interfaces:
        if interface.address:
            writer.empty("address", pci_attributes(interface.address))
        else:
            connections = None if inactive else interface.connections or None
            writer.empty("interface", {"dev": interface.dev, "connections": connections})
