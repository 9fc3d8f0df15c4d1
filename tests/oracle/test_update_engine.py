"""net-update through the engine, live and persistent, beside the real libvirt's.

Which definition each flag means in each state of a network, that both change or neither does, and
that a guest's interface in use stays in the pool. What each section and command does is in
test_update_matrix.py.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from oracle.libvirtd import Libvirtd
from oracle.outcome import Refusal
from oracle.side_by_side import Pair
from pasarela.model.handles import Affect, UpdateCommand, UpdateSection

pytestmark = [pytest.mark.oracle, pytest.mark.netns]

NETWORK = """
<network>
  <name>up</name><uuid>6b1f5a0e-0000-4000-8000-0000000000aa</uuid>
  <forward mode='nat'/>
  <bridge name='virbr77'/><mac address='52:54:00:77:00:01'/>
  <dns><txt name='one' value='first'/></dns>
  <ip address='192.168.77.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.77.100' end='192.168.77.150'/>
      <host mac='52:54:00:00:00:01' name='alpha' ip='192.168.77.11'/>
    </dhcp>
  </ip>
  <portgroup name='ops'/>
</network>
"""

POOL = """
<network>
  <name>pool</name><uuid>6b1f5a0e-0000-4000-8000-0000000000bb</uuid>
  <forward mode='bridge'><interface dev='eth0'/><interface dev='eth1'/></forward>
</network>
"""

PORT = """
<networkport>
  <uuid>6b1f5a0e-0000-4000-8000-0000000000cc</uuid>
  <owner><name>guest</name><uuid>6b1f5a0e-0000-4000-8000-0000000000dd</uuid></owner>
  <mac address='52:54:00:00:00:01'/>
</networkport>
"""

ADD, DELETE, MODIFY = UpdateCommand.ADD_LAST, UpdateCommand.DELETE, UpdateCommand.MODIFY
HOST = "<host mac='52:54:00:00:00:02' name='beta' ip='192.168.77.12'/>"
TXT = "<txt name='two' value='second'/>"

STEPS = (
    (ADD, UpdateSection.DNS_TXT, TXT),
    (ADD, UpdateSection.DNS_TXT, TXT),
    (ADD, UpdateSection.IP_DHCP_HOST, HOST),
    (MODIFY, UpdateSection.IP_DHCP_HOST, HOST.replace("beta", "gamma")),
    (DELETE, UpdateSection.IP_DHCP_HOST, "<host name='beta'/>"),
    (ADD, UpdateSection.PORTGROUP, "<portgroup name='new' default='yes'/>"),
    (DELETE, UpdateSection.PORTGROUP, "<portgroup name='new'/>"),
    (MODIFY, UpdateSection.BRIDGE, "<bridge name='x'/>"),
    (99, UpdateSection.DNS_TXT, TXT),
    (ADD, 99, TXT),
)

# Live first, so that in the end the two definitions differ and what suits one does not the other.
FLAGS = (Affect.LIVE, Affect.CURRENT, Affect.LIVE | Affect.CONFIG, Affect.CONFIG, 4)

BOTH = Affect.LIVE | Affect.CONFIG


@pytest.fixture
def pair(libvirtd: Libvirtd, netns: None, root: Path):
    libvirtd.reset()
    both = Pair(libvirtd, root)
    yield both
    both.close()
    libvirtd.reset()


@pytest.mark.parametrize("state", ["inactive", "active", "transient"])
def test_each_flag_means_the_same_definition(pair: Pair, state: str):
    if state == "transient":
        pair.create(NETWORK)
    else:
        pair.define(NETWORK)
    if state == "active":
        pair.start()
    for flags in FLAGS:
        for step in STEPS:
            real, ours = pair.update(*step, flags)
            assert ours == real, (step, flags)
            documents, our_documents = pair.documents()
            assert our_documents == documents, (step, flags)


def test_what_one_definition_refuses_the_other_does_not_take(pair: Pair):
    pair.define(NETWORK)
    pair.start()
    pair.update(ADD, UpdateSection.DNS_TXT, TXT, Affect.CONFIG)
    real, ours = pair.update(ADD, UpdateSection.DNS_TXT, TXT, BOTH)
    assert ours == real
    documents, our_documents = pair.documents()
    assert our_documents == documents
    assert "second" not in documents[0]


def test_an_interface_that_a_guest_uses_stays_in_the_pool(pair: Pair):
    """libvirt means to, but has lost its counters when it looks. Ours refuses, in its words."""
    pair.define(POOL)
    pair.start()
    pair.plug(PORT)
    section = UpdateSection.FORWARD_INTERFACE
    real, ours = pair.update(DELETE, section, "<interface dev='eth0'/>", Affect.LIVE)
    assert real == "done"
    assert isinstance(ours, Refusal)
    assert (ours.code, ours.message) == (
        55,
        "Requested operation is not valid: unable to delete interface 'eth0' in network 'pool'. "
        "It is currently being used by 1 domains.",
    )
    assert pair.update(DELETE, section, "<interface dev='eth1'/>", Affect.LIVE)[1] == "done"


def test_a_counter_is_not_lost_by_an_update(pair: Pair):
    """libvirt loses it: the live definition is read anew. Ours counts the ports that are there."""
    pair.define(POOL)
    pair.start()
    pair.plug(PORT)
    pair.update(ADD, UpdateSection.FORWARD_INTERFACE, "<interface dev='eth2'/>", Affect.LIVE)
    (real, _), (ours, _) = pair.documents()
    assert "connections" not in real
    assert "<network connections='1'>" in ours
    assert "<interface dev='eth0' connections='1'/>" in ours
    pair.ours.port_delete(pair.ours.port_lookup(pair.handles[1], UUID(PORT[23:59])))
    assert "connections" not in pair.ours.xml_desc(pair.handles[1])
