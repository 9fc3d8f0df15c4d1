"""What hangs on a card in unusual ways is on the bridge, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from hostnet.live.lan import HOST6, ROUTER6, Lan, await_true, kernel, sh

pytestmark = pytest.mark.netns
CREATE = ("host-bridge", "create", "br0", "--port", "enp3s0", "--manager", "none")
DELETE = ("host-bridge", "delete", "br0", "--manager", "none")


def there_and_back(host: Lan, *shown: str) -> None:
    """What ``ip`` shows is the same with the bridge's name, and the same again without it."""
    before, state = sh("ip", *shown), kernel()
    assert "enp3s0" in before
    host.pasarela(*CREATE)
    assert sorted(sh("ip", *shown).replace("br0", "enp3s0").split("\n")) == sorted(
        before.split("\n")
    )
    host.pasarela(*DELETE)
    assert kernel() == state


def ipv6(link: str, *kind: str) -> set[str]:
    shown = sh("ip", "-6", "-br", "addr", "show", "dev", link, "scope", "global", *kind)
    return set(shown.split()[2:])


def use_tempaddr(link: str) -> Path:
    return Path(f"/proc/sys/net/ipv6/conf/{link}/use_tempaddr")


@pytest.fixture
def private(host: Lan) -> Lan:
    """A host that hides behind temporary addresses, as Ubuntu's and Debian's desktops do."""
    use_tempaddr("enp3s0").write_text("2")
    host.serve()
    await_true(lambda: bool(ipv6("enp3s0", "temporary")))
    host.interfaces("auto enp3s0\niface enp3s0 inet manual\niface enp3s0 inet6 auto\n")
    return host


def test_temporary_addresses_move_and_the_kernel_makes_none_beside_them(private: Lan) -> None:
    before = ipv6("enp3s0")
    private.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    assert ipv6("br0") >= before and use_tempaddr("br0").read_text() == "2\n"
    private.pasarela("host-bridge", "delete", "br0")
    assert ipv6("enp3s0") >= before and use_tempaddr("enp3s0").read_text() == "2\n"


def test_temporary_addresses_come_back_from_a_trial(private: Lan) -> None:
    before, links = ipv6("enp3s0"), kernel()["links"]
    private.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "60")
    private.pasarela("host-bridge", "revert")
    assert ipv6("enp3s0") >= before and kernel()["links"] == links


@pytest.mark.parametrize("weights", [(), ("weight", "5")])
def test_ipv6_by_two_cards_of_which_one_becomes_a_port(host: Lan, weights: tuple[str, ...]) -> None:
    host.static()
    sh("ip", "addr", "add", "2001:db8:99::2/64", "dev", "control", "nodad")
    sh(
        "ip", "-6", "route", "add", "2001:db8:5::/48",
        "nexthop", "via", ROUTER6, "dev", "enp3s0", *weights,
        "nexthop", "via", "2001:db8:99::1", "dev", "control",
    )  # fmt: skip
    there_and_back(host, "-6", "route")


def test_an_ipv6_address_and_router_that_the_card_did_not_have(host: Lan) -> None:
    host.interfaces("auto enp3s0\niface enp3s0 inet manual\n")
    host.pasarela(
        "host-bridge", "create", "br0", "--port", "enp3s0",
        "--address", HOST6 + "/64", "--gateway", ROUTER6,
    )  # fmt: skip
    assert f"default via {ROUTER6} dev br0" in sh("ip", "-6", "route")
    host.pasarela("host-bridge", "delete", "br0", "--manager", "none")


WRITTEN = {
    "ifupdown": {"up ip route add 172.31.1.1/32 dev $IFACE", "gateway 172.31.1.1"},
    "netplan": {"- to: 172.31.1.1/32", "scope: link", "via: 172.31.1.1"},
    "networkd": {"Destination=172.31.1.1/32", "Scope=link", "Gateway=172.31.1.1"},
    "networkmanager": {"route1=172.31.1.1/32", "gateway=172.31.1.1"},
}


@pytest.mark.parametrize("manager", WRITTEN)
def test_an_address_alone_and_its_router_are_given(host: Lan, manager: str) -> None:
    host.pasarela(
        "host-bridge", "create", "br0", "--port", "enp3s0", "--manager", manager,
        "--address", "203.0.113.5/32", "--gateway", "172.31.1.1",
    )  # fmt: skip
    shown = {" ".join(line.split()) for line in sh("ip", "route").splitlines()}
    assert {"default via 172.31.1.1 dev br0", "172.31.1.1 dev br0 scope link"} <= shown
    lines = {
        part.strip() for text, _ in host.files().values() for part in text.decode().split("\n")
    }
    assert WRITTEN[manager] <= lines


def test_a_hosts_own_address_alone_with_a_router_on_the_link(host: Lan) -> None:
    """As clouds give them: /32 and /128, and a gateway in no network of the host's."""
    for words in (
        ("addr", "add", "203.0.113.5/32", "dev", "enp3s0"),
        ("addr", "add", HOST6 + "/128", "dev", "enp3s0", "nodad"),
        ("route", "add", "169.254.1.1", "dev", "enp3s0", "scope", "link"),
        ("route", "add", "default", "via", "169.254.1.1", "dev", "enp3s0"),
        ("route", "add", "192.0.2.0/24", "via", "10.255.255.1", "dev", "enp3s0", "onlink"),
        ("-6", "route", "add", "default", "via", "fe80::1", "dev", "enp3s0"),
        ("rule", "add", "from", "203.0.113.5", "iif", "enp3s0", "lookup", "100"),
    ):
        sh("ip", *words)
    there_and_back(host, "route")
    there_and_back(host, "-6", "route")
