"""Pasarela: the virtual networks of KVM guests."""

__version__ = "0.1.0.dev0"
