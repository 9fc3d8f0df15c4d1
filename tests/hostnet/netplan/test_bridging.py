"""What a bridge is in netplan's files, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface
from pathlib import PurePosixPath

import pytest

from hostnet.goldens import applied, bridge
from pasarela.errors import HostnetFileError, HostnetRefused
from pasarela.hostnet.manager import Bridging
from pasarela.hostnet.netplan import Netplan
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, DnsConfig, InterfaceConfig, IpConfig
from pasarela.model.values import MacAddress

NETPLAN = Netplan()
FILE = PurePosixPath("/etc/netplan/01-network-manager-all.yaml")
OURS = PurePosixPath("/etc/netplan/60-pasarela.yaml")
DESKTOP = "network:\n  version: 2\n  renderer: NetworkManager\n"
NIC = "network:\n  version: 2\n  ethernets:\n    enp3s0:\n      dhcp4: true\n"
LEASED = IpConfig(dhcp=True)


def own(**settings: object) -> Bridging:
    """A bridge with addresses of its own."""
    details = BridgeConfig((InterfaceConfig("enp3s0"),))
    made = InterfaceConfig("br0", InterfaceType.BRIDGE, details=details)
    return Bridging(replace(made, **settings), keep=False)


def text(files: dict[PurePosixPath, str], change: Bridging) -> str:
    (edit,) = NETPLAN.bridge(files, change)
    assert edit.after is not None
    return edit.after


def test_the_notes_file_from_ubuntus_own() -> None:
    assert text({FILE: DESKTOP}, own(ipv4=LEASED)) == (
        "network:\n  version: 2\n  renderer: NetworkManager\n  ethernets:\n    enp3s0:\n"
        "      dhcp4: false\n  bridges:\n    br0:\n      interfaces: [enp3s0]\n"
        "      parameters:\n        stp: false\n        forward-delay: 0\n      dhcp4: true\n"
    )


def test_the_notes_own_file_gives_the_card_its_lease() -> None:
    notes = (
        "## nota\nnetwork:\n###Config\n    bridges:\n        br0:\n            dhcp4: yes ##x\n"
        "            interfaces:\n                - enp3s0\n"
    )
    (edit,) = NETPLAN.unbridge({FILE: notes}, "br0")
    assert edit.after == (
        "## nota\nnetwork:\n    ethernets:\n        enp3s0:\n            dhcp4: yes ##x\n"
        "###Config\n"
    )


def test_without_any_file_a_new_one_is_made_for_roots_eyes() -> None:
    (edit,) = NETPLAN.bridge({}, own(ipv4=LEASED))
    assert (edit.path, edit.before, edit.mode) == (OURS, None, 0o600)
    made = {OURS: edit.after or ""}
    assert applied(made, NETPLAN.undefine(made, "br0")) == {}


def test_a_kept_bridge_over_nothing_leaves_nothing_behind() -> None:
    made = applied({}, NETPLAN.bridge({}, bridge()))
    assert applied(made, NETPLAN.unbridge(made, "br0")) == {}


def test_own_addresses_take_the_place_of_the_ports() -> None:
    six = IpConfig(addresses=(ip_interface("2001:db8::2/64"),), autoconf=True)
    four = IpConfig(addresses=(ip_interface("192.0.2.2/24"),), gateway=ip_address("192.0.2.1"))
    dns = DnsConfig((ip_address("192.0.2.53"),), ("lan",))
    change = own(ipv4=four, ipv6=six, dns=dns, mac=MacAddress("52:54:00:00:00:01"), mtu=1400)
    assert text({FILE: NIC}, change) == (
        "network:\n  version: 2\n  ethernets:\n    enp3s0:\n      dhcp4: false\n  bridges:\n"
        '    br0:\n      interfaces: [enp3s0]\n      macaddress: "52:54:00:00:00:01"\n'
        "      mtu: 1400\n      parameters:\n        stp: false\n        forward-delay: 0\n"
        '      accept-ra: true\n      addresses: [192.0.2.2/24, "2001:db8::2/64"]\n'
        "      routes:\n      - to: default\n        via: 192.0.2.1\n"
        "      nameservers:\n        addresses: [192.0.2.53]\n        search: [lan]\n"
    )


def test_other_own_addresses_take_the_place_of_the_first() -> None:
    first = applied({FILE: NIC}, NETPLAN.bridge({FILE: NIC}, own(ipv4=LEASED)))
    static = IpConfig(addresses=(ip_interface("192.0.2.2/24"),))
    second = applied(first, NETPLAN.bridge(first, own(ipv4=static)))
    assert "dhcp4: true" not in second[FILE]
    assert "addresses: [192.0.2.2/24]" in second[FILE]


def test_stp_is_left_to_who_wants_it() -> None:
    details = BridgeConfig((InterfaceConfig("enp3s0"),), stp=True, forward_delay=4)
    made = text({FILE: NIC}, own(ipv4=LEASED, details=details))
    assert "parameters:\n        stp: true\n        forward-delay: 4\n" in made


REFUSED = {
    "Wi-Fi": (
        {FILE: "network:\n  wifis:\n    enp3s0: {access-points: {a: {}}}\n"},
        "Wi-Fi",
        "wired",
    ),
    "pattern": (
        {FILE: "network:\n  ethernets:\n    all: {match: {name: en*}, dhcp4: true}\n"},
        "may fit other interfaces",
        "an entry for enp3s0 alone",
    ),
    "port elsewhere": (
        {FILE: NIC + "  bridges:\n    br9: {interfaces: [enp3s0]}\n"},
        "a port of br9 already",
        "take it out",
    ),
    "name taken": (
        {FILE: NIC + "  vlans:\n    br0: {id: 1, link: enp3s0}\n"},
        "under vlans",
        "name",
    ),
    "of /run": ({PurePosixPath("/run/netplan/x.yaml"): NIC}, "only files in /etc", "copy it"),
    "of a package": ({PurePosixPath("/lib/netplan/x.yaml"): NIC}, "only files in /etc", "copy it"),
    "alias": (
        {FILE: "network:\n  ethernets:\n    a: &x {dhcp4: true}\n    enp3s0: *x\n"},
        "is an alias",
        "in full",
    ),
    "anchor": (
        {
            FILE: "network:\n  ethernets:\n    enp3s0: {nameservers: &d {addresses: [1.1.1.1]}}\n"
            "    enp4s0: {nameservers: *d}\n"
        },
        "does not fit how the file is written",
        "write out in full",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_files_cannot_say_is_refused_with_the_way_out(name: str) -> None:
    files, message, remedy = REFUSED[name]
    with pytest.raises(HostnetRefused, match=message) as refused:
        NETPLAN.bridge(files, bridge())
    assert remedy in (refused.value.remedy or "")


def test_a_bridge_that_others_stand_on_stays() -> None:
    files = applied({FILE: NIC}, NETPLAN.bridge({FILE: NIC}, bridge()))
    vlan = {FILE: files[FILE] + "  vlans:\n    v: {id: 5, link: br0}\n"}
    with pytest.raises(HostnetRefused, match="v in the netplan files stands on br0"):
        NETPLAN.unbridge(vlan, "br0")


def test_a_file_that_is_no_yaml_is_named_with_its_line() -> None:
    with pytest.raises(HostnetFileError, match="line 3") as failed:
        NETPLAN.interfaces({FILE: "network:\n  version: 2\n\tethernets: {}\n"})
    assert (failed.value.location.file, failed.value.location.line) == (str(FILE), 3)  # type: ignore[union-attr]


def test_a_file_of_etc_shadows_those_of_the_same_name() -> None:
    other = NIC.replace("dhcp4: true", "addresses: [192.0.2.9/24]")
    files = {FILE: NIC, PurePosixPath("/lib/netplan") / FILE.name: other}
    assert NETPLAN.bridge(files, bridge())[0].path == FILE
    (nic,) = NETPLAN.interfaces(files)
    assert nic.ipv4 == LEASED


def test_the_port_is_found_by_its_hardware_address() -> None:
    entry = '    lan: {match: {macaddress: "52:54:00:00:00:01"}, dhcp4: true}\n'
    port = InterfaceConfig("enp3s0", mac=MacAddress("52:54:00:00:00:01"))
    change = Bridging(InterfaceConfig("br0", InterfaceType.BRIDGE, details=BridgeConfig((port,))))
    made = text({FILE: "network:\n  ethernets:\n" + entry}, change)
    assert "interfaces: [lan]" in made


def test_a_bridges_ports_in_a_later_file_are_named_there() -> None:
    later = PurePosixPath("/etc/netplan/90.yaml")
    files = {FILE: NIC, later: "network:\n  ethernets:\n    enp4s0: {dhcp4: false}\n"}
    made = applied(files, NETPLAN.bridge(files, bridge()))
    made = applied(made, NETPLAN.add_port(made, "br0", InterfaceConfig("enp4s0")))
    assert "interfaces: [enp4s0]" in made[later]
    (found,) = [each for each in NETPLAN.interfaces(made) if each.name == "br0"]
    assert found.ports == ("enp3s0", "enp4s0")
    assert applied(made, NETPLAN.unbridge(made, "br0")) == {
        **files,
        later: made[later].partition("  bridges")[0],
    }
