"""Strict validation: the elements and attributes that the formats know."""

from __future__ import annotations

from pasarela.xml.node import Node


def check_schema(root: Node) -> None:
    """Refuse what the format of the root element does not know."""
