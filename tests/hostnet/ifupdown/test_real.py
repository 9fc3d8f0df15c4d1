"""Debian's own ifup with the files that are written: it takes them, and makes what was before."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from cli.program import RUN
from hostnet.ifupdown.corpus import CASES, FOLDER, MAIN, carry_out, changed, texts
from hostnet.ifupdown.machine import CARD, Machine, dhcp_server, is_there, machine, run
from hostnet.ifupdown.mistakes import MISTAKES
from pasarela.errors import HostnetRefused
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.manager import Severity, Surroundings

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(not is_there(), reason="ifupdown, bridge-utils, isc-dhcp-client missing"),
]

Texts = dict[PurePosixPath, str]

# Cases that the kernel of every machine can carry out, with the address of the LAN's router.
STATIC = {
    "notes-static": "172.26.0.1/16",
    "installer-static": "192.0.2.1/24",
    "dual-stack-static": "198.51.100.1/26",
    "three-addresses": "10.1.0.1/16",
    "aliases": "192.168.10.1/24",
    "cloud-init": "203.0.113.1/24",
    "inherits": "10.4.0.1/24",
    "crlf": "192.168.1.1/24",
    "odd-indentation": "10.0.0.1/24",
    "continued": "10.0.0.1/24",
    "cloned-mac": "10.0.0.1/24",
    "hooks-of-routes": "10.0.5.1/24",
}
# Here the bridge takes its port's MAC by name, which takes bridge-utils a second.
BY_PORT = {"three-addresses", "notes-dhcp"}
HOOKS = """auto eth0
iface eth0 inet static
    address 10.0.5.4/24
    gateway 10.0.5.1
    up ip route add 10.9.0.0/16 via 10.0.5.254
    up ip route add 10.8.0.0/16 dev $IFACE metric 5
    down ip route del 10.8.0.0/16 dev $IFACE metric 5
"""


@pytest.fixture
def host(request: pytest.FixtureRequest, netns: None) -> Iterator[Machine]:
    card, router = request.param
    with machine(card, router) as made:
        yield made
        made.down()


def case(name: str) -> tuple[Texts, str, str]:
    """A case's files, its action and its card."""
    if name == "hooks-of-routes":
        return {MAIN: HOOKS}, f"bridge br0 eth0 mac={CARD}", "eth0"
    action = (FOLDER / name / "action").read_text()
    if "mac=" not in action and name not in BY_PORT:
        action += f" mac={CARD}"
    return texts(FOLDER / name), action, action.split()[2]


@pytest.mark.parametrize(
    ("host", "name"),
    [((case(name)[2], router), name) for name, router in STATIC.items()],
    indirect=["host"],
    ids=STATIC,
)
def test_from_nothing_the_bridge_has_what_the_card_had(host: Machine, name: str) -> None:
    files, action, card = case(name)
    bridge = action.split()[1]
    host.write(without_strangers(files, card))
    assert host.up().returncode == 0
    before = (host.addresses(card), host.routes(card))
    mac = host.link(card)["address"]
    host.down()
    host.write(without_strangers(changed(files, carry_out(files, action)), card, bridge, mac))
    done = host.up()
    assert done.returncode == 0, done.stderr
    assert (host.addresses(bridge), host.routes(bridge)) == tuple(
        {text.replace(card, bridge) for text in part} for part in before
    )
    assert host.addresses(card) == set()
    assert host.link(card)["master"] == bridge
    assert host.link(bridge)["address"] == mac
    assert host.link(card)["address"] == mac


@pytest.mark.parametrize("host", [("enp3s0", "172.26.0.1/16")], indirect=True)
@pytest.mark.parametrize("mac", ["", f" mac={CARD}"])
def test_the_notes_dhcp_bridge(host: Machine, mac: str) -> None:
    """As in the notes: after it ``ip a`` shows the same MAC for the bridge and the card."""
    files, action, _ = case("notes-dhcp")
    host.write(changed(files, carry_out(files, action + mac)))
    with dhcp_server("172.26.1.1", "172.26.1.9", "255.255.0.0"):
        done = host.up()
        assert done.returncode == 0, done.stderr
        (address,) = host.addresses("br0")
        assert address.startswith("172.26.1.")
        assert host.addresses("enp3s0") == set()
        assert host.link("br0")["address"] == host.link("enp3s0")["address"] == CARD
        assert "default via 172.26.0.1 dev br0" in host.routes("br0")
        host.down()


@pytest.mark.parametrize("host", [("enp3s0", "172.26.0.1/16")], indirect=True)
@pytest.mark.parametrize("how", ["static", "dhcp"])
def test_a_reboot_finds_what_the_live_move_made(host: Machine, how: str) -> None:
    """host-bridge moves everything in the kernel; ifup makes the same of the files it wrote."""
    host.write({MAIN: DUAL if how == "static" else (FOLDER / "notes-dhcp/interfaces").read_text()})
    with dhcp_server("172.26.1.1", "172.26.1.9", "255.255.0.0"):
        assert host.up().returncode == 0
        run(sys.executable, "-c", RUN, "host-bridge", "create", "br0", "--port", "enp3s0")
        live = made(host)
        host.forget("br0")
        done = host.up()
        assert done.returncode == 0, done.stderr
        assert made(host) == live
        host.down()


@pytest.mark.parametrize("host", [("enp3s0", "172.26.0.1/16")], indirect=True)
def test_after_a_reboot_the_card_does_not_listen_to_routers(host: Machine) -> None:
    """ifup has the card up before its bridge takes it, long enough to hear an advertisement."""
    host.write({MAIN: (FOLDER / "notes-dhcp/interfaces").read_text()})
    with dhcp_server("172.26.1.1", "172.26.1.9", "255.255.0.0", advertising=True):
        assert host.up().returncode == 0
        await_router("enp3s0", host)
        own = host.addresses("enp3s0")
        run(sys.executable, "-c", RUN, "host-bridge", "create", "br0", "--port", "enp3s0")
        live = host.addresses("br0")
        host.forget("br0")
        run("ifup", "enp3s0", "-i", "/etc/network/interfaces")
        time.sleep(3)  # solicitations and answers in plenty, if it were to send any
        assert host.addresses("enp3s0") == set() and host.routes("enp3s0") == set()
        done = host.up()
        assert done.returncode == 0, done.stderr
        await_router("br0", host)
        assert host.addresses("br0") == live and host.addresses("enp3s0") == set()
        run(sys.executable, "-c", RUN, "host-bridge", "delete", "br0")
        host.down()
        run("ip", "link", "set", "enp3s0", "down")
        assert host.up().returncode == 0
        await_router("enp3s0", host)
        assert host.addresses("enp3s0") == own
        host.down()


def await_router(link: str, host: Machine) -> None:
    end = time.monotonic() + 20
    while not any("2001:db8" in one for one in host.addresses(link)):
        assert time.monotonic() < end, host.addresses(link)
        time.sleep(0.1)


def made(host: Machine) -> tuple[object, ...]:
    """What a host has of the bridge and its card."""
    bridge, card = host.link("br0"), host.link("enp3s0")
    return (
        host.addresses("br0"),
        host.routes("br0"),
        host.addresses("enp3s0"),
        (bridge["address"], bridge["mtu"], card["address"], card["mtu"], card["master"]),
    )


DUAL = """allow-hotplug enp3s0
iface enp3s0 inet static
    address 172.26.0.100/16
    gateway 172.26.0.1
    up ip route add 10.9.0.0/16 via 172.26.0.7
iface enp3s0 inet static
    address 172.27.0.100/16
iface enp3s0 inet6 static
    address 2001:db8::7/64
    gateway 2001:db8::ffff
"""
NOTES_AS_WRITTEN = """auto enp3s0
iface enp3s0 inet manual
auto br0
iface br0 inet dhcp ## Especificamos que funcione por dhcp
    bridge_ports enp3s0 ## Interfaz que vinculada
    bridge_stp off ## Desactivamos ell spanning tree
    bridge_fd 0 ## Desactivamos el delay para envio de datos de manera inmediata
    bridge_maxwait 0 ## Tiempo de espera maxima para la activación del bridge
"""


@pytest.mark.parametrize("host", [("enp3s0", "172.26.0.1/16")], indirect=True)
def test_comments_behind_options_keep_the_bridge_from_coming_up(host: Machine) -> None:
    """What host-check calls an error is one."""
    host.write({MAIN: NOTES_AS_WRITTEN})
    done = host.up()
    assert done.returncode == 1
    assert "failed to bring up br0" in done.stderr


@pytest.mark.parametrize("host", [("eth9", "172.26.0.1/16")], indirect=True)
def test_what_ifup_accepted_it_accepts_changed(host: Machine) -> None:
    accepted = []
    for name in CASES:
        files, action = texts(FOLDER / name), (FOLDER / name / "action").read_text()
        host.write({MAIN: "", **files})
        if not host.accepts():
            continue
        found = Ifupdown().check(files, Surroundings())
        assert [one for one in found if one.severity is Severity.ERROR] == []
        try:
            host.write(changed(files, carry_out(files, action)))
        except HostnetRefused:
            continue
        assert host.accepts(), name
        accepted.append(name)
    assert len(accepted) >= 30, sorted(set(CASES) - set(accepted))


@pytest.mark.parametrize("host", [("eth9", "172.26.0.1/16")], indirect=True)
def test_check_knows_which_files_ifup_refuses(host: Machine) -> None:
    for name, (text, _) in MISTAKES.items():
        host.write({MAIN: text})
        found = Ifupdown().check({MAIN: text}, Surroundings())
        refused = any("ifup refuses the whole file" in one.message for one in found)
        refused |= any("Debian's ifupdown refuses" in one.message for one in found)
        assert refused != host.reads(), name


def without_strangers(files: Texts, card: str, bridge: str = "-", mac: str = "") -> Texts:
    """The files without cards that this machine lacks, and with its card's own MAC."""
    kept: Texts = {}
    for path, text in files.items():
        lines = text.replace("lo eth0", "eth0").splitlines(keepends=True)
        at = next((i for i, line in enumerate(lines) if line.startswith("iface eth1")), None)
        body = "".join(lines[:at]).replace("     eth1\n", "\n")
        if bridge != "-" and "hwaddress" in body and "02:00" not in body:
            body = "".join(
                line if "hwaddress" not in line else f"    hwaddress ether {mac}\n"
                for line in body.splitlines(keepends=True)
            )
        kept[path] = body
    return kept
