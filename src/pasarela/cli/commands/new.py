"""The commands that virsh lacks: new networks in one line, boot and repair."""

from __future__ import annotations

from pasarela.cli.spec import JSON, Command, Group, data, flag, many, string

KINDS = "nat isolated very-isolated route open bridge macvtap"

GROUP = Group(
    "Networking, beyond virsh",
    "new",
    (
        Command(
            "net-new",
            "make a new network of a kind, or like another one",
            "Make a network and choose what is not given: a uuid, a MAC address, a bridge name,\n"
            "    and a subnet that clashes with no route, no address and no other network.",
            "new:net_new",
            (
                data("name", "name of the new network"),
                string("like", "copy this network's definition", "network", only_named=True),
                string(
                    "kind", f"one of {KINDS.replace(' ', ', ')}", f"words:{KINDS}", only_named=True
                ),
                string(
                    "subnet",
                    "addresses of the network, as 192.168.6.0/24; several with commas, as\n"
                    "    192.168.6.0/24,fd00:6::/64",
                    only_named=True,
                ),
                string("bridge", "bridge to make; or to use, with --kind bridge", only_named=True),
                string("dev", "interface to the outside, as enp3s0", "interface", only_named=True),
                string("dhcp", "START,END of the addresses to hand out, or off", only_named=True),
                string("dns-domain", "DNS domain of the guests' names", only_named=True),
                many(
                    "host-access",
                    "dhcp, or ADDRESS/PREFIX: with --kind macvtap, the host's own address on a\n"
                    "    macvlan, where it and the guests reach each other; dhcp asks the LAN for\n"
                    "    IPv4 and IPv6 (router advertisements, too); may be repeated",
                ),
                many(
                    "host-access-guests",
                    "subnet of guests that the host looks for there by itself; may be repeated",
                ),
                flag("start", "start it at once"),
                flag("autostart", "start it whenever the machine boots"),
                flag("dry-run", "print the XML and what a start would do; touch nothing"),
                JSON,
            ),
            examples=(
                "net-new mired2 --like default --start --autostart",
                "net-new cerrada --kind isolated --subnet 10.20.30.0/24 --dry-run",
                "net-new lan --kind bridge --bridge br0 --start",
            ),
        ),
        Command(
            "net-default",
            "make the network 'default' that users expect",
            "Make the NAT network 'default' with bridge virbr0 and 192.168.122.0/24, or with\n"
            "    another subnet where that one is taken. An existing one is left alone.",
            "new:net_default",
            (
                flag("start", "start it at once"),
                flag("autostart", "start it whenever the machine boots"),
                flag("dry-run", "print the XML and what a start would do; touch nothing"),
                JSON,
            ),
        ),
        Command(
            "net-boot",
            "start the networks that are marked to start at boot",
            "Start all autostart networks, once per boot; for the machine's start-up.",
            "new:net_boot",
            (JSON,),
        ),
        Command(
            "net-repair",
            "put running networks right after a crash or a flushed firewall",
            "Compare what runs with what should, and put right only what differs.",
            "new:net_repair",
            (JSON,),
        ),
    ),
)
