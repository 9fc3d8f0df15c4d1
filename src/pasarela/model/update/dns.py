"""net-update of the DNS server's records."""

from __future__ import annotations

from dataclasses import replace

from pasarela.errors import OperationInvalid, OperationUnsupported
from pasarela.model.handles import UpdateCommand
from pasarela.model.network import Dns, DnsHost, Network, SrvRecord, TxtRecord
from pasarela.model.update.items import (
    Fragment,
    added,
    every,
    first,
    is_add,
    replaced,
    unknown_command,
    without,
)


def change_host(network: Network, command: int, _parent_index: int, item: Fragment) -> Network:
    item.expect("host")
    host = item.dns_host(partial=not is_add(command))
    dns = _dns(network)
    found = every(dns.hosts, lambda other: _host_matches(host, other, command))
    return _with_dns(network, replace(dns, hosts=_hosts(network, dns, command, host, found)))


def _host_matches(host: DnsHost, other: DnsHost, command: int) -> bool:
    """The address tells entries apart; to delete one, a name of it will do too."""
    by_name = command == UpdateCommand.DELETE and not set(host.names).isdisjoint(other.names)
    return by_name or (host.address is not None and host.address == other.address)


def _hosts(
    network: Network, dns: Dns, command: int, host: DnsHost, found: list[int]
) -> tuple[DnsHost, ...]:
    if is_add(command):
        if found:
            raise OperationInvalid(
                "there is already at least one DNS HOST record with a matching field in network "
                f"{network.name}"
            )
        return added(dns.hosts, host, command)
    if command not in (UpdateCommand.MODIFY, UpdateCommand.DELETE):
        raise unknown_command(command)
    _refuse_unless_one(
        found,
        f"couldn't locate a matching DNS HOST record in network {network.name}",
        f"multiple matching DNS HOST records were found in network {network.name}",
    )
    if command == UpdateCommand.MODIFY:
        return replaced(dns.hosts, found[0], host)
    return without(dns.hosts, found[0])


def change_txt(network: Network, command: int, _parent_index: int, item: Fragment) -> Network:
    item.expect("txt")
    txt = item.txt(partial=not is_add(command))
    dns = _dns(network)
    index = first(dns.txts, lambda other: other.name == txt.name)
    return _with_dns(network, replace(dns, txts=_txts(network, dns, command, txt, index)))


def _txts(
    network: Network, dns: Dns, command: int, txt: TxtRecord, index: int | None
) -> tuple[TxtRecord, ...]:
    if is_add(command):
        if index is not None:
            raise OperationInvalid(
                f"there is already a DNS TXT record with name '{txt.name}' in network "
                f"{network.name}"
            )
        return added(dns.txts, txt, command)
    if command not in (UpdateCommand.MODIFY, UpdateCommand.DELETE):
        raise unknown_command(command)
    if index is None:
        raise OperationInvalid(
            f"couldn't locate a matching DNS TXT record in network {network.name}"
        )
    if command == UpdateCommand.DELETE:
        return without(dns.txts, index)
    if txt.value is None:
        raise OperationInvalid(
            f"missing value of modifying DNS TXT record in network {network.name}"
        )
    return replaced(dns.txts, index, txt)


def change_srv(network: Network, command: int, _parent_index: int, item: Fragment) -> Network:
    if command == UpdateCommand.MODIFY:
        raise OperationUnsupported(
            "DNS SRV records cannot be modified, only added or deleted",
            remedy="delete the record, then add the new one",
        )
    item.expect("srv")
    srv = item.srv(partial=not is_add(command))
    dns = _dns(network)
    found = every(dns.srvs, lambda other: _srv_fits(srv, other))
    return _with_dns(network, replace(dns, srvs=_srvs(network, dns, command, srv, found)))


def _srv_fits(wanted: SrvRecord, other: SrvRecord) -> bool:
    """Whether a record has all that is given of what tells records apart."""
    return (
        (wanted.domain is None or wanted.domain == other.domain)
        and (wanted.service is None or wanted.service == other.service)
        and (wanted.protocol is None or wanted.protocol == other.protocol)
        and (wanted.target is None or wanted.target == other.target)
    )


def _srvs(
    network: Network, dns: Dns, command: int, srv: SrvRecord, found: list[int]
) -> tuple[SrvRecord, ...]:
    if is_add(command):
        if found:
            raise OperationInvalid(
                "there is already at least one DNS SRV record matching all specified fields in "
                f"network {network.name}"
            )
        return added(dns.srvs, srv, command)
    if command != UpdateCommand.DELETE:
        raise unknown_command(command)
    _refuse_unless_one(
        found,
        f"couldn't locate a matching DNS SRV record in network {network.name}",
        f"multiple DNS SRV records matching all specified fields were found in network "
        f"{network.name}",
    )
    return without(dns.srvs, found[0])


def _refuse_unless_one(found: list[int], none: str, several: str) -> None:
    if not found:
        raise OperationInvalid(none)
    if len(found) > 1:
        raise OperationInvalid(several, remedy="give more of its fields, so that one remains")


def _dns(network: Network) -> Dns:
    return network.dns or Dns()


def _with_dns(network: Network, dns: Dns) -> Network:
    """An empty <dns> is none at all: libvirt does not tell them apart."""
    return replace(network, dns=None if dns == Dns() else dns)
