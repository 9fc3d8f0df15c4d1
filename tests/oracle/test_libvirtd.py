"""The oracle itself: it runs, answers, refuses, and starts networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from oracle.rpc import OracleError

pytestmark = pytest.mark.oracle

NETWORK = """<network><name>n</name><forward mode='nat'/><bridge name='br7'/>
<ip address='10.9.8.1' netmask='255.255.255.0'/></network>"""


@pytest.fixture(autouse=True)
def _clean(libvirtd: Libvirtd):
    yield
    libvirtd.reset()


def test_virsh_reaches_a_daemon_without_networks(libvirtd: Libvirtd):
    done = libvirtd.virsh("net-list", "--all", "--name")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_virsh_and_the_wire_show_the_same_document(libvirtd: Libvirtd):
    network = libvirtd.define(NETWORK)
    document = libvirtd.dumpxml(network, inactive=True)
    assert libvirtd.virsh("net-dumpxml", "n").stdout == document + "\n"


def test_a_refusal_carries_code_domain_and_message(libvirtd: Libvirtd):
    with pytest.raises(OracleError) as refusal:
        libvirtd.define("<network/>")
    error = refusal.value
    assert (error.code, error.domain, error.message) == (21, 19, "missing name information")


def test_networks_start_in_the_daemons_own_namespace(libvirtd: Libvirtd):
    network = libvirtd.define(NETWORK)
    libvirtd.start(network)
    assert "10.9.8.1" in libvirtd.run("ip", "-4", "addr", "show", "br7").stdout
    assert not Path("/sys/class/net/br7").exists()
    assert libvirtd.read("/run/libvirt/network/n.xml").startswith("<!--")
