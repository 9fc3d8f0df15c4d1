"""The unmodified QEMU driver, inside virsh, with a real guest on networks of pasarelad.

``qemu:///embed`` makes a client act as virtqemud does: it looks for networks at virtnetworkd's
socket, asks for ports, and plugs its taps where they say.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from pasarela.lab.vm import cpio, kernel
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.guest]

BOOT_SECONDS = 120.0
MAC = "52:54:00:12:34:56"
SECOND_MAC = "52:54:00:12:34:57"

NETWORKS = {
    "nat": "<forward mode='nat'/><bridge name='wnat' stp='off'/>"
    "<ip address='10.66.1.1' netmask='255.255.255.0'>"
    "<dhcp><range start='10.66.1.10' end='10.66.1.20'/></dhcp></ip>",
    "lan": "<forward mode='bridge'/><bridge name='br0'/>",
}

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
while read -r module; do insmod "/modules/$module.ko"; done < /modules/order
ip link set eth0 up
udhcpc -f -i eth0 -x hostname:wireguest -s /bin/udhcpc.sh
"""

DOMAIN = """<domain type='qemu'><name>wireguest</name><memory unit='MiB'>96</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>{kernel}</kernel><initrd>{initrd}</initrd>
<cmdline>quiet</cmdline></os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>{interface}</devices></domain>"""

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
            "mount -t tmpfs tmpfs /var/lib/libvirt; mkdir -p /run/libvirt;"
            f"ln -s {daemon.socket} /run/libvirt/virtnetworkd-sock;"
            "ip link add br0 type bridge; ip link set br0 up"
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
        for name, inner in NETWORKS.items():
            document = made.write(f"{name}.xml", f"<network><name>{name}</name>{inner}</network>")
            made.networks("net-create", str(document))
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


def test_a_guest_starts_gets_its_lease_is_plugged_and_goes(host: Host) -> None:
    domain = DOMAIN.format(
        kernel=kernel.fetch() / "vmlinuz",
        initrd=host.write("initrd", initramfs()),
        interface=INTERFACE.format(network="nat", mac=MAC),
    )
    host.qemu("create", str(host.write("domain.xml", domain)))
    (port,) = host.ports("nat")
    assert host.connections("nat") == 1
    assert f"<mac address='{MAC}'/>" in host.networks("net-port-dumpxml", "nat", port)
    master = host.daemon.run("ip", "-o", "link", "show", "vnet0").stdout
    assert " master wnat " in master

    until(lambda: MAC in host.networks("net-dhcp-leases", "nat"))
    assert "wireguest" in host.networks("net-dhcp-leases", "nat")
    assert "10.66.1." in host.qemu("domifaddr", "wireguest", "--source", "lease")

    host.daemon.terminate()
    host.daemon.start()
    assert host.ports("nat") == [port]
    assert MAC in host.networks("net-dhcp-leases", "nat")
    assert "running" in host.qemu("list")  # a new driver: it finds its port
    assert host.ports("nat") == [port]

    second = host.write("second.xml", INTERFACE.format(network="lan", mac=SECOND_MAC))
    host.qemu("attach-device", "wireguest", str(second))
    assert len(host.ports("lan")) == 1
    assert " master br0 " in host.daemon.run("ip", "-o", "link", "show", "vnet1").stdout
    host.qemu("detach-device", "wireguest", str(second))
    until(lambda: not host.ports("lan"))
    assert host.connections("lan") == 0

    # The new driver may find the guest gone while it still reconnects to it; either way it ends.
    host.daemon.run("virsh", "-c", host.uri, "destroy", "wireguest")
    until(lambda: host.ports("nat") == [])
    assert host.connections("nat") == 0


def test_a_guest_cannot_start_on_a_network_that_does_not_run(host: Host) -> None:
    document = host.write("idle.xml", "<network><name>idle</name></network>")
    host.networks("net-define", str(document))
    domain = DOMAIN.format(
        kernel=kernel.fetch() / "vmlinuz",
        initrd=host.write("initrd", b""),
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
