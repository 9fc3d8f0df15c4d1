"""All commands, by group and by name.

The groups' modules are imported as far as a search needs them: most commands are in the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from pasarela.cli.spec import Command, Group

TOPICS = ("networks", "ports", "new", "interfaces", "host", "general", "elsewhere")


def groups() -> Iterator[Group]:
    """Every group that help shows, in its order."""
    merged: dict[str, Group] = {}
    for group in _all_groups():
        earlier = merged.get(group.keyword)
        commands = (earlier.commands if earlier else ()) + group.commands
        merged[group.keyword] = Group(group.title, group.keyword, commands)
    yield from merged.values()


def find(name: str) -> Command | None:
    return next((command for command in _all_commands() if command.name == name), None)


def find_group(keyword: str) -> Group | None:
    """The group of this keyword or title, in any case."""
    wanted = keyword.casefold()
    return next(
        (
            group
            for group in groups()
            if wanted in (group.keyword.casefold(), group.title.casefold())
        ),
        None,
    )


def names() -> list[str]:
    """The names of all commands that help shows."""
    return [command.name for command in _all_commands() if not command.hidden]


def _all_groups() -> Iterator[Group]:
    for topic in TOPICS:
        yield import_module(f"pasarela.cli.commands.{topic}").GROUP


def _all_commands() -> Iterator[Command]:
    for group in _all_groups():
        yield from group.commands
