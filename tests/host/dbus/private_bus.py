"""A system bus of a test's own, and programs on it that note what they are asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from jeepney import (
    DBusAddress,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import open_dbus_connection

CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/><allow receive_sender="*" eavesdrop="true"/>
  </policy>
</busconfig>
"""

THE_BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
Answer = tuple[str, tuple[object, ...]]
Method = Callable[..., Answer]


class Refusal(Exception):
    """What a method answers in place of a value."""


@contextmanager
def private_bus(folder: Path) -> Iterator[str]:
    """A running bus; gives its address."""
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("no dbus-daemon: apt install dbus-daemon")
    configuration, socket = folder / "bus.conf", folder / "bus"
    configuration.write_text(CONFIGURATION.format(socket))
    with subprocess.Popen(
        [program, f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address"],
        stdout=subprocess.PIPE,
        text=True,
    ) as daemon:
        assert daemon.stdout
        try:
            yield daemon.stdout.readline().strip()
        finally:
            daemon.kill()


class Program:
    """A program on the bus in a thread of this process.

    Args:
        methods: by name; each is given the body, and gives a signature and a body.

    Attributes:
        calls: each call's object, method and body.
    """

    def __init__(self, address: str, name: str, methods: Mapping[str, Method]) -> None:
        self.calls: list[tuple[str, str, tuple[object, ...]]] = []
        self._methods = methods
        self._connection = open_dbus_connection(address)
        request = new_method_call(THE_BUS, "RequestName", "su", (name, 0))
        assert self._connection.send_and_get_reply(request, timeout=5).body == (1,)
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def emit(self, path: str, interface: str, member: str) -> None:
        """Send a signal without a body to whoever listens."""
        source = DBusAddress(path, interface=interface)
        self._connection.send(new_signal(source, member))

    def close(self) -> None:
        """End it as the bus sees it: its name is free at once."""
        with open_dbus_connection(self._address()) as other:
            other.send(new_method_call(self._own_address(), "End"))
        self._thread.join(5)
        self._connection.close()

    def _own_address(self) -> DBusAddress:
        return DBusAddress("/", self._connection.unique_name)

    def _address(self) -> str:
        return f"unix:path={self._connection.sock.getpeername()}"

    def _serve(self) -> None:
        while True:
            message = self._connection.receive()
            if message.header.message_type is not MessageType.method_call:
                continue
            fields = {key.name: value for key, value in message.header.fields.items()}
            if fields["member"] == "End":
                return
            self.calls.append((fields["path"], fields["member"], message.body))
            try:
                signature, body = self._methods[fields["member"]](*message.body)
            except Refusal as refusal:
                reply = new_error(message, "org.example.Refused", "s", (str(refusal),))
            else:
                reply = new_method_return(message, signature, body)
            self._connection.send(reply)


@contextmanager
def elsewhere(address: str, name: str) -> Iterator[None]:
    """A program of this name on the bus, but in another network namespace."""
    script = (
        "import sys; from jeepney import *; from jeepney.io.blocking import *;"
        "name = 'org.freedesktop.DBus'; to = DBusAddress('/org/freedesktop/DBus', name, name);"
        f"request = new_method_call(to, 'RequestName', 'su', ({name!r}, 0));"
        f"bus = open_dbus_connection({address!r});"
        "print(bus.send_and_get_reply(request, timeout=5).body, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        ["unshare", "--net", sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "(1,)\n"
        try:
            yield
        finally:
            process.stdin.close()
