"""What a command gets: where to write, what was asked for before it, and the connection."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from pasarela.cli import streams
from pasarela.cli.faults import CommandFailed
from pasarela.errors import PasarelaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from pasarela.cli.options import Settings
    from pasarela.client.connection import Connection

    Opener = Callable[[Settings], Connection]


class Context:
    """The world of a command. The connection is opened when it is first asked for."""

    def __init__(
        self,
        settings: Settings,
        opener: Opener,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        interactive: bool = False,
    ) -> None:
        self.settings = settings
        self.interactive = interactive
        self.json = settings.json
        self._opener = opener
        self._connection: Connection | None = None
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self.leaving = False

    # writing

    @property
    def quiet(self) -> bool:
        return self.settings.quiet or self.json

    def print(self, text: str) -> None:
        """Write what was asked for; nothing is added to it."""
        streams.write(self._out, text)

    def say(self, text: str) -> None:
        """Write a sentence or a blank line, unless --quiet or --json asked for none."""
        if not self.quiet:
            streams.write(self._out, text)

    def flush(self) -> None:
        streams.flush(self._out)

    def complain(self, message: str) -> None:
        """Write one ``error:`` entry; a message of several lines gets the prefix once."""
        self._write_error(f"error: {message}\n")

    def hint(self, text: str) -> None:
        self._write_error(f"hint: {text}\n")

    def warn(self, text: str) -> None:
        """Tell what was done and is not all that was asked for; virsh has nothing like it."""
        self._write_error(f"warning: {text}\n")

    @property
    def at_terminal(self) -> bool:
        """Whether a person reads remarks."""
        return self._err.isatty() and not self.quiet

    def tell_user(self, text: str) -> None:
        """Write a remark for a person at a terminal; scripts do not see it."""
        if self.at_terminal:
            self._write_error(f"hint: {text}\n")

    def json_out(self, value: object) -> None:
        from json import dumps

        streams.write(self._out, dumps(value, indent=2, ensure_ascii=False) + "\n")

    def _write_error(self, text: str) -> None:
        streams.flush(self._out)
        self._err.write(text)
        if self.settings.log:
            self._log(self.settings.log, text)

    def _log(self, path: str, text: str) -> None:
        """That it could be opened has been looked at; a full disk must not end the command."""
        with (
            suppress(OSError),
            open(path, "a", encoding="utf-8", errors="surrogateescape") as log,  # noqa: PTH123
        ):
            log.write(text)

    # the connection

    @property
    def connection(self) -> Connection:
        """The door to the networks.

        Raises:
            CommandFailed: it cannot be opened; the cause is chained.
        """
        if self._connection is None:
            try:
                self._connection = self._opener(self.settings)
            except PasarelaError as error:
                raise CommandFailed("failed to connect to the hypervisor") from error
        return self._connection

    def take_warnings(self) -> tuple[str, ...]:
        """The engine's warnings since the last time; a libvirt connection has none."""
        take = getattr(self._connection, "take_warnings", None)
        return tuple(take()) if take else ()

    def reconnect(self, settings: Settings) -> None:
        """Use another URI from now on; the old connection is closed."""
        self.close()
        self.settings = settings

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
