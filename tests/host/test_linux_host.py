"""Whole networks on the real kernel: up, seen, changed, down."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from host.guests import guest
from pasarela.errors import InternalError, SystemCallFailed
from pasarela.host import dnsmasq_start, processes
from pasarela.host.dnsmasq import Dnsmasqs
from pasarela.host.leases import read_leases
from pasarela.host.linux import LinuxHost
from pasarela.host.spawn import may_change_user
from pasarela.model.network import (
    Bridge,
    DhcpHost,
    Dns,
    DnsDomain,
    DnsHost,
    Forward,
    ForwardMode,
    Network,
    Route,
    SrvRecord,
    TxtRecord,
)
from pasarela.model.paths import Paths
from pasarela.model.values import Bandwidth, MacAddress, Rate
from pasarela.plan.actions import Action, ApplyError, Remove, diff, undo
from pasarela.plan.links import ForeignLink
from pasarela.plan.network import desired
from pasarela.plan.resources import DnsmasqProcess, HostState, Scope
from pasarela.plan.ruleset import FirewallSection
from samples import network, subnet

pytestmark = pytest.mark.netns

POLL = ("7", "73")  # its number on x86-64, and ppoll's on most others


class Bench:
    """A host, and networks started on it as the engine would."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths.under(root)
        self.host = LinuxHost(self.paths)
        self.active: list[Network] = []

    def wanted(self, one: Network) -> HostState:
        return desired(one, self.host.facts(), self.paths).state

    def start(self, one: Network) -> tuple[Action, ...]:
        wanted = self.wanted(one)
        actions = diff(self.host.observe(Scope(wanted)), wanted)
        self.active.append(one)
        self.host.apply(actions)
        assert diff(self.host.observe(Scope(wanted)), wanted) == ()
        return actions

    def stop(self, one: Network) -> None:
        self.host.apply(diff(self.host.observe(Scope(self.wanted(one))), frozenset()))
        self.active.remove(one)


@pytest.fixture
def bench(netns: None, root: Path) -> Iterator[Bench]:
    bench = Bench(root)
    yield bench
    for one in list(bench.active):
        bench.stop(one)


def links() -> set[str]:
    return {link.name for link in Path("/sys/class/net").iterdir()}


def ip_json(*arguments: str) -> list[dict[str, object]]:
    shown = subprocess.run(
        ["ip", "-json", "-details", *arguments], check=True, capture_output=True, text=True
    )
    found: list[dict[str, object]] = json.loads(shown.stdout or "[]")
    return found


def test_a_nat_network_is_whole_and_leaves_nothing(bench: Bench):
    before = links()
    one = network(stp=True)
    bench.start(one)
    (bridge,) = ip_json("address", "show", "dev", "virbr0")
    data = bridge["linkinfo"]["info_data"]  # type: ignore[index]
    assert bridge["address"] == "52:54:00:00:00:00"
    assert (data["stp_state"], data["forward_delay"]) == (1, 200)
    assert [a["local"] for a in bridge["addr_info"]] == ["10.0.0.1"]  # type: ignore[attr-defined]
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == "1\n"
    bench.stop(one)
    assert links() == before
    assert [file.name for file in bench.paths.leases.iterdir()] == ["n0.leases"]
    assert not bench.paths.dnsmasq_pid("n0").exists()


def test_a_guest_gets_an_offer_at_once(bench: Bench):
    bench.start(network())
    with guest("virbr0") as one:
        milliseconds, address, options = one.dhcp("visitor")
    assert milliseconds < 50
    assert ip_address(address) in [ip_address("10.0.0.2") + n for n in range(100)]
    assert {3, 6} <= options


def test_an_isolated_guest_is_offered_no_way_out(bench: Bench):
    bench.start(network(mode=ForwardMode.NONE))
    with guest("virbr0") as one:
        assert 3 not in one.dhcp()[2]


def test_leases_are_written_as_libvirt_writes_them(bench: Bench):
    bench.start(network())
    with guest("virbr0") as one:
        _, address, _ = one.dhcp("visitor")
        status = bench.paths.lease_status("virbr0")
        wait_for(status)
    (lease,) = json.loads(status.read_text())
    assert lease["ip-address"] == address
    assert (lease["mac-address"], lease["hostname"]) == (one.mac, "visitor")


def test_a_lease_outlives_the_network(bench: Bench):
    one = network()
    bench.start(one)
    with guest("virbr0") as visitor:
        _, address, _ = visitor.dhcp()
        wait_for(bench.paths.lease_status("virbr0"))
        bench.stop(one)
        bench.paths.dnsmasq_leases("n0").unlink()  # as after a life under libvirt
        bench.start(one)
        subprocess.run(["ip", "link", "set", "vnet1", "master", "virbr0"], check=True)
        assert visitor.dhcp()[1] == address


def test_a_new_host_entry_counts_without_a_restart(bench: Bench):
    one = network()
    bench.start(one)
    pid = bench.paths.dnsmasq_pid("n0").read_text()
    entry = DhcpHost(mac=MacAddress("52:54:00:99:00:01"), ip=ip_address("10.0.0.77"))
    after = replace(one, ips=(subnet("10.0.0.1", hosts=(entry,)),))
    actions = diff(bench.wanted(one), bench.wanted(after))
    assert [action.describe()[0] for action in actions] == ["~"]
    bench.host.apply(actions)
    bench.host.reload(frozenset({"n0"}))
    with guest("virbr0") as visitor:
        assert visitor.dhcp()[1] == "10.0.0.77"
    assert bench.paths.dnsmasq_pid("n0").read_text() == pid


def test_another_configuration_restarts_dnsmasq(bench: Bench):
    one = network()
    bench.start(one)
    pid = bench.paths.dnsmasq_pid("n0").read_text()
    after = replace(one, dnsmasq_options=("dhcp-option=42,10.0.0.1",))
    bench.host.apply(diff(bench.wanted(one), bench.wanted(after)))
    assert diff(bench.host.observe(Scope(bench.wanted(after))), bench.wanted(after)) == ()
    assert bench.paths.dnsmasq_pid("n0").read_text() != pid


def test_a_configuration_that_dnsmasq_cannot_read_does_not_cost_the_one_that_runs(bench: Bench):
    one = network()
    bench.start(one)
    pid = bench.paths.dnsmasq_pid("n0").read_text()
    broken = replace(one, dnsmasq_options=("no-such-option",))
    with pytest.raises(ApplyError) as failed:
        bench.host.apply(diff(bench.wanted(one), bench.wanted(broken)))
    bench.host.apply(undo(failed.value.done))
    assert bench.paths.dnsmasq_pid("n0").read_text() == pid
    assert bench.host.observe(Scope(bench.wanted(one))) == bench.wanted(one)


def test_without_dnsmasq_the_way_out_is_to_install_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dnsmasq_start, "PROGRAM", "/nowhere/dnsmasq")
    wanted = bench.wanted(network())
    with pytest.raises(ApplyError) as failed:
        bench.host.apply(diff(bench.host.observe(Scope(wanted)), wanted))
    assert isinstance(failed.value.cause, SystemCallFailed)
    assert failed.value.cause.remedy == "install it: apt install dnsmasq-base"
    bench.host.apply(undo(failed.value.done))


def test_ipv6_guests_learn_their_router_and_ask_it_for_names(bench: Bench):
    host = DnsHost(ip_address("192.0.2.20"), ("uno",))
    bench.start(network(ips=(subnet("fd00:1::1", 64, dhcp=False),), dns=Dns(hosts=(host,))))
    with guest("virbr0") as one:
        learned = "until ip -6 route show default | grep fe80; do sleep 0.05; done"
        begun = time.monotonic()
        router = one.run("timeout", "15", "sh", "-c", learned).split()[2]
        assert time.monotonic() - begun < 4  # the first solicitation was answered
        one.settle()
        assert "fd00:1::" in one.run("ip", "-6", "address")
        assert one.dns(f"{router}%eth0", "uno") == ["192.0.2.20"]
        assert one.dns("fd00:1::1", "uno") == ["192.0.2.20"]


def test_ipv6_guests_get_addresses_and_reservations_on_two_networks(bench: Bench):
    mac = "52:54:00:99:00:02"
    reserved = DhcpHost(id=f"00:03:00:01:{mac}", ip=ip_address("fd00:2::99"), name="six")
    bench.start(network(1, ips=(subnet("fd00:1::1", 64),)))
    bench.start(network(2, ips=(subnet("fd00:2::1", 64, hosts=(reserved,)),)))
    with guest("virbr1", 1) as first, guest("virbr2", 2) as second:
        assert first.dhcp6().startswith("fd00:1::")
        assert second.dhcp6() == "fd00:2::99"
        status = bench.paths.lease_status("virbr2")
        wait_for(status)
    (lease,) = read_leases(status)
    assert (lease.address, lease.mac, lease.hostname) == ("fd00:2::99", mac, "six")
    assert lease.client_id == f"00:03:00:01:{mac}"


def test_dns_answers_what_the_document_says_to_the_letter(bench: Bench):
    rich = 'v=spf1 "a", b; # c \\ d' + "x" * 260
    dns = Dns(
        txts=(TxtRecord("rich", rich),),
        srvs=(SrvRecord("sip", "udp", "guests.example", "pbx", 5060, 10, 5),),
        hosts=(DnsHost(ip_address("10.0.0.20"), ("uno", "dos.guests.example")),),
    )
    bench.start(network(dns=dns, domain=DnsDomain("guests.example", local_only=True)))
    with guest("virbr0") as one:
        one.run("ip", "addr", "add", "10.0.0.150/24", "dev", "eth0")
        assert "".join(one.dns("10.0.0.1", "rich", "TXT")).replace("|", "") == rich
        assert one.dns("10.0.0.1", "_sip._udp.guests.example", "SRV") == ["10 5 5060"]
        assert one.dns("10.0.0.1", "uno.guests.example") == ["10.0.0.20"]
        assert one.dns("10.0.0.1", "dos.guests.example") == ["10.0.0.20"]
        assert one.dns("10.0.0.1", "tres.guests.example") == []


def test_a_guests_own_name_resolves_once_it_has_a_lease(bench: Bench):
    bench.start(network(domain=DnsDomain("guests.example")))
    with guest("virbr0") as one:
        _, address, _ = one.dhcp("visitor")
        one.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")
        assert one.dns("10.0.0.1", "visitor.guests.example") == [address]


def test_a_dnsmasq_that_loads_itself_ahead_goes_if_the_start_fails(bench: Bench):
    one = network()
    bench.start(one)
    bench.stop(one)  # from now on its folder is there
    before = list(processes.pids())
    subprocess.run(["ip", "link", "add", "virbr0", "type", "veth"], check=True)
    wanted = bench.wanted(one)
    with pytest.raises(ApplyError):
        bench.host.apply(diff(frozenset(), wanted))
    assert list(processes.pids()) == before
    bench.host.apply([Remove(one) for one in wanted if isinstance(one, FirewallSection)])


def test_a_dnsmasq_sleeps_while_other_addresses_and_routes_come_and_go(bench: Bench):
    bench.start(network())
    pid = int(bench.paths.dnsmasq_pid("n0").read_text())
    before = wakes(pid)
    change_addresses(50)
    assert wakes(pid) == before
    with guest("virbr0") as one:
        _, address, _ = one.dhcp("visitor")
        one.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
        assert one.dns("10.0.0.1", "visitor") == [address]


def test_a_guest_that_knows_nothing_of_checksum_offload_gets_an_address(bench: Bench):
    bench.start(network())
    with guest("virbr0") as one:
        _, address, _ = one.dhcp(strict=True)
    assert address.startswith("10.0.0.")


def test_a_dnsmasq_that_listens_on_new_addresses_hears_of_them(bench: Bench):
    bench.start(network(mode=ForwardMode.OPEN))
    pid = int(bench.paths.dnsmasq_pid("n0").read_text())
    before = wakes(pid)
    change_addresses(50)
    assert wakes(pid) > before


def test_a_dnsmasq_that_may_not_be_looked_into_stays_as_it_is(bench: Bench):
    bench.start(network())
    pid = int(bench.paths.dnsmasq_pid("n0").read_text())
    code = (
        "from pasarela.host.duplicates import change_sockets;"
        "from pasarela.host.dhcp_checksums import leave_out;"
        f"print(change_sockets({pid}, [leave_out]))"
    )
    stranger = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", sys.executable, "-c", code]
    done = subprocess.run(stranger, check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def wakes(pid: int) -> int:
    """How often a process has gone to sleep, once it sleeps in poll."""
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/syscall").read_text().split()[0] not in POLL:
        assert time.monotonic() < deadline
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def change_addresses(times: int) -> None:
    """On a link of nobody's, which is up, so that routes come and go as well."""
    link = "link add other0 type veth peer name other1\nlink set other0 up\n"
    changes = "".join(
        f"address {verb} {address} dev other0\n"
        for _ in range(times // 4)
        for verb in ("add", "delete")
        for address in ("203.0.113.1/32", "2001:db8::1/128")
    )
    subprocess.run(["ip", "-batch", "-"], input=link + changes, text=True, check=True)


def test_a_dnsmasq_that_no_pid_file_knows_is_replaced(bench: Bench):
    one = network()
    bench.start(one)
    pid_file = bench.paths.dnsmasq_pid("n0")
    pid = int(pid_file.read_text())
    pid_file.unlink()
    wanted = bench.wanted(one)
    bench.host.apply(diff(bench.host.observe(Scope(wanted)), wanted))
    assert int(pid_file.read_text()) != pid
    assert not running(pid)


def test_strays_are_ended_and_a_running_dnsmasqs_helper_is_not(bench: Bench):
    one, other = network(), network(1)
    bench.start(one)
    bench.start(other)
    pid = int(bench.paths.dnsmasq_pid("n0").read_text())
    children = [child for child in processes.pids() if processes.parent(child) == pid]
    bench.paths.dnsmasq_pid("n1").unlink()
    bench.host.end_strays(bench.wanted(one) | bench.wanted(other))
    assert [child for child in processes.pids() if processes.parent(child) == pid] == children
    assert children
    observed = bench.host.observe(Scope(bench.wanted(one) | bench.wanted(other)))
    assert {found.network for found in observed if isinstance(found, DnsmasqProcess)} == {"n0"}
    assert not [
        pid
        for pid in processes.pids()
        if f"--conf-file={bench.paths.dnsmasq_conf('n1')}" in processes.command_line(pid)
    ]


@pytest.mark.skipif(not may_change_user(), reason="dnsmasq by itself would change its user")
def test_a_dnsmasq_that_somebody_else_started_is_seen_and_replaced(bench: Bench):
    one = network()
    bench.start(one)
    wanted = bench.wanted(one)
    (ours,) = [resource for resource in wanted if isinstance(resource, DnsmasqProcess)]
    bench.host.apply([Remove(ours)])
    Dnsmasqs().end_strays([ours])  # its helper, which may not have let go of its sockets yet
    subprocess.run(["/usr/sbin/dnsmasq", f"--conf-file={ours.conf}"], check=True)
    observed = bench.host.observe(Scope(wanted))
    assert replace(ours, digest="") in observed
    bench.host.apply(diff(observed, wanted))
    assert bench.host.observe(Scope(wanted)) == wanted


def test_a_pid_that_has_become_somebody_elses_is_left_alone(bench: Bench):
    one = network()
    bench.start(one)
    bench.host.apply(diff(bench.host.observe(Scope(bench.wanted(one))), frozenset()))
    bench.active.clear()
    with subprocess.Popen(["sleep", "30"]) as other:
        bench.paths.dnsmasq_pid("n0").write_text(f"{other.pid}\n")
        wanted = bench.wanted(one)
        assert "dnsmasq" not in {found.key[0] for found in bench.host.observe(Scope(wanted))}
        bench.host.reload(frozenset({"n0"}))
        (process,) = [resource for resource in wanted if isinstance(resource, DnsmasqProcess)]
        bench.host.apply([Remove(process)])
        alive = other.poll() is None
        other.kill()
    assert alive


def test_a_bandwidth_that_the_kernel_can_only_half_keep_starts_with_a_warning(bench: Bench):
    slow = network(bandwidth=Bandwidth(inbound=Rate(average=1000), outbound=Rate(average=500)))
    warnings = desired(slow, bench.host.facts(), bench.paths).warnings
    bench.start(slow)
    shown = subprocess.check_output(["tc", "qdisc", "show", "dev", "virbr0"], text=True)
    assert "htb 1: root" in shown
    assert ("sfq" in shown) != any("CONFIG_NET_SCH_SFQ" in line for line in warnings)
    bench.stop(slow)
    assert not {"virbr0", "virbr0-out"} & links()


def test_static_routes_are_there(bench: Bench):
    route = Route(ip_address("192.0.2.0"), ip_address("10.0.0.9"), prefix=24, metric=7)
    bench.start(network(routes=(route,)))
    (found,) = ip_json("route", "show", "192.0.2.0/24")
    assert (found["gateway"], found["metric"]) == ("10.0.0.9", 7)


def test_a_foreign_device_of_that_name_is_not_touched(bench: Bench):
    subprocess.run(["ip", "link", "add", "virbr0", "type", "veth", "peer", "virpeer"], check=True)
    wanted = bench.wanted(network())
    observed = bench.host.observe(Scope(wanted))
    assert ForeignLink("virbr0", "veth") in observed
    with pytest.raises(ApplyError) as failed:
        bench.host.apply([a for a in diff(observed, wanted) if a.resource.key[0] == "link"])
    assert isinstance(failed.value.cause, SystemCallFailed)
    assert failed.value.cause.message == "error creating bridge interface virbr0: File exists"
    assert "virbr0" in links()


def test_what_is_foreign_is_not_removed_together_with_what_is_ours(bench: Bench):
    several = [network(1), network(2)]
    for one in several:
        bench.start(one)
    subprocess.run(["ip", "link", "add", "virbr0", "type", "bridge"], check=True)
    state = frozenset().union(*(bench.wanted(one) for one in [network(0), *several]))
    observed = bench.host.observe(Scope(state))
    assert ForeignLink("virbr0", "bridge") in observed
    bench.host.apply(diff(observed, frozenset()))
    bench.active.clear()
    assert links() == {"lo", "virbr0"}


def test_a_failure_names_what_is_done_and_undoing_it_leaves_nothing(bench: Bench):
    before = links()
    one = network(dnsmasq_options=("no-such-option",))
    wanted = bench.wanted(one)
    actions = diff(bench.host.observe(Scope(wanted)), wanted)
    with pytest.raises(ApplyError) as failed:
        bench.host.apply(actions)
    assert failed.value.done == actions[:-1]
    cause = failed.value.cause
    assert isinstance(cause, InternalError)
    assert cause.message.startswith(
        "internal error: Child process (VIR_BRIDGE_NAME=virbr0 /usr/sbin/dnsmasq --conf-file="
    )
    assert "unexpected exit status 1: \ndnsmasq: bad option at line" in cause.message
    bench.host.apply(undo(failed.value.done))
    assert list(bench.paths.leases.iterdir()) == []
    assert links() == before
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == "0\n"


def test_a_taken_port_names_its_holder(bench: Bench):
    subprocess.run(["ip", "link", "add", "other", "up", "type", "bridge"], check=True)
    blocker = subprocess.Popen(
        [
            "dnsmasq",
            "--no-daemon",
            "-C",
            "/dev/null",
            "--port=53",
            "--pid-file=",
            "--interface=other",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert blocker.stderr
        blocker.stderr.readline()
        with pytest.raises(ApplyError) as failed:
            bench.start(network())
    finally:
        blocker.kill()
        blocker.wait()
    assert isinstance(failed.value.cause, InternalError)
    assert f"dnsmasq (pid {blocker.pid}) on port 53" in (failed.value.cause.remedy or "")


def test_an_mtu_that_no_bridge_can_have_is_refused_and_the_bridge_goes_again(bench: Bench):
    one = network(mtu=10)
    wanted = bench.wanted(one)
    with pytest.raises(ApplyError) as failed:
        bench.host.apply(diff(bench.host.observe(Scope(wanted)), wanted))
    assert str(failed.value.cause) == "Cannot set interface MTU on 'virbr0': Invalid argument"
    assert "virbr0" not in links()
    bench.host.apply(undo(failed.value.done))


def test_many_networks_go_down_together(bench: Bench):
    several = [network(number) for number in range(4)]
    for one in several:
        bench.start(one)
    all_of_them = frozenset().union(*(bench.wanted(one) for one in several))
    bench.host.apply(diff(bench.host.observe(Scope(all_of_them)), frozenset()))
    bench.active.clear()
    assert not links() & {"virbr0", "virbr1", "virbr2", "virbr3"}


def test_many_networks_come_up_together(bench: Bench):
    several = [network(number) for number in range(4)]
    all_of_them = frozenset().union(*(bench.wanted(one) for one in several))
    bench.active += several
    bench.host.apply(diff(bench.host.observe(Scope(all_of_them)), all_of_them))
    left = diff(bench.host.observe(Scope(all_of_them)), all_of_them)
    assert left == ()


def test_of_many_that_start_the_one_that_fails_is_named(bench: Bench):
    several = [network(0), network(1, dnsmasq_options=("no-such",)), network(2)]
    all_of_them = frozenset().union(*(bench.wanted(one) for one in several))
    actions = diff(bench.host.observe(Scope(all_of_them)), all_of_them)
    with pytest.raises(ApplyError) as failed:
        bench.host.apply(actions)
    left = [action.resource.key for action in actions if action not in failed.value.done]
    assert ("dnsmasq", "n1") in left
    assert set(left) <= {("dnsmasq", "n1"), ("dnsmasq", "n2")}
    bench.host.apply(undo(failed.value.done))
    assert links() == {"lo"}


def test_a_bridge_without_ip_serves_nothing(bench: Bench):
    quiet = network(mode=ForwardMode.NONE, ips=())
    actions = bench.start(quiet)
    assert "dnsmasq" not in {action.resource.key[0] for action in actions}


def test_a_network_on_somebody_elses_bridge_has_nothing_of_ours(bench: Bench):
    borrowed = network(
        mode=ForwardMode.BRIDGE,
        ips=(),
        bridge=Bridge(name="br0"),
        forward=Forward(ForwardMode.BRIDGE),
    )
    plan = desired(borrowed, bench.host.facts(), bench.paths)
    assert plan.state == frozenset()
    assert "there is no device br0" in plan.warnings[0]


def running(pid: int) -> bool:
    return bool(processes.command_line(pid))


def wait_for(path: Path) -> None:
    """Wait until a file is there, with the shell's own patience."""
    waiting = f"until test -s '{path}'; do sleep 0.02; done"
    subprocess.run(["timeout", "10", "sh", "-c", waiting], check=True)
