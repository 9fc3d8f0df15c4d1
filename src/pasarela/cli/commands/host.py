"""The commands on how the host itself is connected, which virsh lacks."""

from __future__ import annotations

from pasarela.cli.spec import JSON, Command, Group, Kind, Option, data, flag, many, rest, string

_ACTIONS = "create show delete add-port del-port revert recover"
_MANAGERS = "ifupdown netplan networkd networkmanager none"


GROUP = Group(
    "Host",
    "host",
    (
        Command(
            "host-check",
            "find mistakes in the files of the host's interfaces",
            "Read files of ifupdown, netplan, systemd-networkd or NetworkManager, and say what is\n"
            "    wrong in which line, and how to put it right. Without FILE: this host's own.",
            "hostcheck:host_check",
            (rest("file", "files to check, of any of the four kinds", "file"), JSON),
            connects=False,
        ),
        Command(
            "host-bridge",
            "make, show and take away a bridge over the host's own network card",
            "create BRIDGE --port NIC puts a bridge in the place of a network card, with all\n"
            "    its addresses, routes and its DHCP lease, and cuts no connection; delete BRIDGE\n"
            "    gives them back. The files of whatever manages the card are written too. With\n"
            "    --try SECONDS all is taken back unless 'confirm' comes in time; revert takes it\n"
            "    back at once. recover puts right what a power cut has left half done; the unit\n"
            "    pasarela-recover.service gives it at boot.",
            "hostbridge:host_bridge",
            (
                data("action", f"one of {_ACTIONS.replace(' ', ', ')}", f"words:{_ACTIONS}"),
                string("bridge", "name of the bridge, as br0", "interface"),
                flag("dhcp", "its IPv4 address comes by DHCP"),
                many("address", "its address, as 172.26.0.100/16; may be repeated"),
                many("gateway", "the default route's gateway; one for IPv4 and one for IPv6"),
                many("dns", "a name server; may be repeated"),
                string("stp", "on or off (default: off)", "words:on off", only_named=True),
                string("mac", "its MAC address (default: the card's)", only_named=True),
                Option("mtu", Kind.NUMBER, "its MTU (default: the card's)", only_named=True),
                string("network", "make and start a network of this name on it", only_named=True),
                flag("autostart", "start that network whenever the machine boots"),
                string(
                    "manager",
                    f"whose files are written: {_MANAGERS.replace(' ', ', ')}",
                    f"words:{_MANAGERS}",
                    only_named=True,
                ),
                string(
                    "addresses-to",
                    "with delete: the port that gets all addresses (default: each its own)",
                    "interface",
                    only_named=True,
                ),
                flag(
                    "force",
                    "with revert: go past what cannot be taken back, and forget it; "
                    "with delete: cut off guests",
                ),
                flag("boot", "with recover: the network is not up yet, put the files alone right"),
                flag("dry-run", "print the steps and what changes in each file; touch nothing"),
                Option("try", Kind.NUMBER, "take all back after so many seconds", only_named=True),
                rest("port", "network card to put into it, as enp3s0", "interface"),
                JSON,
            ),
            connects=False,
            examples=(
                "host-bridge create br0 --port enp3s0 --dhcp --try 60",
                "confirm",
                "host-bridge create br0 --port enp3s0 --address 172.26.0.100/16"
                " --gateway 172.26.0.1 --dns 172.26.0.1",
                "host-bridge delete br0 --dry-run",
            ),
        ),
        Command(
            "confirm",
            "keep what host-bridge --try is trying",
            "Write the files of a change that is on trial, and end the watchdog that would take\n"
            "    it back.",
            "trial:confirm",
            connects=False,
        ),
    ),
)
