"""The unmodified QEMU driver, inside virsh, with real guests on networks of pasarelad.

``qemu:///embed`` makes a client act as virtqemud does: it looks for networks at virtnetworkd's
socket, asks for ports, and plugs its taps where they say. In a client of 9.0.0 it crashes once it
has taken a macvtap away (virNetlinkEventRemoveClient locks what only daemons have made), before it
gives the port back: for macvtap, the test gives it back in its stead.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from pasarela.lab.vm import cpio, kernel
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.guest]

BOOT_SECONDS = 60.0
MAC = "52:54:00:12:34:56"
LAN, ROUTER, HOST = IPv4Network("192.0.2.0/24"), "192.0.2.1", "192.0.2.10"

# A LAN with a router that gives leases; the host has two NICs on it, of which one is in br0.
GROUND = f"""
mount -t tmpfs tmpfs /var/lib/libvirt
mkdir -p /run/libvirt /var/lib/libvirt/dnsmasq
unshare --net sleep infinity >&- 2>&- & lan=$!
until ! [ /proc/$lan/ns/net -ef /proc/self/ns/net ]; do :; done
ip link add nic0 type veth peer name port0 netns $lan
ip link add nic1 type veth peer name port1 netns $lan
ip link add br0 type bridge
ip link set nic1 master br0
ip address add {HOST}/24 dev nic0
for link in nic0 nic1 br0; do ip link set $link up; done
nsenter --net=/proc/$lan/ns/net sh -ec '
    ip link add lan0 type bridge
    ip address add {ROUTER}/24 dev lan0
    for port in port0 port1; do ip link set $port master lan0 up; done
    ip link set lan0 up
    dnsmasq --conf-file=/dev/null --port=0 --interface=lan0 --bind-interfaces --user=root \
        --no-ping --dhcp-range=192.0.2.100,192.0.2.120 --dhcp-leasefile=/run/lan.leases \
        --pid-file=/run/lan.pid'
"""


@dataclass(frozen=True)
class Kind:
    """A network, and what a guest on it is promised."""

    name: str
    inner: str
    subnet: IPv4Network
    reaches: tuple[str, ...]
    misses: tuple[str, ...] = ()

    @property
    def document(self) -> str:
        return f"<network><name>{self.name}</name>{self.inner}</network>"


NAT = Kind(
    "nat",
    "<forward mode='nat'/><bridge name='wnat' stp='off'/>"
    "<ip address='10.66.1.1' netmask='255.255.255.0'>"
    "<dhcp><range start='10.66.1.10' end='10.66.1.20'/></dhcp></ip>",
    IPv4Network("10.66.1.0/24"),
    reaches=("10.66.1.1", ROUTER),
)
BRIDGE = Kind(
    "lan",
    "<forward mode='bridge'/><bridge name='br0'/>",
    LAN,
    reaches=(ROUTER, HOST),
)
MACVTAP = Kind(
    "direct",
    "<forward mode='bridge'><interface dev='nic0'/></forward>",
    LAN,
    reaches=(ROUTER,),
    misses=(HOST,),  # what leaves a macvtap does not come back to its own NIC
)
KINDS = (NAT, BRIDGE, MACVTAP)

SETTINGS = """stdio_handler="file"
user="root"
group="root"
security_driver="none"
namespaces=[]
cgroup_controllers=[]
dynamic_ownership=0
remember_owner=0
"""

INIT = """#!/bin/sh
/bin/busybox mkdir -p /sbin /usr/sbin
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "/modules/$module.ko"; done < /modules/order
ip link set eth0 up
udhcpc -n -t 30 -T 1 -i eth0 -x hostname:wirehost -s /bin/udhcpc.sh > /dev/ttyS0
for address in $(echo "$targets" | tr , ' '); do
    if ping -q -c 1 -W 2 "$address" > /dev/null; then word=reaches; else word=misses; fi
    echo "$word $address" > /dev/ttyS0
done
echo done > /dev/ttyS0
while :; do sleep 1000; done
"""

DOMAIN = """<domain type='qemu'><name>wireguest</name><memory unit='MiB'>96</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>{kernel}</kernel><initrd>{initrd}</initrd>
<cmdline>quiet targets={targets}</cmdline></os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<serial type='file'><source path='{console}'/></serial>{interface}</devices></domain>"""

INTERFACE = """<interface type='network'><source network='{network}'/><mac address='{mac}'/>
<model type='virtio'/></interface>"""


class Host:
    """pasarelad's namespaces, with libvirt's places in them, and the driver's own root."""

    def __init__(self, daemon: Pasarelad) -> None:
        self.daemon = daemon
        self.folder = daemon.folder
        self.uri = f"qemu:///embed?root={self.folder}/embed"
        settings = self.folder / "embed/etc/qemu.conf"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS)
        self._shell(
            f"{GROUND} mkdir -p {daemon.root}/var/lib/libvirt/dnsmasq;"
            f"mount --bind {daemon.root}/var/lib/libvirt/dnsmasq /var/lib/libvirt/dnsmasq;"
            f"ln -s {daemon.socket} /run/libvirt/virtnetworkd-sock"
        )

    def _shell(self, script: str) -> None:
        done = self.daemon.run("sh", "-ec", script)
        assert done.returncode == 0, done.stderr

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def qemu(self, *words: str) -> str:
        """A virsh with a driver of its own, which picks up the guests that run."""
        done = self.daemon.run("virsh", "-q", "-c", self.uri, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def networks(self, *words: str) -> str:
        done = self.daemon.run("virsh", "-q", "-c", "network:///system", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ports(self, network: str) -> list[str]:
        return self.networks("net-port-list", network).split()

    def connections(self, network: str) -> int:
        found = re.match(r"<network connections='(\d+)'", self.networks("net-dumpxml", network))
        return int(found[1]) if found else 0


@pytest.fixture
def host() -> Iterator[Host]:
    """A daemon of this test's own: its namespaces end with the guest in them."""
    if not shutil.which("qemu-system-x86_64") or not shutil.which("virsh"):
        pytest.skip("no QEMU, or no virsh with its driver")
    daemon = Pasarelad()
    try:
        made = Host(daemon)
        for kind in KINDS:
            made.networks("net-create", str(made.write(f"{kind.name}.xml", kind.document)))
        yield made
    finally:
        daemon.stop()


def initramfs() -> bytes:
    source = kernel.fetch()
    modules = [
        cpio.file(f"modules/{name}.ko", (source / f"{name}.ko").read_bytes())
        for name in kernel.MODULES
    ]
    busybox = shutil.which("busybox", path="/usr/bin:/bin")
    assert busybox is not None
    folders = ("bin", "dev", "etc", "modules", "proc", "run", "sys", "tmp", "usr", "usr/bin")
    script = (files("pasarela.lab") / "udhcpc.sh").read_bytes()
    return cpio.archive(
        [
            *map(cpio.directory, folders),
            cpio.character_device("dev/console", 5, 1),
            cpio.file("bin/busybox", Path(busybox).read_bytes(), executable=True),
            cpio.link("bin/sh", "busybox"),
            cpio.file("init", INIT.encode(), executable=True),
            cpio.file("bin/udhcpc.sh", script, executable=True),
            cpio.file("modules/order", "\n".join(kernel.MODULES).encode() + b"\n"),
            *modules,
        ]
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_guest_lives_on_a_network(host: Host, kind: Kind) -> None:
    if (
        kind is MACVTAP
        and "devtmpfs" not in host.daemon.run("findmnt", "-no", "FSTYPE", "/dev").stdout
    ):
        pytest.skip("no devtmpfs at /dev, so that macvtaps have no files there")
    guest = Guest(host, kind)
    guest.start()
    (port,) = host.ports(kind.name)
    assert host.connections(kind.name) == 1
    assert f"<mac address='{MAC}'/>" in host.networks("net-port-dumpxml", kind.name, port)
    guest.check_plug()

    guest.wait_until_it_has_tried()
    assert guest.address in kind.subnet
    assert guest.said("reaches") == list(kind.reaches)
    assert guest.said("misses") == list(kind.misses)
    if kind is NAT:
        guest.check_that_its_lease_is_known()

    host.daemon.terminate()
    host.daemon.start()
    assert host.ports(kind.name) == [port]
    assert "running" in host.qemu("list")  # a new driver: it finds its port
    assert host.ports(kind.name) == [port]
    assert host.connections(kind.name) == 1
    if kind is NAT:
        guest.check_that_its_lease_is_known()

    if kind is MACVTAP:
        guest.crash_the_driver()
        host.networks("net-port-delete", kind.name, port)
        assert host.ports(kind.name) == []
        assert host.connections(kind.name) == 0
        return
    guest.unplug()
    assert host.connections(kind.name) == 0
    host.qemu("attach-device", "wireguest", str(guest.interface))
    assert len(host.ports(kind.name)) == host.connections(kind.name) == 1
    guest.check_plug()

    # The new driver may find the guest gone while it still reconnects to it; either way it ends.
    host.daemon.run("virsh", "-c", host.uri, "destroy", "wireguest")
    until(lambda: host.ports(kind.name) == [])
    assert host.connections(kind.name) == 0


class Guest:
    """A real one, with one interface."""

    def __init__(self, host: Host, kind: Kind) -> None:
        self._host, self._kind = host, kind
        interface = INTERFACE.format(network=kind.name, mac=MAC)
        self.interface = host.write("interface.xml", interface)
        self._console = host.write("console", "")
        self._domain = host.write(
            "domain.xml",
            DOMAIN.format(
                kernel=kernel.fetch() / "vmlinuz",
                initrd=host.write("initrd", initramfs()),
                targets=",".join(kind.reaches + kind.misses),
                console=self._console,
                interface=interface,
            ),
        )

    def start(self) -> None:
        self._host.qemu("create", str(self._domain))

    def check_plug(self) -> None:
        """Its interface on the host is where the kind of network has it."""
        run = self._host.daemon.run
        if self._kind is MACVTAP:
            links = run("ip", "-d", "-o", "link", "show", "type", "macvtap").stdout
            assert re.search(r"macvtap\d+@nic0:.* mode bridge ", links), links
            return
        links = run("ip", "-o", "link", "show", "type", "tun").stdout
        bridge = "wnat" if self._kind is NAT else "br0"
        assert re.search(f"vnet\\d+: .* master {bridge} ", links), links

    def wait_until_it_has_tried(self) -> None:
        until(lambda: "done" in self._lines())

    def said(self, word: str) -> list[str]:
        return [line.split()[1] for line in self._lines() if line.startswith(f"{word} ")]

    @property
    def address(self) -> IPv4Address:
        (line,) = (line for line in self._lines() if line.startswith("address="))
        return IPv4Address(line.removeprefix("address=").split("/")[0])

    def _lines(self) -> list[str]:
        return self._console.read_text(errors="replace").split("\n")

    def check_that_its_lease_is_known(self) -> None:
        """To virsh, to the QEMU driver, and to the host's resolver by libvirt-nss."""
        host, address = self._host, str(self.address)
        leases = host.networks("net-dhcp-leases", self._kind.name)
        assert MAC in leases
        assert "wirehost" in leases
        assert address in host.qemu("domifaddr", "wireguest", "--source", "lease")
        for service, name in (("libvirt", "wirehost"), ("libvirt_guest", "wireguest")):
            found = host.daemon.run("getent", "-s", service, "hosts", name)
            assert found.stdout.split() == [address, name], (service, found)

    def crash_the_driver(self) -> None:
        """By unplugging a macvtap, which is gone by then."""
        run = self._host.daemon.run
        run("virsh", "-c", self._host.uri, "detach-device", "wireguest", str(self.interface))
        until(lambda: not run("ip", "-o", "link", "show", "type", "macvtap").stdout)

    def unplug(self) -> None:
        self._host.qemu("detach-device", "wireguest", str(self.interface))
        until(lambda: self._host.ports(self._kind.name) == [])


def test_a_guest_cannot_start_on_a_network_that_does_not_run(host: Host) -> None:
    document = host.write("idle.xml", "<network><name>idle</name></network>")
    host.networks("net-define", str(document))
    domain = DOMAIN.format(
        kernel=kernel.fetch() / "vmlinuz",
        initrd=host.write("initrd", b""),
        targets="",
        console=host.folder / "console",
        interface=INTERFACE.format(network="idle", mac=MAC),
    )
    path = host.write("domain.xml", domain)
    done = host.daemon.run("virsh", "-q", "-c", host.uri, "create", str(path))
    assert done.returncode == 1
    assert "Requested operation is not valid: network 'idle' is not active" in done.stderr


def until(holds: Callable[[], bool]) -> None:
    """Wait for a guest to have done something."""
    end = time.monotonic() + BOOT_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.5)
