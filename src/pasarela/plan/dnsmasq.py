"""dnsmasq for a network: its configuration, its host files, its process.

The options are libvirt's (bridge_driver.c, networkDnsmasqConfContents), but for these:

- ``bind-interfaces`` for ``bind-dynamic``, which wakes every dnsmasq of the host at each new
  address; what it protects from (CVE-2012-3411) the network's firewall section keeps out. Only a
  network with forward mode open, which has no section, keeps ``bind-dynamic``.
- ``no-ping``: dnsmasq would wait 3 s for an answer before it offers an address, and its lease
  table already knows what is given away.
- its own lease file, so that a lease needs no helper to survive; the helper, if there is one,
  keeps the JSON file that libvirt-nss reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from pasarela.errors import ConfigUnsupported
from pasarela.model.network import Dns, Forwarder, ForwardMode, Ip, Network, SrvRecord
from pasarela.model.paths import Paths
from pasarela.plan import dnsmasq_text as text
from pasarela.plan.dnsmasq_dhcp import advertising_lines, dhcp_lines, has_dhcp, host_line
from pasarela.plan.facts import Facts, ResolverPolicy
from pasarela.plan.links import bridge_name, forwards
from pasarela.plan.resources import DnsmasqProcess, Resource, TextFile

HEADER = [
    "# Written by Pasarela. Changes here are overwritten;",
    "# change the network's definition instead: pasarela net-edit",
    "strict-order",
]


def dnsmasq_resources(network: Network, facts: Facts, paths: Paths) -> Iterator[Resource]:
    """The files and the process; nothing for a network that serves neither names nor leases.

    Raises:
        ConfigUnsupported: a text of the definition has no place in dnsmasq's files.
    """
    if not facts.capabilities.ipv6:
        network = replace(network, ips=tuple(ip for ip in network.ips if ip.address.version == 4))
    if not wants_dnsmasq(network):
        return
    name = network.name
    conf = configuration(network, facts, paths)
    yield TextFile(paths.dnsmasq_conf(name), conf, mode=0o600)
    if has_dhcp(network):
        yield TextFile(paths.dnsmasq_hosts(name), hosts_file(network), reader=name)
    if dns_enabled(network):
        yield TextFile(paths.dns_hosts(name), dns_hosts_file(network), reader=name)
    if _is_served(network, facts):
        yield TextFile(paths.dns_servers(name), servers_file(network, facts), reader=name)
    yield DnsmasqProcess(
        network=name,
        bridge=bridge_name(network),
        conf=paths.dnsmasq_conf(name),
        pid_file=paths.dnsmasq_pid(name),
        digest=digest(conf),
        follows=_followed(network),
    )


def _followed(network: Network) -> frozenset[int]:
    """Of which IP versions dnsmasq must hear when the host gets another address.

    With ``bind-dynamic`` it listens on new ones, and for IPv6 it joins groups and advertises what
    the bridge has; an option of the user's may make it do more. (network.c, newaddress)
    """
    if network.forward.mode is ForwardMode.OPEN or network.dnsmasq_options:
        return frozenset((4, 6))
    return frozenset((6,)) if any(ip.address.version == 6 for ip in network.ips) else frozenset()


def digest(conf: str) -> str:
    """What tells one configuration from another; it travels in the process's environment."""
    return sha256(conf.encode(errors="surrogateescape")).hexdigest()[:32]


def wants_dnsmasq(network: Network) -> bool:
    serves = any(ip.has_dhcp or ip.tftp_root for ip in network.ips)
    return bool(network.ips) and (serves or dns_enabled(network))


def dns_enabled(network: Network) -> bool:
    return network.dns is None or network.dns.enable is not False


def configuration(network: Network, facts: Facts, paths: Paths) -> str:
    """The configuration file, read once when dnsmasq starts."""
    lines = [
        *HEADER,
        *_resolving(network, facts, paths),
        *_listening(network, paths),
        *_isolation(network),
        *_records(network.dns or Dns()),
        *dhcp_lines(network, facts, paths),
        *_host_files(network, paths),
        *advertising_lines(network),
        *(text.verbatim(option, "dnsmasq:option") for option in network.dnsmasq_options),
    ]
    return text.document(lines)


def hosts_file(network: Network) -> str:
    """The static DHCP hosts, read again at SIGHUP."""
    hosts = [host for ip in network.ips for host in ip.hosts if host.ip is not None]
    return text.document([host_line(host) for host in hosts])


def dns_hosts_file(network: Network) -> str:
    """The extra DNS names in the form of /etc/hosts, read again at SIGHUP."""
    names: dict[str, list[str]] = {}
    for host in (network.dns or Dns()).hosts:
        names.setdefault(str(host.address), []).extend(
            text.name(name, "hostname") for name in host.names
        )
    return "".join("\t".join((address, *known)) + "\t\n" for address, known in names.items())


def servers_file(network: Network, facts: Facts) -> str:
    """The host's name servers, but for this network's own addresses."""
    own = {ip.address for ip in network.ips}
    return text.document([f"server={server}" for server in facts.name_servers if server not in own])


# who answers what dnsmasq does not know


def _resolving(network: Network, facts: Facts, paths: Paths) -> Iterator[str]:
    if not dns_enabled(network):
        yield "port=0"
        return
    dns = network.dns or Dns()
    yield from (_server(forwarder) for forwarder in dns.forwarders)
    if not _uses_host_resolver(network):
        yield "no-resolv"
    elif _is_served(network, facts):
        yield "no-resolv"
        yield f"servers-file={text.path(paths.dns_servers(network.name))}"
    yield from _domain(network)
    for ip in network.ips:
        if ip.local_ptr:
            yield f"local=/{_reverse_domain(ip)}/"
    if dns.forward_plain_names is False:
        yield "domain-needed"
        yield "local=//"


def _uses_host_resolver(network: Network) -> bool:
    """An isolated network has no upstream, one with a forwarder for everything has its own."""
    forwarders = (network.dns or Dns()).forwarders
    has_own = any(one.address is not None and one.domain is None for one in forwarders)
    return forwards(network) and not has_own


def _is_served(network: Network, facts: Facts) -> bool:
    return (
        facts.resolver is ResolverPolicy.SERVED
        and dns_enabled(network)
        and _uses_host_resolver(network)
    )


def _server(forwarder: Forwarder) -> str:
    domain = f"/{text.name(forwarder.domain, 'forwarder')}/" if forwarder.domain else ""
    if forwarder.address is None:
        return f"server={domain}#"
    port = "" if forwarder.port is None else f"#{forwarder.port}"
    return f"server={domain}{forwarder.address}{port}"


def _domain(network: Network) -> Iterator[str]:
    if network.domain is None:
        return
    domain = text.name(network.domain.name, "domain")
    if network.domain.local_only:
        yield f"local=/{domain}/"
    yield f"domain={domain}"
    yield "expand-hosts"


def _reverse_domain(ip: Ip) -> str:
    """The zone under in-addr.arpa or ip6.arpa that holds the whole of the network.

    Raises:
        ConfigUnsupported: the prefix does not end where a label of the zone does.
    """
    bits, suffix = (8, 4) if ip.address.version == 4 else (4, 32)
    length = ip.prefix_length
    if length % bits:
        raise ConfigUnsupported(
            f"PTR domain for {ip.network.network_address} network with prefix {length} "
            "cannot be automatically created",
            remedy=f"use a prefix that is a multiple of {bits}, or leave localPtr out",
        )
    labels = ip.network.network_address.reverse_pointer.split(".")
    return ".".join(labels[suffix - length // bits :])


# where it listens, and what it must not say


def _listening(network: Network, paths: Paths) -> Iterator[str]:
    yield f"pid-file={text.path(paths.dnsmasq_pid(network.name))}"
    yield "except-interface=lo"
    yield "bind-dynamic" if network.forward.mode is ForwardMode.OPEN else "bind-interfaces"
    yield f"interface={text.interface(bridge_name(network), 'bridge')}"


def _isolation(network: Network) -> Iterator[str]:
    """An isolated network's guests are offered no way out: no router, and none advertised."""
    if forwards(network):
        return
    yield "dhcp-option=3"
    yield "ra-param=*,0,0"


def _records(dns: Dns) -> Iterator[str]:
    for txt in dns.txts:
        yield f"txt-record={text.name(txt.name, 'txt')},{text.strings(txt.value or '', 'txt')}"
    for srv in dns.srvs:
        yield _srv(srv)


def _srv(srv: SrvRecord) -> str:
    owner = f"_{text.name(srv.service or '', 'srv')}._{text.name(srv.protocol or '', 'srv')}"
    if srv.domain:
        owner += f".{text.name(srv.domain, 'srv')}"
    if not srv.target:
        return f"srv-host={owner}"
    fields = [text.name(srv.target, "srv")]
    numbers = [srv.port, srv.priority, srv.weight]
    while numbers and numbers[-1] is None:
        numbers.pop()
    defaults = (1, 0, 0)
    fields += [
        str(default if given is None else given)
        for given, default in zip(numbers, defaults, strict=False)
    ]
    return f"srv-host={owner},{','.join(fields)}"


def _host_files(network: Network, paths: Paths) -> Iterator[str]:
    if has_dhcp(network):
        yield f"dhcp-hostsfile={text.path(paths.dnsmasq_hosts(network.name))}"
    if dns_enabled(network):
        yield f"addn-hosts={text.path(paths.dns_hosts(network.name))}"
    if network.mtu is not None:
        yield f"dhcp-option=option:mtu,{network.mtu}"
