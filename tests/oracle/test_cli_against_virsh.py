"""The same command lines to the real virsh and to Pasarela: stdout, stderr and exit code.

Both start with no network, in network namespaces with nothing but lo. Generated uuids, MAC
addresses are made equal; Pasarela's own lines ``hint:`` and ``warning:``, which follow virsh's,
are left out. What differs on purpose is listed above the class Said, with the reasons.
"""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from oracle.libvirtd import Libvirtd
from pasarela.cli import table
from pasarela.cli.main import main

pytestmark = [pytest.mark.oracle, pytest.mark.usefixtures("netns")]

FILES = {
    "n1.xml": """<network><name>n1</name><forward mode='nat'/>
        <ip address='192.168.150.1' netmask='255.255.255.0'><dhcp>
        <range start='192.168.150.10' end='192.168.150.100'/></dhcp></ip></network>""",
    "n1u.xml": """<network><name>n1</name><uuid>54369a28-dd76-4a7b-9585-128043068e60</uuid>
        <bridge name='virbr5'/><ip address='192.168.151.1' prefix='24'/></network>""",
    "n1other.xml": """<network><name>n1</name>
        <uuid>64369a28-dd76-4a7b-9585-128043068e60</uuid></network>""",
    "n1ren.xml": """<network><name>renamed</name>
        <uuid>54369a28-dd76-4a7b-9585-128043068e60</uuid></network>""",
    "isolated.xml": """<network><name>isolated2</name>
        <uuid>11111111-2222-3333-4444-555555555555</uuid><bridge name='virbr7' stp='off'/>
        <domain name='iso.example'/><ip address='10.7.7.1' prefix='24'><dhcp>
        <range start='10.7.7.2' end='10.7.7.9'/></dhcp></ip></network>""",
    "transient.xml": """<network><name>trans</name><bridge name='virbr8'/></network>""",
    "clash.xml": "<network><name>clash</name><bridge name='virbr7'/></network>",
    "lan.xml": """<network><name>lan</name><forward mode='bridge'/>
        <bridge name='br0'/></network>""",
    "macvtap.xml": """<network><name>mvt</name><forward mode='bridge'>
        <interface dev='lo'/></forward></network>""",
    "router.xml": "<network><name>r</name><forward mode='router'/></network>",
    "noname.xml": "<network></network>",
    "unknown.xml": "<network><name>u</name><bogus/></network>",
    "domain.xml": "<domain type='kvm'><name>d</name></domain>",
    "empty.xml": "",
    # the two files of the notes, whose elements are never closed
    "virtual_bridge_network.xml": """<network>
    <name>virtual_bridge_network</name>
    <forward mode="bridge"/>
    <bridge name="br0">
""",
    "macvtap_network.xml": """<network>
    <name>macvtap_network</name>
    <forward mode="bridge"/>
    <interface dev="enp3s0">
""",
    "port.xml": """<networkport><uuid>aaaaaaaa-1111-2222-3333-444444444444</uuid>
        <owner><name>vm1</name><uuid>bbbbbbbb-1111-2222-3333-444444444444</uuid></owner>
        <mac address='52:54:00:11:22:33'/></networkport>""",
    "host.xml": "<host mac='52:54:00:00:00:05' ip='192.168.150.15'/>",
}

PORT = "aaaaaaaa-1111-2222-3333-444444444444"
HOST = "\"<host mac='52:54:00:00:00:0{}' name='a{}' ip='192.168.150.1{}'/>\""

SYNTAX = """
net-bogus
net-start
net-start a b
net-list --bogus
net-list --all --all
net-list --all=x
net-list --al
net-dumpxml
net-update n1
net-update --command
net-event --timeout
net-name --help a b
net-start --network
echo a b --shell "it's"
echo --xml '<a b="c">'
echo --err x
'echo a; echo "b c"; echo d\\ e'
'echo a;;echo b'
'echo "a'
'echo a\\'
'echo a; nosuch'
'echo a; quit; echo b'
'# nothing'
';'
-q echo a
-z
--bogus
-c
-d x echo a
-d 9 echo a
-k x echo a
-K -3 echo a
-e ab echo a
help nosuch
'cd /; pwd'
cd /nosuch
"""

NETWORKS = f"""
net-list --all
-q net-list --all
net-define n1.xml
net-define n1.xml
net-define n1other.xml
net-define isolated.xml
net-define clash.xml
net-define router.xml
net-define noname.xml
net-define domain.xml
net-define empty.xml
net-define virtual_bridge_network.xml
net-define macvtap_network.xml
net-net-define /
net-define ''
net-define --file n1.xml --validate
net-create n1.xml
net-create /nosuch.xml
net-create empty.xml
net-list
net-list --all
net-list --inactive
net-list --all --name
net-list --all --uuid
net-list --table --all
net-list --all --name --uuid
net-list --persistent --transient
net-list --persistent --inactive
net-list --all --transient
net-list --autostart --all
net-list --no-autostart --all
-q net-list --all
net-info n1
-q net-info n1
net-info nosuch
net-info 11111111-2222-3333-4444-555555555555
net-info 11111111222233334444555555555555
net-info 00000000-2222-3333-4444-555555555555
net-name 11111111-2222-3333-4444-555555555555
net-name isolated2
net-name 00000000-2222-3333-4444-555555555555
net-uuid isolated2
net-uuid 11111111-2222-3333-4444-555555555555
net-dumpxml n1
net-dumpxml --inactive isolated2
net-dumpxml nosuch
net-dumpxml isolated2 --xpath //ip
net-dumpxml isolated2 --xpath //range/@start
net-dumpxml isolated2 --xpath //nosuch
net-dumpxml isolated2 --xpath 'count(//ip)'
net-dumpxml isolated2 --xpath //range --wrap
net-autostart n1
net-autostart n1
net-list --autostart --all
net-info n1
net-autostart --disable n1
net-autostart nosuch
net-start n1
net-start n1
net-start nosuch
net-start ''
net-start 11111111-2222-3333-4444-555555555555
net-list
net-info n1
net-dumpxml n1
net-dumpxml n1 --inactive
net-define n1.xml
net-create transient.xml
net-create transient.xml
net-list --all
net-info trans
net-autostart trans
net-undefine trans
net-dumpxml trans --inactive
net-destroy trans
net-destroy trans
net-update n1 add ip-dhcp-host {HOST.format(1, 1, 1)}
net-update n1 add ip-dhcp-host {HOST.format(2, 2, 2)} --config
net-update n1 add ip-dhcp-host {HOST.format(3, 3, 3)} --live --config
net-update n1 add ip-dhcp-host {HOST.format(3, 3, 3)} --live --config
net-update n1 modify ip-dhcp-host {HOST.format(3, 3, 4)} --live --config
net-update n1 delete ip-dhcp-host "<host mac='52:54:00:00:00:03'/>" --live --config
net-update n1 delete ip-dhcp-host "<host mac='52:54:00:00:00:03'/>" --live
net-update n1 add ip-dhcp-host host.xml --current
net-update n1 add-first dns-host "<host ip='10.0.0.7'><hostname>x7</hostname></host>" --config
net-update n1 add dns-txt "<txt name='tt' value='vv'/>" --live --config
net-update n1 add portgroup "<portgroup name='pg1'/>" --live --config
net-update n1 modify domain "<domain name='d'/>" --live
net-update n1 modify forward "<forward mode='route'/>" --config
net-update n1 bogus ip '<ip/>'
net-update n1 none ip '<ip/>'
net-update n1 add bogus '<ip/>'
net-update n1 add ip-dhcp-host '<host/>'
net-update n1 add ip-dhcp-host '<bogus/>'
net-update n1 add ip-dhcp-host {HOST.format(9, 9, 9)} --parent-index 5
net-update n1 add ip-dhcp-host {HOST.format(9, 9, 9)} --parent-index x
net-update n1 add ip-dhcp-host {HOST.format(9, 9, 9)} 5
net-update n1 add ip-dhcp-host {HOST.format(9, 9, 9)} --live --current
net-update n1 add ip-dhcp-host {HOST.format(9, 9, 9)} --config --current
net-update n1 add ip-dhcp-host /nosuch
net-update n1 add ip-dhcp-host -
net-update n1 add ip-dhcp-host ''
net-update nosuch add ip '<ip/>'
-q net-update n1 delete dns-txt "<txt name='tt'/>" --config
net-dumpxml n1
net-dumpxml n1 --inactive
net-dhcp-leases n1
-q net-dhcp-leases n1
net-dhcp-leases n1 --mac 52:54:00:00:00:01
net-dhcp-leases n1 52:54:00:00:00:77
net-dhcp-leases n1 --mac zz
net-dhcp-leases nosuch
net-port-list n1
net-port-create n1 port.xml
net-port-create n1 port.xml
net-port-create n1 /nosuch
net-port-create nosuch port.xml
net-port-list n1
net-port-list n1 --uuid
net-port-list n1 --uuid --table
-q net-port-list n1
net-port-dumpxml n1 {PORT}
net-port-dumpxml n1 aaaaaaaa-1111-2222-3333-444444444440
net-port-dumpxml n1 x
net-port-dumpxml nosuch x
net-dumpxml n1
net-port-delete n1 {PORT}
net-port-delete n1 {PORT}
net-port-list nosuch
net-event
net-event --event bogus
net-event --event ''
net-event --event lifecycle --timeout 0
net-event --event lifecycle --timeout x
net-event --event lifecycle --timeout 1
net-event n1 lifecycle --timeout 1
net-undefine isolated2
net-list --all
net-dumpxml isolated2 --inactive
net-update isolated2 add dns-txt "<txt name='a' value='b'/>" --config
net-destroy isolated2
net-info isolated2
net-destroy n1
net-destroy n1
net-port-list n1
net-update n1 delete ip-dhcp-host "<host mac='52:54:00:00:00:01'/>" --live
net-update n1 delete ip-dhcp-host "<host mac='52:54:00:00:00:02'/>"
net-undefine n1
net-undefine n1
net-define n1u.xml
net-define n1ren.xml
net-start n1
net-define n1u.xml
net-undefine n1
net-list --all
net-define n1u.xml
net-list --all
net-create n1u.xml
net-destroy n1
net-create n1u.xml
net-list --all
net-destroy n1
net-undefine n1
net-define lan.xml
net-start lan
net-info lan
net-dumpxml lan
net-dhcp-leases lan
net-destroy lan
net-undefine lan
net-define macvtap.xml
net-start mvt
net-info mvt
net-dumpxml mvt
net-destroy mvt
net-undefine mvt
'net-list --all; net-info nosuch'
'net-info nosuch; net-list --all'
'net-list --all; quit'
define n1.xml
create n1.xml
-r net-define n1.xml
-r net-define --validate n1.xml
-r net-create n1.xml
-r net-list --all
uri
"""

INTERFACES = """
iface-list
iface-list --all
iface-list --inactive
-q iface-list --all
iface-dumpxml lo
iface-dumpxml --inactive lo
iface-dumpxml nosuch
iface-dumpxml 52:54:00:99:99:99
iface-dumpxml lo --xpath //link/@state
iface-mac lo
iface-mac nosuch
iface-mac 52:54:00:99:99:99
iface-name 00:00:00:00:00:00
iface-name 52:54:00:99:99:99
iface-name nosuch
"""

# Not asked, because Pasarela differs on purpose:
#   version, -v, -V       Pasarela's own
#   hostname              works without a hypervisor
#   help                  lists other commands, in words of its own
#   net-event --list      has metadata-change too, as virsh has from 9.8 on
#   net-event --network nosuch  fails at once; virsh says the same, then waits for all networks
#   net-desc, net-metadata, net-list --title  are of later versions of virsh
#   net-dumpxml --xpath '///'   is an error; virsh prints libxml2's message and exits with 0
#   net-edit whose result is refused, without a terminal to ask at  says why and fails; virsh
#                         says that a network "(null)" was edited, and exits with 0
#   define, create of a guest's file  names virsh


class Said(NamedTuple):
    out: str
    err: str
    code: int


class Pair:
    """virsh on its libvirtd, and Pasarela, for the same command lines."""

    def __init__(self, libvirtd: Libvirtd, root: Path) -> None:
        self._libvirtd = libvirtd
        self._root = str(root)

    def virsh(self, line: str, stdin: str = "", locale: str = "C") -> Said:
        command = [
            "nsenter",
            "--pid=/proc/1/ns/pid",
            "env",
            f"--chdir={Path.cwd()}",
            f"LC_ALL={locale}",
        ]
        command += ["virsh", "-c", "qemu:///system"]
        done = self._libvirtd.run(*command, *shlex.split(line), stdin=stdin)
        return Said(done.stdout, done.stderr, done.returncode)

    def pasarela(self, line: str, stdin: str = "") -> Said:
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err), typing(stdin):
            code = main(["--root", self._root, "-c", "qemu:///system", *shlex.split(line)])
        return Said(out.getvalue(), without_hints(err.getvalue()), code)


@pytest.fixture
def pair(libvirtd: Libvirtd, root: Path, tmp_path: Path) -> Iterator[Pair]:
    libvirtd.reset()
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    with chdir(tmp_path):
        yield Pair(libvirtd, root)


@pytest.mark.parametrize("lines", [SYNTAX, NETWORKS, INTERFACES], ids=["syntax", "net", "iface"])
def test_same_words(pair: Pair, lines: str) -> None:
    differences = [
        difference
        for line in lines.strip().splitlines()
        if (difference := compare(line, pair.virsh, pair.pasarela))
    ]
    assert not differences, "\n\n".join(differences)


@pytest.mark.parametrize("group", ["network", "interface"])
def test_same_options(pair: Pair, group: str) -> None:
    """Each command takes virsh's options; ours come on top."""
    found = table.find_group(group)
    assert found is not None
    for command in found.commands:
        if command.name in ("net-desc", "net-metadata"):
            continue  # of later versions
        theirs, ours = (
            set(re.findall(r"[<\[].*?[>\]](?: |$)", _synopsis(side(f"help {command.name}"))))
            for side in (pair.virsh, pair.pasarela)
        )
        assert {word.strip() for word in ours} - {"[--json]", "[--title]"} == {
            word.strip() for word in theirs
        }, command.name


def _synopsis(said: Said) -> str:
    return said.out.split("SYNOPSIS\n", 1)[1].splitlines()[0]


def test_shell(pair: Pair) -> None:
    lines = "pwd\necho a\nnosuch\n\ncd /\npwd\ncd /nosuch\nuri; echo 'b'\nnet-info x\nquit\n"
    for typed in (lines, "echo a", "quit a\n", ""):
        for options in ("", "-q", "-r"):
            theirs, ours = pair.virsh(options, typed), pair.pasarela(options, typed)
            assert as_pasarela(theirs) == ours


def test_editing(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    for side in (pair.virsh, pair.pasarela):
        assert side("net-define n1.xml").code == 0
    for editor in (
        "true",
        "false",
        "sed -i s/192.168.150/192.168.160/g",
    ):
        monkeypatch.setenv("EDITOR", editor)
        assert not compare("net-edit n1", pair.virsh, pair.pasarela), editor
    assert not compare("net-edit nosuch", pair.virsh, pair.pasarela)
    assert not compare("net-dumpxml n1", pair.virsh, pair.pasarela)
    for side in (pair.virsh, pair.pasarela):
        assert side("net-undefine n1").code == 0


LEASES = """[
  {"ip-address": "192.168.150.11", "mac-address": "52:54:00:00:00:05", "hostname": "hostone",
   "client-id": "01:52:54:00:00:00:01", "expiry-time": 4000000000},
  {"ip-address": "192.168.150.12", "mac-address": "52:54:00:00:00:02", "expiry-time": 0},
  {"ip-address": "192.168.150.13", "mac-address": "52:54:00:00:00:03", "expiry-time": 1000}
]
"""


def test_leases(
    pair: Pair, libvirtd: Libvirtd, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Madrid")
    time.tzset()
    for side in (pair.virsh, pair.pasarela):
        side("net-define n1u.xml")
    for base in (Path(f"/proc/{libvirtd.pid}/root"), root):
        folder = base / "var/lib/libvirt/dnsmasq"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "virbr5.status").write_text(LEASES)
    lines = ["", "-q ", "--mac 52:54:00:00:00:02 ", "--mac 52:54:00:00:00:99 "]
    for option in lines:
        quiet, rest = ("-q ", "") if option == "-q " else ("", option)
        assert not compare(f"{quiet}net-dhcp-leases n1 {rest}", pair.virsh, pair.pasarela)
    for side in (pair.virsh, pair.pasarela):
        side("net-undefine n1")


def test_wide_names(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for name in ("red española", "网络", "e\u0301"):
        (tmp_path / "wide.xml").write_text(f"<network><name>{name}</name></network>")
        assert not compare("net-define wide.xml", pair.virsh, pair.pasarela)
    for line in ("net-list --all", "-q net-list --all"):
        theirs = pair.virsh(line, locale="C.UTF-8")
        assert theirs == pair.pasarela(line)
    for name in ("red española", "网络", "e\u0301"):
        assert not compare(f"net-undefine '{name}'", pair.virsh, pair.pasarela)


def as_pasarela(said: Said) -> Said:
    """virsh's words with our name in the prompt and the greeting."""
    greeting = "the virtualization interactive terminal"
    out = said.out.replace(greeting, "the virtual networks' interactive terminal")
    return Said(out.replace("virsh", "pasarela"), said.err, said.code)


@contextmanager
def typing(text: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def compare(line: str, virsh: Callable[[str], Said], pasarela: Callable[[str], Said]) -> str:
    theirs, ours = normalised(virsh(line)), normalised(pasarela(line))
    if theirs == ours:
        return ""
    return f"{line}\n  virsh:    {theirs}\n  pasarela: {ours}"


def without_hints(text: str) -> str:
    ours = ("hint: ", "warning: ")
    return "".join(line for line in text.splitlines(True) if not line.startswith(ours))


def normalised(said: Said) -> Said:
    return Said(_anonymous(said.out), _anonymous(said.err), said.code)


def _anonymous(text: str) -> str:
    """Without what chance or the clock gives: generated uuids are version 4."""
    text = re.sub(
        r"\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b", "UUID", text
    )
    text = re.sub(r"/tmp/(virsh|pasarela)\w+\.xml", "TEMPORARY", text)
    return re.sub(r"(<mac address='|mac=')52:54:00:(?!00:00|11:22)[0-9a-f:]{8}", r"\1MAC", text)
