"""A bridge over several cards: each gets back what it brought, or one of them all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hostnet.live.lan import HOST, HOST6, ROUTER, Lan, kernel, sh

pytestmark = pytest.mark.netns

OVER_BOTH = ("host-bridge", "create", "br0", "--port", "enp3s0", "--port", "enp4s0")
DELETE = ("host-bridge", "delete", "br0")
SECOND = "10.5.0.2/24"
LINKS = ("enp3s0", "enp4s0", "br0")
FILES = {
    "network/interfaces": """\
auto enp3s0
iface enp3s0 inet static
    address 172.26.0.100/16
    gateway 172.26.0.1

auto enp4s0
iface enp4s0 inet static
    address 10.5.0.2/24
""",
    "netplan/01-cards.yaml": """\
network:
  version: 2
  ethernets:
    enp3s0:
      addresses: [172.26.0.100/16]
      routes: [{to: default, via: 172.26.0.1}]
    enp4s0:
      addresses: [10.5.0.2/24]
""",
    "systemd/network/20-enp3s0.network": """\
[Match]
Name=enp3s0

[Network]
Address=172.26.0.100/16
Gateway=172.26.0.1
""",
    "systemd/network/30-enp4s0.network": """\
[Match]
Name=enp4s0

[Network]
Address=10.5.0.2/24
""",
    "NetworkManager/system-connections/enp3s0.nmconnection": """\
[connection]
id=enp3s0
uuid=11111111-1111-4111-8111-111111111111
type=ethernet
interface-name=enp3s0

[ipv4]
method=manual
address1=172.26.0.100/16,172.26.0.1
""",
    "NetworkManager/system-connections/enp4s0.nmconnection": """\
[connection]
id=enp4s0
uuid=22222222-2222-4222-8222-222222222222
type=ethernet
interface-name=enp4s0

[ipv4]
method=manual
address1=10.5.0.2/24
""",
}


@pytest.fixture
def both(host: Lan) -> Lan:
    """A second card, with a network, a route, a rule and a neighbour of its own."""
    host.static()
    (host.root / "etc/network/interfaces").unlink()
    sh("ip", "link", "add", "enp4s0", "type", "veth", "peer", "name", "wire4")
    for link in ("wire4", "enp4s0"):
        sh("ip", "link", "set", link, "up")
    sh("ip", "addr", "add", SECOND, "dev", "enp4s0")
    sh("ip", "-6", "addr", "add", "2001:db8:5::2/64", "dev", "enp4s0", "nodad")
    sh("ip", "route", "add", "10.55.0.0/16", "via", "10.5.0.1")
    sh("ip", "route", "add", "10.56.0.0/16", "dev", "enp4s0", "table", "77", "metric", "5")
    sh("ip", "rule", "add", "iif", "enp4s0", "lookup", "77", "pref", "100")
    sh("ip", "neigh", "add", "10.5.0.9", "lladdr", "02:00:00:00:00:99", "dev", "enp4s0")
    return host


def furnish(host: Lan, manager: str) -> None:
    for name, text in FILES.items():
        if name.startswith(manager):
            file = host.root / "etc" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o600)


def addresses(link: str) -> set[str]:
    found = json.loads(sh("ip", "-json", "addr", "show", "dev", link))
    return {f"{a['local']}/{a['prefixlen']}" for a in found[0]["addr_info"] if a["scope"] != "link"}


def test_each_card_gets_back_what_it_brought(both: Lan) -> None:
    before = kernel(*LINKS)
    both.pasarela(*OVER_BOTH)
    assert {f"{HOST}/16", SECOND} <= addresses("br0") and not addresses("enp4s0")
    both.pasarela(*DELETE)
    assert kernel(*LINKS) == before


def test_the_dry_run_says_what_goes_where(both: Lan) -> None:
    both.pasarela(*OVER_BOTH)
    said = both.pasarela(*DELETE, "--dry-run").splitlines()
    assert f"  enp3s0 gets all else that br0 has: {HOST}/16, {HOST6}/64" in said
    assert f"  enp4s0 gets back {SECOND}, 2001:db8:5::2/64, which it brought to br0" in said
    said = both.pasarela(*DELETE, "--addresses-to", "enp4s0", "--dry-run").splitlines()
    shares = [line for line in said if " gets " in line and line.startswith("  ")]
    assert [line.partition(": ")[0] for line in shares] == ["  enp4s0 gets all that br0 has"]


def test_one_card_gets_all(both: Lan) -> None:
    both.pasarela(*OVER_BOTH)
    both.pasarela(*DELETE, "--addresses-to", "enp4s0")
    assert not addresses("enp3s0")
    assert addresses("enp4s0") == {f"{HOST}/16", f"{HOST6}/64", SECOND, "2001:db8:5::2/64"}
    assert f"default via {ROUTER} dev enp4s0" in sh("ip", "route")


def test_a_port_that_is_none_gets_nothing(both: Lan) -> None:
    both.pasarela(*OVER_BOTH)
    said = both.pasarela(*DELETE, "--addresses-to", "wire4", check=False)
    assert "wire4 is not in br0" in said and "its ports are: enp3s0, enp4s0" in said


def test_a_port_that_joined_later_gets_its_own_back(both: Lan) -> None:
    before = kernel(*LINKS)
    both.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    both.pasarela("host-bridge", "add-port", "br0", "enp4s0")
    both.pasarela(*DELETE)
    assert kernel(*LINKS) == before


def test_a_port_that_left_gets_nothing(both: Lan) -> None:
    both.pasarela(*OVER_BOTH)
    both.pasarela("host-bridge", "del-port", "br0", "--port", "enp4s0")
    both.pasarela(*DELETE)
    assert SECOND in addresses("enp3s0") and not addresses("enp4s0")


def test_what_came_to_the_bridge_since_is_the_first_ones(both: Lan) -> None:
    both.pasarela(*OVER_BOTH)
    sh("ip", "addr", "add", "10.5.0.77/24", "dev", "br0")
    sh("ip", "addr", "add", "192.0.2.1/24", "dev", "br0")
    both.pasarela(*DELETE)
    assert {"192.0.2.1/24", "10.5.0.77/24", f"{HOST}/16"} <= addresses("enp3s0")


def test_what_was_never_confirmed_is_not_noted(both: Lan) -> None:
    notes = both.root / "var/lib/pasarela/host/bridges"
    both.pasarela(*OVER_BOTH, "--try", "50")
    assert not list(notes.glob("*"))
    both.pasarela("host-bridge", "revert")
    assert not list(notes.glob("*"))
    both.pasarela(*OVER_BOTH, "--try", "50")
    both.pasarela("confirm")
    assert [file.name for file in notes.glob("*")] == ["br0.json"]
    both.pasarela(*DELETE)
    assert not list(notes.glob("*"))


@pytest.mark.parametrize("manager", ["network/", "netplan/", "systemd/", "NetworkManager/"])
def test_the_files_say_so_too(both: Lan, manager: str) -> None:
    furnish(both, manager)
    said = both.pasarela(*OVER_BOTH)
    assert f"warning: {SECOND}, 2001:db8:5::2/64 of enp4s0 goes to br0 until the next boot" in said
    assert SECOND not in texts(both.root)
    both.pasarela(*DELETE)
    assert "br0" not in texts(both.root)
    assert configured(both) == {"enp3s0": f"{HOST}/16", "enp4s0": SECOND}


@pytest.mark.parametrize("manager", ["network/", "netplan/", "systemd/", "NetworkManager/"])
def test_the_files_give_one_card_all(both: Lan, manager: str) -> None:
    furnish(both, manager)
    both.pasarela(*OVER_BOTH)
    both.pasarela(*DELETE, "--addresses-to", "enp4s0")
    assert "br0" not in texts(both.root)
    assert configured(both) == {"enp3s0": None, "enp4s0": f"{HOST}/16"}


def texts(root: Path) -> str:
    return "".join(file.read_text() for file in (root / "etc").rglob("*") if file.is_file())


def configured(host: Lan) -> dict[str, str | None]:
    """What the files say of the cards' addresses."""
    found = {}
    for name in ("enp3s0", "enp4s0"):
        document = host.pasarela("iface-dumpxml", name, "--inactive")
        _, _, rest = document.partition("<ip address='")
        address, _, rest = rest.partition("' prefix='")
        found[name] = f"{address}/{rest.partition(chr(39))[0]}" if address else None
    return found


# who else is plugged in


def test_a_container_is_not_cut_off(both: Lan) -> None:
    both.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    sh("ip", "link", "set", "enp4s0", "master", "br0")
    before = kernel(*LINKS)
    said = both.pasarela(*DELETE, check=False)
    assert "guests or containers are plugged into br0 by enp4s0" in said and "--force" in said
    assert kernel(*LINKS) == before
    both.pasarela(*DELETE, "--force")
    assert f"{HOST}/16" in addresses("enp3s0") and SECOND in addresses("enp4s0")
    assert "br0" not in sh("ip", "link")


def test_a_card_that_a_file_names_is_none(both: Lan) -> None:
    furnish(both, "network/")
    file = both.root / "etc/network/interfaces"
    file.write_text("auto br0\niface br0 inet manual\n    bridge_ports enp3s0 enp4s0\n")
    sh("ip", "link", "add", "br0", "type", "bridge")
    for link in ("enp3s0", "enp4s0"):
        sh("ip", "link", "set", link, "master", "br0")
    both.pasarela(*DELETE)
    assert "br0" not in sh("ip", "link")


# names


def test_a_card_by_another_of_its_names(host: Lan) -> None:
    host.static()
    other = "enx525400260064-the-long-one"
    sh("ip", "link", "property", "add", "dev", "enp3s0", "altname", other)
    host.pasarela("host-bridge", "create", "br0", "--port", other)
    assert f"{HOST}/16" in addresses("br0")
    assert b"bridge_ports enp3s0\n" in host.files()["network/interfaces"][0]
    host.pasarela(*DELETE)


def test_a_file_that_knows_the_card_by_another_name(host: Lan) -> None:
    host.static()
    sh("ip", "link", "property", "add", "dev", "enp3s0", "altname", "lan1")
    file = host.root / "etc/network/interfaces"
    file.write_text(file.read_text().replace("enp3s0", "lan1"))
    for name in ("lan1", "enp3s0"):
        said = host.pasarela("host-bridge", "create", "br0", "--port", name, check=False)
        assert "call enp3s0 by its other name lan1" in said and "write enp3s0 there" in said
