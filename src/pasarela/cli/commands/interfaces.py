"""virsh's commands on the host's own interfaces."""

from __future__ import annotations

from pasarela.cli.commands.networks import XPATH
from pasarela.cli.spec import JSON, Command, Group, data, flag, number

_INTERFACE = data("interface", "name or MAC address of the interface", "interface")

GROUP = Group(
    "Interface",
    "interface",
    (
        Command(
            "iface-begin",
            "note how the interfaces are configured, to be able to go back",
            "Note the files that configure the interfaces, and which are up: iface-rollback brings "
            "this back, iface-commit forgets it. A reboot before either brings it back, too.",
            "interface_changes:begin",
        ),
        Command(
            "iface-bridge",
            "put a bridge in the place of an interface, for guests to share it",
            "Define a bridge with the addresses of an interface, which becomes its port, and start "
            "it. Connections through the interface live on.",
            "interface_bridging:bridge",
            (
                data("interface", "name of the interface", "interface"),
                data("bridge", "name of the new bridge"),
                flag("no-stp", "without the spanning tree protocol"),
                number("delay", "seconds for which a new port passes nothing"),
                flag("no-start", "only define it"),
            ),
        ),
        Command(
            "iface-commit",
            "keep what was changed since iface-begin",
            "Keep what was changed since iface-begin: there is no way back to it any more.",
            "interface_changes:commit",
        ),
        Command(
            "iface-define",
            "configure an interface from an XML file, or change how it is configured",
            "Write how an interface is to be into the files of what manages the host's interfaces. "
            "What is up goes on as it is until iface-start.",
            "interface_changes:define",
            (
                data("file", "file with the interface's XML", "file"),
                flag("validate", "check the XML strictly: unknown elements are errors"),
            ),
        ),
        Command(
            "iface-destroy",
            "take an interface down",
            "Take an interface down; its configuration stays. A bridge's addresses go to its port.",
            "interface_changes:destroy",
            (_INTERFACE,),
        ),
        Command(
            "iface-dumpxml",
            "print an interface's XML",
            "Print what is known of an interface as XML.",
            "interfaces:dumpxml",
            (
                _INTERFACE,
                flag("inactive", "the persistent definition"),
                *XPATH,
                JSON,
            ),
        ),
        Command(
            "iface-edit",
            "change how an interface is configured in an editor",
            "Open an interface's configuration as XML in $VISUAL or $EDITOR and define what was "
            "saved.",
            "edit:edit_interface",
            (_INTERFACE,),
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
        Command(
            "iface-rollback",
            "take back what was changed since iface-begin",
            "Put the files back as they were at iface-begin, and the interfaces up or down.",
            "interface_changes:rollback",
        ),
        Command(
            "iface-start",
            "bring an interface up as it is configured",
            "Bring an interface up as it is configured; what it has already is kept.",
            "interface_changes:start",
            (_INTERFACE,),
        ),
        Command(
            "iface-unbridge",
            "give a bridge's addresses back to its port, and remove it",
            "Take a bridge away; the interface that is its port gets its addresses back. "
            "Connections through it live on.",
            "interface_bridging:unbridge",
            (
                data("bridge", "name of the bridge", "interface"),
                flag("no-start", "do not bring the interface up (it would be off the network)"),
            ),
        ),
        Command(
            "iface-undefine",
            "remove an interface's configuration",
            "Remove an interface from the files; what is up goes on until it is taken down.",
            "interface_changes:undefine",
            (_INTERFACE,),
        ),
    ),
)
