"""Pasarela's own client: the same connection over the wire, to our daemon and to the real one."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from oracle.libvirtd import Libvirtd
from pasarela.client.connection import Connection
from pasarela.client.remote import RemoteConnection
from pasarela.client.uri import open_uri, parse, ssh_command
from pasarela.errors import (
    MetadataNotFound,
    NetworkNotFound,
    NoDriver,
    OperationInvalid,
    PortNotFound,
    ReadOnly,
    SystemCallFailed,
    XmlSyntaxError,
)
from pasarela.model.handles import (
    Affect,
    Lifecycle,
    LifecycleEvent,
    MetadataType,
    NetworkEvent,
    NetworkFilter,
    UpdateCommand,
    UpdateSection,
)
from wire.documents import DOCUMENTS, PORTS, port_uuid
from wire.pasarelad import PYTHON, Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

CLI = str(Path(PYTHON).with_name("pasarela"))


@pytest.fixture(params=["pasarelad", "libvirtd"])
def connection(
    request: pytest.FixtureRequest, pasarelad: Pasarelad, libvirtd: Libvirtd
) -> Iterator[Connection]:
    """An open connection to each daemon in turn."""
    libvirtd.reset()
    sockets = {"pasarelad": pasarelad.socket, "libvirtd": libvirtd.socket}
    opened = open_uri(f"qemu+unix:///system?socket={sockets[request.param]}")
    yield opened
    opened.close()


def test_a_networks_life(connection: Connection) -> None:
    network = connection.define_xml(DOCUMENTS["nat"])
    assert connection.lookup_by_name("nat") == network
    assert connection.lookup_by_uuid(network.uuid) == network
    assert connection.bridge_name(network) == "wbr1"
    assert not connection.is_active(network)
    connection.start(network)
    connection.set_autostart(network, True)
    assert connection.is_active(network)
    assert connection.is_persistent(network)
    assert connection.autostart(network)
    assert connection.list_networks(NetworkFilter.ACTIVE) == [network]
    assert connection.dhcp_leases(network) == []
    assert "<port start='1024'" in connection.xml_desc(network)
    assert "<port start='1024'" not in connection.xml_desc(network, inactive=True)
    connection.undefine(network)
    connection.destroy(network)
    assert connection.list_networks() == []


def test_updates_reach_the_right_section(connection: Connection) -> None:
    network = connection.define_xml(DOCUMENTS["nat"])
    connection.update(
        network,
        UpdateCommand.ADD_LAST,
        UpdateSection.DNS_TXT,
        "<txt name='t' value='v'/>",
        flags=Affect.CONFIG,
    )
    assert "<txt name='t' value='v'/>" in connection.xml_desc(network)


def test_ports(connection: Connection) -> None:
    network = connection.create_xml(DOCUMENTS["isolated"])
    port = connection.port_create_xml(network, PORTS["port1"])
    assert port.uuid == UUID(port_uuid(1))
    assert connection.list_ports(network) == [port]
    assert connection.port_lookup(network, port.uuid) == port
    assert "<plug type='network' bridge='wbr2'/>" in connection.port_xml_desc(port)
    connection.port_delete(port)
    with pytest.raises(PortNotFound):
        connection.port_lookup(network, port.uuid)


def test_a_ports_bandwidth(connection: Connection) -> None:
    assert isinstance(connection, RemoteConnection)
    network = connection.create_xml(DOCUMENTS["isolated"])
    port = connection.port_create_xml(network, PORTS["port1"])
    assert connection.port_parameters(port) == {}
    connection.port_set_parameters(port, {"inbound.average": 100, "inbound.burst": 7, "x": 1})
    found = connection.port_parameters(port)
    assert (found["inbound.average"], found["inbound.burst"], found["inbound.peak"]) == (100, 7, 0)
    assert "outbound.average" not in found
    connection.port_set_parameters(port, {})
    assert connection.port_parameters(port) == {}


def test_errors_are_those_of_the_embedded_engine(connection: Connection) -> None:
    with pytest.raises(NetworkNotFound, match="no network with matching name 'x'"):
        connection.lookup_by_name("x")
    network = connection.define_xml(DOCUMENTS["bare"])
    with pytest.raises(OperationInvalid, match="network 'bare' is not active"):
        connection.destroy(network)
    with pytest.raises(XmlSyntaxError):
        connection.define_xml("<network><name>a/b</name></network>")


def test_interfaces(connection: Connection) -> None:
    loopback = connection.interface_lookup_by_name("lo")
    assert loopback in connection.list_interfaces()
    assert not connection.interface_is_active(loopback)
    assert "<interface type='ethernet' name='lo'>" in connection.interface_xml_desc(loopback)
    assert connection.interface_lookup_by_mac(loopback.mac) == loopback


def test_events_end_after_their_time(connection: Connection) -> None:
    seen: list[NetworkEvent] = []
    connection.events(lambda event: not seen.append(event), timeout=0.2)  # type: ignore[func-returns-value]
    assert seen == []
    assert connection.list_networks() == []


def test_events_come_while_another_connection_works(pasarelad: Pasarelad) -> None:
    seen: list[NetworkEvent] = []

    def handle(event: NetworkEvent) -> bool:
        seen.append(event)
        return len(seen) < 2

    watching, acting = open_uri(pasarelad.uri, "/"), open_uri(pasarelad.uri, "/")
    network = acting.define_xml(DOCUMENTS["bare"])
    thread = threading.Thread(target=lambda: watching.events(handle, timeout=20.0))
    thread.start()
    while thread.is_alive():
        acting.start(network)
        acting.destroy(network)
        thread.join(0.05)
    assert len(seen) == 2
    assert {event.network.name for event in seen} == {"bare"}
    kinds = {event.event for event in seen if isinstance(event, LifecycleEvent)}
    assert kinds == {Lifecycle.STARTED, Lifecycle.STOPPED}
    watching.close()
    acting.close()


def test_threads_share_a_connection(connection: Connection) -> None:
    """One of them in events(); what it hears comes partly while others wait for replies."""
    network = connection.define_xml(DOCUMENTS["bare"])
    heard: list[NetworkEvent] = []

    def note(event: NetworkEvent) -> bool:
        heard.append(event)
        return len(heard) < 20

    def look(_: int) -> bool:
        return connection.lookup_by_name("bare") == network and connection.is_persistent(network)

    with ThreadPoolExecutor(6) as pool:
        watching = pool.submit(connection.events, note, timeout=20)
        looking = [pool.submit(look, number) for number in range(200)]
        while not watching.done():
            connection.start(network)
            connection.destroy(network)
        assert all(one.result(20) for one in looking)
    kinds = [event.event for event in heard if isinstance(event, LifecycleEvent)]
    first = kinds.index(Lifecycle.STARTED)  # the registration may fall between the two
    assert len(kinds) == 20
    assert kinds[first : first + 18] == [Lifecycle.STARTED, Lifecycle.STOPPED] * 9


def test_metadata_over_the_wire(pasarelad: Pasarelad) -> None:
    connection = open_uri(pasarelad.uri, "/")
    network = connection.define_xml(DOCUMENTS["bare"])
    with pytest.raises(MetadataNotFound):
        connection.metadata(network, MetadataType.TITLE)
    connection.set_metadata(network, MetadataType.TITLE, "a title")
    assert connection.metadata(network, MetadataType.TITLE) == "a title"
    connection.close()


def test_a_read_only_connection(pasarelad: Pasarelad) -> None:
    uri = f"network+unix:///system?socket={pasarelad.readonly_socket}"
    connection = open_uri(uri, "/", readonly=True)
    with pytest.raises(ReadOnly, match="virNetworkDefineXML"):
        connection.define_xml(DOCUMENTS["bare"])
    connection.close()


def test_a_daemon_that_goes_away_is_told(pasarelad: Pasarelad) -> None:
    connection = open_uri(pasarelad.uri, "/")
    pasarelad.terminate()
    try:
        with pytest.raises(SystemCallFailed, match=r"End of file|Cannot write"):
            connection.list_networks()
    finally:
        pasarelad.start()
    connection.close()


def test_nobody_there_is_told() -> None:
    with pytest.raises(SystemCallFailed, match="Failed to connect socket to '/nowhere'"):
        open_uri("network+unix:///system?socket=/nowhere")


class TestWhichDoor:
    def test_with_a_daemon_the_command_line_uses_it(self, pasarelad: Pasarelad) -> None:
        document = pasarelad.folder / "bare.xml"
        document.write_text(DOCUMENTS["bare"])
        done = pasarelad.run(CLI, f"--root={pasarelad.root}", "net-define", str(document))
        assert (done.returncode, done.stderr) == (0, "")
        assert pasarelad.virsh("net-list", "--all", "--name").stdout.split() == ["bare"]

    def test_without_one_the_engine(self, tmp_path: Path) -> None:
        assert not isinstance(open_uri(None, str(tmp_path)), RemoteConnection)

    def test_with_a_socket_that_nobody_listens_at_the_engine(self, pasarelad: Pasarelad) -> None:
        pasarelad.terminate(9)  # type: ignore[arg-type]
        try:
            assert Path(pasarelad.socket).is_socket()
            assert not isinstance(open_uri(None, str(pasarelad.root)), RemoteConnection)
        finally:
            pasarelad.start()

    def test_a_new_network_is_planned_here_and_made_there(self, pasarelad: Pasarelad) -> None:
        root = f"--root={pasarelad.root}"
        planned = pasarelad.run(CLI, root, "net-new", "fresh", "--dry-run")
        assert planned.returncode == 0, planned.stderr
        made = pasarelad.run(CLI, root, "net-new", "fresh", "--start")
        assert made.returncode == 0, made.stderr
        assert pasarelad.virsh("net-list", "--name").stdout.split() == ["fresh"]


class TestOverSsh:
    def test_it_runs_what_libvirts_clients_run(
        self, pasarelad: Pasarelad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A stand-in for ssh that runs the command here; nc is one of a few lines."""
        write_program(
            tmp_path / "ssh", '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nexec sh -c "$3"\n'
        )
        write_program(tmp_path / "nc", NETCAT.format(python=PYTHON))
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        connection = open_uri(f"qemu+ssh://me@there/system?socket={pasarelad.socket}")
        assert connection.list_networks() == []
        connection.close()

    def test_the_name_is_the_other_hosts(
        self,
        pasarelad: Pasarelad,
        libvirtd: Libvirtd,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Here they are the same; but who has none to tell is not answered for."""
        write_program(
            tmp_path / "ssh", '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nexec sh -c "$3"\n'
        )
        write_program(tmp_path / "nc", NETCAT.format(python=PYTHON))
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        for socket in (libvirtd.socket, pasarelad.socket):
            uris = (f"qemu+ssh://there/system?socket={socket}", f"qemu:///system?socket={socket}")
            ours, theirs = (
                subprocess.run(
                    [program, "-c", uri, "hostname"], capture_output=True, text=True, check=False
                )
                for program, uri in zip((CLI, "virsh"), uris, strict=True)
            )
            assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout)
            if ours.returncode:
                lines = [line for line in ours.stderr.splitlines() if line.startswith("error:")]
                assert lines == theirs.stderr.splitlines()

    def test_the_words(self) -> None:
        words = ssh_command(parse("qemu+ssh://me@there:2222/system"), False)
        assert words[:-1] == ["ssh", "-p", "2222", "-l", "me", "-T", "-e", "none", "--", "there"]
        assert "virt-ssh-helper" in words[-1]

    @pytest.mark.parametrize("host", ["-oProxyCommand=x", "a b"])
    def test_no_host_becomes_an_option(self, host: str) -> None:
        words = ssh_command(parse(f"qemu+ssh://{host}/system"), False)
        assert words.index("--") < words.index(host)


NETCAT = """#!{python}
import select, socket, sys, os
made = socket.socket(socket.AF_UNIX)
made.connect(sys.argv[2])
while True:
    for one in select.select([0, made], [], [])[0]:
        data = os.read(0, 65536) if one == 0 else made.recv(65536)
        if not data:
            sys.exit()
        made.sendall(data) if one == 0 else os.write(1, data)
"""


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.parametrize(
    "uri", ["xen:///system", "qemu:///session", "nonsense", "qemu+tcp://x/system"]
)
def test_other_uris_are_refused(uri: str) -> None:
    with pytest.raises(NoDriver):
        open_uri(uri, "/")
