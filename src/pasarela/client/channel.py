"""Bytes to and from a daemon: over a Unix socket, or through ssh.

``_socket`` rather than ``socket``, which takes 9 ms to import: the command line counts those.
"""

from __future__ import annotations

import os
from _socket import AF_UNIX, SOCK_STREAM, socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from pasarela.errors import ErrorDomain, SystemCallFailed

if TYPE_CHECKING:
    from subprocess import Popen


class Channel(Protocol):
    """What the remote connection needs of whatever carries its bytes."""

    def send(self, data: bytes) -> None: ...

    def receive(self, seconds: float | None = None) -> bytes:
        """What has come; empty at the end.

        Raises:
            TimeoutError: nothing came within ``seconds``.
        """
        ...

    def wait(self, other: int, seconds: float | None = None) -> bool:
        """Wait until there is something to receive, here or at the descriptor ``other``.

        Returns:
            Whether there is, before ``seconds`` have passed.
        """
        ...

    def way_out(self) -> str:
        """What to do now that it has come to its end."""
        ...

    def close(self) -> None: ...


class SocketChannel:
    """A connected stream socket, and the program behind it if there is one.

    ``explain`` makes a way out of that program's exit code.
    """

    def __init__(
        self,
        connected: socket,
        program: Popen[bytes] | None = None,
        explain: Callable[[int], str] | None = None,
    ) -> None:
        self._socket = connected
        self._program = program
        self._explain = explain

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self, seconds: float | None = None) -> bytes:
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(262144)
        except BlockingIOError:  # what a timeout of no seconds raises
            raise TimeoutError from None
        finally:
            self._socket.settimeout(None)

    def wait(self, other: int, seconds: float | None = None) -> bool:
        from select import POLLIN, poll  # noqa: PLC0415  (only events wait)

        waiting = poll()
        for descriptor in (self._socket.fileno(), other):
            waiting.register(descriptor, POLLIN)
        return bool(waiting.poll(None if seconds is None else seconds * 1000))

    def way_out(self) -> str:
        if self._program is not None and self._explain is not None:
            self._socket.close()
            return self._explain(self._program.wait())
        return "the daemon has gone; see its log"

    def close(self) -> None:
        self._socket.close()
        if self._program is not None:
            self._program.wait()  # which it does not outlive for long


def connect_socket(path: str | os.PathLike[str]) -> SocketChannel:
    """Raises:
    SystemCallFailed: nobody listens there, or we may not connect; it carries the errno."""
    made = socket(AF_UNIX, SOCK_STREAM)
    try:
        made.connect(os.fspath(path))
    except OSError as error:
        made.close()
        raise _not_connected(os.fspath(path), error) from error
    return SocketChannel(made)


def connect_command(words: Sequence[str], explain: Callable[[int], str]) -> SocketChannel:
    """Talk to a program's input and output, such as ssh's; ``explain`` its exit code.

    Raises:
        SystemCallFailed: it cannot be started.
    """
    from _socket import socketpair  # noqa: PLC0415  (few need it)
    from subprocess import Popen  # noqa: PLC0415

    ours, theirs = socketpair()
    try:
        program = Popen(words, stdin=theirs.fileno(), stdout=theirs.fileno())
    except OSError as error:
        ours.close()
        raise _not_connected(words[0], error) from error
    finally:
        theirs.close()
    return SocketChannel(ours, program, explain)


def _not_connected(where: str, error: OSError) -> SystemCallFailed:
    remedy = None
    if isinstance(error, PermissionError):
        remedy = (
            "use sudo, or join the group libvirt (usermod -aG libvirt USER, and log in again); "
            "-r, which only looks, is for everybody"
        )
    return SystemCallFailed(
        f"Failed to connect socket to '{where}': {error.strerror}",
        domain=ErrorDomain.RPC,
        errno=error.errno,
        remedy=remedy,
    )
