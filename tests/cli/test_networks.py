"""What the commands on networks print, as virsh prints it."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest

from cli.conftest import Outcome, Run
from cli.fake import FakeConnection
from pasarela.cli.readonly import read_only
from pasarela.errors import Location, ReadOnly, XmlSyntaxError
from pasarela.model.handles import (
    Affect,
    Lease,
    LeaseType,
    Lifecycle,
    LifecycleEvent,
    MetadataEvent,
    MetadataType,
    UpdateCommand,
    UpdateSection,
)

ZERO = "00000000-0000-0000-0000-00000000000"


def test_list_is_sorted_whatever_the_case(run: Run) -> None:
    assert run("net-list", "--all").out == (
        " Name       State      Autostart   Persistent\n"
        "-----------------------------------------------\n"
        " Aislada    inactive   no          yes\n"
        " default    active     yes         yes\n"
        " temporal   active     no          no\n"
        "\n"
    )


def test_list_quietly_is_rows_only(run: Run) -> None:
    assert run("-q", "net-list").out == (
        " default    active   yes   yes\n temporal   active   no    no\n"
    )


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], ["default", "temporal"]),
        (["--inactive"], ["Aislada"]),
        (["--transient"], ["temporal"]),
        (["--all", "--no-autostart", "--persistent"], ["Aislada"]),
        (["--all", "--autostart"], ["default"]),
    ],
)
def test_list_filters(run: Run, options: list[str], names: list[str]) -> None:
    assert run("net-list", "--name", *options).out == "".join(f"{n}\n" for n in names) + "\n"


def test_list_pads_by_display_width_and_escapes_control(
    run: Run, connection: FakeConnection
) -> None:
    connection.networks[UUID(int=1)].name = "网络"
    connection.networks[UUID(int=3)].name = "a\nb"
    assert run("-q", "net-list").out == (
        " a\\x0ab   active   no    no\n 网络     active   yes   yes\n"
    )


def test_list_with_titles(run: Run, connection: FakeConnection) -> None:
    connection.networks[UUID(int=1)].metadata[MetadataType.TITLE, None] = "T1"
    assert run("net-list", "--title").out == (
        " Name       State    Autostart   Persistent   Title\n"
        "-----------------------------------------------------\n"
        " default    active   yes         yes          T1\n"
        " temporal   active   no          no           \n"
        "\n"
    )


def test_list_as_json(run: Run) -> None:
    expected = {
        "name": "Aislada",
        "uuid": f"{ZERO}2",
        "active": False,
        "persistent": True,
        "autostart": False,
        "bridge": None,
        "title": None,
    }
    for words in (["--json", "net-list", "--inactive"], ["net-list", "--inactive", "--json"]):
        assert json.loads(run(*words).out) == [expected]


def test_info(run: Run) -> None:
    assert run("net-info", "default").out == (
        "Name:           default\n"
        f"UUID:           {ZERO}1\n"
        "Active:         yes\n"
        "Persistent:     yes\n"
        "Autostart:      yes\n"
        "Bridge:         virbr0\n"
        "\n"
    )
    assert "Bridge:" not in run("net-info", "Aislada").out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("net-start Aislada", "Network Aislada started"),
        (f"net-start {ZERO}2", f"Network {ZERO}2 started"),
        ("net-destroy default", "Network default destroyed"),
        ("net-undefine default", "Network default has been undefined"),
        ("net-autostart Aislada", "Network Aislada marked as autostarted"),
        ("net-autostart default --disable", "Network default unmarked as autostarted"),
        (f"net-name {ZERO}1", "default"),
        ("net-uuid Aislada", f"{ZERO}2"),
    ],
)
def test_sentences(run: Run, line: str, sentence: str) -> None:
    assert run(line) == Outcome(f"{sentence}\n\n", "", 0)


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        (
            "net-start nosuch",
            "error: failed to get network 'nosuch'\n"
            "error: Network not found: no network with matching name 'nosuch'\n",
        ),
        (
            "net-start default",
            "error: Failed to start network default\n"
            "error: Requested operation is not valid: network is already active\n",
        ),
        ("net-start ''", "error: Failed to get option 'network': Option argument is empty\n"),
        (
            f"net-name {ZERO}9",
            f"error: failed to get network '{ZERO}9'\n"
            f"error: Network not found: no network with matching uuid '{ZERO}9'\n",
        ),
        (
            "net-list --name --uuid",
            "error: Only one argument from --table, --name and --uuid may be specified.\n",
        ),
        ("net-define /nosuch", "error: Failed to open file '/nosuch': No such file or directory\n"),
        ("net-define /", "error: Failed to read file '/': Is a directory\n"),
        (
            "net-update default add ip '<ip/>' --current --live",
            "error: Options --current and --live are mutually exclusive\n",
        ),
        (
            "net-update default add ip '<ip/>' --parent-index x",
            "error: Numeric value 'x' for <parent-index> option is malformed or out of range\n",
        ),
        (
            "net-event --event lifecycle --timeout 0",
            "error: Numeric value '0' for <timeout> option is malformed or out of range\n",
        ),
        (
            "net-metadata default u --set '<a/>'",
            "error: namespace key is required when modifying metadata\n",
        ),
    ],
)
def test_failures(run: Run, line: str, sentences: str) -> None:
    assert run(line) == Outcome("\n", sentences, 1)


@pytest.mark.parametrize(
    ("line", "first", "hint"),
    [
        ("net-name default", "failed to get network 'default'", "net-uuid"),
        ("net-update default put ip '<a/>'", "unrecognized command name 'put'", "add-first"),
        ("net-update default add x '<a/>'", "unrecognized section name 'x'", "ip-dhcp-host"),
        ("net-event --event x", "unknown event type x", "metadata-change"),
        ("net-event default", "either --list or --event <type> is required", "lifecycle"),
    ],
)
def test_failures_with_a_way_out(run: Run, line: str, first: str, hint: str) -> None:
    outcome = run(line)
    sentence, remedy = outcome.err.splitlines()
    assert (outcome.out, outcome.code, sentence) == ("\n", 1, f"error: {first}")
    assert remedy.startswith("hint: ")
    assert hint in remedy


def test_the_last_command_counts(run: Run) -> None:
    assert run("net-start nosuch; net-start Aislada").code == 0
    assert run("net-start Aislada; net-start nosuch").code == 1
    assert run("echo a; quit; net-start nosuch") == Outcome("a\n", "", 0)


def test_a_syntax_error_stops_all_and_prints_no_blank_line(run: Run) -> None:
    assert run("net-start Aislada; net-start").out == ""
    assert run("net-list", "--inactive", "--name").out == "Aislada\n\n"


def test_define_names_the_file_and_the_place(
    run: Run, connection: FakeConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "red.xml"
    file.write_text("<network>")
    assert run("net-define", str(file), "--validate").out == (
        f"Network default defined from {file}\n\n"
    )
    assert connection.calls == [("define", "<network>", True)]

    def refuse(xml: str, *, validate: bool = False) -> None:
        place = Location(line=1, element="network")
        raise XmlSyntaxError("(network_definition):1: x", location=place, remedy="close it")

    monkeypatch.setattr(connection, "define_xml", refuse)
    assert run("net-define", str(file)) == Outcome(
        "\n",
        f"error: Failed to define network from {file}\n"
        "error: (network_definition):1: x\n"
        f"hint: {file}:1 <network>: close it\n",
        1,
    )


def test_virsh_define_of_a_network_names_the_right_command(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "red.xml"
    file.write_text("<?xml version='1.0'?>\n<!-- <domain> -->\n<network><name>red</name>")
    assert run("define", str(file)) == Outcome(
        "\n",
        f"error: Failed to define domain from {file}\n"
        "error: XML error: expecting root element of 'domain', not 'network'\n"
        f"hint: {file} defines a network: use 'pasarela net-define {file}'\n",
        1,
    )


def test_update_passes_everything_on_and_prints_no_blank_line(
    run: Run, connection: FakeConnection
) -> None:
    outcome = run(
        "net-update", "default", "add", "ip-dhcp-host", "<host/>", "--parent-index", "2", "--config"
    )
    assert outcome == Outcome("Updated network default persistent config\n", "", 0)
    assert connection.calls == [
        (
            "update",
            UpdateCommand.ADD_LAST,
            UpdateSection.IP_DHCP_HOST,
            "<host/>",
            2,
            Affect.CONFIG,
        )
    ]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ("default", "live state"),
        ("Aislada", "persistent config"),
        ("default --live", "live state"),
        ("default --live --config", "persistent config and live state"),
        ("default --current", "live state"),
    ],
)
def test_update_says_what_was_changed(run: Run, options: str, what: str) -> None:
    name, *flags = options.split()
    out = run("net-update", name, "delete", "dns-host", "<host/>", *flags).out
    assert out == f"Updated network {name} {what}\n"


def test_leases(run: Run, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    four, six = LeaseType.IPV4, LeaseType.IPV6
    connection.networks[UUID(int=1)].leases = [
        Lease("v", 2000000000, six, "52:54:00:00:00:04", "4", "fd00::9", 64, "six", "00:01"),
        Lease("v", 0, four, "52:54:00:00:00:02", None, "192.168.150.12", 24, None, None),
    ]
    assert run("net-dhcp-leases", "default").out == (
        " Expiry Time           MAC address         Protocol   IP address          Hostname"
        "   Client ID or DUID\n"
        "--------------------------------------------------------------------------------"
        "------------------------\n"
        " 1970-01-01 00:00:00   52:54:00:00:00:02   ipv4       192.168.150.12/24   -"
        "          -\n"
        " 2033-05-18 03:33:20   52:54:00:00:00:04   ipv6       fd00::9/64          six"
        "        00:01\n"
        "\n"
    )
    only = run("--json", "net-dhcp-leases", "default", "52:54:00:00:00:02").out
    assert json.loads(only) == [
        {
            "expiry": None,
            "mac": "52:54:00:00:00:02",
            "protocol": "ipv4",
            "address": "192.168.150.12",
            "prefix": 24,
            "hostname": None,
            "client_id": None,
            "iaid": None,
            "interface": "v",
        }
    ]


def test_events(run: Run, connection: FakeConnection) -> None:
    default, other = connection.lookup_by_name("default"), connection.lookup_by_name("temporal")
    connection.pending = [
        MetadataEvent(default, MetadataType.ELEMENT, "http://x"),
        LifecycleEvent(default, Lifecycle.STARTED),
        LifecycleEvent(other, Lifecycle.STOPPED),
    ]
    assert run("net-event --event lifecycle") == Outcome(
        "event 'lifecycle' for network default: Started\nevents received: 1\n\n", "", 0
    )
    assert run("net-event --event lifecycle --loop --timeout 1").out == (
        "event 'lifecycle' for network default: Started\n"
        "event 'lifecycle' for network temporal: Stopped\n"
        "event loop timed out\nevents received: 2\n\n"
    )
    assert run("net-event --event metadata-change").out == (
        "event 'metadata-change' for network default: type element, uri http://x\n"
        "events received: 1\n\n"
    )
    silent = run("net-event Aislada lifecycle --timeout 1")
    assert silent == Outcome("event loop timed out\nevents received: 0\n\n", "", 1)
    line = json.loads(run("--json", "net-event", "--event", "lifecycle").out)
    assert (line["event"], line["what"], line["network"]["name"]) == (
        "lifecycle",
        "started",
        "default",
    )


def test_descriptions(run: Run) -> None:
    assert run("net-desc", "default").out == "No description for network: default\n"
    set_one = run("net-desc", "default", "hello", "world")
    assert set_one.out == "Network description updated successfully\n"
    assert run("net-desc", "default").out == "hello world\n"
    assert run("net-desc", "default", "").out == "Network description updated successfully\n"
    assert run("net-desc", "default").out == "No description for network: default\n"
    assert run("net-desc", "default", "--title", "T1").out == "Network title updated successfully\n"
    assert run("net-desc", "default", "--title").out == "T1\n"


def test_metadata(run: Run) -> None:
    missing = run("net-metadata", "default", "http://x/y")
    assert (missing.code, missing.err) == (
        1,
        "error: metadata not found: Requested metadata element is not present\n",
    )
    changed = run("net-metadata", "default", "http://x/y", "--key", "k", "--set", "<a>1</a>")
    assert changed.out == "Metadata modified\n\n"
    assert run("net-metadata", "default", "http://x/y").out == "<a>1</a>\n\n"
    assert run("net-metadata", "default", "http://x/y", "--remove").out == "Metadata removed\n\n"


def test_readonly_refuses_by_the_api_name(connection: FakeConnection) -> None:
    guarded = read_only(connection)
    assert guarded.is_active(guarded.lookup_by_name("default"))
    with pytest.raises(ReadOnly) as caught:
        guarded.destroy(guarded.lookup_by_name("default"))
    assert caught.value.message == (
        "operation forbidden: read only access prevents virNetworkDestroy"
    )
    with pytest.raises(ReadOnly, match="virNetworkDefineXMLFlags"):
        guarded.define_xml("<network/>", validate=True)
