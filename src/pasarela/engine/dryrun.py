"""What a start would do, told and not done."""

from __future__ import annotations

from dataclasses import dataclass

from pasarela.engine import crank
from pasarela.engine.context import Context
from pasarela.engine.definitions import read
from pasarela.engine.live import live_definition
from pasarela.engine.wanted import facts_for_start, wanted_new
from pasarela.plan.actions import Action
from pasarela.plan.checks_start import check_start
from pasarela.plan.resources import TextFile
from pasarela.plan.ruleset import FirewallSection, render


@dataclass(frozen=True, slots=True)
class StartPlan:
    """A start on paper: the document that would be stored, and what would be done for it.

    ``firewall`` is nft's language, ``files`` are the texts of dnsmasq's files by their paths.
    """

    xml: str
    actions: tuple[Action, ...]
    firewall: str
    files: dict[str, str]
    warnings: tuple[str, ...]

    def steps(self) -> list[str]:
        """One line an action, in the order in which they would be done."""
        return [action.describe() for action in self.actions]


def plan_start(context: Context, text: str, *, validate: bool) -> StartPlan:
    """Plan the start of a document beside the networks that there are; touches nothing.

    Raises:
        PasarelaError: what defining or starting it would raise.
    """
    from pasarela.xml.network import format_network  # noqa: PLC0415  (lxml: 25 ms)

    definition = read(context, text, validate=validate)
    facts = facts_for_start(context, definition)
    live = live_definition(definition, facts.virtual_functions)
    check_start(live, facts)
    wanted = wanted_new(context, live, facts)
    observed = crank.look_before_start(context.machine, wanted.state)
    sections = [one for one in wanted.state if isinstance(one, FirewallSection)]
    files = [one for one in wanted.state if isinstance(one, TextFile)]
    return StartPlan(
        xml=format_network(definition),
        actions=crank.changes(observed, wanted.state),
        firewall="".join(render(section) for section in sections),
        files={str(one.path): one.content for one in sorted(files, key=lambda one: one.key)},
        warnings=wanted.warnings,
    )
