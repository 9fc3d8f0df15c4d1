"""Ports through the engine beside the real libvirt's: created, shown, listed, deleted, refused.

One difference is meant: creating a port twice makes libvirt forget the first one's MAC.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from oracle.libvirtd import Libvirtd
from oracle.outcome import Refusal
from oracle.side_by_side import Pair
from pasarela.errors import PasarelaError

pytestmark = [pytest.mark.oracle, pytest.mark.netns]

NETWORK = """
<network>
  <name>home</name><uuid>6b1f5a0e-0000-4000-8000-0000000000aa</uuid>
  <bridge name='virbr78'/><mac address='52:54:00:78:00:01'/>
  <port isolated='yes'/>
  <ip address='192.168.78.1' netmask='255.255.255.0'/>
  <portgroup name='slow' default='yes'><bandwidth><inbound average='9'/></bandwidth></portgroup>
</network>
"""

FIRST, SECOND = (UUID(f"6b1f5a0e-0000-4000-8000-00000000000{digit}") for digit in "12")
NOBODY = UUID("6b1f5a0e-0000-4000-8000-000000000009")
MACS = "/var/lib/libvirt/dnsmasq/virbr78.macs"


def document(uuid: UUID, owner: str = "guest", extra: str = "") -> str:
    return (
        f"<networkport><uuid>{uuid}</uuid><owner><name>{owner}</name><uuid>{NOBODY}</uuid></owner>"
        f"<mac address='52:54:00:00:00:{uuid.bytes[-1]:02x}'/>{extra}</networkport>"
    )


@pytest.fixture
def pair(libvirtd: Libvirtd, netns: None, root: Path):
    libvirtd.reset()
    both = Pair(libvirtd, root)
    yield both
    both.close()
    libvirtd.reset()


def created(pair: Pair, text: str, *, reclaim: bool = False) -> tuple[object, object]:
    return pair.both(
        lambda real: pair.libvirtd.port_create(real, text, flags=int(reclaim)),
        lambda ours: pair.ours.port_create_xml(ours, text, reclaim=reclaim).uuid,
    )


def shown(pair: Pair, uuid: UUID) -> tuple[object, object]:
    return pair.both(
        lambda real: pair.libvirtd.port_dumpxml(real, uuid),
        lambda ours: pair.ours.port_xml_desc(pair.ours.port_lookup(ours, uuid)),
    )


def deleted(pair: Pair, uuid: UUID) -> tuple[object, object]:
    return pair.both(
        lambda real: pair.libvirtd.port_delete(real, uuid),
        lambda ours: pair.ours.port_delete(pair.ours.port_lookup(ours, uuid)),
    )


def listed(pair: Pair) -> tuple[object, object]:
    return pair.both(
        lambda real: sorted(map(str, pair.libvirtd.port_list(real))),
        lambda ours: sorted(str(port.uuid) for port in pair.ours.list_ports(ours)),
    )


def agreed(answers: tuple[object, object]) -> object:
    real, ours = answers
    assert ours == real
    return real


def test_a_ports_life(pair: Pair, root: Path):
    pair.define(NETWORK)
    pair.start()
    for uuid, owner in ((FIRST, "zoe"), (SECOND, "adam")):
        agreed(created(pair, document(uuid, owner)))
        agreed(shown(pair, uuid))
    assert agreed(listed(pair)) == str([str(FIRST), str(SECOND)])
    agreed(pair.both(pair.libvirtd.dumpxml, pair.ours.xml_desc))
    assert (root / MACS[1:]).read_text() == pair.libvirtd.read(MACS)
    agreed(deleted(pair, FIRST))
    assert (root / MACS[1:]).read_text() == pair.libvirtd.read(MACS)
    agreed(listed(pair))
    agreed(shown(pair, FIRST))
    agreed(deleted(pair, FIRST))


def test_a_port_is_created_once(pair: Pair, root: Path):
    pair.define(NETWORK)
    pair.start()
    agreed(created(pair, document(FIRST)))
    refusal = agreed(created(pair, document(FIRST)))
    assert isinstance(refusal, Refusal) and refusal.code == 106
    assert "52:54:00:00:00:01" in (root / MACS[1:]).read_text()


def test_a_guest_that_ran_before_gets_its_port_back(pair: Pair):
    pair.define(NETWORK)
    pair.start()
    plug = "<plug type='network' bridge='virbr78'/>"
    agreed(created(pair, document(FIRST, extra=plug), reclaim=True))
    agreed(shown(pair, FIRST))
    agreed(created(pair, document(FIRST, extra=plug), reclaim=True))
    agreed(created(pair, document(SECOND), reclaim=True))
    agreed(created(pair, document(SECOND, extra=plug)))


def test_a_stopped_network_has_no_ports(pair: Pair):
    pair.define(NETWORK)
    for answers in (created(pair, document(FIRST)), listed(pair)):
        refusal = agreed(answers)
        assert isinstance(refusal, Refusal) and refusal.code == 55
    for answers in (shown(pair, FIRST), deleted(pair, FIRST)):
        refusal = agreed(answers)
        assert isinstance(refusal, Refusal) and refusal.code == 107
    agreed(created(pair, "<networkport/>"))


def test_stopping_a_network_drops_its_ports(pair: Pair):
    pair.define(NETWORK)
    pair.start()
    agreed(created(pair, document(FIRST)))
    real, ours = pair.handles
    pair.libvirtd.destroy(real)
    pair.ours.destroy(ours)
    pair.start()
    assert agreed(listed(pair)) == "[]"
    agreed(shown(pair, FIRST))


def test_two_networks_do_not_share_ports(pair: Pair):
    pair.define(NETWORK)
    pair.start()
    agreed(created(pair, document(FIRST)))
    other = (
        NETWORK.replace("home", "other")
        .replace("aa<", "ab<")
        .replace("virbr78", "virbr79")
        .replace("168.78", "168.79")
    )
    pair.define(other)
    pair.start()
    assert agreed(listed(pair)) == "[]"
    with pytest.raises(PasarelaError):
        pair.ours.port_lookup(pair.handles[1], FIRST)
