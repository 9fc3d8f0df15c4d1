"""Networks on devices of the host: defined, started and given a port as by the real libvirt.

Bridges and devices need not be there; SR-IOV functions must.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from oracle.outcome import Outcome, outcome_of
from pasarela.client.connection import Connection
from pasarela.client.embedded import open_embedded

pytestmark = [pytest.mark.oracle, pytest.mark.netns]

PCI = "<address type='pci' domain='0' bus='0' slot='3' function='0'/>"

FORWARDS = (
    "<forward mode='passthrough'><pf dev='eth9'/></forward>",
    "<forward mode='hostdev' managed='yes'><pf dev='eth9'/></forward>",
    "<forward mode='vepa'><pf dev='lo'/></forward>",
    "<forward mode='hostdev'><pf dev='lo'/></forward>",
    f"<forward mode='hostdev'>{PCI}</forward>",
    "<forward mode='hostdev'><interface dev='eth0'/></forward>",
    f"<forward mode='private'>{PCI}</forward>",
    "<forward mode='private' dev='eth9'/>",
    "<forward mode='passthrough' dev='eth9'/>",
    "<forward mode='bridge'/><bridge name='br9'/>",
    "<forward mode='bridge'><interface dev='eth8'/><interface dev='eth9'/></forward>",
    "<forward mode='bridge'/>",
    "<forward mode='hostdev'/>",
)

PORT = """<networkport><uuid>6b1f5a0e-0000-4000-8000-00000000000a</uuid><owner><name>guest</name>
<uuid>6b1f5a0e-0000-4000-8000-00000000000b</uuid></owner><mac address='52:54:00:00:00:01'/>
</networkport>"""


@pytest.mark.parametrize("forward", FORWARDS)
def test_the_same_comes_of_it(libvirtd: Libvirtd, netns: None, root: Path, forward: str):
    libvirtd.reset()
    document = f"<network><name>n</name>{forward}</network>"
    real, ours = run_real(libvirtd, document), run_ours(open_embedded(root), document)
    assert ours == real


def run_real(libvirtd: Libvirtd, document: str) -> list[Outcome]:
    def start() -> str:
        network = libvirtd.define(document)
        libvirtd.start(network)
        return libvirtd.dumpxml(network)

    def plug() -> str:
        network = libvirtd.lookup("n")
        return libvirtd.port_dumpxml(network, libvirtd.port_create(network, PORT))

    return _answers(start, plug)


def run_ours(ours: Connection, document: str) -> list[Outcome]:
    def start() -> str:
        network = ours.define_xml(document)
        ours.start(network)
        return ours.xml_desc(network)

    def plug() -> str:
        return ours.port_xml_desc(ours.port_create_xml(ours.lookup_by_name("n"), PORT))

    try:
        return _answers(start, plug)
    finally:
        ours.close()


def _answers(start: Callable[[], str], plug: Callable[[], str]) -> list[Outcome]:
    """What came of both, without the UUID that each of the two makes up for the network."""
    started, plugged = outcome_of(start), outcome_of(plug)
    if isinstance(started, str):
        started = re.sub("  <uuid>.*</uuid>\n", "", started)
    return [started, plugged]
