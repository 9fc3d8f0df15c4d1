"""The ``<virtualport>`` element of networks, port groups and ports."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from pasarela.errors import ConfigUnsupported, ErrorDomain, PasarelaError, XmlContentError
from pasarela.model.values import VirtualPort, VirtualPortType
from pasarela.xml.node import Node
from pasarela.xml.scalars import parse_unsigned, parse_uuid
from pasarela.xml.suggest import choose
from pasarela.xml.writer import Writer

MAX_PROFILE_BYTES = 39

# Which parameters each type takes, in libvirt's order of complaint.
_PARAMETERS = {
    VirtualPortType.IEEE_802_1QBG: ("managerid", "typeid", "typeidversion", "instanceid"),
    VirtualPortType.IEEE_802_1QBH: ("profileid",),
    VirtualPortType.OPENVSWITCH: ("interfaceid", "profileid"),
}


def read_virtual_port(node: Node, *, require_type: bool) -> VirtualPort:
    kind = _type(node, required=require_type)
    parameters = node.child("parameters")
    if parameters is None:
        return VirtualPort(kind)
    port = replace(_read_parameters(parameters), type=kind)
    if kind is VirtualPortType.MIDONET:
        return VirtualPort(kind, interface_id=port.interface_id)  # what else there is falls away
    if kind is not None:
        _check_no_extras(parameters, kind, port)
    return port


def _type(node: Node, *, required: bool) -> VirtualPortType | None:
    text = node.attribute("type")
    known = {kind.value: kind for kind in VirtualPortType}
    if text in known:
        return known[text]
    if text is not None:
        raise node.error(
            ConfigUnsupported,
            f"unknown virtualport type {text}",
            domain=ErrorDomain.NONE,
            remedy=choose(text, known),
        )
    if required:
        remedy = f"add type='…'; known are {', '.join(known)}"
        raise _error(node, "missing required virtualport type", remedy=remedy)
    return None


def _read_parameters(node: Node) -> VirtualPort:
    return VirtualPort(
        manager_id=_number(node, "managerid", 0xFF, "value of managerid"),
        type_id=_number(node, "typeid", 0xFFFFFF, "value for typeid"),
        type_id_version=_number(node, "typeidversion", 0xFF, "value of typeidversion"),
        instance_id=_uuid(node, "instanceid"),
        interface_id=_uuid(node, "interfaceid"),
        profile_id=_profile(node),
    )


def _number(node: Node, name: str, maximum: int, called: str) -> int | None:
    text = node.attribute(name)
    if text is None:
        return None
    number = parse_unsigned(text, bits=64, base=0, wrap=True)
    if number is None:
        raise _error(node, f"cannot parse value of {name} parameter")
    if number > maximum:
        raise _error(node, f"{called} out of range", remedy=f"{name} is at most {maximum}")
    return number


def _uuid(node: Node, name: str) -> str | None:
    text = node.attribute(name)
    if text is None:
        return None
    uuid: UUID | None = parse_uuid(text)
    if uuid is None:
        raise _error(node, f"cannot parse {name} parameter as a uuid")
    return str(uuid)


def _profile(node: Node) -> str | None:
    text = node.value("profileid")
    if text is not None and len(text.encode("utf-8", "surrogateescape")) > MAX_PROFILE_BYTES:
        remedy = f"profileid has at most {MAX_PROFILE_BYTES} bytes"
        raise _error(node, "profileid parameter too long", remedy=remedy)
    return text


def _check_no_extras(node: Node, kind: VirtualPortType, port: VirtualPort) -> None:
    for name, value in _parameters(port).items():
        if value is not None and name not in _PARAMETERS[kind]:
            raise node.error(
                XmlContentError,
                f"extra {name} unsupported in <virtualport type='{kind.value}'>",
                domain=ErrorDomain.NET,
                remedy=f"remove it; {kind.value} takes {', '.join(_PARAMETERS[kind])}",
            )


def _error(node: Node, detail: str, *, remedy: str | None = None) -> PasarelaError:
    return node.error(XmlContentError, detail, domain=ErrorDomain.NONE, remedy=remedy)


def _parameters(port: VirtualPort) -> dict[str, str | int | None]:
    return {
        "managerid": port.manager_id,
        "typeid": port.type_id,
        "typeidversion": port.type_id_version,
        "instanceid": port.instance_id,
        "interfaceid": port.interface_id,
        "profileid": port.profile_id,
    }


def write_virtual_port(writer: Writer, port: VirtualPort | None) -> None:
    if port is None:
        return
    parameters = _parameters(port)
    given = any(value is not None for value in parameters.values())
    kind = {"type": port.type.value if port.type else None}
    if given:
        with writer.element("virtualport", kind):
            writer.empty("parameters", parameters)
    elif port.type:
        writer.empty("virtualport", kind)
