"""What makes a network itself: its name, UUID, MAC and bridge, made where a document is silent."""

from __future__ import annotations

import os
from dataclasses import replace
from uuid import uuid4

from pasarela.engine.machine import Machine
from pasarela.engine.store import Entry, Store
from pasarela.errors import InternalError, Location, OperationFailed, OperationInvalid
from pasarela.model.network import Bridge, Network
from pasarela.model.values import MacAddress
from pasarela.plan.subnets import free_bridge_name

MAC_PREFIX = b"\x52\x54\x00"  # the locally administered prefix that QEMU and libvirt use


def complete(network: Network, store: Store, machine: Machine) -> Network:
    """The network with UUID, bridge name and MAC filled in as libvirt does.

    Raises:
        InternalError: another network has that bridge name, or all generated ones are taken.
    """
    network = with_bridge(network, store, machine)
    return with_identity(network)


def with_identity(network: Network) -> Network:
    """The network with a UUID and, where it has a bridge of its own, a MAC."""
    if network.uuid is None:
        network = replace(network, uuid=uuid4())
    if network.mac is None and network.forward.mode.owns_bridge:
        network = replace(network, mac=_new_mac())
    return network


def with_bridge(network: Network, store: Store, machine: Machine) -> Network:
    """The network with a bridge name that no other network has."""
    if not network.forward.mode.owns_bridge:
        return network  # several networks may share a bridge of the host's
    name = network.bridge.name
    if name is not None and "%d" not in name:
        _check_bridge(network, name, store)
        return network
    links = machine.facts_for([network]).links | store.bridges(except_name=network.name)
    chosen = free_bridge_name((), links, name)
    return replace(network, bridge=_named(network.bridge, chosen))


def check_identity(network: Network, store: Store) -> Entry | None:
    """The network of the same identity that is there already.

    Raises:
        OperationFailed: only one of name and UUID is the same, or nobody can tell.
    """
    assert network.uuid is not None  # filled in by now
    _refuse_unreadable(network.name, store)
    same = store.by_uuid(network.uuid)
    if same is not None and same.name != network.name:
        raise OperationFailed(
            f"network '{same.name}' is already defined with uuid {same.uuid}",
            location=Location(element="uuid"),
            remedy="leave <uuid> out to get a new one, or give it the name that it has",
        )
    named = same or store.by_name(network.name)
    if named is not None and named.uuid != network.uuid:
        raise OperationFailed(
            f"network '{network.name}' already exists with uuid {named.uuid}",
            location=Location(element="name"),
            remedy=(
                f"to change it, put <uuid>{named.uuid}</uuid> into the document or use net-edit; "
                "else choose another name"
            ),
        )
    return named


def refuse_active(entry: Entry | None) -> None:
    """Raises:
    OperationInvalid: the network that should be created runs already."""
    if entry is not None and entry.active:
        raise OperationInvalid(
            f"network is already active as '{entry.name}'",
            remedy=f"net-destroy {entry.name} first, or use net-define for the next start",
        )


def _refuse_unreadable(name: str, store: Store) -> None:
    """What somebody wrote by hand is not overwritten for a slip of theirs."""
    if store.unreadable(name) is None:
        return
    store.refresh()  # a daemon has read it when it started; it may have been corrected since
    problem = store.unreadable(name)
    if problem is not None:
        raise OperationFailed(
            f"network '{name}' already has a definition, which cannot be read: {problem}",
            remedy=f"correct {store.paths.definition(name)}, or remove it",
        )


def _check_bridge(network: Network, name: str, store: Store) -> None:
    if store.has_bridge(name, except_name=network.name):
        raise InternalError(
            f"bridge name '{name}' already in use.",
            location=Location(element="bridge"),
            remedy="choose another name, or leave it out to get a free one",
        )


def _named(bridge: Bridge, name: str) -> Bridge:
    return replace(bridge, name=name)


def _new_mac() -> MacAddress:
    return MacAddress.from_bytes(MAC_PREFIX + os.urandom(3))
