"""virsh's commands on networks."""

from __future__ import annotations

from pasarela.cli.spec import (
    JSON,
    Command,
    Group,
    Option,
    data,
    flag,
    number,
    rest,
    string,
)

COMMANDS_OF_UPDATE = "add-first add-last add delete modify"
SECTIONS_OF_UPDATE = (
    "bridge domain ip ip-dhcp-host ip-dhcp-range forward forward-interface forward-pf "
    "portgroup dns-host dns-txt dns-srv"
)

_NETWORK = data("network", "name or uuid of the network", "network")
_VALIDATE = flag("validate", "check the XML strictly: unknown elements are errors")
_INACTIVE_XML = flag("inactive", "the persistent definition, not the running one")
XPATH = (
    string("xpath", "print only the parts that this XPath expression finds", only_named=True),
    flag("wrap", "put what --xpath finds into one root element"),
)


def _file(text: str) -> Option:
    return data("file", text, "file")


def _affect(what: str) -> tuple[Option, ...]:
    return (
        flag("config", f"{what} the persistent definition"),
        flag("live", f"{what} the running network"),
        flag("current", f"{what} the running network if it runs, else the definition (default)"),
    )


GROUP = Group(
    "Networking",
    "network",
    (
        Command(
            "net-autostart",
            "start a network at boot, or no longer",
            "Mark a network to be started when the machine boots.",
            "networks:autostart",
            (_NETWORK, flag("disable", "do not start it at boot")),
        ),
        Command(
            "net-create",
            "start a network from an XML file, until it is stopped",
            "Start a transient network: it is gone once it is stopped.",
            "networks:create",
            (_file("file with the network's XML"), _VALIDATE),
        ),
        Command(
            "net-define",
            "add a persistent network from an XML file, or change one",
            "Define a persistent network. A running one goes on as it is until its next start.",
            "networks:define",
            (_file("file with the network's XML"), _VALIDATE),
        ),
        Command(
            "net-desc",
            "show or set a network's description or title",
            "Show a network's description or title, or set it to the words given.",
            "metadata:describe",
            (
                _NETWORK,
                *_affect("show or change"),
                flag("title", "the title instead of the description"),
                flag("edit", "change it in an editor"),
                rest("new-desc", "the new text"),
                JSON,
            ),
        ),
        Command(
            "net-destroy",
            "stop a network",
            "Stop a running network; its definition, if it has one, stays.",
            "networks:destroy",
            (data("network", "name or uuid of the network", "active-network"),),
        ),
        Command(
            "net-dhcp-leases",
            "show which guests have which address",
            "Show the DHCP leases of a network.",
            "leases:dhcp_leases",
            (
                data("network", "name or uuid of the network", "active-network"),
                string("mac", "only the leases of this MAC address"),
                JSON,
            ),
        ),
        Command(
            "net-dumpxml",
            "print a network's XML",
            "Print a network's definition as XML: that of the running network, if it runs.",
            "networks:dumpxml",
            (_NETWORK, _INACTIVE_XML, *XPATH, JSON),
        ),
        Command(
            "net-edit",
            "change a network's XML in an editor",
            "Open the persistent definition in $VISUAL or $EDITOR and define what was saved.",
            "edit:edit_network",
            (_NETWORK,),
        ),
        Command(
            "net-event",
            "wait for something to happen to networks",
            "Wait for events, or list the kinds of events.",
            "events:net_event",
            (
                string("network", "only events of this network, name or uuid", "network"),
                string(
                    "event", "kind: lifecycle or metadata-change", "words:lifecycle metadata-change"
                ),
                flag("loop", "go on after the first event, until time-out or Ctrl-C"),
                number("timeout", "give up after so many seconds"),
                flag("list", "list the kinds of events"),
                flag("timestamp", "print the time of each event"),
                JSON,
            ),
            examples=("net-event --event lifecycle --loop --timestamp",),
        ),
        Command(
            "net-info",
            "show what is known of a network",
            "Show a network's name, uuid, state and bridge.",
            "networks:info",
            (_NETWORK, JSON),
        ),
        Command(
            "net-list",
            "list networks",
            "List the active networks, or those that the options choose.",
            "networks:list_networks",
            (
                flag("inactive", "the inactive networks"),
                flag("all", "active and inactive networks"),
                flag("persistent", "only persistent networks"),
                flag("transient", "only transient networks"),
                flag("autostart", "only networks that start at boot"),
                flag("no-autostart", "only networks that do not start at boot"),
                flag("uuid", "print only uuids"),
                flag("name", "print only names"),
                flag("table", "print a table (default)"),
                flag("title", "show the titles too"),
                JSON,
            ),
        ),
        Command(
            "net-metadata",
            "show or set XML that programs keep with a network",
            "Show, set or remove the metadata element of one XML namespace.",
            "metadata:net_metadata",
            (
                _NETWORK,
                data("uri", "URI of the namespace"),
                *_affect("show or change"),
                flag("edit", "change it in an editor"),
                string("key", "prefix to use for the namespace"),
                string("set", "the new element"),
                flag("remove", "remove the element"),
                JSON,
            ),
        ),
        Command(
            "net-name",
            "print the name of the network with a uuid",
            "",
            "networks:name",
            (data("network", "uuid of the network"), JSON),
        ),
        Command(
            "net-start",
            "start a network that is defined",
            "Start a network.",
            "networks:start",
            (data("network", "name or uuid of the network", "inactive-network"),),
        ),
        Command(
            "net-undefine",
            "remove a network's persistent definition",
            "Remove the persistent definition; a network that runs goes on, as a transient one.",
            "networks:undefine",
            (_NETWORK,),
        ),
        Command(
            "net-update",
            "change a part of a network, while it runs if need be",
            "Change one element of a network. What runs is changed at once, without a stop, and\n"
            "    only what the element says; --live --config changes it for good as well.",
            "update:update",
            (
                _NETWORK,
                data(
                    "command",
                    "add-first, add-last (or add), delete or modify",
                    f"words:{COMMANDS_OF_UPDATE}",
                ),
                data(
                    "section",
                    f"one of {', '.join(SECTIONS_OF_UPDATE.split())}",
                    f"words:{SECTIONS_OF_UPDATE}",
                ),
                data(
                    "xml",
                    "the element itself, if this starts with '<', or else a file with it",
                    "file",
                ),
                number("parent-index", "which of several <ip> elements it belongs to, from 0"),
                *_affect("change"),
            ),
            examples=(
                "net-update mired2 add ip-dhcp-host --live --config"
                " \"<host mac='52:54:00:00:00:07' ip='192.168.6.7'/>\"",
                "net-update mired2 delete ip-dhcp-host --live --config"
                " \"<host mac='52:54:00:00:00:07'/>\"",
            ),
        ),
        Command(
            "net-uuid",
            "print the uuid of the network with a name",
            "",
            "networks:uuid",
            (data("network", "name of the network", "network"), JSON),
        ),
    ),
)
