"""The rules that are compared: ours, and those that the real libvirt makes.

Both for any number of networks like those of documents.py; the guest is on the network whose
rules come last. Only that network's bridge exists: to the rules the others are names.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import documents
from oracle.libvirtd import Libvirtd, missing_programs
from pasarela.host.nftables import Firewall
from pasarela.model.network import Bridge, Forward, ForwardMode, Ip, Network
from pasarela.plan.actions import Create
from pasarela.plan.firewall import firewall_section
from pasarela.plan.ruleset import FirewallSection

LAST = 1  # libvirt puts each network's rules before the others': the first started comes last
_SAVERS = (("iptables-save", "iptables-restore"), ("ip6tables-save", "ip6tables-restore"))


def bridge(number: int) -> str:
    """As in documents.network."""
    return f"bn{number}"


def subnet(number: int) -> str:
    """The first three octets, as in documents.network."""
    return f"10.{64 + number // 256}.{number % 256}"


def load_ours(networks: int) -> None:
    firewall = Firewall()
    try:
        firewall.apply([Create(_section(number)) for number in range(LAST, networks + 1)])
    finally:
        firewall.close()


def _section(number: int) -> FirewallSection:
    ip = Ip(ip_address(f"{subnet(number)}.1"), prefix=24)
    forward, link = Forward(ForwardMode.NAT), Bridge(bridge(number))
    network = Network(documents.name(number), forward=forward, bridge=link, ips=(ip,))
    section = firewall_section(network)
    assert section
    return section


class LibvirtRules:
    """What the real libvirtd wrote for two networks, continued to any number of them."""

    def __init__(self) -> None:
        """Start libvirtd and two networks, and read the rules.

        Raises:
            RuntimeError: libvirt's programs are not installed, or its order is not as known.
        """
        if missing := missing_programs():
            raise RuntimeError(f"not installed: {', '.join(missing)}")
        with tempfile.TemporaryDirectory(prefix="pasarela-bench-") as scratch:
            daemon = Libvirtd(Path(scratch))
            try:
                for number in (LAST, LAST + 1):
                    daemon.start(daemon.define(documents.network(number)))
                self._saved = {save: daemon.run(save).stdout for save, _ in _SAVERS}
            finally:
                daemon.stop()

    def load(self, networks: int) -> None:
        for save, restore in _SAVERS:
            text = "\n".join(self._continued(self._saved[save], networks)) + "\n"
            subprocess.run([restore], input=text, text=True, check=True)

    def _continued(self, saved: str, networks: int) -> Iterator[str]:
        """Each chain's rules of one network, for all, the last started first."""
        block: list[str] = []
        for line in saved.splitlines():
            if block and (not _is_of(LAST, line) or _chain(line) != _chain(block[0])):
                yield from _for_all(block, networks)
                block = []
            if _is_of(LAST, line):
                block.append(line)
            elif not _is_of(LAST + 1, line):
                yield line
            elif block:
                raise RuntimeError("libvirt did not put a new network's rules first")


def _for_all(block: list[str], networks: int) -> Iterator[str]:
    for number in range(networks, LAST - 1, -1):
        for line in block:
            own = re.sub(rf"\b{bridge(LAST)}\b", bridge(number), line)
            yield own.replace(f"{subnet(LAST)}.", f"{subnet(number)}.")


def _is_of(number: int, line: str) -> bool:
    by_link = re.search(rf"\b{bridge(number)}\b", line)
    return bool(by_link) or f" {subnet(number)}." in line


def _chain(line: str) -> str:
    return line.split()[1]
