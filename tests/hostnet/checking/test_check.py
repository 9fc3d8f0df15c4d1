"""pasarela host-check: what it prints, over files of all kinds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.program import Program, program

__all__ = ["program"]

DHCP = """## Configuramos la interfaz como manual y de arranque automatico
auto enp3s0
iface enp3s0 inet manual

# Configuración del External bridge
auto br0
iface br0 inet dhcp ## Especificamos que funcione por dhcp
    bridge_ports enp3s0 ## Interfaz que vinculada
    bridge_stp off ## Desactivamos ell spanning tree
    bridge_fd 0 ## Desactivamos el delay para envio de datos de manera inmediata
    bridge_maxwait 0 ## Tiempo de espera maxima para la activación del bridge
"""
STATIC = """## En caso de que queramos que la ip sea estatica
auto enp3s0
iface enp3s0 inet manual
# Configuración del External bridge
auto br1
iface br1 inet static
    network 172.26.0.0
    netmask 255.255.0.0
    address 172.26.0.100
    gateway 72.26.0.1
    broadcast 172.26.255.255
    bridge_ports enp3s0
    bridge_stp off
    bridge_fd 0
    bridge_maxwait 0
    hwaddress ether <mac> ## Mac de la interfaz a puentear
"""
GOOD = "auto enp3s0\niface enp3s0 inet dhcp\n"


def test_the_notes_static_file(program: Program, tmp_path: Path) -> None:
    file = write(tmp_path / "static", STATIC)
    said = program("host-check", str(file))
    assert said.code == 1
    assert said.out == (
        f"{file}:10: error: the gateway 72.26.0.1 is not in the network 172.26.0.0/16 of br1\n"
        "    did you mean 172.26.0.1?\n"
        f"{file}:16: error: '<mac>' still stands where the MAC address belongs\n"
        "    put that of enp3s0 there (ip link show enp3s0), or take the line away\n"
        f"{file}:16: error: the comment becomes part of hwaddress's value: ifupdown knows comments"
        " only on lines of their own\n"
        "    put the comment on the line above\n"
        "\n"
    )


def test_the_notes_dhcp_file_has_comments_where_ifupdown_knows_none(
    program: Program, tmp_path: Path
) -> None:
    file = write(tmp_path / "dhcp", DHCP)
    said = program("-q", "host-check", str(file))
    assert said.code == 1
    assert [line.split(": ")[0] for line in said.out.splitlines()[::2]] == [
        f"{file}:{number}" for number in (7, 7, 8, 9, 10, 11)
    ]
    bare = "".join(
        f"{line.partition(' ##')[0]}\n" for line in DHCP.splitlines() if not line.startswith("##")
    )
    said = program("host-check", str(write(tmp_path / "bare", bare)))
    assert said.code == 0
    assert said.out == (
        f"{tmp_path / 'bare'}:6: warning: udev gives br0 a MAC address of its own, so that the DHCP"
        " server does not know it for enp3s0\n"
        "    add a line: hwaddress ether, and the MAC address of enp3s0 (ip link show enp3s0); or:"
        " bridge_hw enp3s0\n"
        "\n"
    )
    good = write(tmp_path / "good", bare + "    bridge_hw enp3s0\n")
    said = program("host-check", str(good))
    assert (said.out, said.code) == (f"Nothing wrong in {good}\n\n", 0)


def test_two_notes_are_not_one_host(program: Program, tmp_path: Path) -> None:
    bare = write(tmp_path / "a", "auto enp3s0\niface enp3s0 inet manual\n")
    said = program("host-check", str(bare), str(write(tmp_path / "b", GOOD)))
    assert (said.out, said.code) == ("Nothing wrong in 2 files\n\n", 0)


def test_as_json(program: Program, tmp_path: Path) -> None:
    said = program("host-check", "--json", str(write(tmp_path / "static", STATIC)))
    assert said.code == 1
    first = json.loads(said.out)[0]
    assert first == {
        "file": str(tmp_path / "static"),
        "line": 10,
        "severity": "error",
        "message": "the gateway 72.26.0.1 is not in the network 172.26.0.0/16 of br1",
        "remedy": "did you mean 172.26.0.1?",
    }
    assert program("--json", "host-check", str(write(tmp_path / "good", GOOD))).out == "[]\n"


def test_the_hosts_own_files_and_its_interfaces(program: Program, root: Path) -> None:
    main = "source interfaces.d/*\nauto br0\niface br0 inet manual\n bridge_ports enp3s1\n"
    write(root / "etc/network/interfaces", main + " bridge_fd 0\n bridge_maxwait 0\n")
    write(root / "etc/network/interfaces.d/lan", "iface enp3s1 inet manual\n mtu 9000\n")
    write(root / "sys/class/net/enp3s0/address", "52:54:00:00:00:01\n")
    write(root / "usr/sbin/ifup", "")
    said = program("--root", str(root), "-q", "host-check")
    assert said.code == 1
    assert said.out == (
        "/etc/network/interfaces:4: error: ifup makes no bridge br0: brctl is not installed\n"
        "    apt install bridge-utils\n"
        "/etc/network/interfaces:4: error: this host has no interface enp3s1\n"
        "    did you mean enp3s0?\n"
        "/etc/network/interfaces.d/lan:1: warning: enp3s1 does not come up by itself, so what its"
        " stanza says does not happen\n"
        "    add a line: auto enp3s1\n"
    )


@pytest.mark.parametrize("given", [True, False])
def test_two_managers_for_one_card(program: Program, root: Path, given: bool) -> None:
    interfaces = write(root / "etc/network/interfaces", GOOD)
    netplan = write(
        root / "etc/netplan/01-all.yaml",
        "network:\n  version: 2\n  ethernets:\n    enp3s0:\n      dhcp4: true\n",
    )
    netplan.chmod(0o600)
    files = [str(interfaces), str(netplan)] if given else []
    said = program("--root", str(root), "-q", "host-check", *files)
    place = netplan if given else "/etc/netplan/01-all.yaml"
    assert said.out == (
        f"{place}:4: error: ifupdown and netplan both look after enp3s0\n"
        "    leave enp3s0 to one of them: take it out of the other's files\n"
    )
    assert said.code == 1


def test_a_named_file_takes_in_what_lies_beside_it(program: Program, tmp_path: Path) -> None:
    main = write(tmp_path / "interfaces", "source interfaces.d/*\n")
    write(tmp_path / "interfaces.d/lan", "auto eth0\niface eth0 inet static\n")
    said = program("-q", "host-check", str(main))
    assert said.out == (
        f"{tmp_path}/interfaces.d/lan:2: error: eth0 is static and has no address\n"
        "    add a line: address ADDRESS/PREFIX\n"
    )


def test_a_file_that_is_not_there(program: Program, tmp_path: Path) -> None:
    said = program("host-check", str(tmp_path / "nosuch"))
    assert (said.out, said.code) == ("\n", 1)
    assert said.err == f"error: cannot read {tmp_path / 'nosuch'}: No such file or directory\n"


def test_no_files_at_all(program: Program, root: Path) -> None:
    root.mkdir()
    said = program("--root", str(root), "host-check")
    assert said.out == "No file here says what the host's interfaces are\n\n"
    assert said.code == 0


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_files_that_are_taken_in_from_elsewhere(program: Program, root: Path) -> None:
    write(root / "etc/network/interfaces", "source /etc/network/cards/*.cfg more.conf\n")
    write(root / "etc/network/interfaces.bak", "iface eth0 inet static\n")
    write(root / "etc/network/cards/lan.cfg", "iface eth0 inet static\n")
    write(root / "etc/NetworkManager/NetworkManager.conf", "[main]\nplugins=ifupdown,keyfile\n")
    said = program("--root", str(root), "-q", "host-check")
    assert said.out == (
        "/etc/network/cards/lan.cfg:1: error: eth0 is static and has no address\n"
        "    add a line: address ADDRESS/PREFIX\n"
    )


def test_what_a_terminal_would_obey_is_shown_as_text(program: Program, tmp_path: Path) -> None:
    """A file may come from anywhere; its control characters are not for the screen."""
    file = write(tmp_path / "interfaces", "iface enp3s0 inet evil\x1b[2J\x07\n")
    for words in (["host-check", str(file)], ["host-check", str(file), "--json"]):
        done = program(*words)
        assert done.code == 1
        assert not set("\x1b\x07") & set(done.out)
    assert "'evil\\x1b[2J\\x07'" in program("host-check", str(file)).out
