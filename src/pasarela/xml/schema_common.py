"""The schema's entries that networks and ports share."""

from __future__ import annotations

from collections.abc import Mapping

from pasarela.xml.node import Node
from pasarela.xml.schema_types import (
    ANYTHING,
    BYTE,
    COUNT,
    ON_OFF,
    PCI_FUNCTION,
    PCI_SLOT,
    POSITIVE,
    PROFILE,
    THREE_BYTES,
    UNICAST_MAC,
    UUID,
    YES_NO,
    Type,
    hexadecimal,
    number,
    words,
)
from pasarela.xml.schema_walk import Child, Condition, Element, required, several


def one_of(*names: str) -> Condition:
    """Not more than one of these attributes."""

    def fault(node: Node) -> str | None:
        given = [name for name in names if node.attribute(name) is not None]
        return f"<{node.name}> has both {' and '.join(given)}" if len(given) > 1 else None

    return fault


def leaf(
    attributes: Mapping[str, Type], *needed: str, conditions: tuple[Condition, ...] = ()
) -> Child:
    """An element of attributes alone; ``needed`` names those that must be there."""
    return Child(Element(attributes, frozenset(needed), conditions=conditions))


def leaves(attributes: Mapping[str, Type], *needed: str) -> Child:
    return several(Element(attributes, frozenset(needed)))


NAME = required(Element(text=ANYTHING))
OPTIONAL_UUID = Child(Element(text=UUID))
MAC = Element({"address": UNICAST_MAC}, frozenset({"address"}))
PORT_OPTIONS = leaf({"isolated": YES_NO})
PCI: Mapping[str, Type] = {
    "domain": hexadecimal(0xFFFFFFFF),
    "bus": BYTE,
    "slot": PCI_SLOT,
    "function": PCI_FUNCTION,
    "multifunction": ON_OFF,
}

_RATE = dict.fromkeys(("average", "peak", "floor", "burst"), POSITIVE)
BANDWIDTH = Child(
    Element({"classID": POSITIVE}, children={"inbound": leaf(_RATE), "outbound": leaf(_RATE)})
)
VLAN = Child(
    Element(
        {"trunk": words("yes")},
        children={
            "tag": several(
                Element(
                    {"id": number(0, 4095), "nativeMode": words("tagged", "untagged")},
                    frozenset({"id"}),
                ),
                least=1,
            )
        },
    )
)

_PARAMETERS: Mapping[str, Type] = {
    "managerid": BYTE,
    "typeid": THREE_BYTES,
    "typeidversion": BYTE,
    "instanceid": UUID,
    "profileid": PROFILE,
    "interfaceid": UUID,
}
_BY_TYPE = {
    "802.1Qbg": ("managerid", "typeid", "typeidversion", "instanceid"),
    "802.1Qbh": ("profileid",),
    "openvswitch": ("profileid", "interfaceid"),
    "midonet": ("interfaceid",),
}


def _parameters_fit(node: Node) -> str | None:
    kind, parameters = node.attribute("type"), node.child("parameters")
    if kind == "midonet" and not (parameters and parameters.attribute("interfaceid")):
        return "<virtualport type='midonet'> needs <parameters interfaceid='…'/>"
    for name, _ in parameters.attributes() if parameters and kind else ():
        if name not in _BY_TYPE[kind or ""]:
            return f"parameter '{name}' is not one of type '{kind}'"
    return None


VIRTUAL_PORT = Child(
    Element(
        {"type": words(*_BY_TYPE)},
        children={"parameters": leaf(_PARAMETERS)},
        conditions=(_parameters_fit,),
    )
)
DRIVER = leaf({"name": words("kvm", "vfio"), "model": ANYTHING}, "name")
CONNECTIONS = COUNT
