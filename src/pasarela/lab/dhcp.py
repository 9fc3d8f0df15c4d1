"""Addresses by DHCP for the lab's machines, with busybox's udhcpc."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from pasarela.lab import node
from pasarela.lab.faults import LabError, run

_TRIES = 10  # a second apart


@dataclass(frozen=True, slots=True)
class Offer:
    """What a DHCP server gave."""

    address: IPv4Interface
    routers: tuple[IPv4Address, ...]
    name_servers: tuple[IPv4Address, ...]
    server: IPv4Address | None


def acquire(
    name: str, interface: str, hostname: str, *, tries: int = _TRIES, stay: bool = False
) -> Offer | None:
    """Get a lease for a node's interface and configure it; None if nobody answers.

    ``stay`` leaves the client running, to renew the lease.
    """
    argv = [
        "udhcpc", "-i", interface, "-s", f"{node.TOOLS}/udhcpc.sh", "-x", f"hostname:{hostname}",
        "-t", str(tries), "-T", "1", "-n", *([] if stay else ["-q"]),
    ]  # fmt: skip
    output = f"/run/udhcpc.{interface}"
    # Its own exit code 1 is "no lease"; a file, for a client that stays would hold a pipe open.
    script = f'"$@" >{output} 2>&1; code=$?; cat {output}; exit $((code > 1 ? code : 0))'
    said = run(node.inside(name, ["sh", "-c", script, "sh", *argv]), timeout=tries + 10)
    if "not found" in said and "lease" not in said:
        raise LabError(said.strip(), remedy="Run scripts/install.")
    return parse(said)


def parse(said: str) -> Offer | None:
    """The lease in what udhcpc.sh printed, if there is one."""
    values = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return _offer(values) if "address" in values else None


def _offer(values: Mapping[str, str]) -> Offer:
    return Offer(
        address=IPv4Interface(values["address"]),
        routers=tuple(map(IPv4Address, values["router"].split())),
        name_servers=tuple(map(IPv4Address, values["dns"].split())),
        server=IPv4Address(values["server"]) if values.get("server") else None,
    )
