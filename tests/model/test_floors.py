"""Inbound floors: classes and sums as the real daemon counts them (networkCheckBandwidth)."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pasarela.errors import OperationInvalid, OperationUnsupported
from pasarela.model.floors import RESERVED_CLASS_IDS, Floors, give_back, retake, take
from pasarela.model.network import Bridge, Forward, ForwardMode, Network
from pasarela.model.port import Port
from pasarela.model.values import Bandwidth, MacAddress, Rate

MAC = MacAddress("52:54:00:00:00:01")


def network(average: int = 1000, peak: int = 0, mode: ForwardMode = ForwardMode.NAT) -> Network:
    return Network(
        "n",
        forward=Forward(mode),
        bridge=Bridge("virbr0"),
        bandwidth=Bandwidth(inbound=Rate(average=average, peak=peak)),
    )


def port(floor: int, *, class_id: int | None = None) -> Port:
    bandwidth = Bandwidth(inbound=Rate(floor=floor), class_id=class_id)
    return Port(UUID(int=1), "guest", UUID(int=2), MAC, bandwidth=bandwidth)


def class_of(port: Port) -> int | None:
    return port.bandwidth.class_id if port.bandwidth else None


def test_the_first_class_is_three():
    taken, floors = take(network(), port(100), Floors())
    assert class_of(taken) == 3
    assert floors == Floors(RESERVED_CLASS_IDS | {3}, 100)


def test_a_free_class_is_used_again():
    taken, floors = take(network(), port(100), Floors(frozenset({0, 1, 2, 3, 5}), 200))
    assert class_of(taken) == 4
    assert floors.sum == 300


@pytest.mark.parametrize("plain", [port(0), Port(UUID(int=1), "g", UUID(int=2), MAC)])
def test_without_a_floor_there_is_no_class(plain: Port):
    assert take(network(), plain, Floors()) == (plain, Floors())


@pytest.mark.parametrize(
    ("of", "limit"), [(network(1000), "average=1000"), (network(100, peak=1000), "peak=1000")]
)
def test_no_more_than_the_network_has(of: Network, limit: str):
    taken, floors = take(of, port(600), Floors())
    assert class_of(taken) == 3
    with pytest.raises(OperationInvalid) as refusal:
        take(of, port(401), floors)
    assert refusal.value.message == (
        "Requested operation is not valid: Cannot plug '52:54:00:00:00:01' interface into "
        f"'virbr0' because new combined inbound floor=1001 would overcommit {limit} on network 'n'"
    )
    assert take(of, port(400), floors)[1].sum == 1000


@pytest.mark.parametrize("mode", [ForwardMode.BRIDGE, ForwardMode.PASSTHROUGH])
def test_floors_need_a_bridge_of_the_networks_own(mode: ForwardMode):
    with pytest.raises(OperationUnsupported, match="only supported for interface type 'network'"):
        take(network(mode=mode), port(1), Floors())


def test_floors_need_an_inbound_rate():
    bare = Network("n", forward=Forward(ForwardMode.NAT))
    with pytest.raises(OperationUnsupported, match="network 'n' has no inbound QoS set"):
        take(bare, port(1), Floors())


def test_another_floor_keeps_the_class():
    taken, floors = take(network(), port(600), Floors())
    bandwidth = Bandwidth(inbound=Rate(floor=900))
    changed, after = retake(network(), taken, bandwidth, floors)
    assert class_of(changed) == 3
    assert after.sum == 900


def test_a_floor_taken_away_frees_the_class():
    taken, floors = take(network(), port(600), Floors())
    changed, after = retake(network(), taken, Bandwidth(outbound=Rate(average=1)), floors)
    assert class_of(changed) is None
    assert after == Floors()


def test_too_much_more_is_refused_and_what_was_stays():
    taken, floors = take(network(), port(600), Floors())
    with pytest.raises(OperationInvalid):
        retake(network(), taken, Bandwidth(inbound=Rate(floor=1001)), floors)


@given(st.lists(st.integers(1, 500), max_size=12), st.randoms())
def test_all_given_back_is_as_if_nothing_had_been_taken(wanted: list[int], choose: object):
    floors, ports = Floors(), []
    for floor in wanted:
        taken, floors = take(network(10_000), port(floor), floors)
        ports.append(taken)
    assert floors.sum == sum(wanted)
    assert floors.class_ids == RESERVED_CLASS_IDS | set(range(3, 3 + len(wanted)))
    choose.shuffle(ports)  # type: ignore[attr-defined]
    for each in ports:
        floors = give_back(each, floors)
    assert floors == Floors()
