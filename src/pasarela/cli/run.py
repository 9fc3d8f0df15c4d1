"""Carries a line of commands out, one after the other, with virsh's blank lines and errors."""

from __future__ import annotations

from collections.abc import Iterable
from errno import EACCES, EPERM
from os import geteuid

from pasarela.cli.arguments import Arguments
from pasarela.cli.context import Context
from pasarela.cli.faults import CommandFailed
from pasarela.cli.spec import load
from pasarela.cli.words import SyntaxFault
from pasarela.errors import ErrorDomain, PasarelaError

_NOT_ROOT = "run it with sudo; or try everything without rights in the sandbox: pasarela lab up"


def run_line(context: Context, line: Iterable[Arguments]) -> bool:
    """Run each command; whether the last one succeeded is what counts, as in virsh."""
    succeeded = True
    for arguments in line:
        context.json = context.settings.json or arguments.flag("json")
        started = _now() if context.settings.timing else 0.0
        succeeded = run_one(context, arguments)
        if context.leaving:
            break
        if context.settings.timing:
            context.print(f"\n(Time: {(_now() - started) * 1000:.3f} ms)\n\n")
        else:
            context.say("\n")
        _print_warnings(context)  # some sentences of virsh's have their line's end only now
    return succeeded


def run_one(context: Context, arguments: Arguments) -> bool:
    """Run one command and print how it failed, if it did."""
    command = arguments.command
    try:
        if context.json and command.connects and not command.has_json:
            raise CommandFailed(f"command '{command.name}' has no JSON output")
        return load(command)(context, arguments)
    except (CommandFailed, PasarelaError) as error:
        report(context, error)
        return False
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001  the boundary: nobody is above who could know better
        _report_surprise(context, error)
        return False
    finally:
        context.flush()


def _print_warnings(context: Context) -> None:
    """Say what the engine did differently from what was asked, if this is the engine."""
    for warning in context.take_warnings():
        context.warn(warning)


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


def _report_surprise(context: Context, error: Exception) -> None:
    """Print what nobody foresaw in a line; with --debug 0, from where it came too."""
    context.complain(f"internal error: {type(error).__name__}: {error}")
    if context.settings.debug == 0:
        from traceback import format_exception

        context.hint("".join(format_exception(error)).rstrip())
    else:
        context.hint("this is a mistake in Pasarela; the same command with -d 0 says where")


def report_syntax(context: Context, fault: SyntaxFault) -> None:
    for sentence in fault.sentences:
        context.complain(sentence)
    if fault.hint:
        context.hint(fault.hint)


def _report_remedy(context: Context, error: PasarelaError) -> None:
    """Pasarela's own last line: where in the document, and the way out."""
    remedy = _NOT_ROOT if _lacks_rights(error) else error.remedy
    parts = [str(part) for part in (error.location, remedy) if part]
    if parts:
        context.hint(": ".join(parts))


def _lacks_rights(error: PasarelaError) -> bool:
    """Of files, that is; a daemon's socket has a way out of its own."""
    denied = error.errno in (EPERM, EACCES) and error.domain is not ErrorDomain.RPC
    return denied and geteuid() != 0


def _now() -> float:
    from time import perf_counter

    return perf_counter()
