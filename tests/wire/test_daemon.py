"""The daemon itself: sockets, signals, what it leaves and what it takes over."""

from __future__ import annotations

import grp
import re
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from uuid import UUID

import pytest

from oracle.rpc import Handle, OracleError, Procedure, RpcClient, pack_numbers, pack_string
from pasarela.client.embedded import open_embedded
from pasarela.daemon.access import Credentials, Policy
from pasarela.daemon.config import Config
from pasarela.errors import StoreOwned
from wire.pasarelad import PYTHON, Pasarelad

pytestmark = pytest.mark.netns

NAT = """<network><name>{name}</name><forward mode='nat'/><bridge name='{name}br' stp='off'/>
<ip address='10.7.{number}.1' netmask='255.255.255.0'>
<dhcp><range start='10.7.{number}.2' end='10.7.{number}.9'/></dhcp></ip></network>"""


@pytest.fixture
def fresh() -> Iterator[Pasarelad]:
    daemon = Pasarelad()
    try:
        yield daemon
    finally:
        daemon.stop()


def define(daemon: Pasarelad, name: str, number: int) -> None:
    path = daemon.folder / f"{name}.xml"
    path.write_text(NAT.format(name=name, number=number))
    done = daemon.virsh("net-define", str(path))
    assert done.returncode == 0, done.stderr


def test_sockets_are_where_libvirts_are_with_modes_that_keep_people_out(
    pasarelad: Pasarelad,
) -> None:
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in pasarelad.sockets.iterdir()
        if path.is_socket()
    }
    assert modes.keys() == {
        "virtnetworkd-sock",
        "virtnetworkd-sock-ro",
        "virtinterfaced-sock",
        "virtinterfaced-sock-ro",
    }
    assert modes["virtnetworkd-sock-ro"] == 0o777
    assert not modes["virtnetworkd-sock"] & 0o007


@pytest.mark.parametrize("driver", ["network", "interface"])
def test_each_socket_says_whose_it_is(pasarelad: Pasarelad, driver: str) -> None:
    path = str(pasarelad.sockets / f"virt{driver}d-sock")
    with RpcClient(path, f"{driver}:///system") as client:
        assert client.call(3).string() == driver
        assert client.call(110).string() == f"{driver}:///system"


def test_networks_outlive_the_daemon_and_the_next_one_adopts_them(fresh: Pasarelad) -> None:
    define(fresh, "kept", 1)
    assert fresh.virsh("net-start", "kept").returncode == 0
    before = fresh.run("ip", "-o", "link", "show", "keptbr").stdout
    dnsmasq = (fresh.root / "run/libvirt/network/kept.pid").read_text()
    assert fresh.terminate() == 0
    assert not any(path.is_socket() for path in fresh.sockets.iterdir())
    assert fresh.run("ip", "-o", "link", "show", "keptbr").stdout == before
    fresh.start()
    assert fresh.virsh("net-list", "--name").stdout.split() == ["kept"]
    assert (fresh.root / "run/libvirt/network/kept.pid").read_text() == dnsmasq
    assert fresh.run("kill", "-0", dnsmasq.strip()).returncode == 0
    assert fresh.log_text() == ""


def test_a_verbose_daemon_tells_what_happens_to_networks(fresh: Pasarelad) -> None:
    fresh.terminate()
    fresh.start((PYTHON, "-m", "pasarela.daemon.main", f"--root={fresh.root}", "--verbose"))
    define(fresh, "told", 1)
    assert fresh.virsh("net-start", "told").returncode == 0
    assert fresh.virsh("net-destroy", "told").returncode == 0
    assert fresh.terminate() == 0
    assert fresh.log_text() == (
        f"INFO: serving {fresh.sockets}\n"
        "INFO: network told: defined\n"
        "INFO: network told: started\n"
        "INFO: network told: stopped\n"
        "INFO: stopping; networks stay up\n"
    )


def test_a_daemon_ends_when_nobody_has_been_there_for_so_long(fresh: Pasarelad) -> None:
    define(fresh, "kept", 1)
    assert fresh.virsh("net-start", "kept").returncode == 0
    fresh.terminate()
    fresh.start((PYTHON, "-m", "pasarela.daemon.main", f"--root={fresh.root}", "--timeout=1"))
    with fresh.connect() as client:
        with pytest.raises(subprocess.TimeoutExpired):
            fresh.wait(2.5)
        client.call(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, 0))
    assert fresh.wait(10) == 0
    assert fresh.run("ip", "-o", "link", "show", "keptbr").returncode == 0
    assert not Path(fresh.socket).exists()
    fresh.start()


def test_a_killed_daemon_is_succeeded(fresh: Pasarelad) -> None:
    define(fresh, "kept", 1)
    assert fresh.virsh("net-start", "kept").returncode == 0
    fresh.terminate(signal.SIGKILL)
    fresh.start()
    assert fresh.virsh("net-list", "--name").stdout.split() == ["kept"]


def test_autostart_happens_once_per_boot_but_a_reload_starts_again(fresh: Pasarelad) -> None:
    define(fresh, "auto", 1)
    assert fresh.virsh("net-autostart", "auto").returncode == 0
    fresh.terminate()
    fresh.start()
    assert fresh.virsh("net-list", "--name").stdout.split() == []
    fresh.terminate()
    (fresh.root / "run/libvirt/network/autostarted").unlink()  # as a reboot does
    fresh.start()
    assert fresh.virsh("net-list", "--name").stdout.split() == ["auto"]
    assert fresh.virsh("net-destroy", "auto").returncode == 0
    fresh.send(signal.SIGHUP)
    until(lambda: fresh.virsh("net-list", "--name").stdout.split() == ["auto"])


def test_a_reload_finds_definitions_that_were_put_there(fresh: Pasarelad) -> None:
    path = fresh.root / "etc/libvirt/qemu/networks/late.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(NAT.format(name="late", number=3))
    fresh.send(signal.SIGHUP)
    until(lambda: fresh.virsh("net-list", "--all", "--name").stdout.split() == ["late"])


def test_systemd_is_told_of_a_reload_and_of_the_end(fresh: Pasarelad) -> None:
    """As Type=notify-reload wants it, too: with the time, and then that it is ready."""
    path = fresh.folder / "ready"
    path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(path))
        told.settimeout(10)
        before = time.monotonic_ns() // 1000
        fresh.send(signal.SIGHUP)
        found = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", told.recv(4096).decode())
        assert found is not None
        assert before <= int(found[1]) <= time.monotonic_ns() // 1000
        assert told.recv(4096) == b"READY=1"
        assert fresh.terminate() == 0
        assert told.recv(4096) == b"STOPPING=1"
    fresh.start()


def until(holds: object, seconds: float = 10.0) -> None:
    """Wait for what has no event of its own to be seen from here."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.05)


def test_a_second_daemon_refuses_to_start(pasarelad: Pasarelad) -> None:
    second = pasarelad.run(
        PYTHON,
        "-m",
        "pasarela.daemon.main",
        f"--root={pasarelad.root}",
    )
    assert second.returncode == 1
    assert re.search(r"error: .*pasarelad \(pid \d+\) owns the networks' files", second.stderr)
    assert "(systemctl stop pasarelad and its sockets)" in second.stderr
    assert pasarelad.virsh("net-list").returncode == 0


def test_the_command_line_leaves_repairing_to_it(pasarelad: Pasarelad) -> None:
    program = "import sys; from pasarela.cli.main import main; sys.exit(main(sys.argv[1:]))"
    refused = pasarelad.run(PYTHON, "-c", program, f"--root={pasarelad.root}", "net-repair")
    assert refused.returncode == 1
    assert (
        "when it starts or is reloaded, and stops networks whose bridge is gone" in refused.stderr
    )
    assert "hint: systemctl reload pasarelad" in refused.stderr


def test_the_command_line_cannot_write_beside_it(pasarelad: Pasarelad) -> None:
    with pytest.raises(StoreOwned):
        open_embedded(pasarelad.root).define_xml(NAT.format(name="x", number=1))


def test_the_read_only_socket_refuses_changes_and_answers_questions(pasarelad: Pasarelad) -> None:
    with pasarelad.connect(readonly=True) as client:
        with pytest.raises(OracleError) as refused:
            client.call(Procedure.NETWORK_DEFINE_XML, pack_string("<network/>"))
        assert (refused.value.code, refused.value.domain) == (29, 19)
        assert client.call(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, 0)).number() == 0


def test_other_users_may_only_read(pasarelad: Pasarelad) -> None:
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    for path in (pasarelad.folder, pasarelad.root, pasarelad.sockets):
        path.chmod(0o755)
    uri = f"network+unix:///system?socket={pasarelad.readonly_socket}"
    reading = pasarelad.run(*as_nobody, "virsh", "-r", "-c", uri, "net-list", "--all")
    assert reading.returncode == 0, reading.stderr
    writing = pasarelad.run(*as_nobody, "virsh", "-c", pasarelad.uri, "net-list", "--all")
    assert writing.returncode == 1


def test_other_users_are_told_how_to_get_in(pasarelad: Pasarelad) -> None:
    for path in (pasarelad.folder, pasarelad.root, pasarelad.sockets):
        path.chmod(0o755)
    run = "from pasarela.cli.main import entry; import sys; sys.exit(entry())"
    listing = (PYTHON, "-c", run, "-c", pasarelad.uri, "net-list")
    refused = pasarelad.run("setpriv", "--reuid=65534", "--clear-groups", *listing)
    assert "Permission denied" in refused.stderr
    assert "join the group libvirt" in refused.stderr


def test_a_socket_that_anybody_may_open_still_lets_only_the_right_ones_in(
    pasarelad: Pasarelad,
) -> None:
    Path(pasarelad.socket).chmod(0o777)
    for path in (pasarelad.folder, pasarelad.root, pasarelad.sockets):
        path.chmod(0o755)
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    writing = pasarelad.run(*as_nobody, "virsh", "-c", pasarelad.uri, "net-list", "--all")
    Path(pasarelad.socket).chmod(0o770)
    assert writing.returncode == 1
    assert writing.stdout == ""
    connecting, refused = writing.stderr.splitlines()
    assert connecting == "error: failed to connect to the hypervisor"
    why = Policy(Config.default().group).refusal(Credentials(1, 65534, 65534))
    assert refused == f"error: authentication failed: {why}"


def test_the_groups_that_count_are_those_of_the_process(fresh: Pasarelad) -> None:
    """As with any file: not those that somebody's user has in the system's lists."""
    fresh.terminate()
    path = fresh.root / "etc/libvirt/virtnetworkd.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('unix_sock_group = "daemon"\nunix_sock_rw_perms = "0777"\n')
    fresh.start()
    for path in (fresh.folder, fresh.root, fresh.sockets):
        path.chmod(0o755)
    asking = ("virsh", "-c", fresh.uri, "net-list", "--all")
    group = str(grp.getgrnam("daemon").gr_gid)

    def status(user: str, *groups: str) -> int:
        taken = f"--groups={','.join(groups)}" if groups else "--clear-groups"
        return fresh.run("setpriv", f"--reuid={user}", f"--regid={user}", taken, *asking).returncode

    assert status("65534") != 0
    assert status("65534", "7", group) == 0
    assert status("65534", *map(str, range(5000, 5300)), group) != 0  # too many to be asked for


def test_stale_handles_are_told_by_uuid_and_name(pasarelad: Pasarelad) -> None:
    gone = Handle("gone", UUID(int=7))
    with pasarelad.connect() as client, pytest.raises(OracleError) as refused:
        client.call(Procedure.NETWORK_CREATE, gone.pack())
    assert refused.value.message == (
        f"Network not found: no network with matching uuid '{gone.uuid}' (gone)"
    )


def test_clients_that_are_there_when_it_ends_see_the_end(fresh: Pasarelad) -> None:
    with fresh.connect() as client:
        assert fresh.terminate() == 0
        with pytest.raises(OSError):
            client.call(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, 0))
    assert fresh.log_text() == ""
    fresh.start()


def test_beyond_the_limit_clients_wait_for_one_to_leave(fresh: Pasarelad) -> None:
    settings = fresh.root / "etc/libvirt/virtnetworkd.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("max_clients = 3\n")
    fresh.terminate()
    fresh.start()
    first, *others = [fresh.connect() for _ in range(3)]
    arrived = threading.Event()

    def arrive() -> None:
        with fresh.connect() as late:
            late.call(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, 0))
            arrived.set()

    waiting = threading.Thread(target=arrive)
    waiting.start()
    assert not arrived.wait(0.3)
    first.close()
    assert arrived.wait(10)
    waiting.join()
    for other in others:
        other.close()


def test_those_who_only_look_leave_room_for_those_who_may_change(fresh: Pasarelad) -> None:
    settings = fresh.root / "etc/libvirt/virtnetworkd.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("max_clients = 10\n")
    fresh.terminate()
    fresh.start()
    looking = [fresh.connect(readonly=True) for _ in range(9)]
    with socket.socket(socket.AF_UNIX) as tenth:
        tenth.settimeout(0.3)
        tenth.connect(fresh.readonly_socket)
        tenth.sendall(b"\0\0\0\0")  # hung up on for it, once somebody listens
        with pytest.raises(TimeoutError):
            tenth.recv(1)
        with fresh.connect() as client:
            client.call(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, 0))
        looking.pop().close()
        tenth.settimeout(10)
        assert tenth.recv(1) == b""
    for one in looking:
        one.close()


def test_reads_do_not_wait_for_changes(pasarelad: Pasarelad) -> None:
    """While networks are started and stopped, another client asks."""
    for number in range(6):
        define(pasarelad, f"n{number}", number)
    with pasarelad.connect() as asking, pasarelad.connect() as changing:
        found = changing.call(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, 0))
        networks = [found.handle() for _ in range(found.number())]
        times = []

        def change() -> None:
            for procedure in (Procedure.NETWORK_CREATE, Procedure.NETWORK_DESTROY):
                for network in networks:
                    changing.call(procedure, network.pack())

        working = threading.Thread(target=change)
        began = time.perf_counter()
        working.start()
        while working.is_alive():
            start = time.perf_counter()
            asking.call(Procedure.NETWORK_LOOKUP_BY_NAME, pack_string("n3"))
            times.append(time.perf_counter() - start)
        changes = time.perf_counter() - began
    assert max(times) < changes / 4
    assert median(times) < 0.002
