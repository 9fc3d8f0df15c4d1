"""The network's ``<bridge>``, ``<mac>`` and ``<mtu>`` elements, and what each mode allows them."""

from __future__ import annotations

from pasarela.errors import PasarelaError, XmlContentError
from pasarela.model.network import Bridge, Forward, ForwardMode, MacTableManager, Network
from pasarela.model.values import MacAddress
from pasarela.xml.node import Node
from pasarela.xml.scalars import parse_mac, parse_unsigned
from pasarela.xml.suggest import choose
from pasarela.xml.writer import Writer

_DIRECT = (
    ForwardMode.PRIVATE,
    ForwardMode.VEPA,
    ForwardMode.PASSTHROUGH,
    ForwardMode.HOSTDEV,
)


def read_bridge(node: Node | None, network: str) -> Bridge:
    if node is None:
        return Bridge()
    stp = node.value("stp")
    return Bridge(
        name=node.value("name"),
        stp=None if stp is None else stp != "off",
        delay=_delay(node, network),
        zone=node.value("zone"),
        mac_table_manager=_manager(node, network),
    )


def _delay(node: Node, network: str) -> int | None:
    text = node.value("delay")
    if text is None:
        return None
    delay = parse_unsigned(text, bits=64)
    if delay is None:
        remedy = "write a number of seconds, delay='0'"
        detail = f"Invalid delay value in network '{network}'"
        raise node.error(XmlContentError, detail, remedy=remedy)
    return delay


def _manager(node: Node, network: str) -> MacTableManager | None:
    text = node.value("macTableManager")
    if text is None:
        return None
    known = {manager.value: manager for manager in MacTableManager}
    if text not in known:
        detail = f"Invalid macTableManager setting '{text}' in network '{network}'"
        raise node.error(XmlContentError, detail, remedy=choose(text, known))
    return known[text]


def read_mac(node: Node | None, network: str) -> MacAddress | None:
    text = node.value("address") if node else None
    if node is None or text is None:
        return None
    mac = parse_mac(text)
    if mac is None:
        detail = f"Invalid bridge mac address '{text}' in network '{network}'"
        raise node.error(XmlContentError, detail, remedy="write it as 52:54:00:12:34:56")
    if mac.is_multicast:
        detail = f"Invalid multicast bridge mac address '{text}' in network '{network}'"
        raise node.error(XmlContentError, detail, remedy="make the first octet even")
    return mac


def read_mtu(nodes: list[Node], network: str) -> int | None:
    node = next((node for node in nodes if node.attribute("size") is not None), None)
    text = node.value("size") if node else None
    if node is None or text is None:
        return None
    size = parse_unsigned(text, wrap=True)
    if size is None:
        raise node.error(XmlContentError, f"Invalid mtu size '{text}' in network '{network}'")
    return size or None


def check_bridge_for_mode(node: Node, bridge: Bridge, forward: Forward, network: str) -> None:
    """Refuse what a bridge may not have where it is not ours, or where there is none."""
    mode = forward.mode.value
    if forward.mode.owns_bridge:
        return
    if forward.mode in _DIRECT:
        _check_direct(node, bridge, mode, network)
    if bridge.delay or bridge.stp is not None or bridge.zone:
        raise _error(
            node,
            "bridge delay/stp/zone options only allowed in route, nat, and isolated mode, "
            f"not in {mode} (network '{network}')",
            remedy="remove them: they are for the bridges that the network makes itself",
        )
    if bridge.name and (forward.interfaces or forward.pf is not None):
        raise _error(
            node,
            f"A network with forward mode='{mode}' can specify a bridge name or a forward dev, "
            f"but not both (network '{network}')",
            remedy="keep <bridge> for guests on a bridge of the host, dev for macvtap",
        )


def _check_direct(node: Node, bridge: Bridge, mode: str, network: str) -> None:
    if bridge.name:
        raise _error(node, f"bridge name not allowed in {mode} mode (network '{network}')")
    if bridge.zone:
        raise _error(node, f"bridge zone not allowed in {mode} mode (network '{network}')")
    if bridge.mac_table_manager:
        raise _error(
            node, f"bridge macTableManager setting not allowed in {mode} mode (network '{network}')"
        )


def _error(node: Node, detail: str, *, remedy: str | None = None) -> PasarelaError:
    return node.error(XmlContentError, detail, remedy=remedy)


def write_bridge(writer: Writer, network: Network) -> None:
    bridge, own = network.bridge, network.forward.mode.owns_bridge
    if not (own or bridge.name or bridge.mac_table_manager):
        return
    manager = bridge.mac_table_manager
    attributes = {
        "name": bridge.name,
        "zone": bridge.zone,
        "stp": ("off" if bridge.stp is False else "on") if own else None,
        "delay": (bridge.delay or 0) if own else None,
        "macTableManager": manager.value if manager else None,
    }
    writer.empty("bridge", attributes)
