"""virsh's commands on the ports of networks."""

from __future__ import annotations

from pasarela.cli.commands.networks import XPATH
from pasarela.cli.spec import JSON, Command, Group, data, flag

_NETWORK = data("network", "name or uuid of the network", "active-network")
_PORT = data("port", "uuid of the port", "port")

GROUP = Group(
    "Networking",
    "network",
    (
        Command(
            "net-port-list",
            "list the ports of a network",
            "List the ports of an active network: where its guests are plugged in.",
            "ports:list_ports",
            (_NETWORK, flag("uuid", "print only uuids"), flag("table", "a table (default)"), JSON),
        ),
        Command(
            "net-port-create",
            "create a port from an XML file",
            "Create a port on an active network.",
            "ports:create",
            (
                _NETWORK,
                data("file", "file with the port's XML", "file"),
                flag("validate", "check the XML strictly: unknown elements are errors"),
            ),
        ),
        Command(
            "net-port-dumpxml",
            "print a port's XML",
            "Print a port's definition as XML.",
            "ports:dumpxml",
            (_NETWORK, _PORT, *XPATH, JSON),
        ),
        Command(
            "net-port-delete",
            "delete a port",
            "Delete a port.",
            "ports:delete",
            (_NETWORK, _PORT),
        ),
    ),
)
