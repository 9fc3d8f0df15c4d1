"""A connection that refuses every change, as libvirt's read-only connection does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

from pasarela.errors import ReadOnly

if TYPE_CHECKING:
    from pasarela.client.connection import Connection

_REFUSED = {
    "define_xml": "virNetworkDefineXML",
    "create_xml": "virNetworkCreateXML",
    "start": "virNetworkCreate",
    "start_many": "virNetworkCreate",
    "autostart_all": "virNetworkCreate",
    "reconcile": "virNetworkCreate",
    "destroy": "virNetworkDestroy",
    "destroy_many": "virNetworkDestroy",
    "undefine": "virNetworkUndefine",
    "set_autostart": "virNetworkSetAutostart",
    "update": "virNetworkUpdate",
    "set_metadata": "virNetworkSetMetadata",
    "port_create_xml": "virNetworkPortCreateXML",
    "port_delete": "virNetworkPortDelete",
    "interface_define_xml": "virInterfaceDefineXML",
    "interface_undefine": "virInterfaceUndefine",
    "interface_create": "virInterfaceCreate",
    "interface_destroy": "virInterfaceDestroy",
    "interface_change_begin": "virInterfaceChangeBegin",
    "interface_change_commit": "virInterfaceChangeCommit",
    "interface_change_rollback": "virInterfaceChangeRollback",
}
_HAS_FLAGS_TWIN = frozenset({"define_xml", "create_xml"})


def read_only(connection: Connection) -> Connection:
    """``connection``, but for everything that changes something."""
    return cast("Connection", _ReadOnly(connection))


class _ReadOnly:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return partial(_refuse, name) if name in _REFUSED else getattr(self._connection, name)


def _refuse(name: str, *_: object, validate: bool = False, **__: object) -> NoReturn:
    twin = "Flags" if validate and name in _HAS_FLAGS_TWIN else ""
    raise ReadOnly(f"read only access prevents {_REFUSED[name]}{twin}")
