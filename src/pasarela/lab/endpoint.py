"""Who asks with packets: a machine in namespaces, or a real guest."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from math import ceil
from typing import Protocol

from pasarela.lab import probe
from pasarela.lab.probe import Address, Caller
from pasarela.lab.vm.agent import Agent


class Endpoint(Protocol):
    """Somebody who can send packets; times are in seconds."""

    def ping(self, target: Address, timeout: float) -> bool: ...
    def connect(self, target: Address, port: int, timeout: float) -> Caller | None: ...
    def resolve(self, server: Address, name: str, version: int, timeout: float) -> bool: ...


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of the lab; ``interface`` is where its link-local neighbours are."""

    name: str
    interface: str = "eth0"

    def ping(self, target: Address, timeout: float) -> bool:
        return probe.ping(self.name, target, timeout, self.interface)

    def connect(self, target: Address, port: int, timeout: float) -> Caller | None:
        return probe.connect(self.name, target, port, timeout, self.interface)

    def resolve(self, server: Address, name: str, version: int, timeout: float) -> bool:
        return probe.resolve(self.name, server, name, version, timeout)


@dataclass(frozen=True, slots=True)
class RealGuest:
    """A guest under QEMU, by busybox's tools in it; its one agent does one thing at a time."""

    agent: Agent
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def ping(self, target: Address, timeout: float) -> bool:
        return self._succeeds(f"ping -c 1 -W {ceil(timeout)} {target}")

    def connect(self, target: Address, port: int, timeout: float) -> Caller | None:
        said = self._run(f"timeout {ceil(timeout)} wget -q -O - http://{target}:{port}/")
        return probe.caller_in(said)

    def resolve(self, server: Address, name: str, version: int, timeout: float) -> bool:
        kind = "A" if version == 4 else "AAAA"
        return self._succeeds(f"timeout {ceil(timeout)} nslookup -type={kind} {name} {server}")

    def _succeeds(self, command: str) -> bool:
        with self._turn:
            return self.agent.run(command).code == 0

    def _run(self, command: str) -> str:
        with self._turn:
            return self.agent.run(command).output
