"""The commands that change interfaces: virsh's words, and the calls that virsh makes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cli.conftest import Run
from cli.fake import FakeConnection
from pasarela.model.handles import InterfaceRef

NIC = """\
<interface type='ethernet' name='enp3s0'>
  <start mode='onboot'/>
  <mtu size='1492'/>
  <protocol family='ipv4'>
    <dhcp/>
  </protocol>
  <mac address='52:54:00:00:00:01'/>
</interface>
"""
BRIDGE = """\
<interface type='bridge' name='br0'>
  <start mode='onboot'/>
  <mtu size='1492'/>
  <protocol family='ipv4'>
    <dhcp/>
  </protocol>
  <bridge stp='on' delay='0'>
    <interface type='ethernet' name='enp3s0'>
      <mac address='52:54:00:00:00:01'/>
    </interface>
  </bridge>
</interface>
"""


@pytest.fixture
def connection() -> FakeConnection:
    made = FakeConnection(
        interfaces=[InterfaceRef("enp3s0", "52:54:00:00:00:01"), InterfaceRef("lo", "")]
    )
    made.configured["enp3s0"] = NIC
    return made


def bridged(connection: FakeConnection, document: str = BRIDGE) -> None:
    connection.interfaces.append(InterfaceRef("br0", "52:54:00:00:00:01"))
    connection.configured["br0"] = document


# as virsh says it


def test_the_life_of_an_interface_is_told_as_virsh_does(run: Run, tmp_path: Path):
    file = tmp_path / "x.xml"
    file.write_text(NIC.replace("enp3s0", "eth7"))
    lines = [
        "iface-begin",
        f"iface-define {file}",
        f"iface-define {file} --validate",
        "iface-start eth7",
        "iface-destroy eth7",
        "iface-undefine eth7",
        "iface-commit",
    ]
    told = run("; ".join(lines))
    assert told.code == 0
    assert told.out == by_virsh("; ".join(lines))


def test_a_roll_back_is_told_as_virsh_does(run: Run):
    assert run("iface-begin; iface-rollback").out == by_virsh("iface-begin; iface-rollback")


def by_virsh(line: str) -> str:
    if not shutil.which("virsh"):
        pytest.skip("no virsh here to compare with")
    command = ["virsh", "-c", "test:///default", line]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def test_what_is_defined_is_what_the_file_says(
    run: Run, connection: FakeConnection, tmp_path: Path
):
    file = tmp_path / "x.xml"
    file.write_text(NIC)
    run("iface-define", str(file), "--validate")
    assert connection.calls == [("interface_define", NIC, True)]


@pytest.mark.parametrize("command", ["iface-start", "iface-destroy", "iface-undefine"])
def test_an_interface_may_be_named_by_its_mac(run: Run, connection: FakeConnection, command: str):
    assert run(command, "52:54:00:00:00:01").code == 0
    assert connection.calls[0][1] == "enp3s0"


@pytest.mark.parametrize(
    "command", ["iface-start", "iface-destroy", "iface-undefine", "iface-edit"]
)
def test_one_that_is_not_there(run: Run, command: str):
    told = run(command, "nowhere")
    assert told.code == 1
    assert told.err == (
        "error: failed to get interface 'nowhere'\n"
        "error: Interface not found: couldn't find interface named 'nowhere'\n"
    )


# bridging


def test_a_bridge_takes_the_interfaces_place(run: Run, connection: FakeConnection):
    told = run("iface-bridge", "enp3s0", "br0")
    assert (told.code, told.err) == (0, "")
    assert told.out == (
        "Created bridge br0 with attached device enp3s0\nBridge interface br0 started\n\n"
    )
    assert connection.calls == [("interface_define", BRIDGE, False), ("interface_create", "br0")]


@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        (["--no-stp"], "stp='off'"),
        (["--no-stp", "--delay", "7"], "stp='off'"),
        (["--delay", "7"], "stp='on' delay='7'"),
    ],
)
def test_the_bridges_spanning_tree(
    run: Run, connection: FakeConnection, options: list[str], attributes: str
):
    run("iface-bridge", "enp3s0", "br0", *options)
    assert f"<bridge {attributes}>" in connection.configured["br0"]


def test_a_bridge_that_is_not_to_be_started(run: Run, connection: FakeConnection):
    told = run("iface-bridge", "enp3s0", "br0", "--no-start")
    assert told.out == "Created bridge br0 with attached device enp3s0\n\n"
    assert [call[0] for call in connection.calls] == ["interface_define"]


def test_a_bond_and_a_vlan_keep_what_they_are(run: Run, connection: FakeConnection):
    for kind in ("<bond mode='802.3ad'>\n      ", "<vlan tag='42'>\n      "):
        inner = (
            "<interface type='ethernet' name='p0'/>"
            if "bond" in kind
            else ("<interface name='p0'/>")
        )
        name = kind[1:5]
        connection.interfaces.append(InterfaceRef(name, ""))
        connection.configured[name] = (
            f"<interface type='{name}' name='{name}'>{kind}{inner}</{name}></interface>"
        )
        assert run("iface-bridge", name, f"br-{name}").code == 0
        assert kind.strip() in connection.configured[f"br-{name}"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere", "br0"], "failed to get interface 'nowhere'"),
        (["52:54:00:00:00:01", "br0"], "failed to get interface '52:54:00:00:00:01'"),
        (["enp3s0", "lo"], "Network device lo already exists"),
        (
            ["enp3s0", "br0", "--delay", "-1"],
            "Numeric value '-1' for <delay> option is malformed or out of range",
        ),
        (
            ["enp3s0", "br0", "--delay", "long"],
            "Numeric value 'long' for <delay> option is malformed or out of range",
        ),
    ],
)
def test_bridging_that_may_not_be(
    run: Run, connection: FakeConnection, words: list[str], sentence: str
):
    told = run("iface-bridge", *words)
    assert told.code == 1
    assert told.err.startswith(f"error: {sentence}\n")
    assert connection.calls == []


def test_a_bridge_over_a_bridge_may_not_be(run: Run, connection: FakeConnection):
    bridged(connection)
    told = run("iface-bridge", "br0", "br1")
    assert told.err == "error: Existing device br0 is already a bridge\n"
    assert connection.calls == []


def test_a_bridge_is_taken_away_in_virshs_order(run: Run, connection: FakeConnection):
    bridged(connection)
    told = run("iface-unbridge", "br0")
    assert told.out == ("Device enp3s0 un-attached from bridge br0\nInterface enp3s0 started\n\n")
    assert connection.calls == [
        ("interface_destroy", "br0"),
        ("interface_undefine", "br0"),
        ("interface_define", NIC, False),
        ("interface_create", "enp3s0"),
    ]


def test_a_port_that_is_not_to_be_started(run: Run, connection: FakeConnection):
    bridged(connection)
    assert run("iface-unbridge", "br0", "--no-start").out.endswith("from bridge br0\n\n")
    assert connection.calls[-1][0] == "interface_define"


PORT = "<interface type='ethernet' name='p{}'/>"


@pytest.mark.parametrize(
    ("ports", "sentence"),
    [
        ("", "No interface attached to bridge"),
        (PORT.format(0) + PORT.format(1), "Multiple interfaces attached to bridge"),
    ],
)
def test_a_bridge_without_its_one_port(
    run: Run, connection: FakeConnection, ports: str, sentence: str
):
    bridged(connection, f"<interface type='bridge' name='br0'><bridge>{ports}</bridge></interface>")
    told = run("iface-unbridge", "br0")
    assert told.code == 1
    assert told.err.startswith(f"error: {sentence}\n")
    assert connection.calls == []


def test_what_is_no_bridge(run: Run):
    assert run("iface-unbridge", "enp3s0").err == "error: Device enp3s0 is not a bridge\n"


# editing, and looking only


def test_editing(
    run: Run, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("VISUAL", "sed -i s/1492/1400/")
    assert run("iface-edit", "enp3s0").out == "Interface enp3s0 XML configuration edited.\n\n"
    assert connection.configured["enp3s0"] == NIC.replace("1492", "1400")
    monkeypatch.setenv("VISUAL", "true")
    told = run("iface-edit", "enp3s0")
    assert told.out == "Interface enp3s0 XML configuration not changed.\n\n"
