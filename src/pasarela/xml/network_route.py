"""The network's ``<route>`` elements: static routes by way of a guest."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from pasarela.errors import ConfigUnsupported, PasarelaError, XmlContentError
from pasarela.model.network import Ip, Route
from pasarela.model.values import IpAddress
from pasarela.xml.network_ip import effective_prefix
from pasarela.xml.node import Node
from pasarela.xml.scalars import format_ip, parse_ip
from pasarela.xml.writer import Writer

Subnet = IPv4Network | IPv6Network


class _Reader:
    """One element; the texts of its refusals begin with the network's name."""

    def __init__(self, node: Node, network: str) -> None:
        self._node = node
        self._network = network

    def read(self) -> Route:
        prefix = self._node.unsigned("prefix")
        metric = self._node.unsigned("metric", nonzero=True)
        address_text, gateway_text = self._required("address"), self._required("gateway")
        address = self._address("network", address_text)
        gateway = self._address("gateway", gateway_text)
        family, netmask = self._node.attribute("family"), None
        if family in (None, "ipv4"):
            netmask = self._ipv4(family, address, gateway, prefix)
        elif family == "ipv6":
            self._check_ipv6(address, gateway, prefix)
        else:
            raise self._error(f"Unrecognized family '{family}' in route definition")
        self._check_network_address(address, netmask, prefix or 0)
        return Route(address, gateway, family, netmask, prefix, metric)

    def _required(self, name: str) -> str:
        text = self._node.attribute(name)
        if text is None:
            raise self._error(f"Missing required {name} attribute in route definition")
        return text

    def _address(self, kind: str, text: str) -> IpAddress:
        address = parse_ip(text)
        if address is None:
            raise self._error(f"Bad {kind} address '{text}' in route definition")
        return address

    def _ipv4(
        self, family: str | None, address: IpAddress, gateway: IpAddress, prefix: int | None
    ) -> IpAddress | None:
        said = "IPv4" if family else "No"
        for kind, value in (("address", address), ("gateway", gateway)):
            if value.version != 4:
                text = self._node.attribute("address")
                detail = f"{said} family specified for non-IPv4 {kind} '{text}' in route definition"
                raise self._error(detail, remedy="write family='ipv6'")
        netmask = self._netmask(prefix)
        if prefix is not None and prefix > 32:
            detail = f"Invalid prefix {prefix} specified in route definition, must be 0 - 32"
            raise self._error(detail)
        return netmask

    def _netmask(self, prefix: int | None) -> IpAddress | None:
        text = self._node.attribute("netmask")
        if text is None:
            return None
        netmask = self._address("netmask", text)
        if netmask.version != 4:
            address = self._node.attribute("address")
            raise self._error(
                f"Invalid netmask '{text}' for address '{address}' (both must be IPv4)"
            )
        if prefix is not None:
            raise self._error("Route definition cannot have both a prefix and a netmask")
        return netmask

    def _check_ipv6(self, address: IpAddress, gateway: IpAddress, prefix: int | None) -> None:
        text = self._node.attribute("address")
        if address.version != 6:
            raise self._error(
                f"ipv6 family specified for non-IPv6 address '{text}' in route definition"
            )
        if self._node.attribute("netmask") is not None:
            detail = f"Specifying netmask invalid for IPv6 address '{text}' in route definition"
            raise self._error(detail, remedy="write prefix='64'")
        if gateway.version != 6:
            gateway_text = self._node.attribute("gateway")
            raise self._error(
                f"ipv6 specified for non-IPv6 gateway address '{gateway_text}' in route definition"
            )
        if prefix is not None and prefix > 128:
            detail = f"Invalid prefix {prefix} specified in route definition, must be 0 - 128"
            raise self._error(detail)

    def _check_network_address(
        self, address: IpAddress, netmask: IpAddress | None, prefix: int
    ) -> None:
        bits = int(netmask) if netmask else int(ip_network((address, prefix), strict=False).netmask)
        if int(address) & bits != int(address):
            text = self._node.attribute("address")
            masked = type(address)(int(address) & bits)
            detail = f"Address '{text}' in route definition is not a network address"
            raise self._error(detail, remedy=f"write address='{format_ip(masked)}'")

    def _error(self, detail: str, *, remedy: str | None = None) -> PasarelaError:
        return self._node.error(XmlContentError, f"{self._network}: {detail}", remedy=remedy)


def read_routes(nodes: list[Node], network: str, ips: tuple[Ip, ...]) -> tuple[Route, ...]:
    """All routes, each with a gateway that one of the network's addresses reaches."""
    if not nodes:
        return ()
    routes = tuple(_Reader(node, network).read() for node in nodes)
    subnets = {subnet for ip in ips if (subnet := _subnet(ip))}
    lengths = {(int(subnet.version), subnet.prefixlen) for subnet in subnets}
    for node, route in zip(nodes, routes, strict=True):
        if not _is_within(route.gateway, subnets, lengths):
            raise node.error(
                ConfigUnsupported,
                f"unreachable static route gateway '{format_ip(route.gateway)}' specified "
                f"for network '{network}'",
                remedy="the gateway must lie in the subnet of one of the network's <ip> elements",
            )
    return routes


def _subnet(ip: Ip) -> Subnet | None:
    prefix = effective_prefix(ip)
    return None if prefix is None else ip_network((ip.address, prefix), strict=False)


def _is_within(address: IpAddress, subnets: set[Subnet], lengths: set[tuple[int, int]]) -> bool:
    """Asks once for each family and length of prefix, however many subnets there are."""
    return any(
        version == address.version and ip_network((address, prefix), strict=False) in subnets
        for version, prefix in lengths
    )


def write_route(writer: Writer, route: Route) -> None:
    attributes = {
        "family": route.family,
        "address": format_ip(route.address),
        "netmask": format_ip(route.netmask) if route.netmask else None,
        "prefix": route.prefix,
        "gateway": format_ip(route.gateway),
        "metric": route.metric,
    }
    writer.empty("route", attributes)
