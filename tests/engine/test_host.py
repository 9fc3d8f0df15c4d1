"""The engine on a real host, in a network namespace of the test's own."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from engine import documents
from engine.snapshot import dnsmasqs, snapshot
from pasarela.client.embedded import open_embedded
from pasarela.engine import resolver
from pasarela.engine.engine import Engine
from pasarela.errors import HookFailed, OperationInvalid, SystemCallFailed
from pasarela.host import facts as host_facts
from pasarela.model.handles import Affect
from pasarela.model.paths import Paths

pytestmark = [pytest.mark.netns, pytest.mark.usefixtures("netns")]

IP_FREEBIND = 15  # linux/in.h; Python 3.11 has no name for it

KINDS = {
    "nat": documents.nat(),
    "isolated": documents.isolated(),
    "very isolated": documents.very_isolated(),
    "routed": documents.routed(),
    "open": documents.open_(),
    "both families": documents.dual(),
    "bridge": documents.on_bridge(),
    "macvtap": documents.macvtap("lo"),
}


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def host(root: Path) -> Engine:
    """The engine on a host where a network has been before, so that the folders are there."""
    engine = open_embedded(root)
    engine.destroy(engine.create_xml(documents.dual(9)))
    for path in Paths.under(root).leases.iterdir():
        path.unlink()
    return engine


@pytest.mark.parametrize("text", KINDS.values(), ids=KINDS.keys())
def test_each_kind_started_and_stopped_leaves_nothing(host: Engine, root: Path, text: str) -> None:
    ref = host.define_xml(text)
    before = snapshot(root)
    host.start(ref)
    assert host.is_active(ref)
    host.destroy(ref)
    after = snapshot(root)
    for path in Paths.under(root).leases.iterdir():  # leases outlive a stop, not an undefine
        after["files"].pop(str(path.relative_to(root)))
    assert after == before
    host.undefine(ref)
    assert list(Paths.under(root).leases.iterdir()) == []


def test_many_times_up_and_down_leaves_nothing(host: Engine, root: Path) -> None:
    ref = host.define_xml(documents.isolated())
    before = snapshot(root)
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        host.start(ref)
        host.destroy(ref)
    after = snapshot(root)
    after["files"] = {k: v for k, v in after["files"].items() if not k.endswith(".leases")}
    assert after == before
    assert len(list(Path("/proc/self/fd").iterdir())) <= open_files + 1


def test_many_start_and_stop_at_once(host: Engine, root: Path) -> None:
    refs = [host.define_xml(documents.nat(number)) for number in range(6)]
    assert host.start_many(refs) == []
    assert len(dnsmasqs(root)) >= 6
    assert host.destroy_many(refs) == []
    assert dnsmasqs(root) == []
    assert "virbr" not in run("ip", "-br", "link")
    assert run("nft", "list", "ruleset") == ""


def test_of_many_one_whose_port_is_taken_is_left_out(host: Engine, root: Path) -> None:
    refs = [host.define_xml(documents.nat(number)) for number in range(6)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        other.bind(("10.0.3.1", 53))
        [failure] = host.start_many(refs)
        assert failure.name == "n3"
        assert "Address already in use" in failure.error.message
        remedy = failure.error.remedy or ""
        assert f"(pid {os.getpid()}) on port 53: stop it" in remedy
        assert "dnsmasq (pid" not in remedy  # those of n0 to n2 are in nobody's way
    assert [ref.name for ref in refs if host.is_active(ref)] == ["n0", "n1", "n2", "n4", "n5"]
    assert not any("/n3.conf" in line for line in dnsmasqs(root))
    assert "virbr3" not in run("ip", "-br", "link")
    assert host.reconcile() == ()
    assert host.start_many(refs) == []
    assert host.destroy_many(refs) == []
    assert dnsmasqs(root) == []


def test_another_devices_name_is_left_to_it(host: Engine, root: Path) -> None:
    run("ip", "link", "add", "virbr0", "type", "veth", "peer", "name", "other")
    ref = host.define_xml(documents.nat())
    before = snapshot(root)
    with pytest.raises(SystemCallFailed) as error:
        host.start(ref)
    assert error.value.message == "error creating bridge interface virbr0: File exists"
    assert snapshot(root) == before
    [failure] = host.start_many([ref])
    assert failure.error.message == error.value.message
    assert snapshot(root) == before


def test_a_new_process_takes_over_what_runs(host: Engine, root: Path) -> None:
    ref = host.define_xml(documents.nat())
    host.start(ref)
    before = snapshot(root)
    other = open_embedded(root)
    assert other.is_active(ref)
    assert other.reconcile() == ()
    assert snapshot(root) == before
    other.destroy(ref)
    assert not host.is_active(ref)


def test_a_flushed_firewall_and_a_killed_dnsmasq_are_mended(host: Engine, root: Path) -> None:
    ref = host.define_xml(documents.nat())
    host.start(ref)
    before = snapshot(root)
    run("nft", "flush", "ruleset")
    end(int(Paths.under(root).dnsmasq_pid("n0").read_text()))
    found = host.reconcile()
    assert any("dnsmasq for n0" in line for line in found), found
    assert any("firewall" in line for line in found), found
    assert snapshot(root) == before
    assert host.reconcile() == ()


def test_a_vanished_bridge_is_made_again(host: Engine, root: Path) -> None:
    ref = host.define_xml(documents.dual())
    host.start(ref)
    host.port_delete(host.port_create_xml(ref, documents.port(ref.uuid)))  # the folders are there
    before, pid = snapshot(root), Paths.under(root).dnsmasq_pid("n0").read_text()
    host.port_create_xml(ref, documents.port(ref.uuid, "web"))
    run("ip", "link", "del", "virbr0")
    with pytest.raises(OperationInvalid, match="network is already active") as error:
        host.start(ref)
    assert error.value.remedy == "its bridge virbr0 is gone; make it again: pasarela net-repair"
    (found,) = host.reconcile()
    assert found == (
        "network 'n0': its bridge had vanished and has been made again; plug its guests (web) in "
        "again: ip link set TAP master virbr0, or stop and start them"
    )
    assert Paths.under(root).dnsmasq_pid("n0").read_text() != pid
    assert [port.uuid for port in host.list_ports(ref)] == [ref.uuid]
    host.port_delete(host.list_ports(ref)[0])
    assert snapshot(root) == before
    assert host.reconcile() == ()
    with pytest.raises(OperationInvalid) as error:
        host.start(ref)
    assert error.value.remedy is None


def test_a_strangers_device_in_a_bridges_place_is_left_to_it(host: Engine, root: Path) -> None:
    host.create_xml(documents.nat())
    run("ip", "link", "del", "virbr0")
    run("ip", "link", "add", "virbr0", "type", "veth", "peer", "name", "other")
    before = snapshot(root)["links"]
    (found,) = host.reconcile()
    assert "File exists" in found
    assert snapshot(root)["links"] == before


def test_a_vanished_bridge_stops_the_network_when_a_daemon_starts(host: Engine, root: Path) -> None:
    ref = host.define_xml(documents.nat())
    before = snapshot(root)["files"].keys()
    host.start(ref)
    run("ip", "link", "del", "virbr0")
    found = host.reconcile(rebuild=False)
    assert found == ("network 'n0': its bridge had vanished, so it has been stopped",)
    assert not host.is_active(ref)
    assert dnsmasqs(root) == []
    assert run("nft", "list", "ruleset") == ""
    assert snapshot(root)["files"].keys() - {"var/lib/libvirt/dnsmasq/n0.leases"} == before


def test_an_update_of_a_host_leaves_the_running_dnsmasq(host: Engine, root: Path) -> None:
    ref = host.define_xml(documents.nat())
    host.start(ref)
    paths = Paths.under(root)
    pid, rules = paths.dnsmasq_pid("n0").read_text(), run("nft", "list", "ruleset")
    host.update(ref, 3, 4, documents.host(1), flags=Affect.LIVE | Affect.CONFIG)
    assert paths.dnsmasq_pid("n0").read_text() == pid
    assert run("nft", "list", "ruleset") == rules
    assert "10.0.0.201" in paths.dnsmasq_hosts("n0").read_text()
    host.update(ref, 3, 5, "<range start='10.0.0.150' end='10.0.0.160'/>")
    assert paths.dnsmasq_pid("n0").read_text() != pid
    assert len(dnsmasqs(root)) >= 1


def test_an_update_starts_a_dnsmasq_that_has_ended(host: Engine, root: Path) -> None:
    ref = host.define_xml(documents.nat())
    host.start(ref)
    paths, before = Paths.under(root), snapshot(root)
    end(int(paths.dnsmasq_pid("n0").read_text()))
    paths.dnsmasq_conf("n0").unlink()
    host.update(ref, 3, 4, documents.host(1), flags=Affect.LIVE)
    assert snapshot(root)["dnsmasqs"] == before["dnsmasqs"] != []
    assert "10.0.0.201" in paths.dnsmasq_hosts("n0").read_text()
    (warning,) = host.take_warnings()
    assert warning == "dnsmasq for n0 on virbr0 had ended; it has been started again"
    host.update(ref, 3, 4, documents.host(2), flags=Affect.LIVE)
    assert host.take_warnings() == ()
    assert host.reconcile() == ()


def test_served_networks_follow_the_hosts_resolver_at_the_next_command(
    host: Engine, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 192.0.2.1\n")
    monkeypatch.setattr(host_facts, "RESOLV_CONF", conf)
    monkeypatch.setattr(resolver, "MAX_FOLLOWERS", 1)
    refs = [host.define_xml(documents.nat(number)) for number in range(2)]
    for ref in refs:
        host.start(ref)
    paths = Paths.under(root)
    assert not paths.dns_servers("n0").exists()
    assert paths.dns_servers("n1").read_text() == "server=192.0.2.1\n"
    conf.write_text("nameserver 192.0.2.2\n")
    host.set_autostart(refs[0], True)
    assert paths.dns_servers("n1").read_text() == "server=192.0.2.2\n"
    assert host.take_warnings() == ()
    host.destroy(refs[0])
    host.update(refs[1], 3, 4, documents.host(1).replace("10.0.0", "10.0.1"))
    assert paths.dns_servers("n1").exists(), "it keeps the policy that it was started with"


class TestHooks:
    @pytest.fixture
    def log(self, root: Path) -> Path:
        """A hook that writes its arguments down, and refuses what the file ``refuse`` says."""
        hooks = Paths.under(root).hooks
        (hooks / "network.d").mkdir(parents=True)
        log = root / "hook.log"
        text = (
            f'#!/bin/sh\necho "$(basename $0) $*" >> {log}\ncat >> {log}.input\n'
            f"if grep -qx $2 {root}/refuse 2>/dev/null; then echo no >&2; exit 3; fi\n"
        )
        for script in (hooks / "network", hooks / "network.d" / "50-more"):
            script.write_text(text)
            script.chmod(0o755)
        return log

    def test_run_in_order_with_the_document(self, host: Engine, log: Path) -> None:
        ref = host.define_xml(documents.nat())
        log.unlink(missing_ok=True)
        host.start(ref)
        host.update(ref, 3, 4, documents.host(1))
        port = host.port_create_xml(ref, documents.port(ref.uuid))
        host.port_delete(port)
        host.destroy(ref)
        calls = [line for line in log.read_text().splitlines() if line.startswith("network ")]
        assert calls == [
            "network n0 start begin -",
            "network n0 started begin -",
            "network n0 updated begin -",
            "network n0 port-created begin -",
            "network n0 port-deleted begin -",
            "network n0 stopped end -",
        ]
        assert log.read_text().count("50-more") == len(calls)
        documents_seen = log.with_name("hook.log.input").read_text()
        assert "<hookData>\n  <network>\n    <name>n0</name>" in documents_seen
        assert "  <networkport>" in documents_seen

    def test_are_told_of_updates_of_the_persistent_definition(
        self, host: Engine, root: Path, log: Path
    ) -> None:
        """As libvirt does, whether or not the network runs; a refused one changes nothing."""
        ref = host.define_xml(documents.nat())
        update = (ref, 3, 11, "<txt name='a' value='b'/>")
        host.update(*update, flags=Affect.CONFIG)
        assert "network n0 updated begin -\n" in log.read_text()
        assert "<txt name='a' value='b'/>" in log.with_name("hook.log.input").read_text()
        host.start(ref)
        (root / "refuse").write_text("updated\n")
        before = host.xml_desc(ref, inactive=True)
        with pytest.raises(HookFailed):
            host.update(ref, 3, 11, "<txt name='c' value='d'/>", flags=Affect.CONFIG)
        assert host.xml_desc(ref, inactive=True) == before

    def test_may_leave_a_program_running(self, host: Engine, root: Path) -> None:
        script = Paths.under(root).hooks / "network"
        script.parent.mkdir(parents=True)
        script.write_text(f"#!/bin/sh\nsleep 60 & echo $! >> {root}/left\n")
        script.chmod(0o755)
        began = time.monotonic()
        host.start(host.define_xml(documents.nat()))
        assert time.monotonic() - began < 30
        for pid in (root / "left").read_text().split():
            os.kill(int(pid), signal.SIGKILL)

    @pytest.mark.parametrize("operation", ["start", "started"])
    def test_a_refused_start_leaves_nothing(
        self, host: Engine, root: Path, log: Path, operation: str
    ) -> None:
        ref = host.define_xml(documents.nat())
        before = snapshot(root)["links"], snapshot(root)["rules"]
        (root / "refuse").write_text(f"{operation}\n")
        with pytest.raises(HookFailed) as error:
            host.start(ref)
        assert "exit status 3: no" in error.value.message
        assert not host.is_active(ref)
        assert (snapshot(root)["links"], snapshot(root)["rules"]) == before

    def test_leave_a_taint(self, host: Engine, root: Path, log: Path) -> None:
        host.start(host.define_xml(documents.nat()))
        assert "<taint flag='hook-script'/>" in Paths.under(root).status("n0").read_text()


def end(pid: int) -> None:
    """Kill a process, and wait until it has given up all that it held."""
    process = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        ended, _, _ = select.select([process], [], [], 10)
        assert ended
    finally:
        os.close(process)
