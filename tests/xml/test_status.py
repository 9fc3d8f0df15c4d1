"""The status document: what a running network is found again by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pasarela.errors import InternalError, PasarelaError, XmlContentError, XmlSyntaxError
from pasarela.model.floors import RESERVED_CLASS_IDS, Floors
from pasarela.model.status import HOOK_SCRIPT, Status
from pasarela.xml.network import parse_network
from pasarela.xml.status import format_status, parse_status

NETWORK = parse_network(
    "<network><name>n</name><uuid>6b1f5a0e-0000-4000-8000-000000000001</uuid>"
    "<metadata><a:b xmlns:a='urn:a'>x</a:b></metadata>"
    "<bridge name='virbr5' stp='on' delay='0'/><ip address='10.0.5.1' prefix='24'/></network>"
)

FRESH = """\
<networkstatus>
  <class_id bitmap='0-2'/>
  <floor sum='0'/>
  <network>
    <name>plain</name>
    <bridge name='virbr5' stp='on' delay='0'/>
  </network>
</networkstatus>"""

# As a newer daemon leaves it: with what it wants to undo of its firewall.
NEWER = """\
<!--
WARNING: THIS IS AN AUTO-GENERATED FILE.
-->

<networkstatus>
  <class_id bitmap='0-4,7'/>
  <floor sum='1500'/>
  <taint flag='hook-script'/>
  <network connections='2'>
    <name>n</name>
    <uuid>6b1f5a0e-0000-4000-8000-000000000001</uuid>
    <bridge name='virbr5' stp='on' delay='0'/>
  </network>
  <firewall name='fwRemoval' backend='nftables'>
    <group ignoreErrors='no'><action layer='ipv4'><args><item>delete</item></args></action></group>
  </firewall>
</networkstatus>"""


def test_a_fresh_network():
    plain = parse_network(
        "<network><name>plain</name><bridge name='virbr5' stp='on' delay='0'/></network>"
    )
    assert format_status(Status(plain)) == FRESH
    assert parse_status(FRESH) == Status(plain)


def test_a_newer_daemons_document_is_understood():
    status = parse_status(NEWER)
    assert status.floors == Floors(RESERVED_CLASS_IDS | {3, 4, 7}, 1500)
    assert status.taints == (HOOK_SCRIPT,)
    assert status.network.bridge.name == "virbr5"


def test_the_firewall_of_a_newer_daemon_is_left_out():
    assert "firewall" not in format_status(parse_status(NEWER))


def test_a_very_old_daemons_document_is_the_network_itself():
    old = parse_status("<network><name>n</name><bridge name='virbr5'/></network>")
    assert (old.network.name, old.floors, old.taints) == ("n", Floors(), ())


def test_ports_are_counted():
    assert "<network connections='3'>" in format_status(Status(NETWORK), connections=3)


@given(
    st.frozensets(st.integers(3, 60)),
    st.integers(0, 2**40),
    st.sampled_from([(), (HOOK_SCRIPT,)]),
)
def test_what_is_written_is_read(ids: frozenset[int], total: int, taints: tuple[str, ...]):
    status = Status(NETWORK, Floors(RESERVED_CLASS_IDS | ids, total), taints)
    assert parse_status(format_status(status)) == status


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ("<networkstatus/>", XmlContentError),
        ("<other><network><name>n</name></network></other>", XmlContentError),
        ("<networkstatus><network/></networkstatus>", PasarelaError),
        ("<networkstatus>", XmlSyntaxError),
        ("", XmlSyntaxError),
        (FRESH.replace("0-2", "x"), InternalError),
        (FRESH.replace("0-2", "5-2"), InternalError),
        (FRESH.replace("0-2", "0-99999999"), InternalError),
        (FRESH.replace("sum='0'", "sum='-'"), InternalError),
        (NEWER.replace("hook-script", "bogus"), InternalError),
    ],
)
def test_what_makes_no_sense_is_refused(document: str, error: type[PasarelaError]):
    with pytest.raises(error):
        parse_status(document)
