"""What is wrong in systemd-networkd's files.

networkd itself refuses little: what it does not understand it passes over with a line in the
journal, and the interface comes up without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pasarela.hostnet.findings import (
    DEFAULT_DELAY,
    DELAYED,
    PATIENCE,
    Network,
    instead,
    meant_gateway,
    near,
    outside,
    parsed_addresses,
    parsed_ip,
    parsed_networks,
)
from pasarela.hostnet.manager import Finding, Severity, Surroundings, Texts
from pasarela.hostnet.networkd.reading import names_of, seconds, truth
from pasarela.hostnet.networkd.splitting import is_addressed
from pasarela.hostnet.networkd.units import FOLDERS, Unit, Units
from pasarela.hostnet.networkd.vocabulary import (
    NETDEV_BRIDGE,
    OTHER_SECTIONS,
    OWN_SECTIONS,
    PORT_BRIDGE,
    SECTIONS,
)
from pasarela.hostnet.sections import Section, Sections

_ADDRESSING = ("DHCP", "Address", "Gateway")


@dataclass
class _Report:
    units: Units
    around: Surroundings
    found: list[Finding] = field(default_factory=list)

    def error(self, path: PurePosixPath, line: int, message: str, remedy: str) -> None:
        self.found.append(Finding(path, line, Severity.ERROR, message, remedy))

    def warning(self, path: PurePosixPath, line: int, message: str, remedy: str) -> None:
        self.found.append(Finding(path, line, Severity.WARNING, message, remedy))


def findings(files: Texts, around: Surroundings) -> list[Finding]:
    """What is wrong; files outside networkd's folders are read as if they lay in one."""
    homes = {path: path for path in files}
    if not any(_is_at_home(path) for path in files):
        homes = {FOLDERS[-1] / path.name: path for path in files}
    units = Units({home: Sections.parse(files[path]) for home, path in homes.items()})
    report = _Report(units, around)
    for path, sections in units.files.items():
        _check_words(report, path, sections)
    for unit in units.of_kind(".network"):
        _check_network(report, unit)
    for unit in units.of_kind(".netdev"):
        _check_netdev(report, unit)
    placed = (Finding(homes[_.path], _.line, _.severity, _.message, _.remedy) for _ in report.found)
    return sorted(placed, key=lambda one: (one.path, one.line, one.message))


def _is_at_home(path: PurePosixPath) -> bool:
    return any(path.is_relative_to(folder) for folder in FOLDERS)


def _kind(path: PurePosixPath) -> str:
    return PurePosixPath(path.parent.stem).suffix if path.suffix == ".conf" else path.suffix


def _check_words(report: _Report, path: PurePosixPath, sections: Sections) -> None:
    kind = _kind(path)
    known = OWN_SECTIONS.get(kind, frozenset()) | OTHER_SECTIONS.get(kind, frozenset())
    for section in sections.sections:
        line = section.line + section.header
        for stray in section.stray:
            report.error(path, stray, "this is neither KEY=VALUE nor a [Section]", _NO_SETTING)
        if section.name not in known and not section.name.startswith("X-"):
            _refuse_section(report, path, line, section, known)
            continue
        for setting in section.settings:
            keys = _keys(kind, section.name)
            if keys is not None and setting.key not in keys:
                message = f"systemd-networkd knows no {setting.key}= in [{section.name}]"
                report.error(path, setting.line, message, _where_else(setting.key, keys))


_NO_SETTING = "write KEY=VALUE, or a # before it if it is a remark"


def _refuse_section(
    report: _Report, path: PurePosixPath, line: int, section: Section, known: frozenset[str]
) -> None:
    """Sections of queueing disciplines are too many to know, and end in the names of theirs."""
    meant = near(section.name, known)
    if meant is None and _kind(path) == ".network":
        return
    message = f"systemd-networkd knows no section [{section.name}] in a {_kind(path)} file"
    report.error(path, line, message, instead(section.name, known))


def _keys(kind: str, section: str) -> frozenset[str] | None:
    if section == "Bridge":
        return NETDEV_BRIDGE if kind == ".netdev" else PORT_BRIDGE
    if kind == ".link" or (section == "Match" and kind == ".netdev"):
        return None
    return SECTIONS.get(section)


def _where_else(key: str, keys: frozenset[str]) -> str:
    if near(key, keys) is None:
        other = next((name for name, known in SECTIONS.items() if key in known), None)
        if other is not None:
            return f"write it into [{other}]"
    return instead(key, keys)


def _check_network(report: _Report, unit: Unit) -> None:
    if unit.parts[0].sections.first("Match") is None:
        report.warning(
            unit.path,
            0,
            "without a [Match] section the file fits every interface",
            "add [Match] with a line Name=INTERFACE",
        )
    _check_port(report, unit)
    _check_gateways(report, unit)


def _check_port(report: _Report, unit: Unit) -> None:
    for bridge in unit.all("Network", "Bridge"):
        path, line = _line(unit, "Network", "Bridge")
        if report.units.netdev(bridge) is None and bridge not in report.around.interfaces:
            report.error(
                path,
                line,
                f"there is no bridge {bridge}: no .netdev file makes it",
                f"add 10-{bridge}.netdev with [NetDev], Name={bridge} and Kind=bridge",
            )
        for name in names_of(unit):
            if name in report.around.wireless or name.startswith("wl"):
                report.error(
                    path,
                    line,
                    f"{name} is a Wi-Fi interface: its access point takes frames of one sender"
                    " only, so nothing behind the bridge gets through",
                    "use a wired interface for the bridge, or a NAT network for the guests",
                )
        _check_bare(report, unit, bridge)


def _check_bare(report: _Report, unit: Unit, bridge: str) -> None:
    for path, line, key in _addressing(unit):
        report.error(
            path,
            line,
            f"{unit.name} is for a port of {bridge} and keeps {key}: answers would come in by"
            f" {bridge}, so the host is not reached by that address",
            f"move it to {bridge}'s .network file",
        )


def _addressing(unit: Unit) -> Iterator[tuple[PurePosixPath, int, str]]:
    """Where a port's file gives it addresses."""
    for part in unit.parts:
        for section in part.sections.sections:
            for setting in section.settings:
                own = section.name == "Network" and setting.key in _ADDRESSING
                off = setting.key == "DHCP" and truth(setting.value) is False
                if (own and not off) or (is_addressed(section) and setting.key in _ADDRESSING):
                    yield part.path, setting.line, setting.key


def _check_gateways(report: _Report, unit: Unit) -> None:
    if unit.get("Network", "DHCP") not in (None, "no", "false", "off"):
        return
    texts = unit.all("Network", "Address") + unit.all("Address", "Address")
    addresses, on_link = parsed_addresses(texts), _on_link(unit)
    for part in unit.parts:
        for section in part.sections.sections:
            if truth(section.get("GatewayOnLink")):
                continue
            for setting in section.settings:
                gateway = parsed_ip(setting.value) if setting.key == "Gateway" else None
                why = outside(gateway, addresses, on_link) if gateway else None
                if why is not None and gateway is not None:
                    remedy = meant_gateway(gateway, addresses)
                    report.error(part.path, setting.line, why, remedy)
    _check_prefixes(report, unit)


def _on_link(unit: Unit) -> list[Network]:
    """Where the unit's routes without a gateway and its peers are."""
    routes = [each for part in unit.parts for each in part.sections.named("Route")]
    direct = [each.get("Destination") for each in routes if each.get("Gateway") is None]
    return parsed_networks([*direct, *unit.all("Address", "Peer")])


def _check_prefixes(report: _Report, unit: Unit) -> None:
    """networkd takes an address without a length for one of the class of old, with a warning."""
    for part in unit.parts:
        for name in ("Network", "Address"):
            for section in part.sections.named(name):
                for setting in section.settings:
                    if setting.key != "Address" or "/" in setting.value or not setting.value:
                        continue
                    length = 64 if ":" in setting.value else 24
                    report.error(
                        part.path,
                        setting.line,
                        f"the address {setting.value} has no prefix length",
                        f"write how long the network's part is: {setting.value}/{length}",
                    )


def _check_netdev(report: _Report, unit: Unit) -> None:
    name, kind = unit.get("NetDev", "Name"), unit.get("NetDev", "Kind")
    if name is None or kind is None:
        missing = "Name=" if name is None else "Kind="
        report.error(unit.path, 0, f"[NetDev] has no {missing}", f"add a line {missing}")
        return
    if kind != "bridge":
        if unit.parts[0].sections.first("Bridge") is not None:
            path, line = _line(unit, "NetDev", "Kind")
            report.error(
                path,
                line,
                f"[Bridge] has no effect for a {kind}",
                "write Kind=bridge, or remove it",
            )
        return
    _check_delay(report, unit, name)
    if report.units.network(name) is None:
        report.warning(
            unit.path,
            0,
            f"no .network file fits {name}: it is made and never set up",
            f"add 10-{name}.network with [Match] and Name={name}",
        )


def _check_delay(report: _Report, unit: Unit, bridge: str) -> None:
    if not truth(unit.get("Bridge", "STP")):
        return
    delay = seconds(unit.get("Bridge", "ForwardDelaySec"))
    silent = 2 * (DEFAULT_DELAY if delay is None else delay)
    network = report.units.network(bridge)
    leased = network is not None and network.get("Network", "DHCP") not in (None, "no", "false")
    if leased and silent > PATIENCE:
        key = "STP" if delay is None else "ForwardDelaySec"
        path, line = _line(unit, "Bridge", key)
        report.warning(
            path,
            line,
            DELAYED.format(bridge=bridge, delay=silent),
            "write STP=no if there is one way only into the LAN, else ForwardDelaySec=4",
        )


def _line(unit: Unit, section: str, key: str) -> tuple[PurePosixPath, int]:
    for part in reversed(unit.parts):
        for each in part.sections.named(section):
            for setting in each.settings:
                if setting.key == key:
                    return part.path, setting.line
    return unit.path, 0
