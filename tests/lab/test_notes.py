"""Every line of the notes, typed on the lab's host: what virsh prints is what Pasarela prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.labs import Labs, one_user_only

pytestmark = [
    pytest.mark.netns,
    pytest.mark.oracle,
    pytest.mark.skipif(
        shutil.which("libvirtd") is None or shutil.which("virsh") is None,
        reason="libvirtd and virsh are not installed",
    ),
]

UUID = "bba275f0-8866-4580-ad86-eb42e94c07fd"
PORT = "6d1b3a0e-4b0c-4a55-9a0f-1d6a6b3d0c11"

FILES = {
    "mired2.xml": f"""\
<network>
  <!-- Nombre de la red virtual -->
  <name>mired2</name>

  <!-- Identificador único de la red, lo sacamos con el comando  uuidgen-->
  <uuid>{UUID}</uuid>

  <forward mode='nat'>
    <nat>
      <!-- Rango de puertos NAT -->
      <port start='1024' end='65535'/>
    </nat>
  </forward>

  <!-- Configuración del puente -->
  <bridge name='virbr2' stp='on' delay='0'/>
  <!--Añadimos aquí la mac generada-->
  <mac address='52:54:00:2f:a3:d9'/>
  <domain name='mired2'/>

  <!-- Configuración de IP y DHCP -->
  <ip address='192.168.6.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.6.2' end='192.168.6.254'/>
    </dhcp>
  </ip>
</network>
""",
    "virtual_bridge_network.xml": """\
<network>
    <name>virtual_bridge_network</name>
    <forward mode="bridge"/>
    <bridge name="br0"/>
</network>
""",
    "macvtap_network.xml": """\
<network>
    <name>macvtap_network</name>
    <uuid>c3d44559-02a9-427d-9860-d8aa788687d8</uuid>
    <forward mode="bridge">
    <interface dev="enp3s0"/>
    </forward>
</network>
""",
    "port.xml": f"""\
<networkport>
  <uuid>{PORT}</uuid>
  <owner><name>web</name><uuid>0ea8e0f1-6f2a-4a7e-9f55-6f1d5f1b2c33</uuid></owner>
  <mac address='52:54:00:12:34:56'/>
</networkport>
""",
    # The notes' own mistakes.
    "unclosed_bridge.xml": """\
<network>
    <name>virtual_bridge_network</name>
    <forward mode="bridge"/>
    <bridge name="br0">
""",
    "unclosed_interface.xml": """\
<network>
    <name>macvtap_network</name>
    <forward mode="bridge"/>
    <interface dev="enp3s0">
""",
    "router.xml": """\
<network>
  <name>r</name>
  <forward mode="router"/>
  <bridge name="virbr8"/>
</network>
""",
}

# In the notes' order; `virsh` stands for either program.
LINES = (
    "virsh net-list --all",
    "virsh net-start default",
    "virsh net-autostart default",
    "virsh net-dumpxml default",
    "virsh net-define mired2.xml",
    "virsh net-start mired2",
    "virsh net-autostart mired2",
    "virsh net-list --all",
    "virsh net-dumpxml mired2",
    "virsh net-dumpxml mired2 --inactive",
    "virsh net-define virtual_bridge_network.xml",
    "virsh net-start virtual_bridge_network",
    "virsh net-autostart virtual_bridge_network",
    "virsh net-define macvtap_network.xml",
    "virsh net-start macvtap_network",
    "virsh net-autostart macvtap_network",
    "virsh net-list",
    "virsh net-info mired2",
    "virsh net-info default",
    "virsh net-info macvtap_network",
    "virsh net-dhcp-leases mired2",
    "virsh net-dhcp-leases macvtap_network",
    "EDITOR=true virsh net-edit mired2",
    "virsh net-event mired2 --event lifecycle --timeout 1",
    f"virsh net-name {UUID}",
    "virsh net-uuid mired2",
    "virsh net-update mired2 add ip-dhcp-host "
    "\"<host mac='52:54:00:12:34:56' ip='192.168.6.9'/>\" --live --config",
    "virsh net-dumpxml mired2",
    "virsh net-port-list mired2",
    "virsh net-port-create mired2 port.xml",
    "virsh net-port-list mired2",
    f"virsh net-port-dumpxml mired2 {PORT}",
    f"virsh net-port-delete mired2 {PORT}",
    "virsh net-port-create port.xml",
    "virsh iface-list",
    "virsh iface-list --all",
    "virsh net-undefine default",
    "virsh net-destroy default",
    "virsh net-list --all",
    "virsh net-create mired2.xml",
    "virsh net-destroy mired2",
    "virsh net-destroy mired2",
    "virsh net-undefine mired2",
    "virsh net-undefine mired2",
    "virsh net-create mired2.xml",
    "virsh net-list --all",
    "virsh net-start nowhere",
    "virsh net-name 00000000-0000-0000-0000-000000000000",
    "virsh net-define missing.xml",
    "virsh net-define unclosed_bridge.xml",
    "virsh net-define unclosed_interface.xml",
    "virsh net-define router.xml",
)


@dataclass(frozen=True)
class Said:
    line: str
    code: int
    out: str
    err: str


# Runs on a lab's host: each line by a shell, what it says as a list in JSON.
RUNNER = """
import json, subprocess, sys
program, folder = sys.argv[1:3]
shell = f'virsh() {{ {program} "$@"; }}; ' if program != "virsh" else ""
def say(line):
    done = subprocess.run(["bash", "-c", shell + line], cwd=folder, capture_output=True, text=True)
    return [line, done.returncode, done.stdout, done.stderr]
print(json.dumps([say(line) for line in json.load(sys.stdin)]))
"""


def type_all(labs: Labs, name: str, program: str, before: str) -> list[Said]:
    folder = labs.runtime / name
    folder.mkdir()
    for file, text in FILES.items():
        (folder / file).write_text(text)
    labs.ok("up", "--name", name, "--bridge")
    script = f'{before}; exec /usr/bin/python3 -c "$0" {program} {folder}'
    done = labs.run(
        "shell", "--name", name, "host", "--", "sh", "-c", script, RUNNER,
        text=json.dumps(LINES), timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [Said(*entry) for entry in json.loads(done.stdout)]


@pytest.mark.skipif(one_user_only(), reason="libvirtd needs more users than this namespace has")
def test_each_line_of_the_notes_says_what_virsh_says(labs: Labs) -> None:
    with ThreadPoolExecutor(2) as both:
        theirs = both.submit(type_all, labs, "libvirt", "virsh", "libvirtd --daemon")
        ours = both.submit(type_all, labs, "ours", "pasarela", ":")
    for expected, said in zip(theirs.result(), ours.result(), strict=True):
        assert (said.line, said.code, said.out) == (expected.line, expected.code, expected.out)
        assert said.err.splitlines()[: len(expected.err.splitlines())] == expected.err.splitlines()


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("net-define unclosed_bridge.xml", ("unclosed_bridge.xml:4", "<bridge>", "/>")),
        ("net-define unclosed_interface.xml", ("unclosed_interface.xml:4", "<interface>", "/>")),
        ("net-define router.xml", ("router", "route")),
        ("define mired2.xml", ("net-define",)),
    ],
)
def test_the_notes_own_mistakes_get_the_way_out(
    tmp_path: Path, line: str, answers: tuple[str, ...]
) -> None:
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    done = subprocess.run(
        ["pasarela", "--root", str(tmp_path / "root"), *line.split()],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 1
    assert all(answer in done.stderr for answer in answers), done.stderr
