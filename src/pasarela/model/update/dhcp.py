"""net-update of the DHCP server's hosts and ranges."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from pasarela.errors import OperationInvalid, OperationUnsupported
from pasarela.model.handles import UpdateCommand
from pasarela.model.network import DhcpHost, DhcpRange, Ip, Network
from pasarela.model.update.items import (
    Fragment,
    added,
    first,
    is_add,
    replaced,
    unknown_command,
    without,
)
from pasarela.model.values import IpAddress, format_ip


def change_host(network: Network, command: int, parent_index: int, item: Fragment) -> Network:
    item.expect("host")
    index = _ip_index(network, parent_index)
    ip = network.ips[index]
    partial = command == UpdateCommand.DELETE
    host = item.dhcp_host(ip, partial=partial)
    if not partial and not _same_family(ip, host.ip):
        raise OperationInvalid(
            "the address family of a host entry IP must match the address family of the dhcp "
            "element's parent"
        )
    return _with_ip(network, index, replace(ip, hosts=_hosts(network, ip, command, host)))


def _hosts(network: Network, ip: Ip, command: int, host: DhcpHost) -> tuple[DhcpHost, ...]:
    if is_add(command):
        _refuse_second_dhcp(network, ip)
        if first(ip.hosts, lambda other: _shares(host, other)) is not None:
            raise OperationInvalid(
                f"there is an existing dhcp host entry in network '{network.name}' that matches "
                f"\"<host mac='{_mac(host)}' name='{host.name or '(null)'}' "
                f"ip='{_ip(host)}'/>\"",
                remedy="change it with the command modify, or delete it first",
            )
        return added(ip.hosts, host, command)
    if command == UpdateCommand.MODIFY:
        return replaced(ip.hosts, _host_to_modify(network, ip, host), host)
    if command == UpdateCommand.DELETE:
        return without(ip.hosts, _host_to_delete(network, ip, host))
    raise unknown_command(command)


def _host_to_modify(network: Network, ip: Ip, host: DhcpHost) -> int:
    index = first(ip.hosts, lambda other: _shares(host, other))
    if index is None:
        raise OperationInvalid(
            f"couldn't locate an existing dhcp host entry with \"mac='{_mac(host)}'\" "
            f"\"name='{host.name or '(null)'}'\" \"ip='{_ip(host)}'\" "
            f"in network '{network.name}'"
        )
    return index


def _host_to_delete(network: Network, ip: Ip, host: DhcpHost) -> int:
    index = first(ip.hosts, lambda other: _fits(host, other))
    if index is None:
        raise OperationInvalid(
            f"couldn't locate a matching dhcp host entry in network '{network.name}'"
        )
    return index


def _shares(host: DhcpHost, other: DhcpHost) -> bool:
    """Whether two entries have a MAC, address or name in common."""
    return (
        (host.mac is not None and host.mac == other.mac)
        or (host.ip is not None and host.ip == other.ip)
        or (host.name is not None and host.name == other.name)
    )


def _fits(wanted: DhcpHost, other: DhcpHost) -> bool:
    """Whether an entry has all that is given; one without a MAC fits any, as in libvirt."""
    return (
        (wanted.mac is None or other.mac is None or wanted.mac == other.mac)
        and (wanted.name is None or wanted.name == other.name)
        and (wanted.ip is None or wanted.ip == other.ip)
    )


def change_range(network: Network, command: int, parent_index: int, item: Fragment) -> Network:
    item.expect("range")
    index = _ip_index(network, parent_index)
    ip = network.ips[index]
    if command == UpdateCommand.MODIFY:
        raise OperationUnsupported(
            "dhcp ranges cannot be modified, only added or deleted",
            remedy="add the new range, then delete the old one",
        )
    wanted = item.dhcp_range(ip)
    if not _same_family(ip, wanted.start):
        raise OperationInvalid(
            "the address family of a dhcp range must match the address family of the dhcp "
            "element's parent"
        )
    return _with_ip(network, index, replace(ip, ranges=_ranges(network, ip, command, wanted)))


def _ranges(network: Network, ip: Ip, command: int, wanted: DhcpRange) -> tuple[DhcpRange, ...]:
    ends = (wanted.start, wanted.end)
    index = first(ip.ranges, lambda other: (other.start, other.end) == ends)
    if is_add(command):
        _refuse_second_dhcp(network, ip)
        if index is not None:
            raise OperationInvalid(
                f"there is an existing dhcp range entry in network '{network.name}' that matches "
                f"\"<range start='{format_ip(wanted.start)}' end='{format_ip(wanted.end)}'/>\""
            )
        return added(ip.ranges, wanted, command)
    if command == UpdateCommand.DELETE:
        if index is None:
            raise OperationInvalid(
                f"couldn't locate a matching dhcp range entry in network '{network.name}'"
            )
        return without(ip.ranges, index)
    raise unknown_command(command)


def _ip_index(network: Network, parent_index: int) -> int:
    """Which <ip> is meant: the given one, else the one with DHCP, else the first IPv4, then v6.

    libvirt speaks of a host entry here also where a range is meant.
    """
    if parent_index < 0:
        return _fitting_ip(network)
    if parent_index >= len(network.ips):
        raise OperationInvalid(
            f"couldn't update dhcp host entry - no <ip> element found at index {parent_index} "
            f"in network '{network.name}'",
            remedy=f"the network has {len(network.ips)} <ip> elements; the first has index 0",
        )
    return parent_index


def _fitting_ip(network: Network) -> int:
    candidates = (
        first(network.ips, lambda ip: ip.has_dhcp),
        first(network.ips, lambda ip: isinstance(ip.address, IPv4Address)),
        first(network.ips, lambda _: True),
    )
    found = next((index for index in candidates if index is not None), None)
    if found is None:
        raise OperationInvalid(
            f"couldn't update dhcp host entry - no <ip> element found in network '{network.name}'"
        )
    return found


def _refuse_second_dhcp(network: Network, ip: Ip) -> None:
    for other in network.ips:
        if other is not ip and other.has_dhcp and _same_family(ip, other.address):
            raise OperationInvalid(
                f"dhcp is supported only for a single IPv{ip.address.version} address on each "
                "network"
            )


def _same_family(ip: Ip, address: IpAddress | None) -> bool:
    return address is not None and address.version == ip.address.version


def _with_ip(network: Network, index: int, ip: Ip) -> Network:
    return replace(network, ips=replaced(network.ips, index, ip))


def _mac(host: DhcpHost) -> str:
    return host.spelling or host.mac or "unknown"


def _ip(host: DhcpHost) -> str:
    return "unknown" if host.ip is None else format_ip(host.ip)
