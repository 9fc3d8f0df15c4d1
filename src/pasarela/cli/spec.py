"""What a command is: the data that parser, help, completion and reference are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context

    Handler = Callable[[Context, Arguments], bool]


class Kind(Enum):
    """What an option takes; as in virsh, each kind but FLAG may also be given by position."""

    FLAG = "nothing"
    DATA = "a required string"
    STRING = "an optional string"
    NUMBER = "an optional number"
    REST = "all strings that are left"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command.

    ``completes`` says what shells offer for its value: ``network``, ``inactive-network``,
    ``active-network``, ``interface``, ``file`` or ``words:a b c``. ``only_named`` forbids giving
    it by position.
    """

    name: str
    kind: Kind
    help: str
    completes: str = ""
    only_named: bool = False
    hidden: bool = False

    @property
    def takes_value(self) -> bool:
        return self.kind is not Kind.FLAG

    @property
    def required(self) -> bool:
        return self.kind is Kind.DATA

    @property
    def value_word(self) -> str:
        return "number" if self.kind is Kind.NUMBER else "string"


@dataclass(frozen=True, slots=True)
class Command:
    """A command; ``handler`` is ``module:function`` below pasarela.cli.handlers."""

    name: str
    help: str
    description: str
    handler: str
    options: tuple[Option, ...] = ()
    connects: bool = True
    hidden: bool = False
    examples: tuple[str, ...] = ()  # without the program's name

    @property
    def has_json(self) -> bool:
        return any(option.name == "json" for option in self.options)


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    keyword: str
    commands: tuple[Command, ...]


def flag(name: str, text: str) -> Option:
    return Option(name, Kind.FLAG, text)


def data(name: str, text: str, completes: str = "") -> Option:
    return Option(name, Kind.DATA, text, completes)


def string(name: str, text: str, completes: str = "", *, only_named: bool = False) -> Option:
    return Option(name, Kind.STRING, text, completes, only_named)


def number(name: str, text: str) -> Option:
    return Option(name, Kind.NUMBER, text)


def rest(name: str, text: str, completes: str = "") -> Option:
    return Option(name, Kind.REST, text, completes)


JSON = flag("json", "print JSON instead of text")


def many(name: str, text: str) -> Option:
    """An option that may be given several times."""
    return Option(name, Kind.REST, text, only_named=True)


def load(command: Command) -> Handler:
    """The function that carries ``command`` out; this imports its module."""
    module, _, function = command.handler.partition(":")
    return getattr(__import__(f"pasarela.cli.handlers.{module}", fromlist=[function]), function)  # type: ignore[no-any-return]
