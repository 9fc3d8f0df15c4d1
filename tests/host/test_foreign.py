"""Tables of other programs that drop our guests' packets, made with their own tools."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from ipaddress import ip_address

import pytest

from cli.program import Program, program
from pasarela.host.foreign import ForeignTables
from pasarela.model.network import ForwardMode, Network
from pasarela.plan.foreign import foreign_warnings
from samples import network, subnet

__all__ = ["program"]

pytestmark = pytest.mark.netns
SBIN = os.environ["PATH"] + ":/usr/sbin:/sbin"

NFT = """
table inet filter {
    set known { type ifname; elements = { "eth0", "virbr9" } }
    chain input { type filter hook input priority 0; policy drop; iifname "lo" accept; }
    chain forward {
        type filter hook forward priority 0; policy drop
        ct state established,related accept
        iifname @known accept
        iifname "br-*" accept
        jump more
    }
    chain more { iifname { "virbr7", "virbr8" } counter accept; oifname "virbr0" accept; }
    chain output { type filter hook output priority 0; policy drop; }
}
"""
DOCKER = """*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
"""
UFW = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-user-forward - [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-user-input
-A FORWARD -j ufw-user-forward
COMMIT
"""
FIREWALLD = """
table inet firewalld {
    chain filter_FORWARD {
        type filter hook forward priority 10; policy accept
        ct state established,related accept
        jump filter_FORWARD_IN_ZONES
        reject with icmpx admin-prohibited
    }
    chain filter_FORWARD_IN_ZONES { iifname "eth0" goto filter_FWDI_public; }
    chain filter_FWDI_public { return; }
}
"""
LEFTOVERS = """
table ip filter {
    chain FORWARD { type filter hook forward priority 0; jump LIBVIRT_FWI; jump LIBVIRT_FWO; }
    chain LIBVIRT_FWI { oifname "virbr0" counter reject; }
    chain LIBVIRT_FWO {
        iifname "virbr5" counter reject
        ip saddr 192.168.122.0/24 iifname "virbr0" counter accept
        iifname "virbr0" counter reject
    }
}
"""


def load(rules: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def restore(rules: str, tool: str = "iptables-nft") -> None:
    subprocess.run([f"{tool}-restore"], input=rules, text=True, check=True)


def warnings(one: Network | None = None) -> list[str]:
    return list(foreign_warnings(one or network(), ForeignTables().read()))


def obey(warning: str) -> None:
    """Type what a warning says."""
    subprocess.run(["sh", "-ec", warning.rpartition(": ")[2]], check=True)


def test_nothing_in_the_way(netns: None) -> None:
    load("table inet other { chain c { type filter hook forward priority 0; policy accept; }; }")
    load("table inet pasarela { chain c { type filter hook forward priority 0; policy drop; }; }")
    assert ForeignTables().read() == ()


def test_policies_of_a_table_of_the_owners(netns: None) -> None:
    load(NFT)
    into, through = warnings()
    assert into.startswith(
        "network 'n0': table inet filter drops what its chain input does not accept, and no rule "
        "of it names virbr0, so guests get neither an address (DHCP) nor names (DNS) from this host"
    )
    assert "chain forward" in through
    obey(into)
    assert warnings() == [through]
    obey(through)
    assert warnings() == []


@pytest.mark.parametrize("number", [7, 8, 9])
def test_links_that_sets_and_chains_farther_on_name(netns: None, number: int) -> None:
    load(NFT)
    assert [("chain input" in one) for one in warnings(network(number))] == [True]


def test_what_a_kind_does_not_need_is_not_missed(netns: None) -> None:
    load(NFT)
    (isolated,) = warnings(network(mode=ForwardMode.NONE))
    assert "chain input" in isolated
    assert warnings(network(mode=ForwardMode.NONE, ips=())) == []
    assert warnings(network(mode=ForwardMode.OPEN)) == []


def test_the_other_version_of_ip(netns: None) -> None:
    load("table ip6 t { chain c { type filter hook forward priority 0; policy drop; }; }")
    six = network(mode=ForwardMode.ROUTE, ips=(subnet("fd00::1", 64),))
    assert warnings() == []
    (warning,) = warnings(six)
    obey(warning)
    assert warnings(six) == []


def test_docker(netns: None) -> None:
    restore(DOCKER)
    (warning,) = warnings()
    assert warning.endswith(
        ": iptables-nft -I DOCKER-USER -i virbr0 -j ACCEPT && iptables-nft -I DOCKER-USER "
        "-o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    )
    subprocess.run(
        ["iptables-nft", "-I", "DOCKER-USER", "-i", "virbr0", "-j", "ACCEPT"], check=True
    )
    assert warnings() == []


def test_iptables_of_the_owners(netns: None) -> None:
    restore(DOCKER.replace("INPUT ACCEPT", "INPUT DROP").replace("DOCKER-USER", "ELSE"))
    for warning in warnings():
        obey(warning)
    listed = subprocess.run(["iptables-nft", "-S"], capture_output=True, text=True, check=True)
    assert "-A INPUT -i virbr0 -p udp -m udp --dport 67 -j ACCEPT" in listed.stdout
    assert "-A FORWARD -i virbr0 -j ACCEPT" in listed.stdout
    assert warnings() == []


def test_ufw(netns: None) -> None:
    restore(UFW)
    into, through = sorted(warnings(), key=len, reverse=True)
    assert into.endswith(
        ": ufw allow in on virbr0 to any port 53 && ufw allow in on virbr0 to any port 67 proto udp"
    )
    assert through.endswith(": ufw route allow in on virbr0")


def test_firewalld(netns: None) -> None:
    load(FIREWALLD)
    (warning,) = warnings()
    assert "firewall-cmd --permanent --zone=trusted --add-interface=virbr0" in warning
    zoned = "insert rule inet firewalld filter_FORWARD_IN_ZONES"
    load(f'{zoned} iifname "virbr0" goto filter_FWDI_public')
    assert warnings() == []


def test_what_libvirt_left_is_removed_and_nothing_else(netns: None) -> None:
    load(LEFTOVERS)
    (warning,) = warnings()
    assert "rules that a libvirt daemon left in table ip filter are about virbr0" in warning
    obey(warning)
    assert warnings() == []
    listed = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True)
    assert "virbr0" not in listed.stdout
    assert 'iifname "virbr5"' in listed.stdout


LIBVIRT = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:LIBVIRT_FWI - [0:0]
-A FORWARD -j LIBVIRT_FWI
-A LIBVIRT_FWI -d 192.168.122.0/24 -o virbr0 -j REJECT
-A LIBVIRT_FWI -o virbr5 -j ACCEPT
-A LIBVIRT_FWI -o virbr0 -j REJECT --reject-with icmp-port-unreachable
COMMIT
"""


class TestLegacy:
    """What iptables-legacy made."""

    pytestmark = pytest.mark.skipif(
        not shutil.which("iptables-legacy", path=SBIN), reason="no iptables-legacy"
    )

    def test_docker(self, netns: None) -> None:
        restore(DOCKER, "iptables-legacy")
        (warning,) = warnings()
        assert "table ip filter (iptables-legacy -S shows it) drops" in warning
        assert ": iptables-legacy -I DOCKER-USER -i virbr0 -j ACCEPT && " in warning
        legacy("-I", "DOCKER-USER", "-i", "virbr0", "-j", "ACCEPT")
        assert warnings() == []

    def test_policies(self, netns: None) -> None:
        legacy("-P", "FORWARD", "DROP")
        legacy("-P", "INPUT", "DROP")
        into, through = sorted(warnings(), key=lambda one: "FORWARD" in one)
        assert "its chain INPUT" in into
        obey(into)
        assert warnings() == [through]
        obey(through)
        assert warnings() == []

    def test_ipv6(self, netns: None) -> None:
        legacy("-P", "FORWARD", "DROP", tool="ip6tables-legacy")
        six = network(mode=ForwardMode.ROUTE, ips=(subnet("fd00::1", 64),))
        assert warnings() == []
        (warning,) = warnings(six)
        assert ": ip6tables-legacy -I FORWARD -i virbr0 -j ACCEPT" in warning
        obey(warning)
        assert warnings(six) == []

    def test_links_by_the_start_of_their_names(self, netns: None) -> None:
        legacy("-P", "FORWARD", "DROP")
        legacy("-A", "FORWARD", "!", "-i", "virbr0", "-j", "ACCEPT")
        legacy("-A", "FORWARD", "-i", "virbr1+", "-j", "ACCEPT")
        assert len(warnings()) == 1
        assert len(warnings(network(1))) == len(warnings(network(12))) == 0
        assert len(warnings(network(2))) == 1

    def test_what_libvirt_left(self, netns: None) -> None:
        restore(LIBVIRT, "iptables-legacy")
        (warning,) = warnings()
        assert warning.endswith(
            ": iptables-legacy -D LIBVIRT_FWI 3 && iptables-legacy -D LIBVIRT_FWI 1"
        )
        obey(warning)
        assert warnings() == []
        assert "-A LIBVIRT_FWI -o virbr5 -j ACCEPT" in legacy("-S")

    def test_a_table_that_is_only_loaded_says_nothing(self, netns: None) -> None:
        legacy("-S")
        assert warnings() == []


def legacy(*arguments: str, tool: str = "iptables-legacy") -> str:
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_look_is_quick(netns: None) -> None:
    restore(DOCKER)
    ForeignTables().read()
    took = []
    for _ in range(20):
        before = time.perf_counter()
        ForeignTables().read()
        took.append(time.perf_counter() - before)
    assert sorted(took)[len(took) // 2] < 0.003  # usually a tenth of that


def test_start_and_repair_say_so(netns: None, program: Program) -> None:
    load(NFT)
    created = program("net-new", "red", "--subnet", str(ip_address("10.9.8.0")) + "/24", "--start")
    assert created.code == 0, created.err
    assert "warning: network 'red': table inet filter drops" in created.err
    repaired = program("net-repair")
    assert "warning: network 'red': table inet filter drops" in repaired.err
    assert (repaired.code, repaired.out) == (0, "Nothing to repair\n\n")
    program("net-destroy", "red")
