"""A restart of the daemon while guests talk: no packet is lost, let out or let in."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from oracle.rpc import Procedure, pack_numbers, pack_string
from wire.pasarelad import Pasarelad

pytestmark = pytest.mark.netns

NETWORKS = 10
PROGRAMS = Path(__file__).parents[2] / "bench"
HOST, OUTSIDE, GUEST, GUESTS = "203.0.113.1", "203.0.113.2", "10.64.4.50", "10.64.0.0/16"
RATE, AT_MOST = "400", "120"  # new flows a second, each way; seconds

NAT = """<network><name>n{number}</name><forward mode='nat'/>
<bridge name='rbr{number}' stp='off' delay='0'/>
<ip address='10.64.{number}.1' netmask='255.255.255.0'>
<dhcp><range start='10.64.{number}.100' end='10.64.{number}.120'/></dhcp></ip></network>"""

PORT = UUID("00000000-0000-4000-9000-000000000077")
PORT_XML = f"""<networkport><uuid>{PORT}</uuid><owner><name>guest</name>
<uuid>00000000-0000-4000-a000-000000000077</uuid></owner><mac address='52:54:00:00:00:77'/>
</networkport>"""

# guest – rbr4 on the daemon's host – outside, which has a route back to the guests
GROUND = f"""
for name in guest outside; do
    unshare --net sleep infinity >&- 2>&- & eval $name=$!
    until ! [ /proc/$!/ns/net -ef /proc/self/ns/net ]; do :; done
done
echo 1 > /proc/sys/net/ipv4/ip_forward
ip link add uplink type veth peer name eth0 netns $outside
ip address add {HOST}/24 dev uplink
ip link set uplink up
ip link add tap0 type veth peer name eth0 netns $guest
ip link set tap0 master rbr4 up
in_outside="nsenter --net=/proc/$outside/ns/net"
in_guest="nsenter --net=/proc/$guest/ns/net"
$in_outside ip address add {OUTSIDE}/24 dev eth0
$in_outside ip link set eth0 up
$in_outside ip route add {GUESTS} via {HOST}
$in_guest ip address add {GUEST}/24 dev eth0
$in_guest ip link set eth0 up
$in_guest ip route add default via 10.64.4.1
$in_guest ping -q -c 1 -i 0.2 -w 15 {OUTSIDE} > /dev/null
echo $guest $outside
"""


@pytest.fixture
def busy() -> Iterator[Pasarelad]:
    """A daemon with active networks and a guest's port."""
    daemon = Pasarelad()
    try:
        with daemon.connect() as client:
            for number in range(NETWORKS):
                document = pack_string(NAT.format(number=number))
                network = client.call(Procedure.NETWORK_DEFINE_XML, document).handle()
                client.call(Procedure.NETWORK_CREATE, network.pack())
            arguments = network.pack() + pack_string(PORT_XML) + pack_numbers(0)
            client.call(Procedure.NETWORK_PORT_CREATE_XML, arguments)
        yield daemon
    finally:
        daemon.stop()


class Traffic:
    """New flows from the guest to the outside, and from there to the guest, all the time."""

    def __init__(self, daemon: Pasarelad) -> None:
        self._daemon = daemon
        done = daemon.run("sh", "-ec", GROUND)
        assert done.returncode == 0, done.stderr
        self._guest, self._outside = done.stdout.split()
        self._watchers = {
            "arrived": self._start(self._outside, "watch", "udp-from", HOST),
            "leaked": self._start(self._outside, "watch", "from", GUESTS),
            "let in": self._start(self._guest, "watch", "udp-from", OUTSIDE),
        }
        for watcher in self._watchers.values():
            assert watcher.stdout is not None
            assert watcher.stdout.readline() == "ready\n"
        self._senders = {
            "sent": self._start(self._guest, "flood", OUTSIDE, RATE, AT_MOST),
            "tried": self._start(self._outside, "flood", GUEST, RATE, AT_MOST),
        }

    def _start(self, place: str, program: str, *arguments: str) -> subprocess.Popen[str]:
        script = [sys.executable, str(PROGRAMS / f"{program}.py"), *arguments]
        inside = ["nsenter", f"--target={self._daemon.pid}", "--mount", "--pid", "--"]
        enter = ["nsenter", f"--net=/proc/{place}/ns/net", *script]
        return subprocess.Popen([*inside, *enter], stdout=subprocess.PIPE, text=True)

    def end(self) -> dict[str, int]:
        """How many packets there were of each kind; those who count end last."""
        running = {**self._senders, **self._watchers}
        return {name: self._end(process) for name, process in running.items()}

    def _end(self, process: subprocess.Popen[str]) -> int:
        # nsenter forks into the PID namespace: the program is its child.
        child = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
        subprocess.run(["kill", child], check=True)
        output, _ = process.communicate(timeout=30)
        return int(output.split()[-1])


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_no_packet_notices_a_restart(busy: Pasarelad, end: signal.Signals) -> None:
    traffic = Traffic(busy)
    before = state_of(busy)
    for _ in range(3):
        busy.terminate(end)
        busy.start()
    counts = traffic.end()
    assert counts["sent"] > 100
    assert counts["tried"] > 100
    assert counts["arrived"] == counts["sent"]
    assert counts["leaked"] == 0
    assert counts["let in"] == 0
    assert state_of(busy) == before
    assert busy.log_text() == ""


def state_of(daemon: Pasarelad) -> list[str]:
    """Everything that a restart leaves alone: links, firewall, dnsmasqs, documents, ports."""
    commands = (
        "ip -o link show type bridge | sed 's/ qlen.*//'",
        "nft -s -n list ruleset | sed '/elements/d'",
        "pgrep -x dnsmasq | sort",
        f"cd {daemon.root} && find run/libvirt/network var/lib/libvirt -type f ! -name '*lock*'"
        " ! -name driver.pid -exec md5sum {} + | sort",
    )
    found = [daemon.run("sh", "-c", command) for command in commands]
    assert all(one.returncode == 0 for one in found), [one.stderr for one in found]
    return [one.stdout for one in found]
