"""The lab's own view of the file system: nothing written in it reaches the machine.

/etc is a copy; /run, /sys and the folders below /var of libvirt and of DHCP clients are new;
programs and homes are shared.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from pasarela.lab import node
from pasarela.lab.faults import run

_PRIVATE = ("/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt", "/var/lib/dhcp")

# libvirt's own sample, as its package leaves it on a new system: defined, not started.
_DEFAULT_NETWORK = """\
<network>
  <name>default</name>
  <uuid>5a6f2f0e-3c1d-4c6e-9b57-2f4d1c0a9e10</uuid>
  <forward mode='nat'/>
  <bridge name='virbr0' stp='on' delay='0'/>
  <mac address='52:54:00:aa:bb:01'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
"""


def furnish() -> None:
    """Make the mounts; the caller is in a mount namespace of its own."""
    _mount("proc", "/proc")
    _mount("sysfs", "/sys")
    _mount("tmpfs", "/run", "mode=755")
    node.FOLDERS.mkdir(parents=True)
    node.PINS.mkdir()
    _mount("tmpfs", str(node.PINS), "mode=755")
    _copy_etc()
    if _mapped_users() == 1:
        _everybody_is_root()
    for path in _PRIVATE:
        _private_folder(Path(path))
    _fill_etc()
    run(["ip", "link", "set", "lo", "up"])


def _mount(kind: str, target: str, options: str = "defaults") -> None:
    run(["mount", "-t", kind, "-o", options, kind, target])


def _copy_etc() -> None:
    """Put a copy over /etc; what this user may not read stays out of the lab."""
    copy = node.LAB / "etc"
    subprocess.run(["cp", "-a", "/etc", copy], capture_output=True, check=False)
    run(["mount", "--bind", str(copy), "/etc"])


def _mapped_users() -> int:
    """How many users this user namespace has (user_namespaces(7))."""
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    return sum(int(line.split()[2]) for line in lines)


def _everybody_is_root() -> None:
    """Let dnsmasq run where one user is all there is.

    It wants to become the user dnsmasq and to set its groups, which the kernel denies in such a
    namespace; it does neither where that user is 0 and no group is known (dnsmasq 2.90).
    """
    home = os.environ.get("HOME", "/root")
    Path("/etc/passwd").unlink()
    Path("/etc/passwd").write_text(
        f"root:x:0:0:root:{home}:/bin/bash\n"
        "dnsmasq:x:0:0:dnsmasq:/:/usr/sbin/nologin\n"
        "nobody:x:0:0:nobody:/:/usr/sbin/nologin\n"
    )
    Path("/etc/group").unlink()
    Path("/etc/group").write_text("")
    Path("/etc/nsswitch.conf").unlink(missing_ok=True)
    Path("/etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")


def _private_folder(path: Path) -> None:
    if not path.exists():
        if not (node.LAB / path.parent.name).exists():  # once for all that it lacks
            _shadow(path.parent)
        path.mkdir()
    _mount("tmpfs", str(path), "mode=755")


def _shadow(folder: Path) -> None:
    """Put a folder over this one that can be written to and shows the same things."""
    held = node.LAB / folder.name
    held.mkdir()
    run(["mount", "--rbind", str(folder), str(held)])
    _mount("tmpfs", str(folder), "mode=755")
    for child in held.iterdir():
        if child.is_dir() and not child.is_symlink():
            (folder / child.name).mkdir()
            run(["mount", "--rbind", str(child), str(folder / child.name)])


def _fill_etc() -> None:
    resolver = Path("/etc/resolv.conf")
    resolver.unlink(missing_ok=True)
    resolver.touch()
    Path("/etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    networks = Path("/etc/libvirt/qemu/networks")
    shutil.rmtree(networks, ignore_errors=True)
    networks.mkdir(parents=True)
    (networks / "default.xml").write_text(_DEFAULT_NETWORK)
    interfaces = Path("/etc/network/interfaces")
    interfaces.parent.mkdir(exist_ok=True)
    interfaces.write_text(
        "auto lo\niface lo inet loopback\n\nauto enp3s0\niface enp3s0 inet dhcp\n"
    )
    _install_tools()


def _install_tools() -> None:
    """Scripts for the nodes, and what a shell in one finds first on its PATH."""
    for script in ("bashrc.sh", "create.sh", "enter.sh", "udhcpc.sh"):
        _executable(node.TOOLS / script, (files("pasarela.lab") / script).read_text())
    _install_program("pasarela", "pasarela.cli.main")
    _install_program("pasarelad", "pasarela.daemon.main")
    virsh = shutil.which("virsh")
    if virsh:  # which asks for a hypervisor, and only libvirt's own daemon has one to show
        uri = "export LIBVIRT_DEFAULT_URI=${LIBVIRT_DEFAULT_URI-network:///system}"
        script = f'test -S /run/libvirt/libvirt-sock || {uri}\nexec "{virsh}" "$@"'
        _executable(node.TOOLS / "bin/virsh", f"#!/bin/sh\n{script}\n")
    # In the lab everybody is root already; the real sudo refuses to run in a user namespace.
    _executable(node.TOOLS / "bin/sudo", '#!/bin/sh\nexec "$@"\n')


def _install_program(name: str, module: str) -> None:
    start = f"import sys; sys.argv[0] = '{name}'; from {module} import entry; "
    call = f'exec "{sys.executable}" -c "{start}sys.exit(entry())" "$@"'
    path = os.environ.get("PYTHONPATH")
    export = f'export PYTHONPATH="{path}"\n' if path else ""
    _executable(node.TOOLS / "bin" / name, f"#!/bin/sh\n{export}{call}\n")


def _executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
