"""Help as virsh lays it out, made from the table of commands."""

from __future__ import annotations

from pasarela.cli import table
from pasarela.cli.options import OPTIONS, GlobalOption
from pasarela.cli.spec import Command, Group, Kind, Option
from pasarela.version import __version__

PROGRAM = "pasarela"
WIDTH = 80


def usage() -> str:
    """What ``pasarela --help`` prints, without its last newline."""
    groups = "\n".join(_group_lines(group, ":") for group in _shown_groups())
    return f"""
{PROGRAM} [options]... [<command_string>]
{PROGRAM} [options]... <command> [args...]
{PROGRAM} lab <command> [args...]

  options:
{"".join(map(_global_line, OPTIONS))}
  commands (non interactive mode):

{groups}
  (specify help <group> for details about the commands in the group)

  (specify help <command> for details about the command)
"""


def _global_line(option: GlobalOption) -> str:
    value = option.argument
    if option.optional:
        text = f"     --{option.long}[={value}]"
    elif option.short and option.long:
        joined = f"{'=' if value and value[0] != '<' else ' '}{value}" if value else ""
        text = f"-{option.short} | --{option.long}{joined}"
    elif option.short:
        text = f"-{option.short}"
    else:
        text = f"     --{option.long}{'=' + value if value else ''}"
    if len(text) > 23:
        return f"    {text}\n{'':28}{option.help}\n"
    return f"    {text:<23} {option.help}\n"


def version(*, long: bool) -> str:
    if not long:
        return __version__
    return (
        f"Pasarela command line tool {__version__}\n"
        "\n"
        "Compiled with support for:\n"
        " Hypervisors: none (networks only)\n"
        " Networking: Network Interface"
    )


def all_commands() -> str:
    """What ``help`` prints."""
    groups = "\n".join(_group_lines(group, ":") for group in _shown_groups())
    return f"Grouped commands:\n\n{groups}\n"


def group_help(group: Group) -> str:
    return _group_lines(group, ":")


def _shown_groups() -> list[Group]:
    return [group for group in table.groups() if any(not c.hidden for c in group.commands)]


def _group_lines(group: Group, mark: str) -> str:
    commands = "".join(
        f"    {command.name:<30} {command.help}\n"
        for command in group.commands
        if not command.hidden
    )
    return f" {group.title} (help keyword '{group.keyword}'){mark}\n{commands}"


def command_help(command: Command) -> str:
    """What ``help COMMAND`` and ``COMMAND --help`` print."""
    options = [option for option in command.options if not option.hidden]
    parts = [
        f"  NAME\n    {command.name} - {command.help}\n",
        f"\n  SYNOPSIS\n    {synopsis(command)}\n",
    ]
    if command.description:
        parts.append(f"\n  DESCRIPTION\n{_wrapped(command.description, '    ')}")
    if options:
        width = max(15, *(len(_option_name(option)) for option in options))
        lines = "".join(_option_lines(option, width) for option in options)
        parts.append(f"\n  OPTIONS\n{lines}")
    if command.examples:
        lines = "".join(f"    {PROGRAM} {example}\n" for example in command.examples)
        parts.append(f"\n  EXAMPLES\n{lines}")
    return "".join(parts) + "\n"


def _option_lines(option: Option, width: int) -> str:
    return _wrapped(option.help, f"    {_option_name(option):<{width}}  ")


def _wrapped(text: str, begin: str) -> str:
    """The words in lines that fit a terminal, each below the first one's."""
    from textwrap import TextWrapper

    wrapper = TextWrapper(
        WIDTH,
        initial_indent=begin,
        subsequent_indent=" " * len(begin),
        break_on_hyphens=False,
    )
    return wrapper.fill(" ".join(text.split())) + "\n"


def synopsis(command: Command) -> str:
    words = [_synopsis_of(option) for option in command.options if not option.hidden]
    return " ".join([command.name, *words])


def _synopsis_of(option: Option) -> str:
    match option.kind:
        case Kind.FLAG:
            return f"[--{option.name}]"
        case Kind.DATA:
            return f"<{option.name}>"
        case Kind.REST if option.only_named:
            return f"[--{option.name} <string>]..."
        case Kind.REST:
            return f"[<{option.name}>]..."
        case _:
            return f"[--{option.name} <{option.value_word}>]"


def _option_name(option: Option) -> str:
    match option.kind:
        case Kind.FLAG:
            return f"--{option.name}"
        case Kind.DATA:
            return f"[--{option.name}] <string>"
        case Kind.REST if not option.only_named:
            return f"<{option.name}>"
        case _:
            return f"--{option.name} <{option.value_word}>"
