"""A host with Debian's real ifupdown: its own /etc, /run and card, and a LAN at the other end."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

CARD = "52:54:00:aa:bb:01"
PEER = "52:54:00:aa:bb:99"
_FILE = ("-i", "/etc/network/interfaces")
_LAN = f"""
ip netns add lan
ip link add {{card}} address {CARD} type veth peer name lan netns lan
ip -n lan link set lan address {PEER} up
ip -n lan address add {{router}} dev lan
ip -n lan address add 2001:db8::ffff/64 dev lan nodad
"""
_ETC = """
mkdir -p /run/etc /run/dhcp /run/network
cp -a /etc/. /run/etc 2>/run/not-copied || true
mount --bind /run/etc /etc
mount --bind /run/dhcp /var/lib/dhcp
"""


class Machine:
    """Runs ifup and ifdown on files that are written below its own /etc/network."""

    def write(self, texts: Mapping[PurePosixPath, str]) -> None:
        for path, text in texts.items():
            file = Path(path)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(text.encode())

    def __init__(self, card: str) -> None:
        self._card = card

    def up(self) -> subprocess.CompletedProcess[str]:
        """What happens at boot: all that is auto, and the card as udev finds it."""
        done = run("timeout", "60", "ifup", "-a", *_FILE, check=False)
        plugged = run("ifup", "--allow=hotplug", self._card, *_FILE, check=False)
        assert plugged.returncode == 0, plugged
        return done

    def down(self) -> None:
        """Every interface that is up, which ``ifdown -a`` does not mean for hotplugged ones."""
        up = run("ifquery", "--state", *_FILE, check=False).stdout.splitlines()
        for name in reversed(up):
            run("timeout", "60", "ifdown", name.partition("=")[0], *_FILE, check=False)

    def forget(self, bridge: str) -> None:
        """As a reboot does: no bridge, no addresses, no client, and ifup knows of nothing."""
        for pid in Path("/run").glob("dhclient*.pid"):
            run("kill", pid.read_text().strip(), check=False)
        run("ip", "link", "delete", bridge)
        run("ip", "address", "flush", "dev", self._card)
        run("ip", "link", "set", self._card, "down")
        Path(f"/proc/sys/net/ipv6/conf/{self._card}/disable_ipv6").write_text("0")
        shutil.rmtree("/run/network")
        Path("/run/network").mkdir()

    def accepts(self) -> bool:
        """Whether ifup would carry the files out, as far as it can tell without doing so."""
        done = run("timeout", "20", "ifup", "--no-act", "--force", "-a", *_FILE, check=False)
        return self.reads() and done.returncode == 0

    def reads(self) -> bool:
        """Whether ifup reads the files to their end."""
        said = run("ifquery", "-l", *_FILE, check=False).stderr
        return "couldn't read interfaces file" not in said

    def link(self, name: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = json.loads(run("ip", "-j", "link", "show", name).stdout)
        return found[0]

    def addresses(self, name: str) -> set[str]:
        """All addresses of an interface that are not link-local, with their labels."""
        shown = json.loads(run("ip", "-j", "address", "show", name).stdout)
        return {
            f"{one['local']}/{one['prefixlen']} {one.get('label', '')}".strip()
            for one in shown[0]["addr_info"]
            if one["scope"] != "link"
        }

    def routes(self, name: str) -> set[str]:
        """All routes but those of link-local addresses, which come when the kernel has time."""
        shown = [
            line
            for version in ("-4", "-6")
            for line in run("ip", version, "route", "show", "table", "all").stdout.splitlines()
        ]
        return {
            " ".join(line.split())
            for line in shown
            if f"dev {name} " in f"{line} " and "fe80" not in " ".join(line.split()[:2])
        }


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0 or not check, (command, done.stdout, done.stderr)
    return done


def is_there() -> bool:
    return all(shutil.which(tool) for tool in ("ifup", "brctl", "dhclient"))


@contextmanager
def machine(card: str, router: str) -> Iterator[Machine]:
    """A machine with ``card``; the LAN's end has the address ``router``.

    Works only in namespaces of its own (network, mounts), with /run already its own.
    """
    run("sh", "-ec", _ETC)
    try:
        run("sh", "-ec", _LAN.format(card=card, router=router))
        yield Machine(card)
    finally:
        run("sh", "-c", "umount /var/lib/dhcp; umount /etc; ip netns delete lan; rm -r /run/etc")
        shutil.rmtree("/run/network", ignore_errors=True)


@contextmanager
def dhcp_server(first: str, last: str, mask: str, *, advertising: bool = False) -> Iterator[None]:
    """dnsmasq in the LAN, which hands out these addresses and itself as the router.

    Args:
        advertising: 2001:db8::/64 by router advertisements, too.
    """
    more = ("--enable-ra", "--dhcp-range=2001:db8::,ra-only") if advertising else ()
    pid = Path("/run/lan-dnsmasq.pid")
    run(
        *("ip", "netns", "exec", "lan", "dnsmasq", "--conf-file=/dev/null", "--no-resolv"),
        *("--port=0", "--no-ping", "--bind-interfaces", "--interface=lan", "--user=", "--group="),
        *(f"--dhcp-range={first},{last},{mask}", "--dhcp-authoritative", *more),
        *("--dhcp-leasefile=/run/lan-leases", f"--pid-file={pid}"),
    )
    try:
        yield
    finally:
        run("kill", pid.read_text().strip(), check=False)
