"""DHCP leases."""

from __future__ import annotations

from time import localtime, strftime
from typing import TYPE_CHECKING

from pasarela.cli import lookup
from pasarela.cli.faults import explained

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.model.handles import Lease, NetworkRef

HEADER = (
    "Expiry Time",
    "MAC address",
    "Protocol",
    "IP address",
    "Hostname",
    "Client ID or DUID",
)


def dhcp_leases(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.output import format_table

    mac = arguments.optional("mac")
    network, typed = lookup.network(context, arguments), arguments.text("network")
    with explained(f"Failed to get leases info for {typed}"):
        leases = context.connection.dhcp_leases(network, mac)
    leases = sorted(leases, key=lambda lease: (lease.mac or "").lower())
    if context.json:
        context.json_out([_facts(lease) for lease in leases])
    else:
        context.print(format_table(HEADER, map(_row, leases), quiet=context.quiet))
        if not leases and mac is None and context.at_terminal:
            _tell_why(context, network)
    return True


def _tell_why(context: Context, network: NetworkRef) -> None:
    """What else than patience there is to have, where nobody has an address."""
    if not context.connection.is_active(network):
        context.tell_user(f"network {network.name} is not active: pasarela net-start starts it")
    elif "<dhcp>" not in context.connection.xml_desc(network):
        context.tell_user(
            f"network {network.name} gives out no addresses: its guests have those of the LAN's "
            "DHCP server, if it is bridged, or their own"
        )


def _row(lease: Lease) -> tuple[str, ...]:
    """A line of the table; the time is local, and 1970 where a lease never ends."""
    return (
        strftime("%Y-%m-%d %H:%M:%S", localtime(lease.expiry)),
        lease.mac or "-",
        _protocol(lease),
        f"{lease.address}/{lease.prefix}",
        lease.hostname or "-",
        lease.client_id or "-",
    )


def _facts(lease: Lease) -> dict[str, object]:
    return {
        "expiry": lease.expiry or None,
        "mac": lease.mac,
        "protocol": _protocol(lease),
        "address": lease.address,
        "prefix": lease.prefix,
        "hostname": lease.hostname,
        "client_id": lease.client_id,
        "iaid": lease.iaid,
        "interface": lease.interface,
    }


def _protocol(lease: Lease) -> str:
    return lease.type.name.lower()
