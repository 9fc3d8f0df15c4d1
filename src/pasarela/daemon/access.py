"""Who may change networks: root, the daemon's own user, and the members of a group."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from functools import lru_cache

_UCRED = struct.Struct("iII")  # struct ucred: pid, uid, gid


@dataclass(frozen=True, slots=True)
class Credentials:
    """The process at the other end of a Unix socket, as the kernel saw it connect."""

    pid: int
    uid: int
    gid: int

    @classmethod
    def of(cls, connection: socket.socket) -> Credentials:
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        return cls(*_UCRED.unpack(raw))


def group_id(name: str) -> int | None:
    """None if there is no such group."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom the read-write socket lets in, whatever its mode is.

    systemd may have made the socket, and with another mode than ours would be.
    """

    group: int | None = None
    everybody: bool = False

    def allows(self, peer: Credentials) -> bool:
        if self.everybody or peer.uid in (0, os.geteuid()):
            return True
        return self.group is not None and self.group in _groups(peer.uid, peer.gid)


@lru_cache(maxsize=64)
def _groups(uid: int, gid: int) -> frozenset[int]:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return frozenset((gid,))
    return frozenset(os.getgrouplist(name, gid))
