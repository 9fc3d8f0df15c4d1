"""systemd-networkd: units that match interfaces and say what they shall be."""

from pasarela.hostnet.networkd.manager import Networkd
from pasarela.hostnet.networkd.volatile import volatile

__all__ = ["Networkd", "volatile"]
