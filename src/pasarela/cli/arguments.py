"""The options that a command was given, with virsh's errors for values that cannot be."""

from __future__ import annotations

from pasarela.cli.faults import CommandFailed
from pasarela.cli.spec import Command

INT_MAX = 2**31 - 1
_BLANK = " \t\n\v\f\r"


class Arguments:
    """What one command was given: option names with their values."""

    __slots__ = ("_given", "command")

    def __init__(self, command: Command, given: dict[str, list[str]]) -> None:
        self.command = command
        self._given = given

    def flag(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str) -> str:
        """The value of a required option."""
        value = self.optional(name)
        if value is None:
            raise CommandFailed(f"Failed to get option '{name}': Mandatory option not present")
        return value

    def optional(self, name: str) -> str | None:
        """The value of an option; given and empty is refused, as virsh does."""
        if name not in self._given:
            return None
        value = self._given[name][0]
        if not value:
            raise CommandFailed(f"Failed to get option '{name}': Option argument is empty")
        return value

    def rest(self, name: str) -> list[str]:
        return self._given.get(name, [])

    def integer(self, name: str, default: int) -> int:
        """The value of a numeric option, within C's int."""
        if name not in self._given:
            return default
        value = _decimal(self._given[name][0])
        if value is None or not -INT_MAX - 1 <= value <= INT_MAX:
            raise self._malformed(name)
        return value

    def seconds(self, name: str) -> int | None:
        """A time-out: whole seconds, more than none, and milliseconds that fit C's int."""
        if name not in self._given:
            return None
        value = _decimal(self._given[name][0])
        if value is None or not 0 < value <= INT_MAX // 1000:
            raise self._malformed(name)
        return value

    def exclude(self, *names: str) -> None:
        """Refuse to be given more than one of two options."""
        first, second = names
        if self.flag(first) and self.flag(second):
            raise CommandFailed(f"Options --{first} and --{second} are mutually exclusive")

    def _malformed(self, name: str) -> CommandFailed:
        value = self._given[name][0]
        return CommandFailed(
            f"Numeric value '{value}' for <{name}> option is malformed or out of range"
        )


def _decimal(text: str) -> int | None:
    """The number that C's strtol reads where it uses up the text; None otherwise."""
    digits = text.lstrip(_BLANK)
    unsigned = digits[1:] if digits[:1] in ("+", "-") else digits
    return int(digits) if unsigned.isascii() and unsigned.isdigit() else None
