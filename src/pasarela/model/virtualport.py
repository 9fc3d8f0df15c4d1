"""Virtual port profiles of three levels made one: the guest's, the network's, the portgroup's."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from pasarela.errors import ErrorDomain, XmlContentError
from pasarela.model.values import VirtualPort, VirtualPortType

QBG = VirtualPortType.IEEE_802_1QBG
QBH = VirtualPortType.IEEE_802_1QBH
OVS = VirtualPortType.OPENVSWITCH

MIDONET = VirtualPortType.MIDONET

# Which types a field is inherited for, and how libvirt shows two values of it that differ.
_FIELDS = {
    "manager_id": ((QBG, None), "managerids", "{}"),
    "type_id": ((QBG, None), "typeids", "{}"),
    "type_id_version": ((QBG, None), "typeidversions", "{}"),
    "instance_id": ((QBG, None), "instanceids", "'{}'"),
    "interface_id": ((OVS, None), "interfaceids", "'{}'"),
    "profile_id": ((OVS, QBH, None), "profileids", "'{}'"),
}

_REQUIRED = {
    QBG: ("manager_id", "type_id", "type_id_version"),
    QBH: ("profile_id",),
    OVS: (),
    MIDONET: ("interface_id",),
}


def merge(*levels: VirtualPort | None) -> VirtualPort | None:
    """One profile of several, the first taking precedence; None if none of them has a type.

    Raises:
        XmlContentError: two levels contradict each other.
    """
    if not any(level and level.type for level in levels):
        return None
    merged = levels[0] or VirtualPort()
    for level in levels[1:]:
        if level is not None:
            merged = _merge_two(merged, level)
    return _without_strays(merged)


def _merge_two(merged: VirtualPort, level: VirtualPort) -> VirtualPort:
    merged = _with_type(merged, level)
    for field, (types, words, form) in _FIELDS.items():
        old, new = getattr(merged, field), getattr(level, field)
        if new is None or merged.type not in types:
            continue
        if old is not None and old != new:
            raise _mismatch(f"{words} ({form.format(old)} and {form.format(new)})")
        merged = replace(merged, **{field: new})
    return merged


def _without_strays(port: VirtualPort) -> VirtualPort:
    """Without what was given before the type was known, and is not for it."""
    strays = [field for field, (types, _, _) in _FIELDS.items() if port.type not in types]
    kept = "interface_id" if port.type is MIDONET else None
    return replace(port, **{field: None for field in strays if field != kept})


def _with_type(merged: VirtualPort, level: VirtualPort) -> VirtualPort:
    if level.type is None:
        return merged
    if merged.type not in (None, level.type):
        raise _mismatch(f"types ({type_word(merged)} and {type_word(level)})")
    return replace(merged, type=level.type)


def complete(port: VirtualPort | None, fresh: UUID) -> VirtualPort | None:
    """The profile with what its type needs; an id that may be made up is ``fresh``.

    Raises:
        XmlContentError: something that cannot be made up is missing.
    """
    if port is None or port.type is None:
        return port
    for field in _REQUIRED[port.type]:
        if getattr(port, field) is None:
            word = field.replace("_", "")
            raise XmlContentError(
                f"missing {word} in <virtualport type='{type_word(port)}'>",
                domain=ErrorDomain.NET,
                remedy=f"add <parameters {word}='…'/>",
            )
    if port.type is QBG and port.instance_id is None:
        return replace(port, instance_id=str(fresh))
    if port.type is OVS and port.interface_id is None:
        return replace(port, interface_id=str(fresh))
    return port


def type_word(port: VirtualPort) -> str:
    return port.type.value if port.type else "none"


def _mismatch(what: str) -> XmlContentError:
    return XmlContentError(
        f"attempt to merge virtualports with mismatched {what}",
        domain=ErrorDomain.NET,
        remedy="let the guest, the network and the portgroup say the same, or only one of them",
    )
