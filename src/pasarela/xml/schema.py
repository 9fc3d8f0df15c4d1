"""Strict validation of the documents whose schema we have."""

from __future__ import annotations

from pasarela.xml.node import Node
from pasarela.xml.schema_network import NETWORK
from pasarela.xml.schema_port import PORT
from pasarela.xml.schema_walk import validate

_SCHEMAS = {"network": (NETWORK, "network.rng"), "networkport": (PORT, "networkport.rng")}


def check_schema(root: Node) -> None:
    """Refuse what the format of the root element does not know.

    Raises:
        XmlSchemaError: as libvirt does where it is asked to validate.
        KeyError: there is no schema for documents of that name.
    """
    element, file = _SCHEMAS[root.name]
    validate(root, element, file)
