"""What is wrong in NetworkManager's keyfiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    open_to_others,
    outside,
)
from pasarela.hostnet.manager import Finding, Severity, Surroundings, Texts
from pasarela.hostnet.networkmanager.profiles import NEW, OLD, Profile, Profiles
from pasarela.hostnet.networkmanager.reading import interface, numbered, parsed, truth
from pasarela.hostnet.networkmanager.vocabulary import KEYS, METHODS, NUMBERED, TYPES
from pasarela.hostnet.sections import Section, Sections
from pasarela.model.interface_config import IpConfig
from pasarela.model.values import MacAddress


@dataclass
class _Report:
    profiles: Profiles
    around: Surroundings
    found: list[Finding] = field(default_factory=list)

    def error(self, path: PurePosixPath, line: int, message: str, remedy: str) -> None:
        self.found.append(Finding(path, line, Severity.ERROR, message, remedy))

    def warning(self, path: PurePosixPath, line: int, message: str, remedy: str) -> None:
        self.found.append(Finding(path, line, Severity.WARNING, message, remedy))


def findings(files: Texts, around: Surroundings) -> list[Finding]:
    """What is wrong, by path and line."""
    report = _Report(Profiles({path: Sections.parse(text) for path, text in files.items()}), around)
    for path in open_to_others(files, around):
        message = "others than root may read it, so NetworkManager ignores it"
        report.error(path, 0, message, f"chmod 600 {path}")
    for path, sections in report.profiles.files.items():
        _check_words(report, path, sections)
    whole = [_ for _ in report.profiles.all if _.sections.first("connection") is not None]
    for profile in whole:
        _check_type(report, profile)
        _check_port(report, profile)
        _check_addresses(report, profile)
        _check_bridge(report, profile)
    _check_macs(report, whole)
    return sorted(report.found, key=lambda one: (one.path, one.line, one.message))


def _check_words(report: _Report, path: PurePosixPath, sections: Sections) -> None:
    for section in sections.sections:
        for line in section.stray:
            report.error(
                path,
                line,
                "this is neither KEY=VALUE nor a [section]: NetworkManager ignores the whole file",
                "put a # before it if it is a remark",
            )
        _check_section(report, path, section)
    if sections.first("connection") is None:
        report.error(
            path,
            0,
            "there is no [connection]: NetworkManager ignores the file",
            "add [connection] with id=, type= and interface-name=",
        )


def _check_section(report: _Report, path: PurePosixPath, section: Section) -> None:
    known = KEYS.get(section.name)
    if known is None:
        meant = near(section.name, KEYS)
        if meant is not None and section.name not in TYPES:
            line = section.line + section.header
            message = f"NetworkManager knows no section [{section.name}]"
            report.error(path, line, message, f"did you mean [{meant}]?")
        return
    for setting in section.settings:
        if setting.key in known or NUMBERED.fullmatch(setting.key):
            continue
        if near(setting.key, known) is not None:
            message = f"NetworkManager knows no {setting.key} in [{section.name}]"
            report.error(path, setting.line, message, instead(setting.key, known))


def _check_type(report: _Report, profile: Profile) -> None:
    kind = profile.get("connection", "type")
    if kind is None:
        report.error(
            profile.path,
            _line(profile, "connection"),
            "the profile has no type: NetworkManager ignores it",
            "add a line type=ethernet (or bridge, vlan, …)",
        )
    elif profile.type not in TYPES and near(profile.type, TYPES):
        report.error(
            profile.path,
            _line(profile, "connection", "type"),
            f"NetworkManager knows no type {kind}",
            instead(kind, TYPES),
        )


def _check_port(report: _Report, profile: Profile) -> None:
    for names in (OLD, NEW):
        controller = profile.get("connection", names.controller)
        kind = profile.get("connection", names.kind)
        if controller is None and kind is None:
            continue
        if controller is None or kind is None:
            have, lack = names.kind, f"{names.controller}=BRIDGE"
            if kind is None:
                have, lack = names.controller, f"{names.kind}=bridge"
            report.error(
                profile.path,
                _line(profile, "connection", have),
                f"{have} stands alone: NetworkManager refuses a port without {lack.split('=')[0]}",
                f"add a line {lack}",
            )
        _check_controller(report, profile, names.controller, controller)
    if profile.controller is not None:
        _check_bare(report, profile)


def _check_controller(report: _Report, profile: Profile, key: str, name: str | None) -> None:
    known = [
        value for each in report.profiles.all for value in (each.interface, each.uuid, each.id)
    ]
    if name is not None and name not in known:
        report.error(
            profile.path,
            _line(profile, "connection", key),
            f"no profile makes {name}, so {profile.interface or profile.id} never comes up",
            f"did you mean {meant}?"
            if (meant := near(name, [each for each in known if each]))
            else f"add a profile with type=bridge and interface-name={name}",
        )
    if profile.type == "wifi" or (profile.interface or "") in report.around.wireless:
        report.error(
            profile.path,
            _line(profile, "connection", key),
            f"{profile.interface or profile.id} is a Wi-Fi interface: its access point takes"
            " frames of one sender only, so nothing behind the bridge gets through",
            "use a wired interface for the bridge, or a NAT network for the guests",
        )


def _check_bare(report: _Report, profile: Profile) -> None:
    for family in ("ipv4", "ipv6"):
        method = profile.get(family, "method")
        if method in (None, "disabled", "ignore"):
            continue
        report.warning(
            profile.path,
            _line(profile, family, "method"),
            f"{profile.interface or profile.id} is a port of {profile.controller}: its {family}"
            f" method={method} has no effect",
            f"move [{family}] to the profile of {profile.controller}",
        )


def _check_addresses(report: _Report, profile: Profile) -> None:
    for family, version in (("ipv4", 4), ("ipv6", 6)):
        method = profile.get(family, "method")
        if method is not None and method not in METHODS[version]:
            report.error(
                profile.path,
                _line(profile, family, "method"),
                f"{family} knows no method {method}",
                instead(method, METHODS[version]),
            )
        if method == "manual":
            _check_manual(report, profile, family, version)


def _check_manual(report: _Report, profile: Profile, family: str, version: int) -> None:
    made = interface(report.profiles, profile)
    ip = made.ipv4 if version == 4 else made.ipv6
    if ip is None or not ip.addresses:
        report.error(
            profile.path,
            _line(profile, family, "method"),
            f"method=manual needs an address, and [{family}] has none that can be read",
            "add a line address1=192.0.2.10/24" if version == 4 else "add address1=2001:db8::10/64",
        )
        return
    why = outside(ip.gateway, list(ip.addresses), _on_link(ip)) if ip.gateway else None
    if ip.gateway is not None and why is not None:
        key = "gateway" if profile.get(family, "gateway") else "address1"
        remedy = meant_gateway(ip.gateway, list(ip.addresses))
        report.error(profile.path, _line(profile, family, key), why, remedy)
    for value in numbered(profile, family, "address"):
        if "/" not in value.split(",")[0]:
            address = value.split(",")[0]
            report.error(
                profile.path,
                _line_of_value(profile, family, value),
                f"the address {address} has no prefix length",
                f"write how long the network's part is: {address}/{24 if version == 4 else 64}",
            )


def _on_link(ip: IpConfig) -> Iterator[Network]:
    """Where routes without a gateway lead; anywhere for a host that has its address alone.

    NetworkManager itself makes a route to a gateway that lies in no network (seen with 1.42).
    """
    for route in ip.routes:
        if route.gateway is None:
            yield route.destination
    for address in ip.addresses:
        if address.network.prefixlen == address.max_prefixlen:
            yield address.network.supernet(new_prefix=0)


def _check_bridge(report: _Report, profile: Profile) -> None:
    """NetworkManager switches STP on unless told otherwise (nm-settings(5), [bridge])."""
    if profile.type != "bridge" or truth(profile.get("bridge", "stp")) is False:
        return
    written = parsed(float, profile.get("bridge", "forward-delay"))
    silent = 2 * (DEFAULT_DELAY if written is None else written)
    if profile.get("ipv4", "method") in (None, "auto") and silent > PATIENCE:
        key = "forward-delay" if written is not None else "stp"
        report.warning(
            profile.path,
            _line(profile, "bridge", key),
            DELAYED.format(bridge=profile.interface or profile.id, delay=silent),
            "write stp=false into [bridge] if there is one way only into the LAN, else"
            " forward-delay=4",
        )


def _check_macs(report: _Report, profiles: list[Profile]) -> None:
    """Two that give themselves the same address; a bridge may have that of its port."""
    owners: dict[str, Profile] = {}
    for profile in profiles:
        mac = _own_mac(profile)
        other = owners.setdefault(mac, profile) if mac else profile
        if other is profile or _is_port_of(other, profile) or _is_port_of(profile, other):
            continue
        report.warning(
            profile.path,
            0,
            f"{profile.id} gives its interface the MAC address of {other.id}, {mac}",
            "take the line away from one of them",
        )


def _own_mac(profile: Profile) -> str | None:
    key = ("bridge", "mac-address") if profile.type == "bridge" else _CLONED
    return parsed(MacAddress, profile.get(*key) or profile.get(*_CLONED))


_CLONED = ("ethernet", "cloned-mac-address")


def _is_port_of(port: Profile, bridge: Profile) -> bool:
    return port.controller in (bridge.interface, bridge.uuid, bridge.id)


def _line(profile: Profile, section: str, key: str | None = None) -> int:
    """The line of a key, else of its section, else of the file."""
    found = profile.sections.first(section)
    if found is None:
        return 0
    lines: Mapping[str, int] = {setting.key: setting.line for setting in found.settings}
    return lines.get(key or "", found.line + found.header)


def _line_of_value(profile: Profile, section: str, value: str) -> int:
    found = profile.sections.first(section)
    lines = {setting.value: setting.line for setting in found.settings} if found else {}
    return lines.get(value, 0)
