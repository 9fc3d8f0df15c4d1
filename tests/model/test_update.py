"""net-update where the installed libvirt is no judge: newer commands, counters, purity.

The whole matrix runs beside the real libvirt in tests/oracle/test_update_matrix.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pasarela.errors import OperationInvalid, OperationUnsupported, PasarelaError
from pasarela.model.handles import UpdateCommand, UpdateSection
from pasarela.model.network import Dns, Forward, ForwardInterface, ForwardMode, Network
from pasarela.model.update import apply_update
from pasarela.xml.fragment import parse_item, update_network
from pasarela.xml.network import parse_network

ADD_FIRST, ADD_LAST = UpdateCommand.ADD_FIRST, UpdateCommand.ADD_LAST
MODIFY, DELETE = UpdateCommand.MODIFY, UpdateCommand.DELETE

NETWORK = parse_network("""
<network>
  <name>n</name>
  <bridge name='virbr9'/>
  <dns>
    <txt name='one' value='first'/><txt name='two' value='second'/>
    <host ip='192.0.2.10'><hostname>ten</hostname></host>
    <host ip='192.0.2.11'><hostname>eleven</hostname></host>
  </dns>
  <ip address='192.168.9.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.9.100' end='192.168.9.120'/></dhcp>
  </ip>
</network>
""")


def updated(command: int, section: int, text: str, network: Network = NETWORK) -> Network:
    return apply_update(network, command, section, -1, parse_item(section, text, network.name))


def dns(network: Network) -> Dns:
    assert network.dns is not None
    return network.dns


def test_a_dns_host_is_modified_by_its_address():
    changed = updated(
        MODIFY,
        UpdateSection.DNS_HOST,
        "<host ip='192.0.2.10'><hostname>new</hostname><hostname>names</hostname></host>",
    )
    assert [host.names for host in dns(changed).hosts] == [("new", "names"), ("eleven",)]


def test_a_dns_host_with_another_address_is_not_found():
    text = "<host ip='192.0.2.12'><hostname>ten</hostname></host>"
    with pytest.raises(OperationInvalid, match="couldn't locate a matching DNS HOST record"):
        updated(MODIFY, UpdateSection.DNS_HOST, text)


def test_a_dns_text_is_modified_by_its_name():
    changed = updated(MODIFY, UpdateSection.DNS_TXT, "<txt name='one' value='other'/>")
    assert [txt.value for txt in dns(changed).txts] == ["other", "second"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<txt name='one'/>", "missing value of modifying DNS TXT record in network n"),
        ("<txt name='three' value='x'/>", "couldn't locate a matching DNS TXT record"),
    ],
)
def test_a_dns_text_that_cannot_be_modified(text: str, complaint: str):
    with pytest.raises(OperationInvalid, match=complaint):
        updated(MODIFY, UpdateSection.DNS_TXT, text)


def test_the_last_record_takes_the_dns_element_with_it():
    network = replace(NETWORK, dns=Dns(txts=dns(NETWORK).txts[:1]))
    assert updated(DELETE, UpdateSection.DNS_TXT, "<txt name='one'/>", network).dns is None


def test_an_interface_in_use_stays():
    pool = (ForwardInterface("eth0"), ForwardInterface("eth1", connections=2))
    network = Network("pool", forward=Forward(ForwardMode.BRIDGE, pool))
    section = UpdateSection.FORWARD_INTERFACE
    free = updated(DELETE, section, "<interface dev='eth0'/>", network)
    assert free.forward.interfaces == pool[1:]
    with pytest.raises(OperationInvalid) as refusal:
        updated(DELETE, section, "<interface dev='eth1'/>", network)
    assert refusal.value.detail == (
        "unable to delete interface 'eth1' in network 'pool'. It is currently being used by "
        "2 domains."
    )


def test_connections_outlive_an_update_of_the_pool():
    """libvirt forgets them (its counters even go below zero then)."""
    pool = (ForwardInterface("eth0", connections=3),)
    network = Network("pool", forward=Forward(ForwardMode.BRIDGE, pool))
    changed = update_network(
        network, ADD_LAST, UpdateSection.FORWARD_INTERFACE, -1, "<interface dev='eth1'/>", live=True
    )
    assert changed.forward.interfaces == (*pool, ForwardInterface("eth1"))


@pytest.mark.parametrize("first", [True, False])
def test_where_an_item_is_added(first: bool):
    command = ADD_FIRST if first else ADD_LAST
    changed = updated(command, UpdateSection.DNS_TXT, "<txt name='new' value=''/>")
    names = [txt.name for txt in dns(changed).txts]
    assert names == (["new", "one", "two"] if first else ["one", "two", "new"])


@pytest.mark.parametrize("section", [*UpdateSection, 13, 99])
@pytest.mark.parametrize("command", [0, 5, 99])
def test_an_unknown_command_is_always_refused(section: int, command: int):
    items = {4: "<host mac='52:54:00:00:00:01' ip='192.168.9.2'/>", 7: "<interface dev='x'/>"}
    items |= {5: "<range start='192.168.9.5' end='192.168.9.6'/>", 9: "<portgroup name='g'/>"}
    items |= {10: "<host ip='192.0.2.10'/>", 11: "<txt name='one'/>"}
    items |= {12: "<srv service='a' protocol='tcp'/>"}
    with pytest.raises(OperationUnsupported):
        updated(command, section, items.get(section, "<x/>"))


def test_the_whole_document_must_still_make_sense():
    network = parse_network(
        "<network><name>n</name><forward mode='nat'><interface dev='eth0'/></forward>"
        "<ip address='192.168.9.1' prefix='24'/></network>"
    )
    with pytest.raises(PasarelaError, match="multiple forwarding interfaces") as refusal:
        update_network(
            network, ADD_LAST, UpdateSection.FORWARD_INTERFACE, -1, "<interface dev='eth1'/>"
        )
    assert (refusal.value.code, refusal.value.domain) == (27, 19)


def test_refusals_say_where_and_what_to_do():
    with pytest.raises(PasarelaError) as refusal:
        updated(ADD_LAST, UpdateSection.DNS_HOST, "\n<hots ip='192.0.2.1'/>")
    error = refusal.value
    assert error.location is not None and error.location.line == 2
    assert error.remedy is not None and "<host>" in error.remedy
