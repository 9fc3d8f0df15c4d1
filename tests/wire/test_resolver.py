"""The host's name servers change while the daemon runs: its networks hear of it by themselves."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from pasarela.daemon.resolver_watch import ResolverWatch, chain
from pasarela.model.paths import Paths
from wire.pasarelad import PYTHON, Pasarelad

pytestmark = pytest.mark.netns

NETWORK = """
<network>
  <name>n{0}</name>
  <forward mode='nat'/>
  <bridge name='virbr{0}' stp='off'/>
  <ip address='10.0.{0}.1' netmask='255.255.255.0'>
    <dhcp><range start='10.0.{0}.2' end='10.0.{0}.99'/></dhcp>
  </ip>
</network>
"""

# A daemon whose first network alone follows resolv.conf by itself.
DAEMON = """
import sys
from pathlib import Path
from pasarela.daemon import daemon, main
from pasarela.engine import resolver
from pasarela.host import facts
resolver.MAX_FOLLOWERS = 1
daemon.RESOLV_CONF = facts.RESOLV_CONF = Path(sys.argv.pop(1))
main.entry()
"""


def test_served_networks_hear_of_it_at_once(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 192.0.2.1\n")
    daemon = Pasarelad()
    try:
        daemon.terminate()
        daemon.start((PYTHON, "-c", DAEMON, str(conf), f"--root={daemon.root}"))
        for number in range(2):
            document = tmp_path / f"n{number}.xml"
            document.write_text(NETWORK.format(number))
            created = daemon.virsh("net-create", str(document))
            assert created.returncode == 0, created.stderr
        servers = Paths.under(daemon.root).dns_servers("n1")
        assert servers.read_text() == "server=192.0.2.1\n"
        fresh = tmp_path / "fresh"
        fresh.write_text("nameserver 192.0.2.2\n")
        fresh.rename(conf)
        end = time.monotonic() + 10
        while servers.read_text() != "server=192.0.2.2\n" and time.monotonic() < end:
            time.sleep(0.02)
        assert servers.read_text() == "server=192.0.2.2\n"
    finally:
        daemon.stop()


def test_a_link_is_followed_to_where_it_leads(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "stub.conf").touch()
    link = tmp_path / "resolv.conf"
    link.symlink_to("one/stub.conf")

    async def watch() -> list[str]:
        heard: asyncio.Queue[str] = asyncio.Queue()
        said = []
        watching = ResolverWatch(link, lambda: heard.put_nowait("changed"))
        (tmp_path / "one/stub.conf").write_text("nameserver 192.0.2.1\n")
        said.append(await asyncio.wait_for(heard.get(), 5))
        fresh = tmp_path / "fresh"
        fresh.symlink_to("two/stub.conf")
        fresh.rename(link)
        said.append(await asyncio.wait_for(heard.get(), 5))
        while not heard.empty():
            heard.get_nowait()
        (tmp_path / "two/stub.conf").write_text("nameserver 192.0.2.2\n")
        said.append(await asyncio.wait_for(heard.get(), 5))
        watching.close()
        return said

    assert asyncio.run(watch()) == ["changed"] * 3


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert len(list(chain(tmp_path / "a"))) == 8
