"""Changes of host-bridge that are not settled yet: asked about, kept or taken back."""

from __future__ import annotations

import os
import select
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

from pasarela.cli.faults import CommandFailed, explained

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.hostnet.bridge.hostbridge import HostBridge, Outcome
    from pasarela.hostnet.bridge.pending import Pending

_TAKING_BACK = 30.0  # seconds that the watchdog may need for it, with all its attempts


def confirm(context: Context, _: Arguments | None) -> bool:
    """Keep the change that is on trial."""
    refuse_read_only(context)
    with explained("Failed to confirm"):
        pending = door_of(context).confirm()
    for note in pending.notes:
        context.warn(note)
    context.say(f"Kept: {pending.what}\n")
    return run_then(context, pending.then)


def revert(context: Context, arguments: Arguments) -> bool:
    with explained("Failed to take the change back"):
        done = door_of(context).revert(force=arguments.flag("force"))
    if done is None:
        context.say("The note of the change is gone, and nothing else was touched\n")
        return True
    for path in done.strange:
        context.warn(f"{path} was changed meanwhile by somebody else, and stays as it is")
    for one in done.left:
        context.warn(f"left as it is: {one}")
    for note in done.notes:
        context.warn(note)
    context.say(f"Taken back{' as far as can be' if done.left else ''}: {done.pending.what}\n")
    return True


def recover(context: Context, arguments: Arguments) -> bool:
    """What the boot's unit gives before the network comes up."""
    with explained("Failed to put right what was cut short"):
        found = door_of(context).recover(boot=arguments.flag("boot"))
    for one in found.done:
        context.say(f"{one[0].upper()}{one[1:]}\n")
    if not found.done and not found.failed:
        context.say("Nothing was cut short\n")
    for error in found.failed:
        context.warn(f"{error.message}{f': {error.remedy}' if error.remedy else ''}")
    return not found.failed


def ask_or_tell(context: Context, done: Outcome) -> None:
    """On a terminal that is alive somebody can say yes; elsewhere the command says how."""
    if done.deadline is None:
        return
    from pasarela.hostnet.live.dump import now

    left = max(0, round(done.deadline - now()))
    context.say(f"It is taken back in {left} s, unless 'pasarela confirm' comes before\n")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    pending = pending_if_known(context)
    if pending is None:
        return
    termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what came before the question is no answer
    context.print("Keep this? Press Enter ")
    context.flush()
    if _answered(pending.watchdog, done.deadline - now()):
        confirm(context, None)
    elif pending_if_known(context) is not None:
        context.print("\nStill on trial.\n")
    elif now() < done.deadline:
        context.print("\nSettled meanwhile: pasarela host-bridge show says how it is.\n")
    else:
        context.print("\nTaken back.\n")


def _answered(watchdog: int, seconds: float) -> bool:
    """Whether Enter comes before all is settled, by another terminal or by the watchdog.

    The end of the terminal is no answer.
    """
    try:
        settled = os.pidfd_open(watchdog)
    except ProcessLookupError:
        return False
    try:
        patience = max(0.0, seconds) + _TAKING_BACK
        ready, _, _ = select.select([sys.stdin, settled], [], [], patience)
    finally:
        os.close(settled)
    return sys.stdin in ready and os.read(sys.stdin.fileno(), 1024).endswith(b"\n")


def tell_if_unwatched(context: Context) -> None:
    """Warn of a change that nobody watches over, unless 'show' has done so."""
    from pasarela.errors import HostnetRefused, SystemCallFailed

    try:
        pending = door_of(context).pending()
    except SystemCallFailed:
        return  # root alone may know
    except HostnetRefused as trouble:
        context.warn(f"{trouble.message}: {trouble.remedy}")
        return
    if pending is not None and not pending.is_watched:
        context.warn(notice(pending))


def pending_if_known(context: Context) -> Pending | None:
    """What is pending, for root; nothing where the note of it cannot be read."""
    from pasarela.errors import PasarelaError

    try:
        return door_of(context).pending()
    except PasarelaError:
        return None


def notice(pending: Pending) -> str:
    """That something is not settled yet, and what to type."""
    from pasarela.hostnet.live.dump import now

    way = "'pasarela confirm' keeps it, 'pasarela host-bridge revert' takes it back"
    if pending.is_out_of_time or pending.phase.value == "moving":
        way = "'pasarela host-bridge revert' takes it back, and so does the next change"
    if not pending.is_watched:
        return f"{pending.what} was begun and never settled, and nobody watches over it: {way}"
    if pending.deadline is None:
        return f"{pending.what} is being done"
    left = round(pending.deadline - now())
    if left < 0:
        return f"{pending.what} should have been taken back {-left} s ago: {way}"
    return f"{pending.what} is on trial for another {left} s: {way}"


def refuse_read_only(context: Context) -> None:
    if context.settings.readonly:
        raise CommandFailed("read only access prevents changes of the host", hint="leave -r out")


def door_of(context: Context) -> HostBridge:
    from pasarela.cli.door import root_of
    from pasarela.hostnet.bridge.hostbridge import HostBridge

    return HostBridge(Path(root_of(context.settings)).absolute())


def run_then(context: Context, words: tuple[str, ...]) -> bool:
    """Run the command that was to follow, if any; whether all went well."""
    from pasarela.cli.main import run_words

    if not words:
        return True
    context.flush()
    return run_words(context, words) == 0
