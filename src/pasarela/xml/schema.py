"""Strict validation of the documents whose schema we have."""

from __future__ import annotations

from importlib import import_module

from pasarela.xml.node import Node

# The tables are loaded where they are asked for: they cost more than reading a document does.
_TABLES = {
    "interface": "pasarela.xml.schema_interface",
    "network": "pasarela.xml.schema_network",
    "networkport": "pasarela.xml.schema_port",
}


def check_schema(root: Node) -> None:
    """Refuse what the format of the root element does not know.

    Raises:
        XmlSchemaError: as libvirt does where it is asked to validate.
        KeyError: there is no schema for documents of that name.
    """
    import_module(_TABLES[root.name]).check(root)
