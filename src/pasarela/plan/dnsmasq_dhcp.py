"""What a network's dnsmasq gives to guests: addresses, boot files, routes to the outside."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from pasarela.model.network import DhcpHost, DhcpRange, Ip, Network
from pasarela.model.paths import Paths
from pasarela.model.values import LeaseTime, LeaseUnit
from pasarela.plan import dnsmasq_text as text
from pasarela.plan.facts import Facts

_UNITS = {LeaseUnit.SECONDS: "s", LeaseUnit.MINUTES: "m", LeaseUnit.HOURS: "h"}


def has_dhcp(network: Network) -> bool:
    return any(ip.has_dhcp for ip in network.ips)


def dhcp_lines(network: Network, facts: Facts, paths: Paths) -> Iterator[str]:
    for ip in network.ips:
        yield from _tftp(ip)
        yield from _ranges(ip)
        if ip.has_dhcp and ip.address.version == 4:
            yield "dhcp-no-override"
            yield "dhcp-authoritative"
            yield from _boot(ip)
    if not has_dhcp(network):
        return
    total = sum(_size(span) for ip in network.ips for span in ip.ranges)
    if total:
        yield f"dhcp-lease-max={total}"
    yield "no-ping"
    yield f"dhcp-leasefile={text.path(paths.dnsmasq_leases(network.name))}"
    if facts.lease_helper is not None:
        yield f"dhcp-script={text.path(facts.lease_helper)}"


def _tftp(ip: Ip) -> Iterator[str]:
    if ip.tftp_root:
        yield "enable-tftp"
        yield f"tftp-root={text.literal(ip.tftp_root, 'tftp')}"


def _ranges(ip: Ip) -> Iterator[str]:
    mask = str(ip.network.netmask) if ip.address.version == 4 else str(ip.prefix_length)
    for span in ip.ranges:
        lease = _lease(span.lease)
        yield f"dhcp-range={span.start},{span.end},{mask}{lease}"
    if ip.hosts and not ip.ranges:
        prefix = f",{ip.prefix_length}" if ip.address.version == 6 else ""
        yield f"dhcp-range={ip.address},static{prefix}"


def _size(span: DhcpRange) -> int:
    return int(span.end) - int(span.start) + 1


def _lease(lease: LeaseTime | None) -> str:
    if lease is None:
        return ""
    return f",{lease.expiry}{_UNITS[lease.unit]}" if lease.expiry else ",infinite"


def _boot(ip: Ip) -> Iterator[str]:
    if ip.bootp is None:
        return
    boot = f"dhcp-boot={text.literal(ip.bootp.file, 'bootp')}"
    server = ip.bootp.server
    yield boot if server is None else f"{boot},,{text.literal(server, 'bootp')}"


def advertising_lines(network: Network) -> Iterator[str]:
    six = [ip for ip in network.ips if isinstance(ip.address, IPv6Address)]
    if any(ip.has_dhcp for ip in six):
        yield "enable-ra"
        return
    for ip in six:
        yield f"dhcp-range={ip.address},ra-only"


def host_line(host: DhcpHost) -> str:
    fields = [*_host_identity(host), *_host_address(host)]
    return ",".join(fields) + _lease(host.lease)


def _host_identity(host: DhcpHost) -> Iterator[str]:
    if host.mac is not None:
        yield host.mac
    if host.id is not None:
        yield f"id:{text.client_id(host.id, 'host')}"


def _host_address(host: DhcpHost) -> Iterator[str]:
    """The address and the name, in the order that libvirt writes for the family."""
    name = [text.host_name(host.name, "host")] if host.name else []
    if not isinstance(host.ip, IPv4Address):
        return iter([*name, f"[{host.ip}]"])
    if host.mac is None:
        return iter([*name, str(host.ip)])
    return iter([str(host.ip), *name])
