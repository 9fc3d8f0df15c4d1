"""Stored documents as text: the document, under the comment that says who wrote it."""

from __future__ import annotations

import re

from pasarela.model.network import Network
from pasarela.model.port import Port
from pasarela.model.status import Status

_HEAD = """\
<!--
WARNING: this file is generated. Changes made to it by hand may be lost;
make them with one of:
  virsh {command}
  pasarela {command}
-->

"""
# What can stand in a shell's command line and in an XML comment as it is.
_PLAIN = re.compile(r"(?!.*--)[\w@%+=:,./-]+")


def definition_text(network: Network) -> str:
    from pasarela.xml.network import format_network  # noqa: PLC0415  (lxml: 25 ms)

    return head(f"net-edit {_handle(network)}") + format_network(network, inactive=True)


def status_text(status: Status) -> str:
    from pasarela.xml.status import format_status  # noqa: PLC0415

    return head(f"net-edit {_handle(status.network)}") + format_status(status)


def port_text(port: Port) -> str:
    return head(f"net-port-create {port.uuid}") + bare_port_text(port)


def bare_network_text(network: Network) -> str:
    from pasarela.xml.network import format_network  # noqa: PLC0415

    return format_network(network, inactive=False)


def bare_port_text(port: Port) -> str:
    from pasarela.xml.port import format_port  # noqa: PLC0415

    return format_port(port)


def head(command: str) -> str:
    return _HEAD.format(command=command)


def _handle(network: Network) -> str:
    """The name where it can stand in the comment, else the UUID."""
    return network.name if _PLAIN.fullmatch(network.name) else str(network.uuid)
