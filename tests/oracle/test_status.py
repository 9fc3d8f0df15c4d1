"""The status files of the real daemon: ours reads them, and writes the same."""

from __future__ import annotations

import pytest

from oracle.libvirtd import Libvirtd
from pasarela.xml.port import format_port, parse_port
from pasarela.xml.status import format_status, parse_status

pytestmark = pytest.mark.oracle

NETWORKS = {
    "nat": "<network><name>nat</name><title>a &amp; b</title><metadata><a:b xmlns:a='urn:a' k='1'>"
    "<a:c>x<a:d/>\ny</a:c><a:e/></a:b><d xmlns='urn:d'/></metadata><forward mode='nat'/>"
    "<bridge name='virbr90'/><ip address='192.168.90.1' netmask='255.255.255.0'><dhcp>"
    "<range start='192.168.90.2' end='192.168.90.9'/></dhcp></ip></network>",
    "tap": "<network><name>tap</name><forward mode='bridge'><interface dev='eth0'/>"
    "<interface dev='eth1'/></forward></network>",
}

PORT = """<networkport><uuid>6b1f5a0e-0000-4000-8000-00000000000a</uuid><owner><name>guest</name>
<uuid>6b1f5a0e-0000-4000-8000-00000000000b</uuid></owner><mac address='52:54:00:00:00:01'/>
</networkport>"""


@pytest.mark.parametrize("name", NETWORKS)
def test_what_the_daemon_wrote_reads_and_writes_back_the_same(libvirtd: Libvirtd, name: str):
    libvirtd.reset()
    libvirtd.create(NETWORKS[name])
    saved = libvirtd.read(f"/run/libvirt/network/{name}.xml")
    assert format_status(parse_status(saved)) == saved.partition("-->\n\n")[2]


def test_a_saved_port_reads_and_writes_back_the_same(libvirtd: Libvirtd):
    libvirtd.reset()
    network = libvirtd.create(NETWORKS["nat"])
    port = libvirtd.port_create(network, PORT)
    saved = libvirtd.read(f"/run/libvirt/network/nat/ports/{port}.xml")
    assert format_port(parse_port(saved)) == saved.partition("-->\n\n")[2]
