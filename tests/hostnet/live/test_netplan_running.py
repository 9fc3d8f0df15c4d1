"""A NIC that netplan gave to a running networkd or NetworkManager: both hear of the new YAML."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

from hostnet.live.lan import CONTROL, HOST, HOST6, ROUTER, ROUTER6, Lan, await_true, sh, streams
from hostnet.live.test_networkd_running import bus, lease, pasarela
from hostnet.live.test_networkmanager_running import CREATE, has_come, no_gap, states
from hostnet.netplan.programs import UNPACKED, generate, renderers_files
from hostnet.programs import (
    NETWORKD,
    environment,
    is_root,
    networkd,
    networkmanager,
    own_etc,
    unpacked,
    write,
)
from pasarela.hostnet.bridge import pending as pendings

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(not is_root(), reason="networkd becomes another user"),
]

YAML = PurePosixPath("/etc/netplan/01-netcfg.yaml")
DHCP = "# the card\nnetwork:\n  version: 2\n  ethernets:\n    enp3s0: {dhcp4: true}\n"
STATIC = f"""network:
  version: 2
  ethernets:
    enp3s0:
      accept-ra: false
      addresses: [{HOST}/16, "{HOST6}/64"]
      routes: [{{to: default, via: {ROUTER}}}, {{to: "::/0", via: "{ROUTER6}"}}]
"""
WITH_NETWORKMANAGER = "network:\n  renderer: NetworkManager\n"
UNITS = Path("/run/systemd/network")
PROFILES = Path("/run/NetworkManager/system-connections")


@pytest.fixture
def etc(netns: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An /etc of one's own, and a command netplan that generates."""
    command = tmp_path / "netplan"
    command.write_text(f'#!/bin/sh\nshift\nexec {generate()} "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    if generate().is_relative_to(UNPACKED):
        monkeypatch.setenv("LD_LIBRARY_PATH", environment()["LD_LIBRARY_PATH"])
    with own_etc():
        yield


def booted(host: Lan, yaml: str, folder: Path) -> None:
    """The host as it is at a boot, with what netplan's generator has made."""
    host.serve()
    sh("ip", "link", "set", "enp3s0", "down")
    sh("ip", "address", "flush", "dev", "enp3s0")
    made = renderers_files({YAML: yaml}, str(folder.relative_to("/")))
    write({YAML: yaml}, ["/etc/netplan", "/etc/systemd/network"])
    write(made, [str(folder)])


def below(folder: Path) -> Mapping[str, str]:
    return {str(one): one.read_text() for one in sorted(folder.rglob("*")) if one.is_file()}


def yaml() -> str:
    return Path(YAML).read_text()


@pytest.mark.skipif(not NETWORKD.exists(), reason="systemd-networkd is not installed")
def test_networkd_leases_goes_along_and_is_kept(host: Lan, etc: None) -> None:
    booted(host, DHCP, UNITS)
    with bus(), networkd():
        await_true(lambda: lease("enp3s0").get("ADDRESS") == HOST)
        before, client = below(UNITS), lease("enp3s0")["CLIENTID"]
        with streams(host, [("tcp", ROUTER, 7001), ("udp", CONTROL, 7005)]) as seen:
            assert "warning" not in pasarela(*CREATE, "--try", "60")
            await_true(lambda: lease("br0").get("ADDRESS") == HOST)
            assert yaml() == DHCP
            pasarela("host-bridge", "revert")
            await_true(lambda: lease("enp3s0").get("ADDRESS") == HOST)
            assert below(UNITS) == before
            pasarela(*CREATE, "--try", "60")
            assert "warning" not in pasarela("confirm")
            await_true(lambda: lease("br0").get("ADDRESS") == HOST)
        no_gap(seen)
        assert lease("br0")["CLIENTID"] == client
        assert "bridges:" in yaml() and yaml().startswith("# the card\n")
        assert " dynamic " in sh("ip", "-4", "address", "show", "br0")
        ours = {one for one in below(UNITS) if "pasarela" in one}
        assert ours == {f"{UNITS}/10-netplan-br0.network.d/90-pasarela.conf"}
        made = renderers_files({YAML: yaml()}, str(UNITS.relative_to("/")))
        assert {f"{path}": text for path, text in made.items()} == {
            path: text for path, text in below(UNITS).items() if path not in ours
        }


@pytest.mark.skipif(not NETWORKD.exists(), reason="systemd-networkd is not installed")
def test_networkd_with_static_addresses_there_and_back(host: Lan, etc: None) -> None:
    booted(host, STATIC, UNITS)
    with bus(), networkd():
        await_true(lambda: HOST6 in sh("ip", "address", "show", "enp3s0"))
        before = below(UNITS)
        kinds = [("tcp", ROUTER, 7001), ("tcp", ROUTER6, 7002), ("udp", CONTROL, 7005)]
        with streams(host, kinds) as seen:
            pasarela(*CREATE)
            assert "bridges:" in yaml()
            for address in (HOST, HOST6):
                assert f" {address}/" in sh("ip", "address", "show", "br0")
            pasarela("host-bridge", "delete", "br0")
            for address in (HOST, HOST6):
                assert f" {address}/" in sh("ip", "address", "show", "enp3s0")
        no_gap(seen)
        assert yaml() == STATIC and below(UNITS) == before


@pytest.mark.skipif(
    unpacked("usr/sbin/NetworkManager") is None, reason="scripts/managers brings it"
)
@pytest.mark.parametrize("yaml_", [DHCP, STATIC], ids=["dhcp", "static"])
def test_networkmanager_goes_along(host: Lan, etc: None, yaml_: str) -> None:
    yaml_ = yaml_.replace("network:\n", WITH_NETWORKMANAGER)
    booted(host, yaml_, PROFILES)
    with networkmanager():
        await_true(lambda: has_come("enp3s0"))
        before = below(PROFILES)
        with streams(host, [("tcp", ROUTER, 7001), ("udp", CONTROL, 7005)]) as seen:
            assert "warning" not in pasarela(*CREATE, "--try", "60")
            assert has_come("br0") and "enp3s0:connected" in states() and yaml() == yaml_
            assert "warning" not in pasarela("confirm")
            assert has_come("br0") and "bridges:" in yaml()
            assert f"{PROFILES}/netplan-br0.nmconnection" in below(PROFILES)
            assert "warning" not in pasarela("host-bridge", "delete", "br0", "--try", "60")
            assert has_come("enp3s0")
            pasarela("host-bridge", "revert")
            assert has_come("br0") and "enp3s0:connected" in states()
            pasarela("host-bridge", "delete", "br0")
            assert has_come("enp3s0")
        no_gap(seen)
        assert yaml() == yaml_ and below(PROFILES) == before
        assert "br0" not in sh("ip", "-br", "link")


def test_yaml_that_netplan_does_not_take_is_refused(host: Lan, etc: None) -> None:
    host.static()
    write({YAML: STATIC + "    enp4s0: {adresses: [10.0.0.1/8]}\n"}, ["/etc/netplan"])
    Path("/run/systemd/netif").mkdir(parents=True)
    Path("/run/systemd/netif/state").touch()
    before = sh("ip", "address", "show", "enp3s0")
    with pytest.raises(AssertionError, match="netplan does not take its files as they would be"):
        pasarela(*CREATE)
    assert sh("ip", "address", "show", "enp3s0").splitlines()[1:3] == before.splitlines()[1:3]
    assert pendings.load(Path("/")) is None
