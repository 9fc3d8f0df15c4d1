"""netplan: YAML files, merged, from which another renderer's are made at boot."""

from pasarela.hostnet.netplan.manager import Netplan

__all__ = ["Netplan"]
