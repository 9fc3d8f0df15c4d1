"""The host's own macvlan beside its guests' macvtaps, on the kernel: who reaches whom."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import IPv4Interface, ip_interface, ip_network
from pathlib import Path

import pytest

from pasarela.client.embedded import open_embedded
from pasarela.engine.engine import Engine
from pasarela.errors import ConfigUnsupported, SystemCallFailed
from pasarela.host import dhcp_client, processes
from pasarela.model.host_access import HostAccess, host_access
from pasarela.model.paths import Paths
from pasarela.model.values import MacAddress
from pasarela.xml.network import parse_network

pytestmark = pytest.mark.netns

ACCESS = HostAccess(
    "enp3s0-host",
    MacAddress("52:54:00:aa:00:01"),
    4711,
    (IPv4Interface("172.26.0.200/16"),),
)
ACCESS6 = replace(ACCESS, addresses=(ip_interface("2001:db8:26::200/64"),))
ASKING = replace(ACCESS, addresses=(), dhcp=True)
LAN_SERVER = """
port=0
interface=lan0
bind-interfaces
dhcp-range=172.26.1.1,172.26.1.99,255.255.0.0,120
dhcp-authoritative
no-ping
dhcp-leasefile={0}/leases
pid-file={0}/pid
"""


def document(access: HostAccess) -> str:
    element = (
        access.element()
        .replace("<host-access", "<p:host-access xmlns:p='{}'")
        .format("urn:pasarela:network:1")
    )
    return (
        f"<network><name>direct</name><metadata>{element}</metadata>"
        "<forward mode='bridge'><interface dev='enp3s0'/></forward></network>"
    )


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


class Node:
    """A network namespace, kept by a process that sleeps."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = str(process.pid)

    def enter(self, *command: str) -> list[str]:
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", *command]

    def run(self, *command: str) -> None:
        subprocess.run(self.enter(*command), check=True, timeout=20)

    def reaches(self, address: str, *options: str) -> bool:
        return _pings(self.enter("ping", "-c1", "-W2", *options, address))


def host_reaches(address: str, *options: str) -> bool:
    return _pings(["ping", "-c1", "-W2", *options, address])


def _pings(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


@contextmanager
def node() -> Iterator[Node]:
    process = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
    try:
        own, deadline = Path("/proc/self/ns/net").readlink(), time.monotonic() + 5
        while Path(f"/proc/{process.pid}/ns/net").readlink() == own and time.monotonic() < deadline:
            os.sched_yield()
        yield Node(process)
    finally:
        process.kill()
        process.wait()


class Lan:
    """The host's NIC enp3s0 (172.26.0.100) on a LAN with a neighbour, and a guest on the NIC."""

    def __init__(self, neighbour: Node, guest: Node) -> None:
        self.neighbour, self.guest = neighbour, guest
        ip("link", "add", "enp3s0", "type", "veth", "peer", "name", "lan0", "netns", neighbour.pid)
        ip("addr", "add", "172.26.0.100/16", "dev", "enp3s0")
        ip("addr", "add", "2001:db8:26::100/64", "dev", "enp3s0", "nodad")
        Path("/proc/sys/net/ipv6/conf/enp3s0/accept_ra").write_text("0")
        ip("link", "set", "enp3s0", "up")
        neighbour.run("ip", "addr", "add", "172.26.0.1/16", "dev", "lan0")
        neighbour.run("ip", "addr", "add", "2001:db8:26::1/64", "dev", "lan0", "nodad")
        neighbour.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/lan0/accept_ra")
        neighbour.run("ip", "link", "set", "lan0", "up")
        words = "link add link enp3s0 name eth0 netns {} type macvlan mode bridge"
        ip(*words.format(guest.pid).split())
        guest.run("ip", "addr", "add", "172.26.0.50/16", "dev", "eth0")
        guest.run("ip", "addr", "add", "2001:db8:26::50/64", "dev", "eth0", "nodad")
        guest.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra")
        guest.run("ip", "link", "set", "eth0", "up")


@pytest.fixture
def lan(netns: None) -> Iterator[Lan]:
    with ExitStack() as stack:
        yield Lan(stack.enter_context(node()), stack.enter_context(node()))


@pytest.fixture
def engine(root: Path) -> Engine:
    return open_embedded(root)


def test_guests_and_host_reach_each_other_and_nothing_else_changes(
    lan: Lan, engine: Engine, root: Path
) -> None:
    assert not lan.guest.reaches("172.26.0.100")
    before = ip("route", "get", "172.26.0.1"), ip("route"), ip("rule"), ip("-d", "link")
    network = engine.create_xml(document(ACCESS))
    assert lan.guest.reaches("172.26.0.200")
    assert host_reaches("172.26.0.50", "-I", "172.26.0.200")
    assert lan.neighbour.reaches("172.26.0.200")
    assert lan.neighbour.reaches("172.26.0.100")
    assert (ip("route", "get", "172.26.0.1"), ip("route")) == before[:2]
    assert engine.reconcile() == ()
    engine.destroy(network)
    assert (ip("route", "get", "172.26.0.1"), ip("route"), ip("rule"), ip("-d", "link")) == before


def test_the_host_looks_for_the_guests_named_behind_it(lan: Lan, engine: Engine) -> None:
    guests = (ip_network("172.26.0.32/27"),)
    network = engine.create_xml(document(replace(ACCESS, guests=guests)))
    assert host_reaches("172.26.0.50")
    assert host_reaches("172.26.0.1")
    engine.destroy(network)
    assert not host_reaches("172.26.0.50")


def routing() -> tuple[str, ...]:
    """What other traffic of the host's goes by, and what could be left behind."""
    return (
        ip("-6", "route", "get", "2001:db8:26::1"),
        without_lifetimes(ip("-6", "route")),
        ip("-6", "rule"),
        ip("route"),
        ip("rule"),
        ip("-d", "link"),
    )


def without_lifetimes(text: str) -> str:
    return re.sub(r" expires \d+sec", "", text)


def test_a_fixed_address_of_ipv6(lan: Lan, engine: Engine) -> None:
    assert not lan.guest.reaches("2001:db8:26::100")
    before = routing()
    network = engine.create_xml(document(ACCESS6))
    assert lan.guest.reaches("2001:db8:26::200")
    assert host_reaches("2001:db8:26::50", "-I", "2001:db8:26::200")
    assert lan.neighbour.reaches("2001:db8:26::200")
    assert lan.neighbour.reaches("2001:db8:26::100")
    assert not host_reaches("2001:db8:26::50")
    assert (routing()[0], of_others(routing()[1])) == (before[0], of_others(before[1]))
    assert engine.reconcile() == ()
    engine.destroy(network)
    assert routing() == before


def of_others(routes: str) -> list[str]:
    return [line for line in routes.splitlines() if "enp3s0-host" not in line]


def test_fixed_addresses_of_both_and_guests_behind_them(lan: Lan, engine: Engine) -> None:
    both = replace(
        ACCESS,
        addresses=(*ACCESS.addresses, *ACCESS6.addresses),
        guests=(ip_network("172.26.0.32/27"), ip_network("2001:db8:26::40/122")),
    )
    before = routing()
    network = engine.create_xml(document(both))
    for guest in ("172.26.0.50", "2001:db8:26::50"):
        assert host_reaches(guest)
    assert host_reaches("2001:db8:26::1")
    assert engine.reconcile() == ()
    ip("-6", "rule", "del", "from", "2001:db8:26::200")
    ip("-6", "route", "del", "2001:db8:26::40/122")
    assert engine.reconcile() != ()
    assert host_reaches("2001:db8:26::50")
    engine.destroy(network)
    assert routing() == before


@pytest.mark.parametrize("stateful", [False, True])
def test_what_routers_and_dhcpv6_give(
    lan: Lan, engine: Engine, root: Path, tmp_path: Path, stateful: bool
) -> None:
    if stateful and not shutil.which("dhclient"):
        pytest.skip("no dhclient here")
    conf = tmp_path / "dnsmasq.conf"
    span = "2001:db8:26::1000,2001:db8:26::1fff,64" if stateful else "2001:db8:26::,ra-only"
    conf.write_text(LAN_SERVER.format(tmp_path) + f"enable-ra\ndhcp-range={span}\n")
    lan.neighbour.run("dnsmasq", f"--conf-file={conf}", "--user=root")
    before = routing()
    network = engine.create_xml(
        document(replace(ASKING, guests=(ip_network("2001:db8:26::40/122"),)))
    )
    try:
        address = await_address("enp3s0-host", 6)
        assert ("2001:db8:26::1" in address) == stateful
        assert lan.guest.reaches(address)
        assert host_reaches("2001:db8:26::50", "-I", address)
        assert host_reaches("2001:db8:26::50")
        assert lan.neighbour.reaches(address)
        assert (routing()[0], of_others(routing()[1])) == (before[0], of_others(before[1]))
        assert "default" not in ip("-6", "route", "show", "dev", "enp3s0-host")
        assert engine.reconcile() == ()
    finally:
        engine.destroy(network)
        os.kill(int((tmp_path / "pid").read_text()), 15)
    assert routing() == before
    assert not [one for one in processes.pids() if str(root) in " ".join(argv(one))]


ROUTER = """
import socket, struct, sys
advertisement = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
advertisement += struct.pack(">BBBBII4x16s", 3, 4, 64, 0xC0, 600, 300,
                             socket.inet_pton(socket.AF_INET6, sys.argv[1]))
router = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
index = socket.if_nametoindex("lan0")
group = socket.inet_pton(socket.AF_INET6, "ff02::2") + struct.pack("I", index)
router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
print("ready", flush=True)
for question in sys.stdin:  # an empty line: advertise unasked
    router.sendto(advertisement, ("ff02::1", 0, 0, index))
    print("advertised", flush=True)
print("listening", flush=True)
while router.recv(1500)[0] != 133:
    pass
router.sendto(advertisement, ("ff02::1", 0, 0, index))
"""


def await_own_address(where: Node) -> None:
    """A router speaks from its link-local address, which it has once nobody else claims it."""
    ours = where.enter("ip", "-6", "-o", "address", "show", "dev", "lan0", "scope", "link")
    for _ in range(200):
        said = subprocess.check_output(ours, text=True)
        if said and "tentative" not in said:
            return
        time.sleep(0.05)
    raise AssertionError(said)


@contextmanager
def listener(pid_file: Path) -> Iterator[None]:
    """On enp3s0-host, which is up and makes no addresses by itself."""
    ip("link", "add", "link", "enp3s0", "name", "enp3s0-host", "type", "macvlan", "mode", "bridge")
    Path("/proc/sys/net/ipv6/conf/enp3s0-host/accept_ra").write_text("0")
    ip("link", "set", "enp3s0-host", "addrgenmode", "none")
    ip("link", "set", "enp3s0-host", "up")
    process = subprocess.Popen(
        [sys.executable, "-IS", dhcp_client.LISTENER, "enp3s0-host", pid_file],
        env={"PASARELA_TABLE": "4711", "PATH": os.environ["PATH"]},
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


class Router:
    """Advertises a prefix as often as it is told to, then once to whoever asks."""

    def __init__(self, lan: Lan, prefix: str) -> None:
        await_own_address(lan.neighbour)
        self.process = subprocess.Popen(
            lan.neighbour.enter(sys.executable, "-c", ROUTER, prefix),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._tell, self._said = self.process.stdin, self.process.stdout
        assert self._said.readline() == "ready\n"

    def advertise(self) -> None:
        self._tell.write("\n")
        self._tell.flush()
        assert self._said.readline() == "advertised\n"

    def answer_the_next(self) -> None:
        self._tell.close()
        assert self._said.readline() == "listening\n"


@contextmanager
def router(lan: Lan, prefix: str) -> Iterator[Router]:
    made = Router(lan, prefix)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def test_an_advertisement_that_comes_before_the_link_has_an_address_is_asked_for_again(
    lan: Lan, tmp_path: Path
) -> None:
    with listener(tmp_path / "pid"), router(lan, "2001:db8:26::") as own:
        while "dev enp3s0-host table 4711" not in ip("-6", "route", "show", "table", "all"):
            own.advertise()
            time.sleep(0.05)
        own.answer_the_next()
        ip("addr", "add", "fe80::1234/64", "dev", "enp3s0-host", "nodad")
        assert await_address("enp3s0-host", 6) == "2001:db8:26::1234"


def test_routers_are_asked_again_after_the_cable_has_been_out(lan: Lan, tmp_path: Path) -> None:
    with listener(tmp_path / "pid"):
        with router(lan, "2001:db8:26::") as first:
            first.answer_the_next()
            ip("addr", "add", "fe80::1234/64", "dev", "enp3s0-host", "nodad")
            assert await_address("enp3s0-host", 6) == "2001:db8:26::1234"
        lan.neighbour.run("ip", "link", "set", "lan0", "down")
        while "LOWER_UP" in ip("link", "show", "enp3s0-host"):
            time.sleep(0.05)
        lan.neighbour.run("ip", "link", "set", "lan0", "up")
        with router(lan, "2001:db8:27::") as second:
            second.answer_the_next()
            end = time.monotonic() + 20
            while "2001:db8:27::1234/128" not in ip("-6", "addr", "show", "dev", "enp3s0-host"):
                assert time.monotonic() < end
                time.sleep(0.1)


def argv(pid: int) -> list[str]:
    return [] if pid == os.getpid() else processes.command_line(pid)


def test_the_listener_is_started_again(lan: Lan, engine: Engine, root: Path) -> None:
    network = engine.create_xml(document(replace(ACCESS, dhcp=True)))
    assert not Paths.under(root).host_access_pid("direct").exists()
    pid = int(Paths.under(root).host_access_pid("direct", 6).read_text())
    processes.terminate({pid})
    assert engine.reconcile() != ()
    assert int(Paths.under(root).host_access_pid("direct", 6).read_text()) != pid
    engine.destroy(network)


def test_what_somebody_took_away_is_put_back(lan: Lan, engine: Engine) -> None:
    network = engine.create_xml(document(ACCESS))
    ip("rule", "del", "from", "172.26.0.200")
    ip("link", "del", "enp3s0-host")
    assert engine.reconcile() != ()
    assert lan.guest.reaches("172.26.0.200")
    engine.destroy(network)


@pytest.mark.parametrize("client", ["dhclient", "udhcpc"])
def test_an_address_from_the_lans_dhcp(
    lan: Lan,
    engine: Engine,
    root: Path,
    tmp_path: Path,
    client: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not shutil.which(client):
        pytest.skip(f"no {client} here")
    only = tmp_path / "bin"
    only.mkdir()
    (only / client).symlink_to(str(shutil.which(client)))
    monkeypatch.setattr(dhcp_client, "_PATH", str(only))
    conf = tmp_path / "dnsmasq.conf"
    conf.write_text(LAN_SERVER.format(tmp_path))
    lan.neighbour.run("dnsmasq", f"--conf-file={conf}", "--user=root")
    before = ip("route"), ip("rule"), ip("-d", "link")
    network = engine.create_xml(document(ASKING))
    try:
        address = await_address("enp3s0-host")
        assert address.startswith("172.26.1.")
        assert lan.guest.reaches(address)
        assert host_reaches("172.26.0.50", "-I", address)
        assert ip("route") == before[0]
        assert engine.reconcile() == ()
        pid = int(Paths.under(root).host_access_pid("direct").read_text())
    finally:
        engine.destroy(network)
        os.kill(int((tmp_path / "pid").read_text()), 15)
    assert (ip("route"), ip("rule"), ip("-d", "link")) == before
    assert processes.command_line(pid) == []


def await_address(link: str, version: int = 4) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shown = ip(
            f"-{version}", "-o", "addr", "show", "dev", link, "scope", "global", "-tentative"
        )
        words, rules = shown.split(), ip(f"-{version}", "rule")
        if words and words[3].split("/")[0] in rules:
            return words[3].split("/")[0]
        time.sleep(0.05)
    raise AssertionError(f"no address on {link}: {ip('addr')}")


def test_a_nic_that_is_not_there_is_told(netns: None, engine: Engine) -> None:
    with pytest.raises(SystemCallFailed, match="enp3s0"):
        engine.create_xml(document(ACCESS))
    assert "enp3s0-host" not in ip("link")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("link='a/b' mac='52:54:00:00:00:01' table='300'", "no name for a device"),
        ("link='a' mac='nonsense' table='300'", "not a MAC address"),
        ("link='a' mac='52:54:00:00:00:01' table='254'", "no routing table of its own"),
        ("link='a' mac='52:54:00:00:00:01' table='300' address='fd00::/129'", "fd00::/129"),
        ("link='a' mac='52:54:00:00:00:01' table='300' address='fd00::1' dhcp='on'", "yes or no"),
        ("mac='52:54:00:00:00:01' table='300'", "'link'"),
    ],
)
def test_what_cannot_be_understood_is_refused(wrong: str, said: str) -> None:
    text = document(ACCESS)
    start, end = text.index(" link="), text.index("/></metadata>")
    network = parse_network(f"{text[:start]} {wrong}{text[end:]}")
    with pytest.raises(ConfigUnsupported, match=said) as caught:
        host_access(network)
    assert "net-metadata direct" in (caught.value.remedy or "")


def test_it_is_for_guests_on_a_nic_alone() -> None:
    text = document(ACCESS).replace(
        "<forward mode='bridge'><interface dev='enp3s0'/></forward>", ""
    )
    with pytest.raises(ConfigUnsupported, match="guests on a NIC"):
        host_access(parse_network(text))
