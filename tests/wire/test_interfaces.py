"""The real virsh and libvirt-python change the host's interfaces through pasarelad.

The real libvirtd of Debian answers each of these calls with "this function is not supported by
the connection driver"; what is said and done here is what libvirt's netcf driver does.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pasarela.hostnet.bridge.pending import WATCHDOG, Pending, Phase, forget, save
from wire.clients.programs import DEBIAN13, debian13, need
from wire.pasarelad import PYTHON, Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

LO = "auto lo\niface lo inet loopback\n"
STATIC = f"""\
# This host's network; see interfaces(5).
{LO}
auto enp3s0
iface enp3s0 inet static
    address 192.0.2.10/24
    gateway 192.0.2.1
"""
PASARELA = (PYTHON, "-m", "pasarela.cli.main")
SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture
def host(pasarelad: Pasarelad) -> Iterator[Pasarelad]:
    """A host with a NIC on a wire, configured by ifupdown, and up."""
    interfaces_of(pasarelad).parent.mkdir(parents=True, exist_ok=True)
    interfaces_of(pasarelad).write_text(STATIC)
    links = (
        "link add enp3s0 type veth peer name wire\nlink set wire up\nlink set enp3s0 up\n"
        "address add 192.0.2.10/24 dev enp3s0\nroute add default via 192.0.2.1\n"
    )
    made = pasarelad.run("ip", "-batch", "-", stdin=links)
    assert made.returncode == 0, made.stderr
    try:
        yield pasarelad
    finally:
        pasarelad.virsh("iface-rollback")
        pasarelad.run("ip", "link", "delete", "br0")
        pasarelad.run("ip", "link", "delete", "wire")
        interfaces_of(pasarelad).unlink()


def interfaces_of(host: Pasarelad) -> Path:
    return host.root / "etc/network/interfaces"


def addresses(host: Pasarelad, name: str) -> list[str]:
    shown = host.run("ip", "-json", "-4", "address", "show", "dev", name).stdout
    found = json.loads(shown or "[]")
    return [f"{one['local']}/{one['prefixlen']}" for link in found for one in link["addr_info"]]


def gateways(host: Pasarelad) -> list[tuple[str, str]]:
    shown = host.run("ip", "-json", "route", "show", "default").stdout
    return [(route["gateway"], route["dev"]) for route in json.loads(shown)]


def told(host: Pasarelad, *words: str) -> str:
    done = host.virsh(*words)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def refused(host: Pasarelad, *words: str) -> str:
    done = host.virsh(*words)
    assert done.returncode == 1, done.stdout
    return done.stderr


def listed(host: Pasarelad) -> dict[str, str]:
    rows = [line.split() for line in told(host, "-q", "iface-list", "--all").splitlines()]
    return {row[0]: row[1] for row in rows if row}


BRIDGED = """\
<interface type='bridge' name='br0'>
  <start mode='onboot'/>
  <protocol family='ipv4'>
    <ip address='192.0.2.10' prefix='24'/>
    <route gateway='192.0.2.1'/>
  </protocol>
  <bridge stp='off' delay='0'>
    <interface type='ethernet' name='enp3s0'>
      <mac address='MAC'/>
    </interface>
  </bridge>
</interface>

"""


def mac_of(host: Pasarelad, name: str) -> str:
    return told(host, "iface-mac", name).strip()


def test_the_life_of_a_bridge_over_a_nic(host: Pasarelad):
    mac = mac_of(host, "enp3s0")
    assert told(host, "iface-begin") == "Network config change transaction started\n\n"

    made = told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
    assert (
        made == "Created bridge br0 with attached device enp3s0\nBridge interface br0 started\n\n"
    )
    assert addresses(host, "br0") == ["192.0.2.10/24"]
    assert addresses(host, "enp3s0") == []
    assert gateways(host) == [("192.0.2.1", "br0")]
    assert listed(host)["br0"] == "active"
    assert mac_of(host, "br0") == mac
    assert "iface br0 inet static" in interfaces_of(host).read_text()
    assert "iface enp3s0 inet manual" in interfaces_of(host).read_text()
    assert told(host, "iface-dumpxml", "br0", "--inactive") == BRIDGED.replace("MAC", mac)
    assert "<bridge stp='off'" in told(host, "iface-dumpxml", "br0")

    gone = told(host, "iface-unbridge", "br0")
    assert gone == "Device enp3s0 un-attached from bridge br0\nInterface enp3s0 started\n\n"
    assert "br0" not in listed(host)
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]
    assert gateways(host) == [("192.0.2.1", "enp3s0")]
    assert interfaces_of(host).read_text() == STATIC

    assert told(host, "iface-rollback") == "Network config change transaction rolled back\n\n"
    assert interfaces_of(host).read_text() == STATIC
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]


def test_a_bridge_is_taken_back(host: Pasarelad):
    told(host, "iface-begin")
    told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
    told(host, "iface-rollback")
    assert interfaces_of(host).read_text() == STATIC
    assert "br0" not in listed(host)
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]
    assert gateways(host) == [("192.0.2.1", "enp3s0")]


OTHERS = {
    "etc/netplan/50-lan.yaml": """\
network:
  version: 2
  ethernets:
    enp3s0: # the card
      addresses: [192.0.2.10/24]
      routes: [{to: default, via: 192.0.2.1}]
""",
    "etc/systemd/network/10-lan.network": """\
[Match]
Name=enp3s0

[Network]
Address=192.0.2.10/24
Gateway=192.0.2.1
""",
    "etc/NetworkManager/system-connections/lan.nmconnection": """\
[connection]
id=lan
uuid=3f1c2a8e-1f1d-4c11-9d7b-0a1b2c3d4e5f
type=ethernet
interface-name=enp3s0

[ipv4]
method=manual
address1=192.0.2.10/24,192.0.2.1
""",
}


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.split("/")[1])
def test_whatever_manages_the_interface(host: Pasarelad, path: str):
    interfaces_of(host).write_text(LO)
    file = host.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(OTHERS[path])
    file.chmod(0o600)
    before = files_of(host)
    try:
        told(host, "iface-begin")
        told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
        assert "<ip address='192.0.2.10' prefix='24'/>" in told(
            host, "iface-dumpxml", "br0", "--inactive"
        )
        assert files_of(host) != before
        assert addresses(host, "br0") == ["192.0.2.10/24"]
        told(host, "iface-unbridge", "br0")
        assert files_of(host) == before
        told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
        told(host, "iface-rollback")
        assert files_of(host) == before
        assert addresses(host, "enp3s0") == ["192.0.2.10/24"]
    finally:
        shutil.rmtree(file.parent)


def files_of(host: Pasarelad) -> dict[str, tuple[str, int]]:
    """The text and mode of all that configures interfaces."""
    found = (path for path in (host.root / "etc").rglob("*") if path.is_file())
    return {
        str(path.relative_to(host.root)): (path.read_text(), path.stat().st_mode & 0o777)
        for path in found
        if "libvirt" not in path.parts
    }


def test_a_bridge_that_went_comes_back(host: Pasarelad):
    told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
    files = interfaces_of(host).read_text()
    told(host, "iface-begin")
    told(host, "iface-unbridge", "br0")
    told(host, "iface-rollback")
    assert interfaces_of(host).read_text() == files
    assert addresses(host, "br0") == ["192.0.2.10/24"]
    assert gateways(host) == [("192.0.2.1", "br0")]


def test_with_a_spanning_tree_as_virsh_asks_for_it_by_itself(host: Pasarelad):
    """The kernel takes no delay under two seconds with it, and virsh asks for none. The port
    forwards all the same, at once."""
    told(host, "iface-bridge", "enp3s0", "br0")
    assert host.run("cat", "/sys/class/net/enp3s0/brport/state").stdout == "3\n"
    assert addresses(host, "br0") == ["192.0.2.10/24"]
    assert "<bridge stp='on' delay='200'>" in told(host, "iface-dumpxml", "br0")
    told(host, "iface-unbridge", "br0")
    assert interfaces_of(host).read_text() == STATIC


def test_a_port_that_a_document_adds(host: Pasarelad, tmp_path: Path):
    told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
    host.run("ip", "link", "add", "enp4s0", "type", "veth", "peer", "name", "wire4")
    document = told(host, "iface-dumpxml", "br0", "--inactive")
    more = "  <interface type='ethernet' name='enp4s0'/>\n  </bridge>"
    (tmp_path / "br0.xml").write_text(document.replace("</bridge>", more))
    told(host, "iface-define", str(tmp_path / "br0.xml"), "--validate")
    assert "bridge_ports enp3s0 enp4s0\n" in interfaces_of(host).read_text()
    told(host, "iface-start", "br0")
    ports = host.run("ls", "/sys/class/net/br0/brif").stdout.split()
    assert ports == ["enp3s0", "enp4s0"]
    assert addresses(host, "br0") == ["192.0.2.10/24"]
    assert "Multiple interfaces attached to bridge" in refused(host, "iface-unbridge", "br0")
    host.run("ip", "link", "delete", "enp4s0")


def test_a_file_that_cannot_be_read_is_named(host: Pasarelad, tmp_path: Path):
    interfaces_of(host).write_text("address 192.0.2.10/24\n" + STATIC)
    assert set(listed(host)) == {"enp3s0", "lo", "wire"}
    (tmp_path / "x.xml").write_text("<interface type='ethernet' name='enp3s0'/>")
    message = refused(host, "iface-define", str(tmp_path / "x.xml"))
    assert message.startswith(f"error: Failed to define interface from {tmp_path}/x.xml\n")
    assert "operation failed: " in message
    by_ours = host.run(*PASARELA, "--root", str(host.root), "iface-define", str(tmp_path / "x.xml"))
    assert "/etc/network/interfaces:1" in by_ours.stderr
    assert interfaces_of(host).read_text().startswith("address 192.0.2.10/24\n")


def test_a_host_bridge_on_trial_comes_first(host: Pasarelad):
    waiting = f"'{PYTHON}' -c 'import signal; signal.pause()' {WATCHDOG} > /dev/null 2>&1 & echo $!"
    watchdog = int(host.run("sh", "-c", waiting).stdout)
    save(host.root, Pending("bridge br9 over enp9s0", Phase.TRIAL, 1, {}, (), watchdog=watchdog))
    try:
        for words in (["iface-begin"], ["iface-destroy", "enp3s0"], ["iface-undefine", "enp3s0"]):
            message = refused(host, *words)
            assert "another change is pending: bridge br9 over enp9s0" in message
    finally:
        host.run("kill", str(watchdog))
        forget(host.root)
    assert interfaces_of(host).read_text() == STATIC


def test_what_is_committed_stays(host: Pasarelad):
    told(host, "iface-begin")
    told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
    assert told(host, "iface-commit") == "Network config change transaction committed\n\n"
    assert "nothing to rollback" in refused(host, "iface-rollback")
    assert addresses(host, "br0") == ["192.0.2.10/24"]


def test_a_bridge_that_is_only_defined(host: Pasarelad):
    told(host, "iface-bridge", "enp3s0", "br0", "--no-stp", "--no-start")
    assert listed(host)["br0"] == "inactive"
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]
    assert "br0" in told(host, "iface-list", "--inactive")
    assert told(host, "iface-mac", "br0") == "\n\n"
    told(host, "iface-start", "br0")
    assert addresses(host, "br0") == ["192.0.2.10/24"]
    told(host, "iface-unbridge", "br0")
    assert interfaces_of(host).read_text() == STATIC


def test_a_bridge_over_a_nic_that_is_down(host: Pasarelad):
    host.virsh("iface-destroy", "enp3s0")
    told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
    assert addresses(host, "br0") == ["192.0.2.10/24"]
    assert gateways(host) == [("192.0.2.1", "br0")]


def test_a_bridge_over_a_nic_that_nothing_configures(host: Pasarelad):
    interfaces_of(host).write_text(LO)
    told(host, "iface-begin")
    told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
    assert addresses(host, "br0") == ["192.0.2.10/24"]
    assert "iface br0 inet manual" in interfaces_of(host).read_text()
    assert "mtu" not in interfaces_of(host).read_text()  # the document has it from the kernel
    told(host, "iface-unbridge", "br0")
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]
    told(host, "iface-rollback")
    assert interfaces_of(host).read_text() == LO
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]


def test_one_change_at_a_time(host: Pasarelad):
    assert "nothing to be committed." in refused(host, "iface-commit")
    told(host, "iface-begin")
    assert "there is another transaction running." in refused(host, "iface-begin")


def test_a_change_outlives_the_daemon(host: Pasarelad):
    told(host, "iface-begin")
    told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
    host.terminate()
    host.start()
    assert addresses(host, "br0") == ["192.0.2.10/24"]
    told(host, "iface-rollback")
    assert interfaces_of(host).read_text() == STATIC


def test_a_change_that_a_reboot_ended_is_taken_back(host: Pasarelad):
    told(host, "iface-begin")
    told(host, "iface-bridge", "enp3s0", "br0", "--no-stp")
    host.terminate()
    place = host.root / "var/lib/libvirt/interface/pasarela-change.json"
    kept = json.loads(place.read_text())
    place.write_text(json.dumps(kept | {"boot": "another"}))
    host.start()
    assert not place.exists()
    assert interfaces_of(host).read_text() == STATIC
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]
    assert "has been taken back" in host.log_text()


def test_a_restore_point_that_cannot_be_read_does_not_keep_networks_down(
    host: Pasarelad, document_folder: Path
):
    told(host, "net-define", str(document_folder / "isolated.xml"))
    told(host, "net-autostart", "isolated")
    host.terminate()
    place = host.root / "var/lib/libvirt/interface/pasarela-change.json"
    place.write_text("{")
    (host.root / "run/libvirt/network/autostarted").unlink(missing_ok=True)  # another boot
    try:
        host.start()
        assert "isolated" in told(host, "net-list")
        assert f"the restore point {place} cannot be read" in host.log_text()
        assert "cannot be read" in refused(host, "iface-rollback")
    finally:
        place.unlink()


def test_down_and_up(host: Pasarelad):
    done = host.virsh("iface-destroy", "enp3s0")  # exits with 1 whatever comes of it, to 11.3
    assert (done.stdout, done.stderr) == ("Interface enp3s0 destroyed\n\n", "")
    assert listed(host)["enp3s0"] == "inactive"
    assert addresses(host, "enp3s0") == []
    assert told(host, "iface-start", "enp3s0") == "Interface enp3s0 started\n\n"
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]
    assert gateways(host) == [("192.0.2.1", "enp3s0")]


SEQUENCE = (
    "iface-begin",
    "iface-begin",
    "iface-bridge enp3s0 br0 --no-start --delay 3",
    "iface-list --all",
    "iface-dumpxml br0",
    "iface-dumpxml --inactive br0",
    "iface-bridge enp3s0 br0",
    "iface-bridge br0 br1",
    "iface-bridge nowhere br1",
    "iface-bridge enp3s0 br1",
    "iface-start br0",
    "iface-mac br0",
    "iface-undefine enp3s0",
    "iface-unbridge enp3s0",
    "iface-unbridge br0",
    "iface-unbridge br0",
    "iface-list --inactive",
    "iface-define nowhere.xml",
    "iface-undefine enp3s0",
    "iface-undefine enp3s0",
    "iface-rollback",
    "iface-rollback",
    "iface-commit",
)


def test_pasarela_says_what_virsh_says(host: Pasarelad):
    uri = ("-c", host.uri)
    by_virsh = [outcome(host.virsh(*line.split())) for line in SEQUENCE]
    by_ours = [outcome(host.run(*PASARELA, *uri, *line.split())) for line in SEQUENCE]
    for line, theirs, ours in zip(SEQUENCE, by_virsh, by_ours, strict=True):
        stale = line == "iface-bridge br0 br1"  # virsh adds that br1 is not there, as it shall be
        assert (line, ours) == (line, (theirs[0], theirs[1][: 1 if stale else None], theirs[2]))
    assert interfaces_of(host).read_text() == STATIC


def test_a_newer_virsh_does_the_same(host: Pasarelad):
    need(DEBIAN13)
    virsh = (*debian13(DEBIAN13 / "usr/bin/virsh"), "-c", host.uri)
    newer = [outcome(host.run(*virsh, *line.split())) for line in SEQUENCE]
    older = [outcome(host.virsh(*line.split())) for line in SEQUENCE]
    for line, one, other in zip(SEQUENCE, newer, older, strict=True):
        assert (line, one) == (line, other)


def test_editing(host: Pasarelad):
    change = "VISUAL=sed -i s/192.0.2.10/192.0.2.12/"
    done = host.run("env", change, "virsh", "-c", host.uri, "iface-edit", "enp3s0")
    assert done.stdout == "Interface enp3s0 XML configuration edited.\n\n", done.stderr
    assert interfaces_of(host).read_text() == STATIC.replace("192.0.2.10", "192.0.2.12")


def outcome(done: subprocess.CompletedProcess[str]) -> tuple[str, list[str], int]:
    """What is printed but for our hints, and the exit code."""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
    return done.stdout.rstrip("\n"), errors, done.returncode


def test_pasarela_too_refuses_who_may_only_look(host: Pasarelad):
    done = host.run(*PASARELA, "-r", "-c", host.uri, "iface-begin")
    assert done.returncode == 1
    assert "read only access prevents virInterfaceChangeBegin" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["iface-destroy", "lo"], "operation failed: interface 'lo' is the host's own"),
        (["iface-undefine", "wire"], "Interface not found: couldn't find interface named 'wire'"),
        (["iface-undefine", "nowhere"], "Interface not found: couldn't find interface named"),
        (["iface-start", "nowhere"], "Interface not found: couldn't find interface named"),
        (["iface-bridge", "enp3s0", "wire"], "Network device wire already exists"),
    ],
)
def test_what_may_not_be(host: Pasarelad, words: list[str], sentence: str):
    assert sentence in refused(host, *words)
    assert interfaces_of(host).read_text() == STATIC


def test_a_networks_bridge_is_the_networks(host: Pasarelad, document_folder: Path):
    told(host, "net-create", str(document_folder / "isolated.xml"))
    info = told(host, "net-info", "isolated").split()
    bridge = info[info.index("Bridge:") + 1]
    assert "is the bridge of network 'isolated'" in refused(host, "iface-destroy", bridge)


def test_who_may_only_look(host: Pasarelad):
    uri = f"network+unix:///system?socket={host.readonly_socket}"
    for words, call in (
        (["iface-begin"], "virInterfaceChangeBegin"),
        (["iface-destroy", "enp3s0"], "virInterfaceDestroy"),
        (["iface-undefine", "enp3s0"], "virInterfaceUndefine"),
    ):
        done = host.run("virsh", "-r", "-c", uri, *words)
        assert done.returncode == 1
        assert f"error: operation forbidden: read only access prevents {call}" in done.stderr


PROGRAM = """
import sys, libvirt
libvirt.registerErrorHandler(lambda *_: None, None)
connection = libvirt.open(sys.argv[1])
interface = connection.interfaceLookupByName("enp3s0")
document = interface.XMLDesc(libvirt.VIR_INTERFACE_XML_INACTIVE)
connection.changeBegin()
changed = connection.interfaceDefineXML(document.replace("192.0.2.10", "192.0.2.11"), 0)
assert changed.name() == "enp3s0" and changed.MACString() == interface.MACString()
changed.create()
assert changed.isActive()
changed.destroy()
assert not changed.isActive()
changed.undefine()
try:
    changed.undefine()
except libvirt.libvirtError as error:
    print(error.get_error_code(), error.get_error_domain())
connection.changeRollback()
assert interface.isActive()
print(connection.numOfInterfaces(), connection.listDefinedInterfaces())
extra = connection.interfaceDefineXML(
    "<interface type='bridge' name='br9'><bridge stp='off'/></interface>",
    libvirt.VIR_INTERFACE_DEFINE_VALIDATE,
)
print(extra.MACString() == "", extra.isActive(), connection.listDefinedInterfaces())
extra.create()
print(len(extra.MACString()), connection.interfaceLookupByName("br9").MACString() != "")
extra.destroy()
extra.undefine()
print([each.name() for each in connection.listAllInterfaces(0)])
"""


def test_libvirt_python(host: Pasarelad):
    if subprocess.run([SYSTEM_PYTHON, "-c", "import libvirt"], check=False).returncode:
        pytest.skip("no libvirt-python here: scripts/install --dev installs it")
    done = host.run(SYSTEM_PYTHON, "-c", PROGRAM, host.uri)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "57 26",
        "2 []",
        "True 0 ['br9']",
        "0 True",
        "['enp3s0', 'lo', 'wire']",
    ]
    assert interfaces_of(host).read_text() == STATIC
    assert addresses(host, "enp3s0") == ["192.0.2.10/24"]
