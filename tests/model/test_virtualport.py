"""Virtual port profiles of several levels made one."""

from __future__ import annotations

from uuid import UUID

import pytest

from pasarela.errors import ErrorDomain, XmlContentError
from pasarela.model.values import VirtualPort, VirtualPortType
from pasarela.model.virtualport import complete, merge

QBG = VirtualPortType.IEEE_802_1QBG
QBH = VirtualPortType.IEEE_802_1QBH
OVS = VirtualPortType.OPENVSWITCH
MIDONET = VirtualPortType.MIDONET
FRESH = UUID("99999999-9999-4999-8999-999999999999")


def test_nothing_and_nothing_is_nothing():
    assert merge(None, None, None) is None
    assert merge(VirtualPort(profile_id="p"), None, VirtualPort(interface_id="i")) is None


def test_each_level_adds_what_the_ones_before_left_open():
    levels = VirtualPort(interface_id="i"), VirtualPort(OVS), VirtualPort(profile_id="p")
    assert merge(*levels) == VirtualPort(OVS, interface_id="i", profile_id="p")


def test_what_is_not_of_the_type_falls_away():
    levels = VirtualPort(manager_id=1), VirtualPort(OVS), VirtualPort(instance_id="x")
    assert merge(*levels) == VirtualPort(OVS)


@pytest.mark.parametrize(
    ("first", "second", "complaint"),
    [
        (VirtualPort(OVS), VirtualPort(QBG), "mismatched types (openvswitch and 802.1Qbg)"),
        (
            VirtualPort(OVS, profile_id="a"),
            VirtualPort(profile_id="b"),
            "mismatched profileids ('a' and 'b')",
        ),
        (
            VirtualPort(QBG, manager_id=1),
            VirtualPort(manager_id=2),
            "mismatched managerids (1 and 2)",
        ),
    ],
)
def test_contradictions_are_refused(first: VirtualPort, second: VirtualPort, complaint: str):
    with pytest.raises(XmlContentError) as refusal:
        merge(first, second)
    assert refusal.value.detail == f"attempt to merge virtualports with {complaint}"
    assert refusal.value.domain is ErrorDomain.NET


@pytest.mark.parametrize(
    ("port", "whole"),
    [
        (None, None),
        (VirtualPort(profile_id="p"), VirtualPort(profile_id="p")),
        (VirtualPort(OVS), VirtualPort(OVS, interface_id=str(FRESH))),
        (VirtualPort(OVS, interface_id="i"), VirtualPort(OVS, interface_id="i")),
        (VirtualPort(QBG, 1, 2, 3), VirtualPort(QBG, 1, 2, 3, instance_id=str(FRESH))),
        (VirtualPort(QBH, profile_id="p"), VirtualPort(QBH, profile_id="p")),
    ],
)
def test_ids_are_made_up_where_they_may_be(port: VirtualPort | None, whole: VirtualPort | None):
    assert complete(port, FRESH) == whole


@pytest.mark.parametrize(
    ("port", "missing"),
    [
        (VirtualPort(QBG), "managerid"),
        (VirtualPort(QBG, 1), "typeid"),
        (VirtualPort(QBG, 1, 2), "typeidversion"),
        (VirtualPort(QBH), "profileid"),
        (VirtualPort(MIDONET), "interfaceid"),
    ],
)
def test_what_cannot_be_made_up_is_asked_for(port: VirtualPort, missing: str):
    with pytest.raises(XmlContentError, match=f"missing {missing} in <virtualport type="):
        complete(port, FRESH)
