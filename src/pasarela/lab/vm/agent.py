"""Talking to the agent in a real guest, over its second serial line."""

from __future__ import annotations

import base64
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from pasarela.lab.faults import LabError


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    output: str


class Agent:
    """A connection to a guest's agent; only one at a time is heard."""

    def __init__(self, path: Path) -> None:
        self._name = path.parent.name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(path))
        self._received = b""

    def __enter__(self) -> Agent:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def await_ready(self, timeout: float) -> None:
        """Wait until a guest that has just been started has booted.

        Raises:
            LabError: not within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while self._line(deadline) != "READY":
            pass

    def run(self, command: str, timeout: float = 30) -> Answer:
        """Run a line of shell in the guest.

        Raises:
            LabError: it did not end within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        self._socket.sendall(base64.b64encode(command.encode()) + b"\n")
        output: list[str] = []
        while not (line := self._line(deadline)).startswith("END "):
            output.append(line)
        return Answer(int(line[4:]), base64.b64decode("".join(output)).decode(errors="replace"))

    def _line(self, deadline: float) -> str:
        while b"\n" not in self._received:
            left = deadline - time.monotonic()
            if left <= 0:
                raise LabError(f"the guest '{self._name}' does not answer")
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                continue
            except ConnectionResetError:
                data = b""
            if not data:
                raise LabError(f"the guest '{self._name}' has ended")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return line.decode(errors="replace").strip()
