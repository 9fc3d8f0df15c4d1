"""``--validate``: what the format does not know is refused, with the place and the way out."""

from __future__ import annotations

import pytest

from network_documents import load
from pasarela.errors import ErrorCode, ErrorDomain, PasarelaError, XmlSchemaError
from pasarela.xml.network import parse_network
from pasarela.xml.port import parse_port

NETWORK = "Unable to validate doc against /usr/share/libvirt/schemas/network.rng\n"
PORT = "Unable to validate doc against /usr/share/libvirt/schemas/networkport.rng\n"
PORT_HEAD = (
    "<uuid>09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f</uuid>"
    "<owner><name>guest</name><uuid>09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f</uuid></owner>"
    "<mac address='52:54:00:11:22:33'/>"
)


def refusal(inside: str) -> XmlSchemaError:
    document = f"<network>\n<name>n</name>\n{inside}\n</network>"
    with pytest.raises(XmlSchemaError) as caught:
        parse_network(document, validate=True, source="net.xml")
    return caught.value


def test_it_speaks_libvirts_words_and_code() -> None:
    error = refusal("<brigde name='br0'/>")
    assert (error.code, error.domain) == (ErrorCode.XML_INVALID_SCHEMA, ErrorDomain.XML)
    assert error.message == (
        "XML document failed to validate against schema: "
        + NETWORK
        + "element <brigde> is not known in <network>"
    )
    assert str(error.location) == "net.xml:3 <brigde>"
    assert error.remedy == "did you mean 'bridge'?"


@pytest.mark.parametrize(
    ("inside", "fault", "remedy"),
    [
        (
            "<forward mode='router'/>",
            "attribute 'mode' of <forward> may not be 'router'",
            "write 'nat' or 'route' or 'open' or 'bridge' or 'passthrough' or 'private' or 'vepa' "
            "or 'hostdev'",
        ),
        (
            "<interface dev='enp3s0'/>",
            "element <interface> is not known in <network>",
            None,
        ),
        (
            "<bridge nmae='br0'/>",
            "attribute 'nmae' is not known in <bridge>",
            "did you mean 'name'?",
        ),
        ("<bridge/>\n<bridge/>", "<network> may have <bridge> only once", "remove one of them"),
        ("<bridge>br0</bridge>", "<bridge> holds text: 'br0'", "remove the text"),
        (
            "<mac/>",
            "<mac> needs the attribute 'address'",
            "write a MAC address as 52:54:00:12:34:56",
        ),
        ("<vlan/>", "<vlan> needs an element <tag>", "add <tag>"),
        (
            "<ip address='10.0.0.1' prefix='24' netmask='255.0.0.0'/>",
            "<ip> has both netmask and prefix",
            None,
        ),
        (
            "<ip address='10.0.0.1'><dhcp><host ip='10.0.0.2'/></dhcp></ip>",
            "<host> needs mac, id or name",
            None,
        ),
        (
            "<uuid>none</uuid>",
            "<uuid> may not be 'none'",
            "write a UUID",
        ),
        (
            "<virtualport type='openvswitch'><parameters typeid='1'/></virtualport>",
            "parameter 'typeid' is not one of type 'openvswitch'",
            None,
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_and_what_to_write(inside: str, fault: str, remedy: str | None) -> None:
    error = refusal(inside)
    assert error.detail == NETWORK + fault
    assert error.location is not None
    assert error.location.line in (3, 4)
    assert remedy is None or error.remedy == remedy


def test_everything_at_once_is_valid() -> None:
    parse_network(
        """
        <network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0' ipv6='yes'>
          <name>all</name>
          <title>All of it</title>
          <description>of what a network may say</description>
          <metadata><any:thing xmlns:any='urn:any'><goes/></any:thing></metadata>
          <forward mode='nat' dev='eth0'>
            <nat ipv6='yes'>
              <address start='192.0.2.1' end='192.0.2.9'/>
              <port start='1' end='9'/>
            </nat>
          </forward>
          <bridge name='virbr7' stp='on' delay='0' zone='z' macTableManager='kernel'/>
          <mtu size='1500'/>
          <mac address='52:54:00:11:22:33'/>
          <domain name='example.com' localOnly='yes' register='yes'/>
          <dns enable='yes' forwardPlainNames='no'>
            <forwarder addr='192.0.2.53' port='5353' domain='example.net'/>
            <txt name='a' value='b'/>
            <srv service='ldap' protocol='tcp' domain='d' target='t' port='1' weight='3'/>
            <host ip='10.0.0.5'><hostname>five</hostname></host>
          </dns>
          <bandwidth><inbound average='1' peak='2' burst='3'/></bandwidth>
          <port isolated='no'/>
          <ip address='10.0.0.1' prefix='24' localPtr='yes'>
            <tftp root='/srv'/>
            <dhcp>
              <range start='10.0.0.2' end='10.0.0.9'><lease expiry='1' unit='hours'/></range>
              <host mac='52:54:00:11:22:44' name='a' ip='10.0.0.7'/>
              <bootp file='f' server='10.0.0.8'/>
            </dhcp>
          </ip>
          <ip family='ipv6' address='fd00::1' prefix='64'/>
          <route address='10.9.0.0' prefix='16' gateway='10.0.0.2' metric='3'/>
          <portgroup name='g' default='yes' trustGuestRxFilters='no'>
            <virtualport type='openvswitch'><parameters profileid='p'/></virtualport>
          </portgroup>
          <dnsmasq:options><dnsmasq:option value='a=b'/></dnsmasq:options>
        </network>
        """,
        validate=True,
    )


def test_what_is_refused_without_validation_is_refused_with_it() -> None:
    for case in load():
        if (
            case.expected.startswith("refused")
            and "| unsupported configuration" not in case.expected
        ):
            try:
                parse_network(case.document)
            except PasarelaError:
                with pytest.raises(PasarelaError):
                    parse_network(case.document, validate=True)


def test_a_port() -> None:
    parse_port(
        f"""<networkport>{PORT_HEAD}<group>g</group><rxfilters trustGuest='yes'/>
        <bandwidth classID='3'><inbound average='1' floor='2'/></bandwidth><port isolated='yes'/>
        <plug type='hostdev-pci' managed='yes'><driver name='vfio'/><address bus='0x01'/></plug>
        </networkport>""",
        validate=True,
    )


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ("<bogus/>", "element <bogus> is not known in <networkport>"),
        ("<plug type='bridge'/>", "a plug of type 'bridge' needs 'bridge'"),
        (
            "<plug type='network' bridge='b' dev='e'/>",
            "a plug of type 'network' has no 'dev'",
        ),
        ("<plug type='hostdev-pci'/>", "a plug of type 'hostdev-pci' needs <address>"),
    ],
)
def test_a_wrong_port(inside: str, fault: str) -> None:
    with pytest.raises(XmlSchemaError) as caught:
        parse_port(f"<networkport>{PORT_HEAD}{inside}</networkport>", validate=True)
    assert caught.value.detail == PORT + fault
