"""/etc/network/interfaces: read as ifup does, changed line by line."""

from __future__ import annotations

from pasarela.hostnet.ifupdown.manager import Ifupdown

__all__ = ["Ifupdown"]
