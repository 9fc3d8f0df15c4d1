"""The firewall is never open: not one packet passes while rules change that may not pass.

The guest floods new flows and the outside, which routes to the guests' subnet, floods the guest.
The kernels of the outside and of the guest count what arrives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from host.nftables.flood import Counter, flooding
from host.nftables.kinds import NAT, network, section
from host.nftables.listing import nft
from host.nftables.topology import HOST4, OUTSIDE4, Topology
from pasarela.host.nftables import Firewall
from pasarela.model.network import Nat
from pasarela.model.values import PortRange
from pasarela.plan.actions import Action, Change, Create, Remove

pytestmark = pytest.mark.netns

BRIDGE, GUEST, SUBNET = "192.168.122.1", "192.168.122.11", "192.168.122.0/24"
OURS = section(network("virbr0", f"{BRIDGE}/24", mode=NAT))
CHANGED = section(
    network("virbr0", f"{BRIDGE}/24", mode=NAT, nat=Nat(ports=PortRange(1024, 60000), ipv6=True))
)
NEIGHBOUR = section(network("virbr1", "10.1.0.1/24", mode=NAT))
OTHER = section(network("virbr1", "10.1.0.1/24"))
SILENT = section(network("virbr2"))
ROUNDS = 250


class Flooded:
    """A NAT network under flood from both sides."""

    def __init__(self, topology: Topology, firewall: Firewall) -> None:
        self.topology = topology
        self.firewall = firewall
        topology.bridge("virbr0", f"{BRIDGE}/24")
        topology.host.sysctl("netfilter/nf_conntrack_udp_timeout", "1")  # the table stays small
        guest = topology.guest("virbr0", "port0", f"{GUEST}/24", via=(BRIDGE,))
        firewall.apply([Create(OURS)])
        self.outside = Counter(topology.outside, leaked=SUBNET, translated=HOST4)
        self.guest = Counter(guest, unsolicited=OUTSIDE4)
        self._floods = (
            flooding(guest, GUEST, OUTSIDE4),
            flooding(topology.outside, OUTSIDE4, GUEST),
        )

    def __enter__(self) -> Flooded:
        for flood in self._floods:
            flood.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        for flood in self._floods:
            flood.__exit__(None, None, None)

    @property
    def escaped(self) -> tuple[int, int]:
        """Packets outside with a guest's address, and unsolicited packets at the guest."""
        return self.outside["leaked"], self.guest["unsolicited"]

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "the floods did not get through"

    def wait_for_translated(self) -> None:
        """Until the flood has been seen to go on."""
        before = self.outside["translated"]
        self.wait_for(lambda: self.outside["translated"] > before + 100)


@pytest.fixture
def flooded(netns: None, firewall: Firewall) -> Iterator[Flooded]:
    topology = Topology()
    with Flooded(topology, firewall) as under:
        yield under
    topology.close()


@pytest.mark.parametrize(
    ("rounds", "actions"),
    [
        (ROUNDS, [[Change(OURS, CHANGED)], [Change(CHANGED, OURS)]]),
        (ROUNDS // 5, [[Create(OURS)]]),  # the kernel takes 20 ms to refuse what is there already
        (ROUNDS, [[Create(NEIGHBOUR)], [Change(NEIGHBOUR, OTHER)], [Remove(OTHER)]]),
        (
            ROUNDS,
            [[Create(SILENT), Change(OURS, CHANGED)], [Remove(SILENT), Change(CHANGED, OURS)]],
        ),
    ],
    ids=["its own changes", "created again", "a neighbour's life", "several at once"],
)
def test_nothing_passes_while_rules_change(
    flooded: Flooded, rounds: int, actions: list[list[Action]]
):
    flooded.wait_for_translated()
    for _ in range(rounds):
        for action in actions:
            flooded.firewall.apply(action)
    flooded.wait_for_translated()
    assert flooded.escaped == (0, 0)


def test_nothing_passes_while_the_network_comes_and_goes(flooded: Flooded):
    """In the order of a stop and a start: the rules outlive the link."""
    host = flooded.topology.host
    for _ in range(ROUNDS // 10):
        host.ip("link set virbr0 down")
        flooded.firewall.apply([Remove(OURS)])
        flooded.firewall.apply([Create(OURS)])
        host.ip("link set virbr0 up")
    flooded.wait_for_translated()
    assert flooded.escaped == (0, 0)


def test_nothing_passes_while_a_flushed_table_is_repaired(flooded: Flooded):
    """What passes between somebody's flush and our repair is theirs; after it, nothing does."""
    for _ in range(5):
        nft("flush", "ruleset")
        flooded.firewall.apply([Create(OURS)])
        before = flooded.escaped
        flooded.wait_for_translated()
        # flows that began without translation do not go on, nor do those that came in
        assert flooded.escaped == before


def test_the_counters_count(flooded: Flooded):
    """Without the rules both floods get through: the tests above can fail."""
    flooded.wait_for_translated()
    flooded.firewall.apply([Remove(OURS)])
    flooded.wait_for(lambda: min(flooded.escaped) > 100)
