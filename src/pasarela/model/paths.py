"""Where everything lies on disk: libvirt's places, under an optional prefix."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True)  # without slots: what every change asks for is joined but once
class Paths:
    """All directories that the engine uses, as one value.

    The defaults are those of libvirt's system daemon, so that existing networks are found and
    libvirt-nss finds the leases.
    """

    config: Path = Path("/etc/libvirt/qemu/networks")
    state: Path = Path("/run/libvirt/network")
    leases: Path = Path("/var/lib/libvirt/dnsmasq")
    hooks: Path = Path("/etc/libvirt/hooks")
    root: Path = Path("/")

    @classmethod
    def under(cls, root: str | Path = "/") -> Paths:
        """libvirt's system directories below ``root``."""
        base = Path(root)
        return cls(
            config=base / "etc/libvirt/qemu/networks",
            state=base / "run/libvirt/network",
            leases=base / "var/lib/libvirt/dnsmasq",
            hooks=base / "etc/libvirt/hooks",
            root=base,
        )

    # definitions

    def definition(self, name: str) -> Path:
        return self.config / f"{name}.xml"

    def autostart_link(self, name: str) -> Path:
        return self.config / "autostart" / f"{name}.xml"

    # the host's own interfaces

    @cached_property
    def interface_change(self) -> Path:
        """How the interfaces' files were before a change that has not ended; outlives a reboot."""
        return self.root / "var/lib/libvirt/interface/pasarela-change.json"

    # state that a reboot forgets

    def status(self, name: str) -> Path:
        """The live definition; that it exists means that the network is active."""
        return self.state / f"{name}.xml"

    def ports(self, name: str) -> Path:
        return self.state / name / "ports"

    def port(self, name: str, uuid: UUID) -> Path:
        return self.ports(name) / f"{uuid}.xml"

    def dnsmasq_pid(self, name: str) -> Path:
        return self.state / f"{name}.pid"

    @cached_property
    def driver_lock(self) -> Path:
        """libvirt's own lock: whoever holds it owns all of these files."""
        return self.state / "driver.pid"

    @cached_property
    def lock(self) -> Path:
        """Pasarela's lock between its own commands."""
        return self.state / "pasarela.lock"

    def journal(self, name: str) -> Path:
        """What was being done to a network, while it was being done."""
        return self.state / "pasarela-journal" / name

    @cached_property
    def events(self) -> Path:
        """The log of events."""
        return self.state / "pasarela-events"

    @cached_property
    def resolver(self) -> Path:
        """The host's name servers that served networks have last been told of."""
        return self.state / "pasarela-resolver"

    @cached_property
    def autostarted(self) -> Path:
        """Marker: this boot's autostart has been done."""
        return self.state / "autostarted"

    # the DHCP client of a host that has an address beside its guests' macvtaps

    def host_access_pid(self, name: str, version: int = 4) -> Path:
        return self.state / f"{name}.dhcp{'' if version == 4 else version}.pid"

    def host_access_leases(self, name: str, version: int = 4) -> Path:
        return self.leases / f"{name}.host-access{'' if version == 4 else version}.leases"

    # dnsmasq's files: by network name, but the lease files by bridge name (libvirt-nss reads them)

    def dnsmasq_conf(self, name: str) -> Path:
        return self.leases / f"{name}.conf"

    def dnsmasq_hosts(self, name: str) -> Path:
        return self.leases / f"{name}.hostsfile"

    def dns_hosts(self, name: str) -> Path:
        return self.leases / f"{name}.addnhosts"

    def dns_servers(self, name: str) -> Path:
        """The name servers to forward to, where dnsmasq does not follow the host's resolver."""
        return self.leases / f"{name}.servers"

    def dnsmasq_leases(self, name: str) -> Path:
        """dnsmasq's own lease database."""
        return self.leases / f"{name}.leases"

    def lease_status(self, bridge: str) -> Path:
        """The leases as JSON, in libvirt's form."""
        return self.leases / f"{bridge}.status"

    def macs(self, bridge: str) -> Path:
        """Which guest has which MAC, as JSON, in libvirt's form."""
        return self.leases / f"{bridge}.macs"
