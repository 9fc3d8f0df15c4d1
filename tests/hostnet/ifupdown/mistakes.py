"""Mistakes in interfaces files, and what check finds in each."""

from __future__ import annotations

BRIDGE = """auto enp3s0
iface enp3s0 inet manual
auto br0
iface br0 inet manual
    bridge_ports enp3s0
    bridge_stp off
    bridge_fd 0
    bridge_maxwait 0
"""
STATIC = "auto eth0\niface eth0 inet static\n"
# the text, and what is found in it
MISTAKES = {
    "no stanza": (
        "auto lo\naddress 10.0.0.1\n",
        [
            "2 error: 'address' belongs to no stanza: ifup refuses the whole file"
            " -> put it below the iface line that it is for"
        ],
    ),
    "misspelt keyword first": (
        "atuo eth0\n",
        [
            "1 error: 'atuo' belongs to no stanza: ifup refuses the whole file"
            " -> did you mean 'auto'?"
        ],
    ),
    "misspelt keyword within": (
        "iface eth0 inet manual\natuo eth0\n",
        ["2 error: there is no option 'atuo', so the line does nothing -> did you mean 'auto'?"],
    ),
    "misspelt option": (
        STATIC + " adress 10.0.0.2/24\n",
        [
            "2 error: eth0 is static and has no address -> add a line: address ADDRESS/PREFIX",
            "3 error: there is no option 'adress', so the line does nothing"
            " -> did you mean 'address'?",
        ],
    ),
    "misspelt bridge option": (
        BRIDGE.replace("bridge_maxwait", "bridge_maxwiat"),
        [
            "4 warning: without bridge_maxwait ifup waits up to 2 s for the ports of br0"
            " -> add a line: bridge_maxwait 0",
            "8 warning: there is no option 'bridge_maxwiat', so the line does nothing"
            " -> did you mean 'bridge_maxwait'?",
        ],
    ),
    "unknown option": (STATIC + " address 10.0.0.2/24\n frobnicate 7\n", []),
    "family": (
        "auto eth0\niface eth0 inett dhcp\n",
        [
            "2 error: there is no address family 'inett': ifup refuses the whole file"
            " -> did you mean 'inet'?"
        ],
    ),
    "method": (
        "auto eth0\niface eth0 inet dhpc\n",
        ["2 error: inet has no method 'dhpc': ifup refuses the whole file -> did you mean 'dhcp'?"],
    ),
    "no family": (
        "auto eth0\niface eth0\n",
        [
            "2 error: iface eth0 says no family and method: Debian's ifupdown refuses the whole"
            " file -> write: iface NAME inet METHOD; or is ifupdown2 installed here?"
        ],
    ),
    "empty option": (
        STATIC + " address 10.0.0.2/24\n gateway\n",
        [
            "4 error: 'gateway' has no value: ifup refuses the whole file"
            " -> give it one, or take the line away",
            "4 error: the gateway '' is not an IPv4 address"
            " -> give the router's address in 10.0.0.0/24",
        ],
    ),
    "comment behind": (
        STATIC + " address 10.0.0.2/24 # mine\n",
        [
            "3 error: the comment becomes part of address's value: ifupdown knows comments only on"
            " lines of their own -> put the comment on the line above"
        ],
    ),
    "hash in a hook or a password": (
        "iface eth0 inet dhcp\n up echo a # b\n wpa-psk a # b\n",
        [],
    ),
    "inherits nothing": (
        "iface eth0 inet static inherits base\n address 10.0.0.2/24\n",
        [
            "1 error: nothing above is called 'base', from which eth0 inherits: ifup refuses the"
            " whole file -> write the stanza 'base' further up, with the same family"
        ],
    ),
    "mapping": (
        "mapping eth0\n map home\n gateway 10.0.0.1\n",
        [
            "1 error: a mapping has one script, and this one has none: its interfaces do not come"
            " up -> write one line: script /path/to/script",
            "3 error: 'gateway' does not belong into a mapping: ifup refuses the whole file"
            " -> only script and map lines may stand here",
        ],
    ),
    "auto without stanza": (
        "auto enp3s0 enp30s\niface enp3s0 inet dhcp\n",
        [
            "1 error: 'enp30s' is to come up and has no stanza -> did you mean 'enp3s0'?",
        ],
    ),
    "auto with commas": (
        "auto enp3s0,enp4s0\niface enp3s0 inet dhcp\niface enp4s0 inet dhcp\n",
        [
            "1 error: 'enp3s0,enp4s0' is to come up and has no stanza"
            " -> write spaces between names: enp3s0 enp4s0",
        ],
    ),
    "ports with commas": (
        BRIDGE.replace("bridge_ports enp3s0", "bridge_ports enp3s0,enp4s0"),
        [
            "5 error: 'enp3s0,enp4s0' is one word, and there is no such port"
            " -> write spaces between them: enp3s0 enp4s0",
        ],
    ),
    "no ports": (
        BRIDGE.replace("bridge_ports enp3s0", "bridge_ports none").replace(
            "    bridge_maxwait 0\n", ""
        ),
        [],
    ),
    "equals sign": (
        STATIC + " address 10.0.0.2/24\n gateway=10.0.0.1\n",
        [
            "4 error: 'gateway=10.0.0.1' has no value: ifup refuses the whole file"
            " -> write a space instead of the =: gateway 10.0.0.1",
        ],
    ),
    "space that does not break": (
        STATIC + "\u00a0address 10.0.0.2/24\n",
        [
            "2 error: eth0 is static and has no address -> add a line: address ADDRESS/PREFIX",
            "3 error: there is no option '\u00a0address', so the line does nothing"
            " -> an invisible sign (U+00A0) is part of it: type the line anew",
        ],
    ),
    "byte order mark": (
        "\ufeffauto eth0\niface eth0 inet dhcp\n",
        [
            "1 error: '\ufeffauto' belongs to no stanza: ifup refuses the whole file"
            " -> an invisible sign (U+FEFF) is part of it: type the line anew",
        ],
    ),
    "class": (
        "allow-hotpulg eth0\niface eth0 inet dhcp\n",
        ["1 warning: nothing brings the class 'hotpulg' up -> did you mean 'allow-hotplug'?"],
    ),
    "source": (
        "source /etc/network/interfaces.d/lan\n",
        [
            "1 warning: there is no /etc/network/interfaces.d/lan, so nothing is taken in"
            " -> correct the name, or take the line away"
        ],
    ),
    "source of an empty folder": ("source /etc/network/interfaces.d/*\n", []),
    "gateway": (
        STATIC + " address 172.26.0.100/16\n gateway 72.26.0.1\n",
        [
            "4 error: the gateway 72.26.0.1 is not in the network 172.26.0.0/16 of eth0"
            " -> did you mean 172.26.0.1?"
        ],
    ),
    "gateway elsewhere": (
        STATIC + " address 192.168.1.9/24\n gateway 10.254.3.77\n",
        [
            "4 error: the gateway 10.254.3.77 is not in the network 192.168.1.0/24 of eth0"
            " -> give the router's address in 192.168.1.0/24"
        ],
    ),
    "gateway of a host alone": (STATIC + " address 192.0.2.9/32\n gateway 10.0.0.1\n", []),
    "gateway of a peer": (
        STATIC + " address 192.0.2.9/24\n pointopoint 10.0.0.1\n gateway 10.0.0.1\n",
        [],
    ),
    "gateway by link-local address": (
        "auto eth0\niface eth0 inet6 static\n address 2001:db8::5/64\n gateway fe80::1\n",
        [],
    ),
    "gateway is oneself": (
        STATIC + " address 10.0.0.2/24\n gateway 10.0.0.2\n",
        [
            "4 error: the gateway 10.0.0.2 is this interface's own address"
            " -> give the router's address in 10.0.0.0/24"
        ],
    ),
    "no prefix": (
        STATIC + " address 172.26.0.100\n gateway 172.26.0.1\n",
        [
            "3 warning: 172.26.0.100 has no prefix, so ifup takes /16"
            " -> write it with the address, as 172.26.0.100/24"
        ],
    ),
    "no mask": (
        STATIC + " address 10.0.0.2\n netmask 255.0.255.0\n",
        [
            "4 error: '255.0.255.0' is not a netmask"
            " -> write the prefix with the address, as 192.168.1.10/24"
        ],
    ),
    "mask of a host": (
        STATIC + " address 10.0.0.2/40\n",
        ["3 error: '40' is not a netmask -> write the prefix with the address, as 192.168.1.10/24"],
    ),
    "two masks": (
        STATIC + " address 10.0.0.2/24\n netmask 255.255.0.0\n",
        [
            "4 warning: the netmask 255.255.0.0 contradicts 10.0.0.2/24, which wins"
            " -> take the netmask line away"
        ],
    ),
    "network and broadcast": (
        STATIC + " address 10.0.0.2\n netmask 24\n network 10.0.1.0\n broadcast 10.0.1.255\n",
        [
            "5 warning: network 10.0.1.0 does not fit 10.0.0.2/24"
            " -> take the line away: ifup works it out (10.0.0.0)",
            "6 warning: broadcast 10.0.1.255 does not fit 10.0.0.2/24"
            " -> take the line away: ifup works it out (10.0.0.255)",
        ],
    ),
    "the network itself": (
        STATIC + " address 10.0.0.0/24\n",
        [
            "3 error: 10.0.0.0 stands for the network 10.0.0.0/24 itself, not for a host in it"
            " -> choose an address within it"
        ],
    ),
    "no address": (
        STATIC + " address ten\n",
        ["3 error: 'ten' is not an address -> write it as 192.168.1.10/24"],
    ),
    "the other family": (
        STATIC + " address 2001:db8::1/64\n",
        [
            "3 error: '2001:db8::1/64' is an IPv6 address in a stanza of inet"
            " -> write iface eth0 inet6 static"
        ],
    ),
    "two gateways": (
        STATIC
        + " address 10.0.0.2/24\n gateway 10.0.0.1\niface eth1 inet static\n"
        + " address 10.1.0.2/24\n gateway 10.1.0.1\n",
        [
            "7 error: a second default gateway: eth0 has one already (its stanza is in line 2)"
            " -> keep the one towards the internet; or give this one a larger metric"
        ],
    ),
    "two gateways of two metrics": (
        STATIC
        + " address 10.0.0.2/24\n gateway 10.0.0.1\niface eth1 inet static\n"
        + " address 10.1.0.2/24\n gateway 10.1.0.1\n metric 5\n",
        [],
    ),
    "one address twice": (
        STATIC + " address 10.0.0.2/24\niface eth0 inet static\n address 10.0.0.2/24\n",
        [
            "5 error: 10.0.0.2 is the address of eth0 already (its stanza is in line 2)"
            " -> take one of the two away"
        ],
    ),
    "one address with two masks": (
        STATIC + " address 10.0.0.2/24\niface eth0 inet static\n address 10.0.0.2/16\n",
        [
            "5 warning: 10.0.0.2 is the address of eth0 already (its stanza is in line 2)"
            " -> take one of the two away"
        ],
    ),
    "one address on two cards": (
        STATIC + " address 10.0.0.2/24\niface eth1 inet static\n address 10.0.0.2/24\n",
        [
            "5 warning: 10.0.0.2 is the address of eth0 already (its stanza is in line 2)"
            " -> give it another one"
        ],
    ),
    "dhcp twice": (
        "iface eth0 inet dhcp\niface eth0 inet dhcp\n",
        ["2 error: eth0 is told inet dhcp here and dhcp in line 1 -> keep one of the two stanzas"],
    ),
    "static and dhcp": (
        "iface eth0 inet dhcp\niface eth0 inet static\n address 10.0.0.2/24\n",
        [
            "2 warning: eth0 is told inet static here and dhcp in line 1"
            " -> keep one of the two stanzas"
        ],
    ),
    "mtu": (
        "iface eth0 inet6 auto\n mtu 1000\n",
        ["2 error: '1000' is no MTU -> give a number from 1280 to 65535, mostly 1500"],
    ),
    "name server": (
        "iface eth0 inet dhcp\n dns-nameservers 1.1.1.1, 9.9.9.9\n",
        [
            "2 warning: '1.1.1.1,' is not the address of a name server"
            " -> write addresses with spaces between them, as 192.168.1.1 1.1.1.1"
        ],
    ),
    "bridge without auto": (
        BRIDGE.replace("auto br0\n", ""),
        ["3 warning: br0 does not come up at boot -> add a line: auto br0"],
    ),
    "a mac that nobody chose": (
        BRIDGE.replace("br0 inet manual", "br0 inet dhcp"),
        [
            "4 warning: udev gives br0 a MAC address of its own, so that the DHCP server does not"
            " know it for enp3s0 -> add a line: hwaddress ether, and the MAC address of enp3s0"
            " (ip link show enp3s0); or: bridge_hw enp3s0"
        ],
    ),
    "the port's mac by name": (
        BRIDGE.replace("br0 inet manual", "br0 inet dhcp") + "    bridge_hw enp3s0\n",
        [],
    ),
    "bridge with hotplug": (
        BRIDGE.replace("auto br0", "allow-hotplug br0"),
        [
            "4 warning: br0 waits for being plugged in, which a bridge never is"
            " -> write auto instead of allow-hotplug: auto br0"
        ],
    ),
    "port without auto": (
        BRIDGE.replace("auto enp3s0\n", "").replace("manual", "manual\n mtu 9000"),
        [
            "1 warning: enp3s0 does not come up by itself, so what its stanza says does not happen"
            " -> add a line: auto enp3s0"
        ],
    ),
    "port with dhcp": (
        BRIDGE.replace("enp3s0 inet manual", "enp3s0 inet dhcp"),
        [
            "2 error: enp3s0 is a port of br0 and keeps DHCP -> write: iface enp3s0 inet manual,"
            " and the address into the stanza of br0"
        ],
    ),
    "port with an address": (
        BRIDGE.replace("enp3s0 inet manual", "enp3s0 inet static\n address 10.0.0.2/24"),
        [
            "2 error: enp3s0 is a port of br0 and keeps an address -> write: iface enp3s0 inet"
            " manual, and the address into the stanza of br0"
        ],
    ),
    "wifi": (
        BRIDGE.replace("enp3s0", "wifi0"),
        [
            "5 error: wifi0 is a Wi-Fi card: the access point drops the frames of guests behind it"
            " -> use a cable's card, or a NAT network: pasarela net-new NAME --kind nat"
        ],
    ),
    "no such port": (
        BRIDGE.replace("enp3s0", "enp3s1"),
        ["5 error: this host has no interface enp3s1 -> did you mean enp3s0?"],
    ),
    "stp": (
        BRIDGE.replace("stp off", "stp on").replace("    bridge_fd 0\n", ""),
        [
            "6 warning: with STP a port of br0 forwards only after 30 s, and DHCP gives up before"
            " -> bridge_stp off, unless cables may form a ring",
        ],
    ),
    "forward delay": (
        BRIDGE.replace("fd 0", "fd 9"),
        [
            "7 warning: a port of br0 forwards only after 9 s, and DHCP gives up before"
            " -> bridge_fd 0"
        ],
    ),
    "no forward delay": (
        BRIDGE.replace("    bridge_fd 0\n", ""),
        [
            "4 warning: without bridge_fd a port of br0 forwards only after 15 s, and DHCP gives"
            " up before -> add a line: bridge_fd 0"
        ],
    ),
    "wait": (
        BRIDGE.replace("maxwait 0", "maxwait 0.5"),
        ["8 error: '0.5' is no time for bridge_maxwait -> give seconds, as 0"],
    ),
    "two bridges": (
        BRIDGE + "auto br1\niface br1 inet manual\n bridge_ports enp3s0\n bridge_fd 0\n"
        " bridge_maxwait 0\n",
        [
            "11 error: enp3s0 is a port of br0 already"
            " -> a card has one bridge: take it out of one of the two"
        ],
    ),
    "bridge over a bond's port": (
        BRIDGE + "iface bond0 inet manual\n bond-slaves enp3s0 enp4s0\n",
        ["5 error: enp3s0 is a port of the bond bond0 -> bridge bond0 instead"],
    ),
    "hook": (
        BRIDGE + " up iptables -A INPUT -i enp3s0 -j DROP\n up ethtool -K enp3s0 tso off\n",
        [
            "9 warning: the command names enp3s0, which has no addresses as a port of br0"
            " -> name br0 instead, if it is about addresses, routes or the firewall"
        ],
    ),
    "placeholder": (
        BRIDGE + "    hwaddress ether <mac>\n",
        [
            "9 error: '<mac>' still stands where the MAC address belongs"
            " -> put that of enp3s0 there (ip link show enp3s0), or take the line away"
        ],
    ),
    "multicast mac": (
        BRIDGE + "    hwaddress 01:00:5e:00:00:01\n",
        [
            "9 error: '01:00:5e:00:00:01' is no MAC address of a card"
            " -> put that of enp3s0 there (ip link show enp3s0), or take the line away"
        ],
    ),
    "random mac": (BRIDGE + "    hwaddress random\n", []),
    "the port's mac": (BRIDGE + "    hwaddress ether 52:54:00:00:00:03\n", []),
    "another card's mac": (
        BRIDGE + "    hwaddress ether 52:54:00:00:00:04\n",
        [
            "9 warning: enp4s0 has the MAC address 52:54:00:00:00:04, and is no port of br0"
            " -> give br0 the MAC address of its own port"
        ],
    ),
    "one mac on two bridges": (
        BRIDGE
        + "    hwaddress ether 52:54:00:00:00:03\nauto br1\niface br1 inet manual\n"
        + " bridge_ports enp4s0\n bridge_fd 0\n bridge_maxwait 0\n"
        + " hwaddress ether 52:54:00:00:00:03\n",
        [
            "15 error: br0 has the MAC address 52:54:00:00:00:03 already: two hosts in the"
            " network's eyes -> give br1 the MAC address of its own port"
        ],
    ),
}
