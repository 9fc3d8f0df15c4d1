"""nftables over nfnetlink: our table, without libnftables and without exec."""

from pasarela.host.nftables.firewall import Firewall

__all__ = ["Firewall"]
