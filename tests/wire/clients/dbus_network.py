"""Starts a bus and libvirt-dbus on it, leads a network's life through them, and prints all of it.

Run by Debian's Python where /run/libvirt/libvirt-sock is the daemon; not a test itself.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from gi.repository import Gio, GLib  # type: ignore[import-not-found,unused-ignore]

NAT = """
<network><name>nat</name><uuid>00000000-0000-4000-8000-000000000001</uuid><forward mode='nat'/>
<bridge name='wbr1' stp='off' delay='0'/><mac address='52:54:00:00:00:aa'/>
<ip address='10.77.1.1' netmask='255.255.255.0'>
<dhcp><range start='10.77.1.100' end='10.77.1.120'/></dhcp></ip></network>"""
BARE = "<network><name>bare</name><uuid>00000000-0000-4000-8000-000000000002</uuid></network>"
HOST = "<host mac='52:54:00:00:00:02' ip='10.77.1.50'/>"
SECONDS = 20
UNDEFINED = 1
ADD_LAST, DHCP_HOST, LIVE_AND_CONFIG = 3, 4, 3


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


class Caller:
    def __init__(self, address: str) -> None:
        flags = (
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        )
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.loop = GLib.MainLoop()
        self.events: list[tuple[Any, ...]] = []
        self._owner = ""
        Gio.bus_watch_name_on_connection(
            self.bus, "org.libvirt", Gio.BusNameWatcherFlags.NONE, self._appeared, None
        )
        self.bus.signal_subscribe(
            "org.libvirt", None, None, None, None, Gio.DBusSignalFlags.NONE, self._signal
        )

    def _appeared(self, *_: Any) -> None:
        self._owner = "there"
        self.loop.quit()

    def _signal(self, _: Any, __: str, path: str, ___: str, name: str, values: Any) -> None:
        values = values.unpack()
        if name != "NetworkEvent":
            return
        self.events.append((path, name, *values))
        if values == (self.last, UNDEFINED):
            self.loop.quit()

    def wait(self) -> None:
        """Run the loop until what is waited for has come."""
        timer = GLib.timeout_add_seconds(SECONDS, self.loop.quit)
        self.loop.run()
        GLib.source_remove(timer)

    last = "/org/libvirt/QEMU/network/_00000000_0000_4000_8000_000000000002"

    def call(
        self, path: str, interface: str, name: str, signature: str = "()", *values: Any
    ) -> Any:
        arguments = GLib.Variant(signature, values)
        try:
            found = self.bus.call_sync(
                "org.libvirt", path, interface, name, arguments, None, 0, SECONDS * 1000, None
            ).unpack()
        except GLib.Error as error:
            found = error.message
        # libvirt's lists are in the order of a hash table.
        print(f"{name}: {sorted(found[0]) if name == 'ListNetworks' else found}")
        return found


def network_life(caller: Caller) -> None:
    connect = "/org/libvirt/QEMU"

    def ask(name: str, signature: str = "()", *values: Any) -> Any:
        return caller.call(connect, "org.libvirt.Connect", name, signature, *values)

    def of(path: str, name: str, signature: str = "()", *values: Any) -> Any:
        return caller.call(path, "org.libvirt.Network", name, signature, *values)

    def properties(path: str, interface: str = "org.libvirt.Network") -> None:
        name = "org.freedesktop.DBus.Properties"
        caller.call(path, name, "GetAll", "(s)", interface)

    (interfaces,) = ask("ListInterfaces", "(u)", 0)
    for interface in interfaces:
        properties(interface, "org.libvirt.Interface")
        caller.call(interface, "org.libvirt.Interface", "GetXMLDesc", "(u)", 0)
    ask("InterfaceLookupByName", "(s)", "nowhere")
    ask("ListNetworks", "(u)", 0)
    (nat,) = ask("NetworkDefineXML", "(s)", NAT)
    properties(nat)
    of(nat, "Create")
    of(nat, "Create")
    caller.call(
        nat,
        "org.freedesktop.DBus.Properties",
        "Set",
        "(ssv)",
        *("org.libvirt.Network", "Autostart", GLib.Variant("b", True)),
    )
    of(nat, "Update", "(uuisu)", ADD_LAST, DHCP_HOST, -1, HOST, LIVE_AND_CONFIG)
    of(nat, "GetXMLDesc", "(u)", 0)
    of(nat, "GetDHCPLeases", "(su)", "", 0)
    properties(nat)
    (bare,) = ask("NetworkCreateXML", "(s)", BARE)
    ask("ListNetworks", "(u)", 0)
    ask("NetworkLookupByName", "(s)", "nat")
    ask("NetworkLookupByName", "(s)", "nowhere")
    ask("NetworkLookupByUUID", "(s)", "00000000-0000-4000-8000-000000000002")
    of(bare, "Destroy")
    of(nat, "Destroy")
    of(nat, "Undefine")
    ask("NetworkDefineXML", "(s)", BARE)
    of(bare, "Undefine")
    ask("ListNetworks", "(u)", 0)
    caller.wait()
    for event in caller.events:
        print("event", *event)


with TemporaryDirectory() as folder:
    address = f"unix:path={folder}/bus"
    with running(
        "dbus-daemon", "--session", "--nofork", "--print-address", f"--address={address}"
    ) as bus:
        assert bus.stdout is not None
        bus.stdout.readline()
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = address
        caller = Caller(address)
        with running("/usr/sbin/libvirt-dbus", "--system"):
            caller.wait()
            network_life(caller)
