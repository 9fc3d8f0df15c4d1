"""The program ``pasarela``: options, then one line of commands, or a shell."""

from __future__ import annotations

import sys

from pasarela.cli import streams

TYPE_CHECKING = False  # what typing has, without the milliseconds that importing it takes
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pasarela.cli.context import Context
    from pasarela.cli.options import Settings


def entry() -> int:
    """The console script."""
    streams.prepare()
    arguments = sys.argv[1:]
    try:
        code = run_lab(arguments[1:]) if arguments[:1] == ["lab"] else main(arguments)
        streams.flush(sys.stdout)
    except BrokenPipeError:  # the reader went away (``| head``): end quietly
        streams.abandon_output()
        return 1
    except streams.OutputLost as lost:
        streams.abandon_output()
        print(f"error: cannot write the output: {lost}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def main(arguments: Sequence[str]) -> int:
    """Carry out a command line without the program's name; the exit code, 0 or 1."""
    if "net-list" in arguments:
        from pasarela.cli.quick import quick_list

        text = quick_list(arguments)
        if text is not None:
            streams.write(sys.stdout, text)
            return 0
    return _main(arguments)


def _main(arguments: Sequence[str]) -> int:
    _look_at_site_packages()
    from pasarela.cli.options import UsageFault, read_options

    try:
        settings, words = read_options(arguments)
    except UsageFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        if fault.hint:
            print(f"hint: {fault.hint}", file=sys.stderr)
        return 1
    for warning in settings.warnings:
        print(f"error: {warning}", file=sys.stderr)
    if settings.show:
        return _show(settings.show)
    if words[:1] == ["lab"]:
        return run_lab(words[1:])
    return _session(settings, words)


def _session(settings: Settings, words: list[str]) -> int:
    from pasarela.cli.context import Context
    from pasarela.cli.door import open_connection

    context = Context(settings, open_connection, interactive=not words)
    try:
        if not words:
            from pasarela.cli.shell import Shell

            return Shell(context).run()
        return run_words(context, words)
    finally:
        _tell_of_pending(context)
        context.close()


def _tell_of_pending(context: Context) -> None:
    """Say when a change of the host's bridges was begun and nobody watches over it any more."""
    import os

    from pasarela.cli.door import root_of

    if not os.path.exists(f"{root_of(context.settings)}/run/pasarela/host/pending.json"):  # noqa: PTH110
        return
    from pasarela.cli.handlers.trial import tell_if_unwatched

    tell_if_unwatched(context)


def run_words(context: Context, words: Sequence[str]) -> int:
    """Parse and run: one word is a string of commands, several are one command."""
    from pasarela.cli.parser import parse
    from pasarela.cli.run import report_syntax, run_line
    from pasarela.cli.words import SyntaxFault, from_arguments, from_string

    if words == [""]:
        return 1
    tokens = from_string(words[0]) if len(words) == 1 else from_arguments(words)
    try:
        line = parse(tokens)
    except SyntaxFault as fault:
        report_syntax(context, fault)
        return 1
    return 0 if run_line(context, line) else 1


def _show(what: str) -> int:
    from pasarela.cli import help as help_texts

    text = help_texts.usage() if what == "help" else help_texts.version(long=what == "long")
    streams.write(sys.stdout, f"{text}\n")
    return 0


def run_lab(arguments: Sequence[str]) -> int:
    """Hand over to the lab, which lies above the command line and so is found by name."""
    _look_at_site_packages()
    from importlib import import_module

    code = import_module("pasarela.lab.cli").main(list(arguments))
    return int(code or 0)


def _look_at_site_packages() -> None:
    """What cli/launcher.py has left out."""
    if sys.flags.no_site and "site" not in sys.modules:
        import site

        site.main()


if __name__ == "__main__":
    sys.exit(entry())
