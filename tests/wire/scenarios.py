"""What is typed into virsh, scenario by scenario; ``@NAME.xml`` is a document of documents.py."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

from wire.documents import port_uuid

P1, P2, P3, P6 = (port_uuid(number) for number in (1, 2, 3, 6))
U1 = "00000000-0000-4000-8000-000000000001"

SCENARIOS = {
    "nothing there": [
        "net-list",
        "net-list --all",
        "net-list --all --name",
        "net-list --all --uuid",
        "net-info nat",
        "net-start nat",
        "net-destroy nat",
        "net-undefine nat",
        "net-dumpxml nat",
        "net-autostart nat",
        "net-dhcp-leases nat",
        "net-port-list nat",
        f"net-name {U1}",
        "net-name nat",
        "net-uuid nat",
    ],
    "a life": [
        "net-define @nat.xml",
        "net-list",
        "net-list --all",
        "net-list --inactive",
        "net-info nat",
        f"net-info {U1}",
        "net-dumpxml nat",
        "net-dumpxml --inactive nat",
        "net-destroy nat",
        "net-start nat",
        "net-start nat",
        "net-list",
        "net-list --all --name",
        "net-list --all --uuid",
        "net-list --all --table --persistent",
        "net-list --transient",
        "net-list --all --autostart",
        "net-list --all --no-autostart",
        "net-info nat",
        "net-dumpxml nat",
        "net-dumpxml --inactive nat",
        "net-autostart nat",
        "net-autostart nat",
        "net-list --autostart",
        "net-info nat",
        "net-autostart --disable nat",
        f"net-name {U1}",
        "net-uuid nat",
        "net-dhcp-leases nat",
        "net-dhcp-leases nat --mac 52:54:00:00:00:01",
        "net-dhcp-leases nat --mac nonsense",
        "net-define @nat-again.xml",
        "net-dumpxml nat",
        "net-dumpxml --inactive nat",
        "net-undefine nat",
        "net-list --all",
        "net-undefine nat",
        "net-autostart nat",
        "net-dumpxml --inactive nat",
        "net-destroy nat",
        "net-list --all",
    ],
    "transient": [
        "net-create @isolated.xml",
        "net-list --all",
        "net-create @isolated.xml",
        "net-undefine isolated",
        "net-autostart isolated",
        "net-define @isolated.xml",
        "net-info isolated",
        "net-destroy isolated",
        "net-list --all",
        "net-create @isolated.xml",
        "net-info isolated",
        "net-destroy isolated",
        "net-undefine isolated",
    ],
    "kinds": [
        command
        for kind in ("bare", "route", "open", "hostbridge", "macvtap", "groups", "dns")
        for command in (
            f"net-define @{kind}.xml",
            f"net-start {kind}",
            f"net-info {kind}",
            f"net-dumpxml {kind}",
            f"net-destroy {kind}",
            f"net-undefine {kind}",
        )
    ],
    "refusals": [
        "net-define @nat.xml",
        "net-define @nat-other-uuid.xml",
        "net-define @nat-other-name.xml",
        "net-define @same-bridge.xml",
        "net-create @nat-other-uuid.xml",
        "net-define @unclosed.xml",
        "net-define @noname.xml",
        "net-define @wrongmode.xml",
        "net-define @unknown.xml",
        "net-define --validate @nat.xml",
        "net-define @domain.xml",
        "net-define @slash.xml",
        "net-define @nowhere.xml",
        "net-create @wrongmode.xml",
    ],
    "updates": [
        "net-define @nat.xml",
        "net-start nat",
        "net-update nat add ip-dhcp-host "
        '\'<host mac="52:54:00:00:00:01" name="a" ip="10.77.1.50"/>\' --live --config',
        "net-update nat add ip-dhcp-host "
        '\'<host mac="52:54:00:00:00:01" name="a" ip="10.77.1.50"/>\' --live --config',
        "net-update nat modify ip-dhcp-host "
        '\'<host mac="52:54:00:00:00:01" name="b" ip="10.77.1.51"/>\' --live',
        "net-update nat delete ip-dhcp-host '<host mac=\"52:54:00:00:00:01\"/>' --config",
        'net-update nat add dns-txt \'<txt name="x" value="y"/>\'',
        "net-update nat add-first portgroup '<portgroup name=\"p\"/>' --config",
        "net-update nat delete portgroup '<portgroup name=\"q\"/>' --config",
        "net-update nat add bridge '<bridge/>'",
        "net-update nat add ip-dhcp-range nonsense",
        'net-update nat add ip-dhcp-range \'<range start="10.77.1.200" end="10.77.1.210"/>\''
        " --parent-index 4",
        "net-dumpxml nat",
        "net-dumpxml --inactive nat",
        "net-destroy nat",
        'net-update nat add dns-txt \'<txt name="x" value="y"/>\' --live',
        'net-update nat add dns-txt \'<txt name="x" value="y"/>\'',
        "net-dumpxml nat",
    ],
    "ports": [
        "net-define @nat.xml",
        "net-port-create nat @port1.xml",
        "net-port-list nat",
        "net-start nat",
        "net-port-list nat",
        "net-port-create nat @port1.xml",
        "net-port-create nat @port1.xml",
        "net-port-create nat @port3.xml",
        "net-port-create nat @port-nomac.xml",
        "net-port-create nat @port-plugged.xml",
        "net-port-create nat @port-floor.xml",
        "net-port-create --validate nat @port2.xml",
        "net-port-list nat",
        "net-port-list nat --uuid",
        f"net-port-dumpxml nat {P1}",
        f"net-port-dumpxml nat {P2}",
        f"net-port-dumpxml nat {P3}",
        "net-dumpxml nat",
        f"net-port-delete nat {P1}",
        f"net-port-delete nat {P1}",
        "net-port-list nat",
        "net-destroy nat",
        "net-port-list nat",
    ],
    "ports of groups and pools": [
        "net-create @groups.xml",
        "net-port-create groups @port1.xml",
        "net-port-create groups @port2.xml",
        "net-port-create groups @port3.xml",
        f"net-port-dumpxml groups {P1}",
        f"net-port-dumpxml groups {P2}",
        f"net-port-dumpxml groups {P3}",
        "net-create @macvtap.xml",
        "net-port-create macvtap @port1.xml",
        "net-port-create macvtap @port2.xml",
        f"net-port-dumpxml macvtap {P1}",
        f"net-port-dumpxml macvtap {P2}",
        "net-create @passthrough.xml",
        "net-port-create passthrough @port1.xml",
        "net-port-create passthrough @port2.xml",
        "net-destroy passthrough",
    ],
    "interfaces": [
        "iface-list",
        "iface-list --all",
        "iface-list --inactive",
        "iface-dumpxml lo",
        "iface-dumpxml nowhere",
        "iface-mac lo",
        "iface-mac nowhere",
        "iface-name 00:00:00:00:00:00",
        "iface-name 00:00:00:00:00:77",
        # What changes interfaces, Debian's libvirt does not support: see test_interfaces.py.
    ],
    "several in a line": [
        "net-define @isolated.xml; net-start isolated; net-list; net-destroy isolated",
        "net-list --all; nonsense",
    ],
    "read-only": ["-r net-list --all", "-r net-define @nat.xml", "-r net-start nat"],
}

DEVIATIONS: dict[str, str] = {}

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAC = re.compile(r"52:54:00(:[0-9a-f]{2}){3}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+\+0000)?")

Virsh = Callable[..., "CompletedProcess[str]"]


def differences(scenario: Iterable[str], ours: Virsh, theirs: Virsh, documents: Path) -> list[str]:
    """What virsh prints differently, line by line; each is a way to run virsh against a daemon."""
    found = []
    with ThreadPoolExecutor(2) as both:
        for line in scenario:
            words = [word.replace("@", f"{documents}/", 1) for word in shlex.split(line)]
            running = [both.submit(virsh, *words) for virsh in (ours, theirs)]
            one, other = (_shown(done.result(), documents) for done in running)
            if one != other and line not in DEVIATIONS:
                found.append(f"{line}\n--- pasarelad\n{one}\n--- libvirtd\n{other}\n")
    return found


def _shown(done: CompletedProcess[str], documents: Path) -> str:
    text = f"{done.stdout}{done.stderr}exit {done.returncode}"
    for pattern, name in ((_UUID, "UUID"), (_MAC, "MAC"), (_TIME, "TIME")):
        text = pattern.sub(name, text)
    return text.replace(str(documents), "FOLDER")
