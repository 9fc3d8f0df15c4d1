"""What a list of actions means for our tables, as the messages of one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from pasarela.host.netlink.socket import Message
from pasarela.host.nftables import messages
from pasarela.host.nftables.messages import SeenElement
from pasarela.plan.actions import Action, Change, Create, Remove
from pasarela.plan.nftables import Element, Table
from pasarela.plan.ruleset import BASES, FirewallSection

_NUMBERS = 100  # that each table has for its sets; within a transaction no two share one

Step = tuple[FirewallSection | None, FirewallSection | None]


@cache
def base(table: Table = Table.INET) -> tuple[Message, ...]:
    """A table with all that it always holds, whether or not it is there already.

    Everything is created only where it lacks; the base chains' rules are replaced, so whatever
    somebody did to them is put right by the next change.
    """
    shared = BASES[table]
    first = table.number * _NUMBERS
    sets = (messages.new_set(named, number) for number, named in enumerate(shared.sets, first))
    elements = (messages.new_element(e) for named in shared.sets for e in named.elements)
    chains = (messages.new_chain(chain) for chain in shared.chains)
    flushes = (messages.flush_chain(chain.name, table) for chain in shared.chains)
    rules = (messages.new_rule(chain, rule) for chain in shared.chains for rule in chain.rules)
    return (messages.new_table(table), *sets, *elements, *chains, *flushes, *rules)


def change(before: FirewallSection | None, after: FirewallSection | None) -> Iterator[Message]:
    """From one section of a bridge to another, where the table holds just ``before``.

    What is new must not be there yet, so that the kernel refuses where it holds something else.
    """
    had, wanted = _elements(before), _elements(after)
    chains = before.chain_names if before else frozenset()
    yield from (messages.delete_element(element) for element in had if element not in wanted)
    if after:
        yield from _fill_chains(after, known=chains)
        fresh = (element for element in wanted if element not in had)
        yield from (messages.new_element(element, fresh=True) for element in fresh)
    yield from _drop_chains(chains - (after.chain_names if after else frozenset()))


def replace(
    after: FirewallSection | None, chains: frozenset[str], elements: Iterable[SeenElement]
) -> Iterator[Message]:
    """From whatever the table holds of a bridge to a section of it."""
    for element in elements:
        yield messages.delete_seen_element(element)
    if after:
        yield from _fill_chains(after, known=chains)
        yield from map(messages.new_element, after.elements)
    yield from _drop_chains(chains - (after.chain_names if after else frozenset()))


def step(action: Action) -> Step:
    """What was, and what shall be."""
    match action:
        case Create(FirewallSection() as after):
            return None, after
        case Change(FirewallSection() as before, FirewallSection() as after):
            return before, after
        case Remove(FirewallSection() as before):
            return before, None
    raise TypeError(f"not an action on a firewall section: {action!r}")


def _elements(section: FirewallSection | None) -> dict[Element, None]:
    """A section's elements, in order."""
    return dict.fromkeys(section.elements if section else ())


def _fill_chains(section: FirewallSection, known: frozenset[str]) -> Iterator[Message]:
    """All chains first, for rules may jump to any of them."""
    for chain in section.chains:
        if chain.name not in known:
            yield messages.new_chain(chain, fresh=True)
    for chain in section.chains:
        if chain.name in known:
            yield messages.flush_chain(chain.name)
        yield from (messages.new_rule(chain, rule) for rule in chain.rules)


def _drop_chains(names: Iterable[str]) -> Iterator[Message]:
    for name in sorted(names):
        yield messages.flush_chain(name)
        yield messages.delete_chain(name)
