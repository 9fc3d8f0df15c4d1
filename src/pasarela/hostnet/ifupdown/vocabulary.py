"""The words that ifupdown and the packages around it know.

Source: interfaces(5) of ifupdown 0.8.41, bridge-utils-interfaces(5), vlan-interfaces(5), and the
documents of ifenslave, resolvconf, wpasupplicant, wireless-tools, ethtool and ifupdown2.
"""

from __future__ import annotations

METHODS = {
    "inet": frozenset(
        "loopback static manual dhcp bootp tunnel ppp wvdial ipv4ll".split()  # noqa: SIM905
    ),
    "inet6": frozenset(
        "auto loopback static manual dhcp tunnel v4tunnel 6to4".split()  # noqa: SIM905
    ),
    "ipx": frozenset({"static", "dynamic"}),
    "can": frozenset({"static"}),
    "meta": frozenset({"none"}),
}

KEYWORDS = frozenset(
    {
        "auto",
        "iface",
        "allow-hotplug",
        "allow-auto",
        "mapping",
        "source",
        "source-directory",
        "no-auto-down",
        "no-scripts",
        "rename",
    }
)

_IFUPDOWN = """
    address netmask network broadcast gateway metric pointopoint scope hwaddress mtu hostname
    leasetime vendor client accept-ra autoconf dhcp request-prefix privext preferred-lifetime
    dad-attempts dad-interval ll-attempts ll-interval media endpoint local ttl mode dstaddr
    encaplimit provider unit options bootfile server hwaddr frame netnum bitrate samplepoint
    loopback listenonly triple oneshot berr description pre-up up post-up pre-down down post-down
"""
_BRIDGE_UTILS = """
    bridge-ports bridge-ageing bridge-bridgeprio bridge-fd bridge-gcint bridge-hello bridge-hw
    bridge-maxage bridge-maxwait bridge-pathcost bridge-portprio bridge-stp bridge-vlan-aware
    bridge-waitport
"""
_OTHERS = """
    bond-slaves bond-mode bond-miimon bond-downdelay bond-updelay bond-primary bond-master
    bond-primary-reselect bond-lacp-rate bond-xmit-hash-policy bond-arp-interval
    bond-arp-ip-target bond-arp-validate bond-use-carrier bond-ad-select bond-active-slave
    bond-fail-over-mac bond-num-grat-arp bond-num-unsol-na bond-queue-id slaves
    vlan-raw-device hw-mac-address dns-nameservers dns-nameserver dns-search dns-domain
    dns-sortlist dns-options wpa-ssid wpa-psk wpa-conf wpa-driver wpa-key-mgmt wpa-roam
    wireless-essid wireless-mode wireless-key wireless-key1 wireless-channel wireless-ap
    link-speed link-duplex link-autoneg link-type ethernet-port ethernet-wol ethernet-autoneg
"""
IFUPDOWN2_OPTIONS = frozenset(
    """
    bridge-vids bridge-pvid bridge-vlan-protocol bridge-mcsnoop bridge-access bridge-allow-untagged
    address-virtual vxlan-id vxlan-local-tunnelip vxlan-remoteip vrf vrf-table alias addr-method
    bond-ports vlan-id vlan-protocol clag-id mstpctl-bpduguard mstpctl-portadminedge ip-forward
    """.split()  # noqa: SIM905
)
"""Options that only ifupdown2 and ifupdown-ng know."""

OPTIONS = frozenset((_IFUPDOWN + _BRIDGE_UTILS + _OTHERS).split()) | IFUPDOWN2_OPTIONS
"""All options' names, with ``-`` for ``_``."""

VITAL = frozenset({"address", "netmask", "gateway", "bridge-ports", "bond-slaves"})
"""Options without which the host is not reached."""

FREE_TEXT = ("wpa-", "wireless-", "description", "vendor", "provider", "options")
"""Options in whose value a ``#`` may well be meant."""
