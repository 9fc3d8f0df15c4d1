"""Heads found by what they say, while networks come and go."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pasarela.engine.header import Header
from pasarela.engine.inverse import Inverse

BRIDGES = ("virbr0", "virbr1", None)
changes = st.lists(
    st.tuples(st.sampled_from("abcd"), st.none() | st.sampled_from(BRIDGES).map(lambda b: (b,)))
)


def header(name: str, bridge: str | None) -> Header:
    return Header(name, UUID(int=1), bridge)


@given(changes)
def test_after_any_changes_it_is_as_if_made_anew(steps: list[tuple[str, tuple[str | None] | None]]):
    headers: dict[str, Header] = {}
    kept = Inverse(lambda one: one.bridge)
    for name, found in steps:
        before = headers.pop(name, None)
        if found is not None:
            headers[name] = header(name, *found)
        kept.note(name, before, headers.get(name))
    anew = Inverse(lambda one: one.bridge)
    anew.replace_all(headers)
    for bridge in BRIDGES:
        assert kept.names(bridge) == anew.names(bridge)


def test_what_nobody_has_is_found_nowhere():
    kept = Inverse(lambda one: one.bridge)
    kept.replace_all({"a": header("a", None)})
    assert kept.names("virbr0") == frozenset()
