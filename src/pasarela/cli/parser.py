"""From words to commands with their options, by virsh's rules and with virsh's errors.

An option is ``--name value`` or ``--name=value``. Every option that takes a value may also be
given by position, in the order of the table; ``--`` makes all that follows data. There are no
abbreviations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from pasarela.cli import table
from pasarela.cli.arguments import Arguments
from pasarela.cli.spec import Command, Kind, Option
from pasarela.cli.words import END, SyntaxFault, Token


def parse(tokens: Iterator[Token]) -> list[Arguments]:
    """All commands of a line. Either the whole line is right, or nothing is carried out.

    Raises:
        SyntaxFault: with virsh's sentence.
    """
    parsed = []
    for token in tokens:
        if token is END:
            continue
        if token.startswith("#"):  # a comment takes a command's place, up to the next one
            while next(tokens, END) is not END:
                pass
            continue
        command = table.find(token)
        if command is None:
            raise _unknown(token, tokens)
        parsed.append(_OptionParser(command, tokens).parse())
    return parsed


def _unknown(name: str, tokens: Iterator[Token]) -> SyntaxFault:
    from pasarela.cli.suggest import hint_for_unknown

    following = None
    with suppress(SyntaxFault):  # what is wrong further on is not reached
        following = next(tokens, END)
    return SyntaxFault(f"unknown command: '{name}'", hint=hint_for_unknown(name, following))


def _unsupported(command: Command, option: str) -> SyntaxFault:
    from pasarela.cli.suggest import hint_for_option

    return SyntaxFault(
        f"command '{command.name}' doesn't support option --{option}",
        hint=hint_for_option(command, option),
    )


def _unexpected(command: Command, word: str) -> SyntaxFault:
    from pasarela.cli.suggest import hint_for_data

    hint = hint_for_data(command, word) or _usage(command)
    return SyntaxFault(f"unexpected data '{word}'", hint=hint)


def _usage(command: Command) -> str:
    from pasarela.cli.help import synopsis

    return f"usage: {synopsis(command)}"


class _OptionParser:
    """Reads the words of one command, up to the END after it."""

    def __init__(self, command: Command, tokens: Iterator[Token]) -> None:
        self._command = command
        self._tokens = tokens
        self._positional = [o for o in command.options if o.takes_value and not o.only_named]
        self._given: dict[str, list[str]] = {}
        self._help = False

    def parse(self) -> Arguments:
        data_only = False
        for word in self._tokens:
            if word is END:
                break
            if data_only or not word.startswith("--"):
                self._data(word)
            elif word == "--":
                data_only = True
            elif word[2].isascii() and word[2].isalnum():
                self._option(word[2:])
            else:
                self._data(word)
        return self._finish()

    def _option(self, text: str) -> None:
        name, equals, value = text.partition("=")
        option = self._named(name)
        if option is None:
            if self._command.name != "help":  # help puts up with everything
                raise _unsupported(self._command, name)
        elif not option.takes_value:
            if equals:
                raise SyntaxFault(f"invalid '=' after option --{name}")
            self._keep(option, "")
        else:
            self._keep(option, value if equals else self._value_of(option))

    def _named(self, name: str) -> Option | None:
        if name == "help":
            return _HELP
        option = next((option for option in self._command.options if option.name == name), None)
        if option and name in self._given and option.kind is not Kind.REST:
            raise SyntaxFault(f"option --{name} already seen")
        return option

    def _value_of(self, option: Option) -> str:
        value = next(self._tokens, END)
        if value is END:
            raise SyntaxFault(f"expected syntax: --{option.name} <{option.value_word}>")
        return value

    def _data(self, word: str) -> None:
        if self._positional:
            self._keep(self._positional[0], word)
        elif self._command.name != "help":
            raise _unexpected(self._command, word)

    def _keep(self, option: Option, value: str) -> None:
        if option is _HELP:
            self._help = True
            return
        if option.kind is Kind.REST:
            self._given.setdefault(option.name, []).append(value)
            return
        self._given[option.name] = [value]
        if option in self._positional:
            self._positional.remove(option)

    def _finish(self) -> Arguments:
        if self._help:
            help_command = table.find("help")
            assert help_command is not None
            return Arguments(help_command, {"command": [self._command.name]})
        missing = [o for o in self._command.options if o.required and o.name not in self._given]
        if missing:
            name = self._command.name
            raise SyntaxFault(
                *(f"command '{name}' requires <{o.name}> option" for o in missing),
                hint=_usage(self._command),
            )
        return Arguments(self._command, self._given)


_HELP = Option("help", Kind.FLAG, "print help for this function")
