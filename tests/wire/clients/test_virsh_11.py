"""virsh 11.3, Debian 13's: it prints of pasarelad what it prints of the real libvirtd."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from oracle.libvirtd import Libvirtd
from wire.clients.libvirtd11 import Libvirtd11
from wire.clients.programs import DEBIAN13, debian13, need
from wire.documents import DOCUMENTS
from wire.pasarelad import Pasarelad
from wire.scenarios import SCENARIOS, differences
from wire.test_events import LIFE, PROBE, listening

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

# What 9.0 has not, and what a daemon without domains says of all that it has not. Left out is
# where our words are others on purpose: of XML that is not well-formed (those of 9.0, which name
# the document), and of an element that the schema has not (ours, which name it and its parent).
NEWER = {
    "titles and descriptions": [
        "net-define @isolated.xml",
        "net-desc isolated",
        "net-desc isolated --title",
        "net-desc isolated A text",
        "net-desc isolated --title 'A title'",
        "net-desc isolated --title 'Two\nlines'",
        "net-desc isolated",
        "net-desc isolated --title",
        "net-list --all --title",
        "net-desc isolated --live x",
        "net-start isolated",
        "net-desc isolated --live now",
        "net-desc isolated --config",
        "net-desc isolated --live",
        "net-desc isolated --current",
        "net-desc isolated --config ''",
        "net-dumpxml isolated",
        "net-dumpxml isolated --inactive",
        "net-desc nowhere",
    ],
    "metadata": [
        "net-define @isolated.xml",
        "net-metadata isolated http://a.example/",
        "net-metadata isolated http://a.example/ --key a --set '<one><two/></one>'",
        "net-metadata isolated http://a.example/",
        "net-metadata isolated http://a.example/ --set '<one/>'",
        "net-metadata isolated http://b.example/ --key b --set '<three/>' --config",
        "net-dumpxml isolated",
        "net-dumpxml isolated --xpath //metadata",
        "net-metadata isolated http://a.example/ --remove",
        "net-metadata isolated http://a.example/ --remove",
        "net-metadata isolated http://a.example/ --live",
        "net-start isolated",
        "net-metadata isolated http://b.example/ --live",
        "net-metadata isolated http://b.example/ --key c --set '<four/>' --live --config",
        "net-dumpxml isolated",
        "net-destroy isolated",
        "net-dumpxml isolated",
    ],
    "records of the DNS": [
        "net-define @dns.xml",
        "net-start dns",
        'net-update dns add dns-txt \'<txt name="x" value="y"/>\' --live --config',
        'net-update dns modify dns-txt \'<txt name="x" value="z"/>\' --live --config',
        'net-update dns modify dns-txt \'<txt name="nowhere" value="z"/>\' --live',
        "net-update dns modify dns-host '<host ip=\"10.77.10.9\"><hostname>ten</hostname></host>'",
        'net-update dns add dns-srv \'<srv service="a" protocol="tcp"/>\' --config',
        'net-update dns modify dns-srv \'<srv service="a" protocol="tcp" target="b"/>\' --config',
        "net-dumpxml dns",
        "net-dumpxml dns --inactive",
    ],
    "validation": [
        "net-create --validate @nat.xml",
        "net-port-create --validate nat @port1.xml",
    ],
    "a daemon of networks alone": [
        "version --daemon",
        "connect",
        "hostname",
        "nodeinfo",
        "capabilities",
        "domcapabilities",
        "maxvcpus",
        "sysinfo",
        "freecell",
        "cpu-models x86_64",
        "list --all",
        "pool-list",
        "nodedev-list",
        "secret-list",
        "dominfo nobody",
        "net-event --list",
        "event --list",
    ],
}


def virsh_11(daemon: Pasarelad | Libvirtd, uri: str) -> partial[CompletedProcess[str]]:
    need(DEBIAN13)
    return partial(daemon.run, *debian13(DEBIAN13 / "usr/bin/virsh"), "-c", uri)


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_cannot_tell_the_difference(
    name: str, pasarelad: Pasarelad, libvirtd: Libvirtd, document_folder: Path
) -> None:
    libvirtd.reset()
    ours, theirs = virsh_11(pasarelad, pasarelad.uri), virsh_11(libvirtd, "qemu:///system")
    different = differences(SCENARIOS[name], ours, theirs, document_folder)
    assert not different, "\n".join(different)


@pytest.mark.parametrize("name", NEWER)
def test_nor_from_its_own_daemon(
    name: str, pasarelad: Pasarelad, libvirtd_11: Libvirtd11, document_folder: Path
) -> None:
    ours = virsh_11(pasarelad, pasarelad.uri)
    different = differences(NEWER[name], ours, libvirtd_11.virsh, document_folder)
    assert not different, "\n".join(different)


def test_it_prints_the_same_events(
    pasarelad: Pasarelad, libvirtd_11: Libvirtd11, tmp_path: Path
) -> None:
    ours = events_of(pasarelad, pasarelad.uri, tmp_path)
    assert ours == events_of(libvirtd_11, libvirtd_11.uri, tmp_path)
    assert len(ours) == 7


def events_of(daemon: Pasarelad | Libvirtd11, uri: str, folder: Path) -> list[str]:
    """What net-event prints while a network lives its life."""
    documents = {"nat": str(folder / "nat.xml"), "probe": str(folder / "probe.xml")}
    Path(documents["nat"]).write_text(DOCUMENTS["nat"])
    Path(documents["probe"]).write_text(PROBE)
    virsh = virsh_11(daemon, uri)
    inside = ("nsenter", f"--target={daemon.pid}", "--net", "--mount")
    command = [*inside, *virsh.args, "net-event --event lifecycle --loop"]
    with listening(command, daemon, documents["probe"]) as lines:
        for line in LIFE:
            done = virsh(line.format(**documents))
            assert done.returncode == 0, done.stderr
        return [line for line in lines() if "network nat:" in line]
