"""Each shape of netplan file: only the intended lines change, and back again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hostnet.goldens import Files, applied, bridge, diff, golden, read_tree
from pasarela.hostnet.manager import Surroundings
from pasarela.hostnet.netplan import Netplan
from pasarela.model.interface_config import InterfaceConfig

CORPUS = Path(__file__).parents[1] / "corpus" / "netplan"
CASES = sorted(path for path in CORPUS.iterdir() if path.is_dir())
ADDRESSED = {"dhcp4", "dhcp6", "addresses", "nameservers", "routes", "gateway4", "gateway6"}
NETPLAN = Netplan()

each_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)


def merged(files: Files) -> dict[str, Any]:
    """What the files say together, by ruamel.yaml's own constructor."""
    together: dict[str, Any] = {}
    for path in sorted(files, key=lambda path: path.name):
        document = YAML(typ="safe", pure=True).load(files[path]) or {}
        together = merge(together, document.get("network") or {})
    return together


def merge(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: merge(old.get(key), value) for key, value in new.items()}
    if isinstance(old, list) and isinstance(new, list):
        return old + [item for item in new if item not in old]
    return old if new is None and isinstance(old, dict) else new


@each_case
def test_bridge_changes_the_intended_lines_alone(case: Path) -> None:
    edits = NETPLAN.bridge(read_tree(case), bridge())
    assert diff(edits) == golden(case / "bridge.diff", diff(edits))


@each_case
def test_bridge_twice_is_bridge_once(case: Path) -> None:
    after = applied(files := read_tree(case), NETPLAN.bridge(files, bridge()))
    assert NETPLAN.bridge(after, bridge()) == []


@each_case
def test_unbridge_gives_the_former_files_back(case: Path) -> None:
    files = read_tree(case)
    after = applied(files, NETPLAN.bridge(files, bridge()))
    back = applied(after, NETPLAN.unbridge(after, "br0"))
    if case.name == "interleaved":  # what stood between others comes back together
        assert merged(back) == merged(files)
    else:
        assert back == files
    assert NETPLAN.unbridge(back, "br0") == []


@each_case
def test_bridge_moves_what_is_said_of_addresses(case: Path) -> None:
    files = read_tree(case)
    before, after = merged(files), merged(applied(files, NETPLAN.bridge(files, bridge())))
    section = "bonds" if "enp3s0" in before.get("bonds", {}) else "ethernets"
    device = NETPLAN_ID.get(case.name, "enp3s0")
    port = before.get(section, {}).get(device) or {}
    made = after["bridges"].pop("br0")
    assert made["interfaces"] == [device]
    assert made["parameters"]["forward-delay"] == 0
    assert {k: v for k, v in made.items() if k in ADDRESSED} == {
        k: v for k, v in port.items() if k in ADDRESSED
    }
    left = after[section].pop(device) or {}
    assert not set(left) & (ADDRESSED - {"dhcp4", "dhcp6"})
    assert without(after) == without(before, section, device)


NETPLAN_ID = {"match-set-name": "lan"}


def without(network: dict[str, Any], section: str = "", device: str = "") -> dict[str, Any]:
    """The rest of a configuration, without sections that are empty."""
    if section in network:
        network[section] = {k: v for k, v in network[section].items() if k != device}
    return {key: value for key, value in network.items() if value not in ({}, None)}


@each_case
def test_a_port_is_added_and_taken_out(case: Path) -> None:
    files = read_tree(case)
    bridged = applied(files, NETPLAN.bridge(files, bridge()))
    edits = NETPLAN.add_port(bridged, "br0", InterfaceConfig("enp4s0"))
    assert diff(edits) == golden(case / "add_port.diff", diff(edits))
    after = applied(bridged, edits)
    assert NETPLAN.add_port(after, "br0", InterfaceConfig("enp4s0")) == []
    out = applied(after, NETPLAN.remove_port(after, "br0", "enp4s0"))
    assert NETPLAN.remove_port(out, "br0", "enp4s0") == []
    (ports,) = [made.ports for made in NETPLAN.interfaces(out) if made.name == "br0"]
    assert ports == ("enp3s0",)


@each_case
def test_reading_a_bridge(case: Path) -> None:
    files = read_tree(case)
    before = {interface.name: interface for interface in NETPLAN.interfaces(files)}
    after = applied(files, NETPLAN.bridge(files, bridge()))
    now = {interface.name: interface for interface in NETPLAN.interfaces(after)}
    if "enp3s0" in before:
        assert now["br0"].ipv4 == before["enp3s0"].ipv4
        assert now["br0"].ipv6 == before["enp3s0"].ipv6
        assert now["br0"].dns == before["enp3s0"].dns
    assert now["enp3s0"].ipv4 is None


@each_case
def test_bridging_adds_no_finding(case: Path) -> None:
    files = read_tree(case)
    after = applied(files, NETPLAN.bridge(files, bridge()))
    before = {finding.message for finding in NETPLAN.check(files, Surroundings())}
    new = [each for each in NETPLAN.check(after, Surroundings()) if each.message not in before]
    assert new == []
