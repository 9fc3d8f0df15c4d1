"""virsh's commands on the host's own interfaces."""

from __future__ import annotations

from pasarela.cli.commands.networks import XPATH
from pasarela.cli.spec import JSON, Command, Group, data, flag

GROUP = Group(
    "Interface",
    "interface",
    (
        Command(
            "iface-dumpxml",
            "print an interface's XML",
            "Print what is known of an interface as XML.",
            "interfaces:dumpxml",
            (
                data("interface", "name or MAC address of the interface", "interface"),
                flag("inactive", "the persistent definition"),
                *XPATH,
                JSON,
            ),
        ),
        Command(
            "iface-list",
            "list the host's interfaces",
            "List the active interfaces, or those that the options choose.",
            "interfaces:list_interfaces",
            (flag("inactive", "the inactive ones"), flag("all", "active and inactive"), JSON),
        ),
        Command(
            "iface-mac",
            "print the MAC address of the interface with a name",
            "",
            "interfaces:mac",
            (data("interface", "name of the interface", "interface"), JSON),
        ),
        Command(
            "iface-name",
            "print the name of the interface with a MAC address",
            "",
            "interfaces:name",
            (data("interface", "MAC address of the interface"), JSON),
        ),
    ),
)
