"""The difference of two states, and its inverse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pasarela.model.values import MacAddress
from pasarela.plan.actions import Change, Create, Remove, diff, undo
from pasarela.plan.resources import BridgeLink, LinkUp, Sysctl, TextFile

BRIDGE = BridgeLink("virbr0", MacAddress("52:54:00:00:00:01"))
UP = LinkUp("virbr0")
FORWARDING = Sysctl("net/ipv4/ip_forward", "1")


def test_equal_states_need_no_action():
    assert diff(frozenset({BRIDGE, UP}), frozenset({BRIDGE, UP})) == ()


def test_new_resources_come_up_by_rank():
    assert diff(frozenset(), frozenset({UP, BRIDGE})) == (Create(BRIDGE), Create(UP))


def test_gone_resources_go_down_in_reverse_rank():
    assert diff(frozenset({BRIDGE, UP}), frozenset()) == (Remove(UP), Remove(BRIDGE))


def test_another_value_under_the_same_key_is_a_change():
    off = Sysctl("net/ipv4/ip_forward", "0")
    assert diff(frozenset({off}), frozenset({FORWARDING})) == (Change(off, FORWARDING),)


def test_undo_takes_back_in_reverse():
    done = diff(frozenset(), frozenset({UP, BRIDGE}))
    assert undo(done) == (Remove(UP), Remove(BRIDGE))


def test_a_change_is_told_by_what_differs():
    off = Sysctl("net/ipv4/ip_forward", "0")
    assert Change(off, FORWARDING).describe() == "~ sysctl net.ipv4.ip_forward = 0 -> 1"
    without_stp = replace(BRIDGE, stp=False)
    assert Change(BRIDGE, without_stp).describe() == (
        "~ bridge virbr0 (52:54:00:00:00:01, stp on) -> off"
    )
    short, long = (TextFile(Path("/x"), "line\n" * lines) for lines in (1, 2))
    assert Change(short, long).describe() == "~ file /x (1 lines) -> (2 lines)"
    assert Change(UP, UP).describe() == "~ link virbr0 up, anew"
