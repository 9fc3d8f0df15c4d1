"""Events, as unmodified programs receive them: the same from pasarelad and the real libvirtd."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from wire.documents import DOCUMENTS
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

SECONDS = 20.0
PROBE = "<network><name>probe</name></network>"

LIFE = (
    "net-define {nat}",
    "net-start nat",
    "net-define {nat}",
    'net-update nat add dns-txt \'<txt name="x" value="y"/>\' --live',
    "net-autostart nat",
    "net-undefine nat",
    "net-destroy nat",
    "net-create {nat}",
    "net-destroy nat",
)


@pytest.fixture
def documents(tmp_path: Path) -> dict[str, str]:
    paths = {"nat": tmp_path / "nat.xml", "probe": tmp_path / "probe.xml"}
    paths["nat"].write_text(DOCUMENTS["nat"])
    paths["probe"].write_text(PROBE)
    return {name: str(path) for name, path in paths.items()}


def test_virshs_net_event_prints_the_same(
    pasarelad: Pasarelad, libvirtd: Libvirtd, documents: dict[str, str]
) -> None:
    libvirtd.reset()
    ours = events_of(pasarelad, documents, ["-c", pasarelad.uri], pasarelad.pid)
    theirs = events_of(libvirtd, documents, ["-c", "qemu:///system"], libvirtd.pid)
    assert ours == theirs
    assert len(ours) == 7


def events_of(
    daemon: Pasarelad | Libvirtd, documents: dict[str, str], uri: list[str], pid: int
) -> list[str]:
    """What net-event prints while a network lives its life."""
    command = [
        "nsenter",
        f"--target={pid}",
        "--net",
        "--mount",
        "virsh",
        *uri,
        "net-event --event lifecycle --loop",
    ]
    with listening(command, daemon, documents["probe"]) as lines:
        for line in LIFE:
            done = daemon.virsh(line.format(**documents))
            assert done.returncode == 0, done.stderr
        return [line for line in lines() if "network nat:" in line]


@contextmanager
def listening(
    command: list[str], daemon: Pasarelad | Libvirtd, probe: str
) -> Iterator[Callable[[], list[str]]]:
    """A program that prints events; it has registered when the body begins."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1)
    assert process.stdout is not None
    output = Path(probe).with_suffix(".out")
    reader = subprocess.Popen(["cat"], stdin=process.stdout, stdout=output.open("w"))
    try:
        provoke(daemon, probe, output)

        def finish() -> list[str]:
            process.send_signal(signal.SIGINT)
            process.wait(SECONDS)
            reader.wait(SECONDS)
            return output.read_text().splitlines()

        yield finish
    finally:
        process.kill()
        process.wait()
        reader.wait()


def provoke(daemon: Pasarelad | Libvirtd, probe: str, output: Path) -> None:
    """Cause events until the first one is seen: nothing says that a listener has registered."""
    end = time.monotonic() + SECONDS
    while "probe" not in output.read_text():
        assert time.monotonic() < end, "no event was ever seen"
        daemon.virsh("net-define", probe)
        daemon.virsh("net-undefine", "probe")


PYTHON_CLIENT = """
import sys, threading
import libvirt
libvirt.virEventRegisterDefaultImpl()
def turn():
    while True:
        libvirt.virEventRunDefaultImpl()
threading.Thread(target=turn, daemon=True).start()
c = libvirt.open(sys.argv[1])
c.setKeepAlive(1, 3)
seen = []
gone = threading.Event()
undefined = threading.Event()
def happened(conn, net, event, detail, _):
    seen.append((net.name(), event, detail))
    if event == 1:
        undefined.set()
def closed(conn, reason, _):
    print("closed", reason)
    gone.set()
c.registerCloseCallback(closed, None)
number = c.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE, happened, None)
net = c.networkDefineXML(open(sys.argv[2]).read())
net.create()
print(net.name(), net.isActive(), net.isPersistent(), net.autostart(), net.bridgeName())
print(net.UUIDString(), c.numOfNetworks(), c.listNetworks(), c.listDefinedNetworks())
print([n.name() for n in c.listAllNetworks()], net.DHCPLeases(), c.getType(), c.isSecure())
net.update(3, 11, -1, "<txt name='t' value='v'/>", 1)
try:
    c.networkLookupByName("nothing")
except libvirt.libvirtError as e:
    print(e.get_error_code(), e.get_error_domain(), e.get_error_message())
    print(e.get_str1(), e.get_str2())
net.destroy()
net.undefine()
assert undefined.wait(10)
c.networkEventDeregisterAny(number)
print(seen)
print([i.name() for i in c.listAllInterfaces()], c.isAlive())
sys.stdout.flush()
print("ready", flush=True)
sys.stdin.readline()
assert gone.wait(15), "the daemon's end was not noticed"
"""


def test_libvirt_python_with_events_keepalive_and_close_callback(
    pasarelad: Pasarelad, documents: dict[str, str]
) -> None:
    python = "/usr/bin/python3"
    found = subprocess.run([python, "-c", "import libvirt"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("Debian's python3-libvirt is not installed")
    client = subprocess.Popen(
        [python, "-c", PYTHON_CLIENT, pasarelad.uri, documents["nat"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert client.stdout is not None
    lines = []
    while (line := client.stdout.readline().strip()) != "ready":
        assert client.poll() is None or line, client.communicate()
        lines.append(line)
    pasarelad.terminate()
    rest, errors = client.communicate("\n", timeout=SECONDS)
    pasarelad.start()
    assert client.returncode == 0, errors
    assert lines == [
        "nat 1 1 0 wbr1",
        "00000000-0000-4000-8000-000000000001 1 ['nat'] []",
        "['nat'] [] network 1",
        "43 19 Network not found: no network with matching name 'nothing'",
        "Network not found: %s no network with matching name 'nothing'",
        "[('nat', 0, 0), ('nat', 2, 0), ('nat', 3, 0), ('nat', 1, 0)]",
        "['lo'] 1",
    ]
    assert rest.strip().startswith("closed 1")  # end of file
