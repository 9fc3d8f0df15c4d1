"""What a network leaves on disk after it has run: leases, and dnsmasq's files."""

from __future__ import annotations

from pathlib import Path

from pasarela.model.paths import Paths


def traces_of(paths: Paths, name: str, bridge: str | None) -> list[Path]:
    """All that is forgotten together with a network; ``bridge`` is its own one, if it has one."""
    traces = [
        paths.dnsmasq_leases(name),
        paths.dnsmasq_conf(name),
        paths.dnsmasq_hosts(name),
        paths.dns_hosts(name),
        paths.dns_servers(name),
        paths.host_access_leases(name),
        paths.host_access_leases(name, 6),
    ]
    if bridge is not None:
        traces += [paths.lease_status(bridge), paths.macs(bridge)]
    return traces
