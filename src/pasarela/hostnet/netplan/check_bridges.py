"""Bridges in netplan's files that cut the host off, or come up too late."""

from __future__ import annotations

from collections import defaultdict

from pasarela.hostnet.findings import DEFAULT_DELAY, DELAYED, PATIENCE, near
from pasarela.hostnet.netplan.layers import addressed, is_port
from pasarela.hostnet.netplan.merged import Device, mapping, sequence, text, truth
from pasarela.hostnet.netplan.report import Report


def check_bridges(report: Report) -> None:
    for device in report.configuration.devices:
        _check_there(report, device)
        if device.section == "bridges":
            _check_ports(report, device)
            _check_delay(report, device)
        if device.section in ("bridges", "bonds"):
            _check_declared(report, device)
    _check_shared_ports(report)
    _check_macs(report)


def _check_there(report: Report, device: Device) -> None:
    """Whether the host has the card; one that is found by a match may have any name."""
    there = report.around.interfaces
    if device.section not in ("ethernets", "wifis") or device.match or not there:
        return
    if device.name not in there:
        meant = near(device.name, there)
        report.warning(
            report.at(device),
            f"this host has no interface {device.name}",
            f"did you mean {meant}?" if meant else "ip link shows which there are",
        )


def _check_declared(report: Report, device: Device) -> None:
    ids = [each.id for each in report.configuration.devices]
    for id in device.members:
        if report.configuration.device(id) is not None:
            continue
        named = report.configuration.find(id)
        remedy = f"add below network: ethernets: with a line {id}: {{dhcp4: false}}"
        if named is not None:
            remedy = f"write {named.id}: netplan's name for {id}, which is not the interface's"
        elif (close := near(id, ids)) is not None:
            remedy = f"did you mean {close}? Else add below ethernets: {id}: {{dhcp4: false}}"
        report.error(
            report.at(device, "interfaces", item=id),
            f"{id} is a port of {device.name} and has no entry of its own: netplan refuses that",
            remedy,
        )


def _check_ports(report: Report, bridge: Device) -> None:
    for id in bridge.members:
        port = report.configuration.device(id)
        if port is not None:
            _check_port(report, bridge, port)
    wireless = report.around.wireless
    for id in bridge.members:
        known = report.configuration.device(id)
        if (known.name if known else id) in wireless or (known and known.section == "wifis"):
            report.error(
                report.at(bridge, "interfaces", item=id),
                f"{id} is a Wi-Fi interface: its access point takes frames of one sender only,"
                " so nothing behind the bridge gets through",
                "use a wired interface for the bridge, or a NAT network for the guests",
            )


def _check_port(report: Report, bridge: Device, port: Device) -> None:
    if is_port(port.settings):
        return
    kept = next(
        (key for key in ("dhcp4", "dhcp6", "addresses") if _gives(port, key)),
        next(iter(addressed(port.settings))),
    )
    if not any(_gives(port, key) for key in ("dhcp4", "dhcp6", "addresses")):
        report.warning(
            report.at(port, kept),
            f"{port.name} is a port of {bridge.name}: its {kept} has no effect",
            f"move it to {bridge.name}",
        )
        return
    report.error(
        report.at(port, kept),
        f"{port.name} is a port of {bridge.name} and keeps {kept}: answers would come in by"
        f" {bridge.name}, so the host is not reached by that address",
        f"move {kept} to {bridge.name}, and write dhcp4: false for {port.name}",
    )


def _gives(port: Device, key: str) -> bool:
    value = port.settings.get(key)
    return bool(sequence(value)) if key == "addresses" else bool(truth(value))


def _check_delay(report: Report, bridge: Device) -> None:
    """netplan leaves the forward delay to the kernel, whose STP waits 15 s twice. With any
    parameter said, it switches STP on unless told otherwise (seen with 0.106)."""
    parameters = mapping(bridge.settings.get("parameters"))
    stp = truth(parameters.get("stp")) if "stp" in parameters else bool(parameters)
    written = text(parameters.get("forward-delay"))
    delay = _number(written)
    silent = 2 * (DEFAULT_DELAY if delay is None else delay)
    if not stp or silent <= PATIENCE:
        if stp and delay is not None and delay < 2:
            _refuse_short_delay(report, bridge, delay)
        return
    leased = any(truth(bridge.settings.get(key)) for key in ("dhcp4", "dhcp6"))
    if leased:
        key = "forward-delay" if written is not None else "stp"
        report.warning(
            report.at(bridge, "parameters", key),
            DELAYED.format(bridge=bridge.name, delay=silent),
            "write stp: false if there is one way only into the LAN, else forward-delay: 4",
        )


def _refuse_short_delay(report: Report, bridge: Device, delay: float) -> None:
    report.error(
        report.at(bridge, "parameters", "forward-delay"),
        f"with STP the kernel takes a forward delay from 2 s to 30 s, not {delay:g}",
        "write forward-delay: 4, or stp: false",
    )


def _number(written: str | None) -> float | None:
    """In seconds; netplan takes milliseconds where a number is that large."""
    try:
        return float(written or "")
    except ValueError:
        return None


def _check_shared_ports(report: Report) -> None:
    masters: dict[str, list[Device]] = defaultdict(list)
    for device in report.configuration.devices:
        if device.section in ("bridges", "bonds"):
            for id in device.members:
                masters[id].append(device)
    for id, devices in masters.items():
        if len(devices) > 1:
            report.error(
                report.at(devices[-1], "interfaces", item=id),
                f"{id} is a port of {devices[0].name} already",
                f"take it out of {devices[0].name} or of {devices[-1].name}",
            )


def _check_macs(report: Report) -> None:
    """A bridge may have its port's address; two others of one address are one to the LAN."""
    owners: dict[str, Device] = {}
    for device in report.configuration.devices:
        mac = (text(device.settings.get("macaddress")) or "").lower()
        if ":" not in mac:
            continue
        other = owners.setdefault(mac, device)
        if other is not device and not _one_wire(other, device):
            report.warning(
                report.at(device, "macaddress"),
                f"{device.name} has the MAC address of {other.name}: two hosts of one address"
                " take each other's packets in the LAN",
                f"take the line away, or give {device.name} an address of its own",
            )
    _check_foreign_macs(report)


def _check_foreign_macs(report: Report) -> None:
    """A bridge with the address of an interface that is not its port."""
    for device in report.configuration.devices:
        mac = (text(device.settings.get("macaddress")) or "").lower()
        for name, known in (report.around.macs or {}).items():
            owner = report.configuration.find(name)
            if known.lower() != mac or name == device.name or device.section != "bridges":
                continue
            if owner is None or not _one_wire(owner, device):
                report.warning(
                    report.at(device, "macaddress"),
                    f"{device.name} has the MAC address of {name}, which is no port of it",
                    f"give {device.name} the address of its own port",
                )


def _one_wire(one: Device, other: Device) -> bool:
    """Whether the one stands on the other."""
    ids = {one.id, other.id}
    return any(
        id in device.members or device.settings.get("link") == id
        for device in (one, other)
        for id in ids
    )
