"""The lab's machines, and how they are joined::

    internet ── router ── lan (a switch) ── host, and whoever is bridged onto the LAN

Documentation's address ranges stand for the internet (RFC 5737, 3849). The router has a way back
to every subnet that guests may have, so that only a firewall can keep the outside out.
"""

from __future__ import annotations

import subprocess
import sys
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

from pasarela.lab import node, uplink
from pasarela.lab.faults import LabError, run

LAN = ip_network("172.26.0.0/16")
LAN6 = IPv6Network("2001:db8:26::/64")
ROUTER = IPv4Address("172.26.0.1")
ROUTER6 = IPv6Address("2001:db8:26::1")
HOST_ADDRESS = IPv4Address("172.26.0.100")
WEB = IPv4Address("203.0.113.80")
WEB6 = IPv6Address("2001:db8:203::80")
NAME_SERVER = IPv4Address("203.0.113.53")
KNOWN_NAME = "example.com"

NIC_MAC = "52:54:00:26:00:64"
_NIC_LINK_LOCAL = "fe80::5054:ff:fe26:64"  # from the MAC (RFC 4291)
GUEST_SUBNETS = ("10.0.0.0/8", "192.168.0.0/16", "198.51.100.0/24", "fd00::/8", "2001:db8:100::/40")

# The lab's own machines need no second to find out that nobody else has their IPv6 address, and
# ask for a router each second instead of each fourth.
QUICK_IPV6 = (
    "net/ipv6/conf/default/accept_dad=0",
    "net/ipv6/conf/default/router_solicitation_delay=0",
    "net/ipv6/conf/default/router_solicitation_interval=1",
)
_ROUTING = ("net/ipv4/ip_forward=1", "net/ipv6/conf/all/forwarding=1")

_ROUTER_DNSMASQ = f"""\
user=root
interface=lan0
except-interface=lo
bind-interfaces
no-hosts
no-resolv
server={NAME_SERVER}
domain=lan
host-record=router.lan,{ROUTER},{ROUTER6}
dhcp-range=172.26.1.1,172.26.1.250,{LAN.netmask},12h
dhcp-host={NIC_MAC},{HOST_ADDRESS},host
dhcp-range={LAN6.network_address}1000,{LAN6.network_address}1fff,slaac,64,12h
dhcp-authoritative
no-ping
enable-ra
dhcp-leasefile=/run/dnsmasq.leases
pid-file=/run/dnsmasq.pid
"""

_INTERNET_DNSMASQ = f"""\
user=root
interface=wan0
except-interface=lo
bind-interfaces
no-hosts
no-resolv
host-record={KNOWN_NAME},www.{KNOWN_NAME},{WEB},{WEB6}
host-record=example.org,{WEB},{WEB6}
host-record=ns.example.net,{NAME_SERVER}
pid-file=/run/dnsmasq.pid
"""


def build(*, bridge: bool) -> None:
    """Make the machines, join them, start their services; the caller is the keeper.

    ``bridge``: the host's address is on a bridge br0 over its NIC.
    """
    node.create("lan", sysctls=QUICK_IPV6)
    node.create("router", sysctls=(*QUICK_IPV6, *_ROUTING))
    node.create("internet", sysctls=QUICK_IPV6)
    # A host that forwards still listens to its router, else starting an IPv6 network cuts it off.
    node.create(node.HOST, sysctls=("net/ipv6/conf/default/accept_ra=2",))
    _join()
    _start_dnsmasq("internet", _INTERNET_DNSMASQ)
    _start_dnsmasq("router", _ROUTER_DNSMASQ)
    _start_web_server()
    uplink.configure()
    if bridge:
        uplink.bridge()


def batch(name: str, commands: str) -> None:
    """Give ip(8) a list of commands in a node."""
    run(node.inside(name, ["ip", "-batch", "-"]), text=commands)


def _join() -> None:
    batch(
        "lan",
        f"""\
link add br-lan type bridge stp_state 0 forward_delay 0
link add lan-router type veth peer name lan0 netns {node.pin("router")}
link add lan-host type veth peer name enp3s0 address {NIC_MAC} netns {node.pin("host")}
link set lan-router master br-lan
link set lan-host master br-lan
link set lan-router up
link set lan-host up
link set br-lan up
""",
    )
    batch(
        "router",
        f"""\
link add wan0 type veth peer name wan0 netns {node.pin("internet")}
addr add 203.0.113.1/24 dev wan0
addr add 2001:db8:203::1/64 dev wan0
link set wan0 up
addr add {ROUTER}/{LAN.prefixlen} dev lan0
addr add {ROUTER6}/64 dev lan0
link set lan0 up
"""
        + "".join(f"route add {_way_back(subnet)}\n" for subnet in GUEST_SUBNETS),
    )
    batch(
        "internet",
        f"""\
addr add {WEB}/24 dev wan0
addr add {NAME_SERVER}/24 dev wan0
addr add {WEB6}/64 dev wan0
link set wan0 up
route add default via 203.0.113.1
route add default via 2001:db8:203::1
""",
    )


def _way_back(subnet: str) -> str:
    return f"{subnet} via {_NIC_LINK_LOCAL if ':' in subnet else HOST_ADDRESS} dev lan0"


def _start_dnsmasq(name: str, configuration: str) -> None:
    """Start it; it goes to the background once its sockets are bound."""
    file = node.TOOLS / f"{name}-dnsmasq.conf"
    file.write_text(configuration)
    run(node.inside(name, ["dnsmasq", f"--conf-file={file}"]))


def _start_web_server() -> None:
    argv = node.inside("internet", [sys.executable, "-m", "pasarela.lab.web"])
    server = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
    )
    assert server.stdout is not None
    with server.stdout as told:
        if not told.readline():
            raise LabError("the lab's web server did not start")
