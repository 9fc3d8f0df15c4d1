"""Each shape of NetworkManager's keyfiles: only the intended lines change, and back again."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostnet.goldens import applied, diff, golden, read_tree
from pasarela.hostnet.manager import Bridging, Surroundings
from pasarela.hostnet.networkmanager import NetworkManager
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig
from pasarela.model.values import MacAddress

CORPUS = Path(__file__).parents[1] / "corpus" / "networkmanager"
CASES = sorted(path for path in CORPUS.iterdir() if path.is_dir())
MANAGER = NetworkManager()
PORT = InterfaceConfig("enp3s0", mac=MacAddress("52:54:00:aa:bb:01"))

each_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)


def change() -> Bridging:
    """The port's address is known, as it is on a host."""
    details = BridgeConfig((PORT,))
    return Bridging(InterfaceConfig("br0", InterfaceType.BRIDGE, mac=PORT.mac, details=details))


@each_case
def test_bridge_changes_the_intended_lines_alone(case: Path) -> None:
    edits = MANAGER.bridge(read_tree(case), change())
    assert diff(edits) == golden(case / "bridge.diff", diff(edits))
    assert {edit.mode for edit in edits} == {0o600}


@each_case
def test_bridge_twice_is_bridge_once(case: Path) -> None:
    files = read_tree(case)
    after = applied(files, MANAGER.bridge(files, change()))
    assert MANAGER.bridge(after, change()) == []


@each_case
def test_unbridge_gives_the_former_files_back(case: Path) -> None:
    files = read_tree(case)
    after = applied(files, MANAGER.bridge(files, change()))
    back = applied(after, MANAGER.unbridge(after, "br0"))
    assert back == files
    assert MANAGER.unbridge(back, "br0") == []


@each_case
def test_the_bridge_has_what_the_port_had(case: Path) -> None:
    files = read_tree(case)
    before = {made.name: made for made in MANAGER.interfaces(files)}.get("enp3s0")
    after = applied(files, MANAGER.bridge(files, change()))
    now = {made.name: made for made in MANAGER.interfaces(after)}
    made = now["br0"]
    assert made.ports == ("lan",) if case.name == "by-mac" else ("enp3s0",)
    assert made.mac == PORT.mac
    if before is not None:
        assert (made.ipv4, made.ipv6, made.dns) == (before.ipv4, before.ipv6, before.dns)
        assert now["enp3s0"].ipv4 is None


@each_case
def test_a_port_is_added_and_taken_out(case: Path) -> None:
    files = read_tree(case)
    bridged = applied(files, MANAGER.bridge(files, change()))
    after = applied(bridged, MANAGER.add_port(bridged, "br0", InterfaceConfig("enp1s0")))
    assert MANAGER.add_port(after, "br0", InterfaceConfig("enp1s0")) == []
    assert applied(after, MANAGER.remove_port(after, "br0", "enp1s0")) == bridged
    assert applied(after, MANAGER.unbridge(after, "br0")) == files


@each_case
def test_bridging_adds_no_finding(case: Path) -> None:
    files = read_tree(case)
    after = applied(files, MANAGER.bridge(files, change()))
    before = {finding.message for finding in MANAGER.check(files, Surroundings())}
    new = [each for each in MANAGER.check(after, Surroundings()) if each.message not in before]
    assert new == []
