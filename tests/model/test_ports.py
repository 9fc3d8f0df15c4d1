"""Plugging ports where the real libvirt is no judge: PCI pools, and what stays unchanged.

All else runs beside it in tests/oracle/test_ports.py.
"""

from __future__ import annotations

from uuid import UUID

import pytest

from pasarela.errors import InternalError
from pasarela.model.floors import Floors
from pasarela.model.network import Forward, ForwardInterface, ForwardMode, Network
from pasarela.model.port import Plug, PlugType, Port
from pasarela.model.ports import (
    count_connections,
    plug_port,
    reclaim_port,
    unplug_port,
    with_connections,
)
from pasarela.model.values import Bandwidth, MacAddress, PciAddress, Rate

FRESH = UUID("99999999-9999-4999-8999-999999999999")
FUNCTIONS = tuple(ForwardInterface(address=PciAddress(0, 3, 16, number)) for number in range(2))
HOSTDEV = Network(
    "sriov", forward=Forward(ForwardMode.HOSTDEV, FUNCTIONS, managed=True, driver_name="vfio")
)
PF = Network("pf", forward=Forward(ForwardMode.PASSTHROUGH, pf="eth0"))


def port(number: int, plug: Plug | None = None) -> Port:
    mac = MacAddress("52:54:00:00:00:01")
    return Port(UUID(int=number), "guest", UUID(int=2), mac, plug=plug)


def plugged(network: Network, number: int, *others: Port, **options: object) -> Port:
    connections = count_connections(others)
    return plug_port(network, port(number), connections, Floors(), FRESH, **options).port  # type: ignore[arg-type]


def test_each_guest_gets_a_pci_function_of_its_own():
    first = plugged(HOSTDEV, 1)
    second = plugged(HOSTDEV, 2, first)
    assert first.plug == Plug(
        PlugType.HOSTDEV_PCI, managed=True, driver_name="vfio", address=PciAddress(0, 3, 16, 0)
    )
    assert second.plug is not None and second.plug.address == PciAddress(0, 3, 16, 1)
    with pytest.raises(InternalError, match="none are available"):
        plugged(HOSTDEV, 3, first, second)


def test_unmanaged_is_said():
    network = Network("n", forward=Forward(ForwardMode.HOSTDEV, FUNCTIONS))
    plug = plugged(network, 1).plug
    assert plug is not None and plug.managed is False


def test_a_physical_function_lends_its_virtual_ones():
    pool = (ForwardInterface("eth0v0"), ForwardInterface("eth0v1"))
    first = plugged(PF, 1, pool=pool)
    second = plugged(PF, 2, first, pool=pool)
    assert [each.plug.dev for each in (first, second) if each.plug] == ["eth0v0", "eth0v1"]


def test_a_physical_function_without_virtual_ones_has_nothing_to_lend():
    with pytest.raises(InternalError, match="none are available"):
        plugged(PF, 1, pool=())


def test_a_pci_function_is_reclaimed_once():
    taken = port(1, Plug(PlugType.HOSTDEV_PCI, address=PciAddress(0, 3, 16, 0)))
    assert reclaim_port(HOSTDEV, taken, {}) is taken
    with pytest.raises(InternalError, match="bus=3 slot=16 function=0 is already in use by a"):
        reclaim_port(HOSTDEV, taken, count_connections([taken]))


def test_a_pci_function_of_another_pool_is_not_reclaimed():
    strange = port(1, Plug(PlugType.HOSTDEV_PCI, address=PciAddress(1, 3, 16, 0)))
    with pytest.raises(InternalError, match=r"doesn't have PCI device 0001:03:10\.0 in use"):
        reclaim_port(HOSTDEV, strange, {})


def test_counters_follow_the_ports():
    first = plugged(HOSTDEV, 1)
    shown = with_connections(HOSTDEV, [first])
    assert [each.connections for each in shown.forward.interfaces] == [1, 0]
    assert with_connections(shown, []) == HOSTDEV


def test_unplugging_gives_the_floor_back():
    bandwidth = Bandwidth(inbound=Rate(floor=5), class_id=3)
    gone = Port(UUID(int=1), "g", UUID(int=2), MacAddress("52:54:00:00:00:01"), bandwidth=bandwidth)
    assert unplug_port(gone, Floors(frozenset({0, 1, 2, 3}), 5)) == Floors()
