"""Addresses, gateways and routes in netplan's files that cannot work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pasarela.hostnet.findings import (
    Addresses,
    Network,
    meant_gateway,
    outside,
    parsed_addresses,
    parsed_ip,
    parsed_networks,
)
from pasarela.hostnet.netplan.merged import Device, mapping, sequence, text, truth
from pasarela.hostnet.netplan.report import Report

_EVERYWHERE = {"default", "0.0.0.0/0", "::/0", "0/0"}


def check_addresses(report: Report) -> None:
    for device in report.configuration.devices:
        _check_gateways(report, device)
        _check_switched_off(report, device)
        _check_overrides(report, device)
    _check_two_defaults(report)


def addresses_of(device: Device) -> Addresses:
    items = sequence(device.settings.get("addresses"))
    texts = (next(iter(item), "") if isinstance(item, dict) else item for item in items)
    return parsed_addresses(each for each in texts if isinstance(each, str))


def _check_gateways(report: Report, device: Device) -> None:
    addresses, routes = addresses_of(device), sequence(device.settings.get("routes"))
    direct = (text(mapping(each).get("to")) for each in routes if "via" not in mapping(each))
    on_link = parsed_networks(direct)
    for key in ("gateway4", "gateway6"):
        if key in device.settings:
            _check_deprecated(report, device, key)
            _check_inside(
                report, device, (key,), text(device.settings.get(key)), addresses, on_link
            )
    for route in routes:
        via = text(mapping(route).get("via"))
        if truth(mapping(route).get("on-link")):
            continue
        _check_inside(report, device, ("routes",), via, addresses, on_link)


def _check_deprecated(report: Report, device: Device, key: str) -> None:
    gateway = text(device.settings.get(key))
    report.warning(
        report.at(device, key),
        f"{key} is deprecated; it is an error to have it for two interfaces",
        f"write instead: routes: [{{to: default, via: {gateway}}}]",
    )


def _check_inside(
    report: Report,
    device: Device,
    keys: tuple[str, ...],
    via: str | None,
    addresses: Addresses,
    on_link: Sequence[Network],
) -> None:
    gateway = parsed_ip(via)
    if via is not None and gateway is None:
        where = report.at(device, *keys, item=via)
        report.error(where, f"{via} is no IP address", "write the router's address, as 192.0.2.1")
    if gateway is None or _leased(device, gateway.version):
        return
    why = outside(gateway, addresses, on_link)
    if why is not None:
        report.error(report.at(device, *keys, item=via), why, meant_gateway(gateway, addresses))


def _leased(device: Device, version: int) -> bool:
    """Whether the network may be another one, which DHCP tells."""
    return bool(truth(device.settings.get(f"dhcp{version}")))


def _check_switched_off(report: Report, device: Device) -> None:
    """A gateway without any address of its own; a VRF's are those of its interfaces."""
    if device.section == "vrfs":
        return
    has = device.settings.keys() & {"gateway4", "routes"}
    defaults = [via for via, version in _defaults(device) if version == 4]
    if not has or not defaults or _leased(device, 4):
        return
    if not any(each.version == 4 for each in addresses_of(device)):
        report.error(
            report.at(device, "gateway4" if "gateway4" in device.settings else "routes"),
            f"{device.name} has a gateway and no address",
            "add its address to addresses:, or write dhcp4: true",
        )


def _check_overrides(report: Report, device: Device) -> None:
    """systemd-networkd has one set of them for both families."""
    four, six = (mapping(device.settings.get(f"dhcp{version}-overrides")) for version in (4, 6))
    both = all(truth(device.settings.get(f"dhcp{version}")) for version in (4, 6))
    renderer = device.settings.get("renderer") or report.configuration.network.get("renderer")
    different = next((key for key in four | six if four.get(key) != six.get(key)), None)
    if both and different is not None and renderer != "NetworkManager":
        key = "dhcp4-overrides" if different in four else "dhcp6-overrides"
        report.error(
            report.at(device, key, different),
            f"{different} differs between IPv4 and IPv6, which systemd-networkd cannot do",
            "write the same in dhcp4-overrides and dhcp6-overrides",
        )


def _check_two_defaults(report: Report) -> None:
    """Two routes to everywhere of the same weight: the kernel takes the first and refuses the
    second, and which one is first is chance."""
    routes: dict[tuple[int, str, str], list[Device]] = defaultdict(list)
    for device in report.configuration.devices:
        for route in _default_routes(device):
            routes[route].append(device)
    for (version, _, _), devices in routes.items():
        if len(devices) > 1:
            first, second = devices[0], devices[-1]
            key = f"gateway{version}" if f"gateway{version}" in second.settings else "routes"
            report.warning(
                report.at(second, key),
                f"{second.name} and {first.name} both have the IPv{version} default route"
                if first is not second
                else f"{second.name} has two IPv{version} default routes",
                "keep one, or give the second one a metric: 200",
            )


def _default_routes(device: Device) -> Iterator[tuple[int, str, str]]:
    """Family, table and metric of each default route; a VRF has a table of its own."""
    own = text(device.settings.get("table")) if device.section == "vrfs" else None
    for version in (4, 6):
        if f"gateway{version}" in device.settings:
            yield version, "main", "0"
    for item in sequence(device.settings.get("routes")):
        route = mapping(item)
        gateway = parsed_ip(text(route.get("via")))
        if text(route.get("to")) in _EVERYWHERE and gateway is not None:
            table, metric = text(route.get("table")), text(route.get("metric"))
            yield gateway.version, table or own or "main", metric or "0"


def _defaults(device: Device) -> Iterator[tuple[str, int]]:
    if "gateway4" in device.settings:
        yield text(device.settings["gateway4"]) or "", 4
    for item in sequence(device.settings.get("routes")):
        gateway = parsed_ip(text(mapping(item).get("via")))
        if text(mapping(item).get("to")) in _EVERYWHERE and gateway is not None:
            yield str(gateway), gateway.version
