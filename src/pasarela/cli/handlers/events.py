"""net-event: wait for something to happen to networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import CommandFailed
from pasarela.model.handles import LifecycleEvent, MetadataEvent

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.model.handles import NetworkEvent

KINDS: dict[str, type[LifecycleEvent | MetadataEvent]] = {
    "lifecycle": LifecycleEvent,
    "metadata-change": MetadataEvent,
}


def net_event(context: Context, arguments: Arguments) -> bool:
    if arguments.flag("list"):
        _list_kinds(context)
        return True
    kind = _kind(arguments)
    seconds = arguments.seconds("timeout")
    network = lookup.network(context, arguments) if arguments.flag("network") else None
    printer = _Printer(context, kind, arguments)
    try:
        context.connection.events(printer, network=network, timeout=seconds)
    except KeyboardInterrupt:
        printer.end("event loop interrupted")
    else:
        printer.end("" if printer.finished else "event loop timed out")
    return printer.count > 0


def _list_kinds(context: Context) -> None:
    if context.json:
        context.json_out(list(KINDS))
    else:
        context.print("".join(f"{kind}\n" for kind in KINDS))


def _kind(arguments: Arguments) -> str:
    name = arguments.optional("event")
    if name is None:
        raise CommandFailed(
            "either --list or --event <type> is required",
            hint="to watch starts and stops: net-event --event lifecycle --loop",
        )
    if name not in KINDS:
        raise CommandFailed(f"unknown event type {name}", hint=f"one of {', '.join(KINDS)}")
    return name


class _Printer:
    """Prints events of one kind as they come, and says when that is enough."""

    def __init__(self, context: Context, kind: str, arguments: Arguments) -> None:
        self._context = context
        self._kind = kind
        self._loop = arguments.flag("loop")
        self._timestamp = arguments.flag("timestamp")
        self.count = 0
        self.finished = False

    def __call__(self, event: NetworkEvent) -> bool:
        if not isinstance(event, KINDS[self._kind]):
            return True
        if self._context.json:
            self._print_json(event)
        else:
            stamp = f"{_now()}: " if self._timestamp else ""
            self._context.print(f"{stamp}event '{self._kind}' for network {_text(event)}\n")
        self._context.flush()
        self.count += 1
        self.finished = not self._loop
        return self._loop

    def end(self, sentence: str) -> None:
        if self._context.json:
            return
        if sentence:
            self._context.print(f"{sentence}\n")
        self._context.print(f"events received: {self.count}\n")

    def _print_json(self, event: NetworkEvent) -> None:
        """One object a line, so that a reader need not wait for the end."""
        from json import dumps

        self._context.print(dumps({"time": _now(), "event": self._kind, **_facts(event)}) + "\n")


def _text(event: NetworkEvent) -> str:
    if isinstance(event, LifecycleEvent):
        return f"{event.network.name}: {event.event.name.capitalize()}"
    uri = event.uri if event.uri is not None else "<null>"
    return f"{event.network.name}: type {event.type.name.lower()}, uri {uri}"


def _facts(event: NetworkEvent) -> dict[str, object]:
    network: dict[str, object] = {"name": event.network.name, "uuid": str(event.network.uuid)}
    if isinstance(event, LifecycleEvent):
        return {"network": network, "what": event.event.name.lower()}
    return {"network": network, "what": event.type.name.lower(), "uri": event.uri}


def _now() -> str:
    """The time in libvirt's form, UTC with milliseconds."""
    from datetime import UTC, datetime

    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "+0000"
