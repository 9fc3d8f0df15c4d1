"""The keys that netplan knows, and of what kind their values are.

Source: netplan's YAML reference, version 1.0, with what its version 0.106 already took.
"""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a value has to be; the names are used in messages."""

    TRUTH = "true or false"
    NUMBER = "a number"
    MAC = "a MAC address"
    LIST = "a list"
    GROUP = "further keys"
    ANY = "anything"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NETWORK = frozenset({"version", "renderer", "openvswitch"})
RENDERERS = ("networkd", "NetworkManager", "sriov")

_BY_KIND = {
    Kind.TRUTH: """dhcp4 dhcp6 accept-ra critical emit-lldp generic-receive-offload
        generic-segmentation-offload ignore-carrier ipv6-privacy large-receive-offload
        neigh-suppress optional receive-checksum-offload tcp-segmentation-offload
        tcp6-segmentation-offload transmit-checksum-offload wakeonlan stp use-dns use-hostname
        use-mtu use-ntp use-routes send-hostname on-link hairpin port-mac-learning hidden
        delay-virtual-functions-rebind""",
    Kind.NUMBER: """mtu ipv6-mtu forward-delay hello-time max-age ageing-time id metric
        route-metric table virtual-function-count congestion-window
        advertised-receive-window""",
    Kind.MAC: "macaddress",
    Kind.LIST: """addresses interfaces routes routing-policy link-local optional-addresses search
        arp-ip-targets""",
    Kind.GROUP: """match nameservers parameters dhcp4-overrides dhcp6-overrides ra-overrides auth
        openvswitch networkmanager access-points path-cost port-priority""",
}
KIND_OF = {key: kind for kind, keys in _BY_KIND.items() for key in _words(keys)}

ADDRESSED = _words(
    """accept-ra activation-mode addresses critical dhcp-identifier dhcp4 dhcp4-overrides dhcp6
    dhcp6-overrides gateway4 gateway6 ignore-carrier ipv6-address-generation ipv6-address-token
    ipv6-mtu ipv6-privacy link-local macaddress mtu nameservers optional optional-addresses
    ra-overrides renderer routes routing-policy neigh-suppress emit-lldp openvswitch
    networkmanager hairpin port-mac-learning use-domains"""
)
"""What every interface may say."""

_PHYSICAL = ADDRESSED | _words(
    """match set-name wakeonlan receive-checksum-offload transmit-checksum-offload
    tcp-segmentation-offload tcp6-segmentation-offload generic-segmentation-offload
    generic-receive-offload large-receive-offload auth link virtual-function-count
    embedded-switch-mode delay-virtual-functions-rebind infiniband-mode"""
)
DEVICE = {
    "ethernets": _PHYSICAL,
    "wifis": _PHYSICAL | _words("access-points regulatory-domain wakeonwlan"),
    "modems": _PHYSICAL
    | _words(
        """apn auto-config device-id network-id number password pin sim-id sim-operator-id
        username"""
    ),
    "bridges": ADDRESSED | _words("interfaces parameters"),
    "bonds": ADDRESSED | _words("interfaces parameters"),
    "vlans": ADDRESSED | _words("id link"),
    "tunnels": ADDRESSED
    | _words(
        """mode local remote ttl key keys mark port peers id link mac-learning limit ageing aging
        arp-proxy notifications checksums flow-label type-of-service extensions port-range
        do-not-fragment parameters"""
    ),
    "vrfs": ADDRESSED | _words("table interfaces"),
    "dummy-devices": ADDRESSED,
    "virtual-ethernets": ADDRESSED | _words("peer"),
}
_OVERRIDES = _words(
    """hostname route-metric send-hostname use-dns use-domains use-hostname use-mtu use-ntp
    use-routes"""
)
GROUPS = {
    "match": _words("name macaddress driver"),
    "nameservers": _words("search addresses"),
    "dhcp4-overrides": _OVERRIDES,
    "dhcp6-overrides": _OVERRIDES,
}
BRIDGE_PARAMETERS = _words(
    "ageing-time aging-time priority port-priority forward-delay hello-time max-age path-cost stp"
)
ROUTE = _words(
    """from to via on-link metric type scope table mtu congestion-window advertised-mss
    advertised-receive-window"""
)
