"""A bridge belongs to one network, also where files copied by hand say otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from errno import EEXIST
from shlex import quote

from pasarela.engine.store import Store
from pasarela.errors import Location, SystemCallFailed
from pasarela.model.network import Network


def check_bridges_are_free(store: Store, networks: Iterable[Network]) -> None:
    """Refuse to start a network on the bridge of another that runs, or that is to start with it.

    Its MAC does not tell the two apart: a copy has that, too.

    Raises:
        SystemCallFailed: in libvirt's words, which finds the device there.
    """
    starting: dict[str, str] = {}
    for network in networks:
        bridge = network.bridge.name
        if bridge is None or not network.forward.mode.owns_bridge:
            continue
        other = store.active_on(bridge, except_name=network.name) or starting.get(bridge)
        if other is not None:
            raise _taken(bridge, network.name, other)
        starting[bridge] = network.name


def _taken(bridge: str, name: str, other: str) -> SystemCallFailed:
    return SystemCallFailed(
        f"error creating bridge interface {bridge}: File exists",
        errno=EEXIST,
        location=Location(element="bridge"),
        remedy=f"network '{other}' has it; give this one a bridge and a MAC of its own: "
        f"pasarela net-edit {quote(name)}",
    )
