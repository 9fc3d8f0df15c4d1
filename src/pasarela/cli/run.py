"""Carries a line of commands out, one after the other, with virsh's blank lines and errors."""

from __future__ import annotations

from collections.abc import Iterable

from pasarela.cli.arguments import Arguments
from pasarela.cli.context import Context
from pasarela.cli.faults import CommandFailed
from pasarela.cli.spec import load
from pasarela.cli.words import SyntaxFault
from pasarela.errors import PasarelaError


def run_line(context: Context, line: Iterable[Arguments]) -> bool:
    """Run each command; whether the last one succeeded is what counts, as in virsh."""
    succeeded = True
    for arguments in line:
        started = _now() if context.settings.timing else 0.0
        succeeded = run_one(context, arguments)
        if context.leaving:
            break
        if context.settings.timing:
            context.print(f"\n(Time: {(_now() - started) * 1000:.3f} ms)\n\n")
        else:
            context.say("\n")
    return succeeded


def run_one(context: Context, arguments: Arguments) -> bool:
    """Run one command and print how it failed, if it did."""
    command = arguments.command
    before, context.json = context.json, context.json or arguments.flag("json")
    try:
        if context.json and command.connects and not command.has_json:
            raise CommandFailed(f"command '{command.name}' has no JSON output")
        return load(command)(context, arguments)
    except (CommandFailed, PasarelaError) as error:
        report(context, error)
        return False
    finally:
        context.flush()
        context.json = before or (context.json and not context.interactive)


def report(context: Context, error: BaseException) -> None:
    """Print a failure: its own sentence, what caused it, then place and way out."""
    if isinstance(error, PasarelaError):
        context.complain(error.message)
        _report_remedy(context, error)
        return
    context.complain(str(error))
    cause = error.__cause__
    if isinstance(cause, PasarelaError):
        report(context, cause)
    if isinstance(error, CommandFailed) and error.hint:
        context.hint(error.hint)


def report_syntax(context: Context, fault: SyntaxFault) -> None:
    for sentence in str(fault).splitlines():
        context.complain(sentence)
    if fault.hint:
        context.hint(fault.hint)


def _report_remedy(context: Context, error: PasarelaError) -> None:
    """Pasarela's own last line: where in the document, and the way out."""
    parts = [str(part) for part in (error.location, error.remedy) if part]
    if parts:
        context.hint(": ".join(parts))


def _now() -> float:
    from time import perf_counter

    return perf_counter()
