"""What host-bridge says, refuses and writes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hostnet.live.lan import HOST, MAC, PASARELA, ROUTER, Lan, await_true, has, kernel, sh
from pasarela.errors import HostnetRefused
from pasarela.hostnet.bridge.hostbridge import HostBridge
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig

pytestmark = pytest.mark.netns


def test_a_dry_run_shows_steps_and_diff_and_touches_nothing(host: Lan) -> None:
    host.static()
    files, before = host.files(), kernel()
    said = host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--dry-run")
    for line in (
        f"  make bridge br0, MAC {MAC}, MTU 1500",
        "  put enp3s0 into br0",
        f"  move address {HOST}/16 to br0",
        f"  move route default via {ROUTER} to br0",
        "Manager: ifupdown (/etc/network/interfaces names enp3s0)",
        "--- /etc/network/interfaces",
        "+iface br0 inet static",
    ):
        assert line in said.splitlines(), said
    assert (host.files(), kernel()) == (files, before)


def test_show_tells_of_bridges(host: Lan) -> None:
    host.static()
    assert "no bridge" in host.pasarela("host-bridge", "show")
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--stp", "on")
    found = json.loads(host.pasarela("host-bridge", "show", "--json"))
    (bridge,) = found["bridges"]
    assert (bridge["name"], bridge["mac"], bridge["stp"]) == ("br0", MAC, True)
    assert bridge["ports"] == [["enp3s0", MAC]]
    assert [f"{HOST}/16", None] in bridge["addresses"]
    assert found["pending"] is None


def test_a_network_that_is_there_already_is_told_of_before_anything_is_done(host: Lan) -> None:
    host.static()
    create = ("host-bridge", "create", "br0", "--port", "enp3s0", "--network", "lan")
    assert "Network lan" in host.pasarela("net-new", "lan", "--kind", "very-isolated")
    before = (kernel(), host.files())
    said = host.pasarela(*create, check=False)
    assert "network 'lan' already exists with uuid" in said and "choose another name" in said
    assert (kernel(), host.files()) == before


def test_a_network_that_cannot_be_made_is_no_success(host: Lan) -> None:
    host.static()
    create = ("host-bridge", "create", "br0", "--port", "enp3s0", "--network", "a/b")
    done = subprocess.run(
        [*PASARELA, "--root", str(host.root), *create],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Bridge br0 has what enp3s0 had" in done.stdout
    assert "Failed to make network a/b" in done.stderr and done.returncode == 1


def test_the_notes_static_bridge(host: Lan) -> None:
    """An address of its own: what was there stays as well, so that nothing is cut."""
    host.static()
    host.pasarela(
        "host-bridge", "create", "br1", "--port", "enp3s0", "--address", "172.26.0.101/16",
        "--gateway", ROUTER, "--dns", "172.26.0.1",
    )  # fmt: skip
    addresses = sh("ip", "-4", "addr", "show", "br1")
    assert "172.26.0.101/16" in addresses and f"{HOST}/16" in addresses
    text = host.files()["network/interfaces"][0].decode()
    assert "iface enp3s0 inet manual" in text and "bridge_ports enp3s0" in text
    assert "172.26.0.101" in text and f"{HOST}/16\n    gateway {ROUTER}" not in text


def test_a_gateway_outside_the_network_is_refused(host: Lan) -> None:
    """The mistake of the notes' own example."""
    said = host.pasarela(
        "host-bridge", "create", "br1", "--port", "enp3s0", "--address", "172.26.0.100/16",
        "--gateway", "72.26.0.1", check=False,
    )  # fmt: skip
    assert "72.26.0.1 lies outside" in said


def test_an_error_is_printed_once(host: Lan) -> None:
    host.static()
    words = ("host-bridge", "create", "br0", "--port", "enp3s0", "--address", "172.26.0.0/16")
    said = host.pasarela(*words, check=False)
    assert said.count("stands for the network") == 1 and "the file would be wrong" in said
    assert "stands for the network" in host.pasarela(*words, "--dry-run")
    assert "br0" not in sh("ip", "link")


def test_ports_come_and_go(host: Lan) -> None:
    host.static()
    sh("ip", "link", "add", "enp4s0", "type", "veth", "peer", "name", "other")
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    host.pasarela("host-bridge", "add-port", "br0", "enp4s0")
    assert "master br0" in sh("ip", "link", "show", "enp4s0")
    assert b"bridge_ports enp3s0 enp4s0" in host.files()["network/interfaces"][0]
    host.pasarela("host-bridge", "del-port", "br0", "--port", "enp4s0")
    assert "master br0" not in sh("ip", "link", "show", "enp4s0")
    assert b"bridge_ports enp3s0\n" in host.files()["network/interfaces"][0]
    assert Path("/proc/sys/net/ipv6/conf/enp4s0/disable_ipv6").read_text() == "0\n"


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ("lo", "loopback"),
        ("br9", "is a bridge"),
        ("nosuch", "no device 'nosuch'"),
        ("taken", "in br9 already"),
        ("shared", "carries"),
    ],
)
def test_what_cannot_be_a_port_is_refused_with_the_reason(
    host: Lan, port: str, reason: str
) -> None:
    sh("ip", "link", "add", "br9", "type", "bridge")
    sh("ip", "link", "add", "taken", "type", "veth", "peer", "name", "taken2")
    sh("ip", "link", "set", "taken", "master", "br9")
    sh("ip", "link", "add", "shared", "type", "veth", "peer", "name", "shared2")
    sh("ip", "link", "add", "mv0", "link", "shared", "type", "macvlan", "mode", "bridge")
    before = kernel()
    said = host.pasarela("host-bridge", "create", "br0", "--port", port, check=False)
    assert reason in said and "hint: " in said
    assert kernel() == before


@pytest.mark.parametrize(
    "name", ["../../x", ".", "-x", "br 0", "br%d", "br0:1", "brü", "all", "default", "7", "b" * 16]
)
def test_what_is_no_name_is_refused_before_anything_is_done(host: Lan, name: str) -> None:
    host.static()
    said = host.pasarela("host-bridge", "create", "--bridge", name, "--port", "enp3s0",
                         "--dry-run", check=False)  # fmt: skip
    assert f"'{name}' is no name for a bridge" in said and "hint: write 1 to 15 letters" in said


def test_a_name_of_15_bytes(host: Lan) -> None:
    host.static()
    host.pasarela("host-bridge", "create", "b" * 15, "--port", "enp3s0")
    host.pasarela("host-bridge", "delete", "b" * 15)


def test_a_port_named_twice(host: Lan) -> None:
    """ifup would fail at the second, at the next boot."""
    host.static()
    said = host.pasarela(
        "host-bridge", "create", "br0", "--port", "enp3s0", "--port", "enp3s0", check=False
    )
    assert "enp3s0 is named twice" in said


def test_the_last_card_of_a_bridge_with_addresses_stays(host: Lan) -> None:
    host.static()
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    before = kernel()
    said = host.pasarela("host-bridge", "del-port", "br0", "--port", "enp3s0", check=False)
    assert (
        "enp3s0 is the only port of br0 that leads out" in said
        and "pasarela host-bridge delete br0" in said
    )
    assert kernel() == before


@pytest.mark.parametrize(
    "route",
    [("10.97.0.0/16", "table", "55", "src", "10.1.1.1"), ("10.99.0.0/16", "via", "10.1.1.2")],
)
def test_a_route_that_the_kernel_would_not_take_again(host: Lan, route: tuple[str, ...]) -> None:
    """It has outlived its address, so it can be neither moved nor taken back."""
    host.static()
    sh("ip", "addr", "add", "10.1.1.1/24", "dev", "enp3s0")
    sh("ip", "route", "add", *route, "dev", "enp3s0")
    sh("ip", "addr", "del", "10.1.1.1/24", "dev", "enp3s0")
    before = kernel()
    said = host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", check=False)
    assert f"route {route[0]}" in said and "a leftover" in said and "ip route del" in said
    assert kernel() == before
    sh("ip", "route", "del", *route, "dev", "enp3s0")
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")


def test_of_two_at_once_the_second_is_told(host: Lan) -> None:
    """Planned for a card that was free, carried out once it is in a bridge."""
    host.static()
    door = HostBridge(host.root)
    wishes = [
        InterfaceConfig(
            name,
            type=InterfaceType.BRIDGE,
            details=BridgeConfig(ports=(InterfaceConfig("enp3s0"),)),
        )
        for name in ("br0", "br1")
    ]
    first, second = (door.propose_create(one, keep=True, manager="none") for one in wishes)
    door.carry_out(first)
    before = kernel()
    with pytest.raises(HostnetRefused, match="changed meanwhile"):
        door.carry_out(second)
    assert kernel() == before


def test_two_managers_for_one_card_are_both_named(host: Lan) -> None:
    host.static()
    netplan = host.root / "etc/netplan/01-card.yaml"
    netplan.parent.mkdir()
    netplan.write_text("network:\n  ethernets:\n    enp3s0:\n      dhcp4: yes\n")
    said = host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", check=False)
    assert "ifupdown and netplan both look after enp3s0" in said
    assert "--manager" in said
    assert "br0" not in sh("ip", "link")


@pytest.mark.parametrize(
    ("place", "text", "mode"),
    [
        (
            "netplan/01-network-manager-all.yaml",
            "# the card\nnetwork:\n  ethernets:\n    enp3s0:\n      dhcp4: yes # by DHCP\n",
            0o600,
        ),
        ("systemd/network/20-card.network", "[Match]\nName=enp3s0\n\n[Network]\nDHCP=yes\n", 0o644),
    ],
)
def test_other_managers_files_are_written_and_come_back(
    host: Lan, place: str, text: str, mode: int
) -> None:
    host.static()
    (host.root / "etc/network/interfaces").unlink()
    file = host.root / "etc" / place
    file.parent.mkdir(parents=True)
    file.write_text(text)
    file.chmod(mode)
    before = host.files()
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    assert file.stat().st_mode & 0o777 == mode
    assert any(b"br0" in content for content, _ in host.files().values())
    host.pasarela("host-bridge", "delete", "br0")
    assert host.files() == before


def test_a_host_whose_card_no_file_names(host: Lan) -> None:
    host.static()
    (host.root / "etc/network/interfaces").unlink()
    said = host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--dry-run")
    assert "Manager: none" in said and "No file changes" in said
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    assert f"{HOST}/16" in sh("ip", "addr", "show", "br0")


def test_a_network_on_the_bridge_in_the_same_command(host: Lan) -> None:
    host.static()
    said = host.pasarela(
        "host-bridge", "create", "br0", "--port", "enp3s0", "--network", "lan", "--autostart"
    )
    assert "Network lan started" in said and "marked as autostarted" in said
    assert (host.root / "etc/libvirt/qemu/networks/lan.xml").exists()


def test_a_link_that_is_given_up_keeps_its_neighbours_on_the_bridge(host: Lan) -> None:
    """The router's hardware address goes along: the first packet waits for nobody."""
    host.static()
    sh("ping", "-c", "1", "-W", "5", ROUTER)
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    await_true(lambda: "lladdr" in sh("ip", "neigh", "show", ROUTER, "dev", "br0"))


@pytest.mark.skipif(not has("ifdown"), reason="no ifupdown here")
def test_ifdown_will_know_the_bridge(host: Lan) -> None:
    host.static()
    folder = host.root / "run/network"
    folder.mkdir(parents=True)
    (folder / "ifstate").write_text("lo=lo\nenp3s0=enp3s0\n")
    (folder / "ifstate.enp3s0").write_text("enp3s0\n")
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    assert is_up_for_ifupdown(host, "br0")
    host.pasarela("host-bridge", "delete", "br0")
    assert not is_up_for_ifupdown(host, "br0")
    assert is_up_for_ifupdown(host, "enp3s0")
    assert (folder / "ifstate").read_text() == "lo=lo\nenp3s0=enp3s0\n"


@pytest.mark.skipif(not has("ifdown"), reason="no ifupdown here")
def test_ifdown_will_know_the_card_of_a_bridge_that_ifup_has_made(host: Lan) -> None:
    """ifup notes the bridge alone, and not the port that is in no stanza of its own."""
    host.static()
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    folder = host.root / "run/network"
    folder.mkdir(parents=True)
    (folder / "ifstate").write_text("br0=br0\n")
    (folder / "ifstate.br0").write_text("br0\n")
    host.pasarela("host-bridge", "delete", "br0", "--try", "60")
    assert not is_up_for_ifupdown(host, "br0")
    assert is_up_for_ifupdown(host, "enp3s0")
    host.pasarela("host-bridge", "revert")
    assert is_up_for_ifupdown(host, "br0")
    assert [path.name for path in sorted(folder.glob("ifstate*"))] == ["ifstate", "ifstate.br0"]


def is_up_for_ifupdown(host: Lan, name: str) -> bool:
    """Whether ifdown would take the interface down, as far as its files of state say."""
    file = host.root / "run/all-interfaces"
    file.write_text("iface br0 inet manual\niface enp3s0 inet manual\n")
    places = f"--interfaces={file} --state-dir={file.parent}/network"
    return "not configured" not in sh("sh", "-c", f"ifdown --no-act {places} {name} 2>&1")


def test_rules_that_name_the_card_are_told_of(host: Lan) -> None:
    host.static()
    sh("nft", "add table inet mine")
    sh("nft", "add chain inet mine in { type filter hook input priority 0; }")
    sh("nft", 'add rule inet mine in iifname "enp3s0" tcp dport 22 accept')
    said = host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--dry-run")
    assert "warning: the firewall's table inet mine has rules for enp3s0" in said


def test_a_bridge_with_a_network_on_it_is_told_of(host: Lan) -> None:
    host.static()
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--network", "lan")
    said = host.pasarela("host-bridge", "delete", "br0")
    assert "warning: network lan is on br0" in said


@pytest.mark.parametrize("words", [("delete",), ("add-port", "--port", "enp3s0")])
def test_a_networks_own_bridge_is_left_to_it(host: Lan, words: tuple[str, ...]) -> None:
    host.static()
    host.pasarela("net-new", "lab", "--bridge", "virbr7", "--start")
    before = kernel()
    said = host.pasarela("host-bridge", words[0], "virbr7", *words[1:], check=False)
    assert "virbr7 is the bridge of network 'lab'" in said
    assert "pasarela net-destroy lab" in said
    assert kernel() == before
    host.pasarela("net-destroy", "lab")


def test_a_network_that_goes_out_by_the_card_is_told_of(host: Lan) -> None:
    host.static()
    host.pasarela("net-new", "lab", "--kind", "nat", "--dev", "enp3s0", "--start")
    said = host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--dry-run")
    assert "warning: network lab goes out by enp3s0 alone" in said
    assert "say br0 there (pasarela net-edit lab)" in said
    host.pasarela("net-destroy", "lab")


def test_who_may_only_read_changes_nothing(host: Lan) -> None:
    host.static()
    said = host.pasarela("-r", "host-bridge", "create", "br0", "--port", "enp3s0", check=False)
    assert "read only access" in said
    assert "br0" not in sh("ip", "link")


def test_a_file_that_cloud_init_writes_anew_is_told_of(host: Lan) -> None:
    host.static()
    file = host.root / "etc/network/interfaces"
    file.write_text(f"# generated from information provided by the datasource\n{file.read_text()}")
    (host.root / "etc/cloud").mkdir()
    (host.root / "etc/cloud/cloud.cfg").touch()
    said = host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--dry-run")
    assert "warning: /etc/network/interfaces is cloud-init's" in said
