"""The ``<bandwidth>`` element of networks, port groups and ports."""

from __future__ import annotations

from pasarela.errors import ConfigUnsupported, ErrorDomain, XmlSyntaxError
from pasarela.model.values import Bandwidth, Rate
from pasarela.xml.node import Node
from pasarela.xml.scalars import parse_unsigned
from pasarela.xml.writer import Writer


def read_bandwidth(node: Node, *, floor: bool = False, class_id: bool = False) -> Bandwidth | None:
    """The rates; None if there are none in it.

    Args:
        node: the ``<bandwidth>`` element.
        floor: whether the inbound rate may have one, as only a port's may.
        class_id: whether the traffic class may be named, as only in a port.
    """
    number = _class_id(node, allowed=class_id)
    inbound, outbound = (_only(node, name) for name in ("inbound", "outbound"))
    rate_in = _rate(inbound, floor=floor) if inbound else None
    rate_out = _rate(outbound, floor=True) if outbound else None
    if outbound and rate_out and rate_out.floor:
        raise _unsupported(outbound, "'floor' attribute allowed only in <inbound> element")
    return Bandwidth(rate_in, rate_out, number) if rate_in or rate_out else None


def _class_id(node: Node, *, allowed: bool) -> int | None:
    if allowed or node.attribute("classID") is None:
        return node.unsigned("classID")
    raise node.error(
        XmlSyntaxError,
        "classID attribute not supported on <bandwidth> in this usage context",
        domain=ErrorDomain.NONE,
        remedy="remove it: the class of a port's traffic is chosen when the port is made",
    )


def _only(node: Node, name: str) -> Node | None:
    nodes = list(node.children(name))
    if len(nodes) > 1:
        detail = f"Only one child <{name}> element allowed"
        raise nodes[1].error(XmlSyntaxError, detail, domain=ErrorDomain.NONE)
    return nodes[0] if nodes else None


def _rate(node: Node, *, floor: bool) -> Rate:
    average = _rate_value(node, "average")
    if average is None:
        _check_without_average(node)
    peak, burst, least = (_rate_value(node, name) for name in ("peak", "burst", "floor"))
    if least is not None and not floor:
        raise _unsupported(node, "floor attribute is not supported for this config")
    return Rate(average or 0, peak or 0, least or 0, burst or 0)


def _check_without_average(node: Node) -> None:
    if node.attribute("floor") is None:
        raise node.error(
            XmlSyntaxError,
            "Missing mandatory average or floor attributes",
            domain=ErrorDomain.NONE,
            remedy=f"write <{node.name} average='1000'/>, in kilobytes a second",
        )
    if node.attribute("peak") is not None or node.attribute("burst") is not None:
        raise _unsupported(node, "'peak' and 'burst' require 'average' attribute")


def _rate_value(node: Node, name: str) -> int | None:
    text = node.attribute(name)
    if text is None:
        return None
    number = parse_unsigned(text, bits=64)
    if number is None:
        raise _unsupported(node, f"could not convert bandwidth {name} value '{text}'")
    return number


def _unsupported(node: Node, detail: str) -> Exception:
    return node.error(ConfigUnsupported, detail, domain=ErrorDomain.NONE)


def write_bandwidth(writer: Writer, bandwidth: Bandwidth | None) -> None:
    if bandwidth is None or not (bandwidth.inbound or bandwidth.outbound):
        return
    with writer.element("bandwidth", {"classID": bandwidth.class_id or None}):
        _write_rate(writer, "inbound", bandwidth.inbound)
        _write_rate(writer, "outbound", bandwidth.outbound)


def _write_rate(writer: Writer, name: str, rate: Rate | None) -> None:
    if rate is None or not (rate.average or rate.floor):
        return
    values = {
        "average": rate.average,
        "peak": rate.peak,
        "floor": rate.floor,
        "burst": rate.burst,
    }
    writer.empty(name, {key: value or None for key, value in values.items()})
