"""The sections and keys of NetworkManager's keyfiles that people write.

Source: nm-settings-keyfile(5), nm-settings(5) of NetworkManager 1.42 to 1.52.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TYPES = _words(
    """ethernet wifi bridge bond vlan vpn wireguard tun ip-tunnel infiniband dummy macvlan vxlan
    veth team gsm cdma bluetooth pppoe adsl loopback ovs-bridge ovs-port ovs-interface wifi-p2p
    generic 802-3-ethernet 802-11-wireless macsec vrf hsr ipvlan"""
)
METHODS = {
    4: _words("auto manual disabled link-local shared"),
    6: _words("auto manual disabled link-local shared dhcp ignore"),
}
NUMBERED = re.compile(r"(address|addresses|route|routes|routing-rule)\d*(_options)?")

_IP = _words(
    """method gateway dns dns-search dns-options dns-priority ignore-auto-routes ignore-auto-dns
    never-default may-fail route-metric route-table dhcp-timeout dhcp-hostname dhcp-send-hostname
    dhcp-hostname-flags dhcp-iaid dhcp-reject-servers required-timeout dad-timeout
    replace-local-rule auto-route-ext-gw dhcp-send-release routed-dns shared-dhcp-range
    shared-dhcp-lease-time forwarding"""
)
KEYS = {
    "connection": _words(
        """id uuid stable-id interface-name type permissions autoconnect autoconnect-priority
        autoconnect-retries multi-connect timestamp read-only zone master slave-type controller
        port-type autoconnect-slaves autoconnect-ports down-on-poweroff secondaries
        gateway-ping-timeout ip-ping-timeout ip-ping-addresses ip-ping-addresses-require-all metered
        lldp mdns llmnr dns-over-tls dnssec mptcp-flags wait-device-timeout wait-activation-delay
        auth-retries mud-url"""
    ),
    "ethernet": _words(
        """port speed duplex auto-negotiate mac-address cloned-mac-address
        generate-mac-address-mask mac-address-blacklist mac-address-denylist mtu s390-subchannels
        s390-nettype s390-options wake-on-lan wake-on-lan-password accept-all-mac-addresses"""
    ),
    "bridge": _words(
        """mac-address stp priority forward-delay hello-time max-age ageing-time group-forward-mask
        group-address interface-name multicast-snooping vlan-filtering vlan-default-pvid
        vlan-protocol vlan-stats-enabled vlans multicast-router multicast-query-use-ifaddr
        multicast-querier multicast-hash-max multicast-last-member-count
        multicast-last-member-interval multicast-membership-interval multicast-querier-interval
        multicast-query-interval multicast-query-response-interval multicast-startup-query-count
        multicast-startup-query-interval"""
    ),
    "bridge-port": _words("priority path-cost hairpin-mode vlans"),
    "ipv4": _IP | _words("dhcp-client-id dhcp-fqdn dhcp-vendor-class-identifier link-local"),
    "ipv6": _IP
    | _words(
        """ip6-privacy addr-gen-mode token ra-timeout mtu dhcp-duid dhcp-pd-hint temp-valid-lifetime
        temp-preferred-lifetime"""
    ),
    "vlan": _words(
        """parent id interface-name flags protocol ingress-priority-map egress-priority-map"""
    ),
    "proxy": _words("method browser-only pac-url pac-script"),
}
