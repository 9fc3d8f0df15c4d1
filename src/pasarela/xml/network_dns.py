"""The network's ``<dns>`` and ``<domain>`` elements.

Raises as libvirt does, also where it lets a value pass that dnsmasq's configuration could not
hold (a line break in a TXT value or a domain): the writer of that configuration refuses those.
"""

from __future__ import annotations

import re

from pasarela.errors import ConfigUnsupported, XmlContentError, XmlSyntaxError
from pasarela.model.network import Dns, DnsDomain, DnsHost, Forwarder, SrvRecord, TxtRecord
from pasarela.model.values import IpAddress
from pasarela.xml.node import Node
from pasarela.xml.scalars import format_ip, parse_ip, parse_unsigned
from pasarela.xml.writer import Writer, yes_no

MAX_SERVICE_BYTES = 529


def read_domain(node: Node | None, network: str) -> DnsDomain | None:
    if node is None:
        return None
    name = node.attribute("name")
    local_only, register = node.yes_no("localOnly"), node.yes_no("register")
    if register and not local_only:
        raise node.error(
            ConfigUnsupported,
            "attribute 'register=yes' in <domain> element requires 'localOnly=yes' "
            f"in network {network}",
        )
    return None if name is None else DnsDomain(name, local_only, register)


def read_dns(node: Node, network: str) -> Dns:
    enable, plain = node.yes_no("enable"), node.yes_no("forwardPlainNames")
    dns = Dns(
        enable,
        plain,
        forwarders=tuple(_forwarder(child, network) for child in node.children("forwarder")),
        hosts=tuple(read_dns_host(child, network) for child in node.children("host")),
        srvs=tuple(read_srv(child, network) for child in node.children("srv")),
        txts=tuple(read_txt(child, network) for child in node.children("txt")),
    )
    if dns.enable is False and _has_records(dns):
        raise node.error(
            XmlContentError,
            f"Extra data in disabled network '{network}'",
            remedy="remove what is in <dns>, or write <dns enable='yes'>",
        )
    return dns


def _has_records(dns: Dns) -> bool:
    return bool(dns.forwarders or dns.hosts or dns.srvs or dns.txts)


def _forwarder(node: Node, network: str) -> Forwarder:
    text = node.attribute("addr")
    address = parse_ip(text, zone=True) if text is not None else None
    if text is not None and address is None:
        detail = f"Invalid forwarder IP address '{text}' in network '{network}'"
        raise node.error(XmlContentError, detail)
    domain = node.attribute("domain")
    if address is None and domain is None:
        raise node.error(
            XmlContentError,
            "Invalid forwarder element, must contain at least one of addr or domain",
            remedy="write <forwarder addr='192.0.2.1'/>",
        )
    return Forwarder(domain, address, node.unsigned("port", bits=16, nonzero=True))


def read_txt(node: Node, network: str, *, partial: bool = False) -> TxtRecord:
    """A TXT record; ``partial`` lets a request to delete leave the value out."""
    name, value = node.attribute("name"), node.attribute("value")
    if name is None:
        detail = f"missing required name attribute in DNS TXT record of network {network}"
        raise node.error(XmlSyntaxError, detail)
    if re.search("[ ,]", name):
        detail = f"prohibited character in DNS TXT record name '{name}' of network {network}"
        raise node.error(XmlSyntaxError, detail, remedy="a name holds no space and no comma")
    if value is None and not partial:
        raise node.error(
            XmlSyntaxError,
            f"missing required value attribute in DNS TXT record named '{name}' "
            f"of network {network}",
        )
    return TxtRecord(name, value)


def read_dns_host(node: Node, network: str, *, partial: bool = False) -> DnsHost:
    """A name and its address; ``partial`` lets a request to delete leave one out."""
    where = f"in network '{network}' DNS HOST record"
    address = _host_address(node, where, partial=partial)
    hostnames = [child for child in node.children("hostname") if not child.is_empty]
    names = tuple(_hostname(child, where) for child in hostnames)
    if not names and not partial:
        remedy = "write <hostname>name</hostname> within <host>"
        raise node.error(XmlSyntaxError, f"Missing hostname {where}", remedy=remedy)
    if not names and address is None:
        raise node.error(XmlSyntaxError, f"Missing ip and hostname {where}")
    return DnsHost(address, names)


def _host_address(node: Node, where: str, *, partial: bool) -> IpAddress | None:
    text = node.attribute("ip")
    if text is None:
        if partial:
            return None
        raise node.error(XmlSyntaxError, f"Missing IP address {where}", remedy="add ip='…'")
    address = parse_ip(text)
    if address is None:
        raise node.error(XmlSyntaxError, f"Invalid IP address {where}")
    return address


def _hostname(node: Node, where: str) -> str:
    text = node.text
    if text is None:
        raise node.error(XmlSyntaxError, f"Missing hostname {where}")
    return text


# SRV records


def read_srv(node: Node, network: str, *, partial: bool = False) -> SrvRecord:
    """An SRV record; ``partial`` lets a request to delete leave fields out."""
    service = _service(node, network, partial=partial)
    protocol = _protocol(node, service, network, partial=partial)
    domain, target = node.attribute("domain"), node.attribute("target")
    port, priority, weight = (
        _srv_number(node, name, service, network, target) for name in ("port", "priority", "weight")
    )
    return SrvRecord(service, protocol, domain, target, port, priority, weight)


def _service(node: Node, network: str, *, partial: bool) -> str | None:
    service = node.attribute("service")
    if service is None:
        if partial:
            return None
        detail = f"missing required service attribute in DNS SRV record of network '{network}'"
        raise node.error(XmlSyntaxError, detail)
    if len(service.encode("utf-8", "surrogateescape")) > MAX_SERVICE_BYTES:
        raise node.error(
            XmlSyntaxError,
            f"service attribute '{service}' in network '{network}' is too long, "
            f"limit is {MAX_SERVICE_BYTES} bytes",
        )
    _check_characters(node, "service", service, r"[A-Za-z0-9_\-+/*]*", network)
    return service


def _protocol(node: Node, service: str | None, network: str, *, partial: bool) -> str | None:
    protocol = node.attribute("protocol")
    if protocol is None:
        if partial:
            return None
        raise node.error(
            XmlSyntaxError,
            f"missing required protocol attribute in DNS SRV record '{service}' "
            f"of network '{network}'",
        )
    _check_characters(node, "protocol", protocol, r"[A-Za-z0-9\-+/]*", network)
    return protocol


def _check_characters(node: Node, name: str, text: str, pattern: str, network: str) -> None:
    if not re.fullmatch(pattern, text):
        raise node.error(
            XmlSyntaxError,
            f"invalid character in {name} attribute '{text}' in DNS SRV record "
            f"of network '{network}'",
        )


def _srv_number(
    node: Node, name: str, service: str | None, network: str, target: str | None
) -> int | None:
    text = node.value(name)
    if text is None:
        return None
    number = parse_unsigned(text)
    where = f"for service '{service}' in network '{network}'"
    if number is not None and target is None:
        detail = f"DNS SRV {name} attribute not permitted without target {where}"
        raise node.error(XmlSyntaxError, detail, remedy="add target='…'")
    least = 1 if name == "port" else 0
    if number is None or not least <= number <= 0xFFFF:
        # libvirt capitalises this one only for the priority
        word = "Invalid" if name == "priority" else "invalid"
        remedy = f"write a number from {least} to 65535"
        detail = f"{word} DNS SRV {name} attribute {where}"
        raise node.error(XmlSyntaxError, detail, remedy=remedy)
    return number or None


# writing


def write_domain(writer: Writer, domain: DnsDomain | None) -> None:
    if domain:
        attributes = {
            "name": domain.name,
            "localOnly": yes_no(domain.local_only),
            "register": yes_no(domain.register),
        }
        writer.empty("domain", attributes)


def write_dns(writer: Writer, dns: Dns | None) -> None:
    if dns is None:
        return
    attributes = {
        "enable": yes_no(dns.enable),
        "forwardPlainNames": yes_no(dns.forward_plain_names),
    }
    if not _has_records(dns):
        if any(attributes.values()):
            writer.empty("dns", attributes)
        return
    with writer.element("dns", attributes):
        for forwarder in dns.forwarders:
            _write_forwarder(writer, forwarder)
        for txt in dns.txts:
            writer.empty("txt", {"name": txt.name, "value": txt.value})
        for srv in dns.srvs:
            _write_srv(writer, srv)
        for host in dns.hosts:
            _write_host(writer, host)


def _write_forwarder(writer: Writer, forwarder: Forwarder) -> None:
    address = format_ip(forwarder.address) if forwarder.address else None
    attributes = {"domain": forwarder.domain, "addr": address, "port": forwarder.port}
    writer.empty("forwarder", attributes)


def _write_srv(writer: Writer, srv: SrvRecord) -> None:
    attributes = {
        "service": srv.service,
        "protocol": srv.protocol,
        "domain": srv.domain,
        "target": srv.target,
        "port": srv.port or None,
        "priority": srv.priority or None,
        "weight": srv.weight or None,
    }
    writer.empty("srv", attributes)


def _write_host(writer: Writer, host: DnsHost) -> None:
    with writer.element("host", {"ip": format_ip(host.address) if host.address else None}):
        for name in host.names:
            writer.text("hostname", name)
