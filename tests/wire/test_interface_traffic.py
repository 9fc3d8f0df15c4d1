"""A TCP connection to the host lives on while the real virsh bridges its NIC, and takes it back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from wire.pasarelad import PYTHON, Pasarelad
from wire.test_interfaces import STATIC, addresses, host, interfaces_of, told

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

STREAM = str(Path(__file__).parents[1] / "hostnet/live/stream.py")
# Alone on the machine it is 5 to 30 ms; a spanning tree that holds the port back takes 4 s.
BOUND = 500.0  # milliseconds

__all__ = ["host"]


@pytest.fixture
def neighbour(host: Pasarelad) -> Iterator[list[str]]:
    """The other end of the wire in a namespace of its own; what starts a program there."""
    holder = subprocess.Popen(
        host._inside("unshare", "--net", "sh", "-c", "echo $$; exec sleep infinity"),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    pid = holder.stdout.readline().strip()  # as the daemon's PID namespace counts
    enter = ["nsenter", f"--target={pid}", "--net"]
    host.run("ip", "link", "set", "wire", "netns", pid)
    for line in ("link set wire up", "address add 192.0.2.1/24 dev wire"):
        made = host.run(*enter, "ip", *line.split())
        assert made.returncode == 0, made.stderr
    try:
        yield enter
    finally:
        host.run(*enter, "ip", "link", "delete", "wire")
        host.run("kill", pid)
        holder.wait(10)


class Stream:
    """One side of a connection that always sends and reads."""

    def __init__(self, host: Pasarelad, role: str, enter: list[str]) -> None:
        words = [PYTHON, STREAM, "tcp", role, "192.0.2.10", "7000"]
        self._process = subprocess.Popen(
            host._inside(*enter, *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def await_line(self, line: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == f"{line}\n"

    def end(self) -> dict[str, float]:
        out, _ = self._process.communicate(timeout=20)
        found: dict[str, float] = json.loads(out)
        return found


@pytest.mark.parametrize("options", [[], ["--no-stp"]], ids=["with stp", "without"])
def test_a_connection_lives_on(
    host: Pasarelad,
    neighbour: list[str],
    options: list[str],
):
    listening = Stream(host, "listen", [])
    listening.await_line("listening")
    sides = (listening, Stream(host, "connect", neighbour))
    for side in sides:
        side.await_line("ready")
    told(host, "iface-begin")
    told(host, "iface-bridge", "enp3s0", "br0", *options)
    assert addresses(host, "br0") == ["192.0.2.10/24"]
    told(host, "iface-unbridge", "br0")
    told(host, "iface-bridge", "enp3s0", "br0", *options)
    told(host, "iface-rollback")
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]
    assert interfaces_of(host).read_text() == STATIC
    ended = [side.end() for side in sides]
    # The second may find the connection reset, for the first has ended by then.
    assert ended[0]["error"] == ""
    for seen in ended:
        print(f"{seen['received']} numbers, at most {seen['gap']:.1f} ms without one")
        assert seen["received"] > 100
        assert seen["gap"] < BOUND
