"""NetworkManager: one keyfile for each connection profile."""

from pasarela.hostnet.networkmanager.manager import NetworkManager

__all__ = ["NetworkManager"]
