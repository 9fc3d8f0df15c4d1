"""Who may change networks: root, the daemon's own user, and the members of a group."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import socket
import struct
from array import array
from dataclasses import dataclass
from functools import lru_cache

_UCRED = struct.Struct("iII")  # struct ucred: pid, uid, gid
_SO_PEERGROUPS = 59
_ROOM = 1024  # bytes, for 256 groups; socket.getsockopt takes no more


@dataclass(frozen=True, slots=True)
class Credentials:
    """The process at the other end of a Unix socket, as the kernel saw it connect.

    Attributes:
        groups: its groups beside ``gid``; none of root's, which nobody asks for.
    """

    pid: int
    uid: int
    gid: int
    groups: frozenset[int] = frozenset()

    @classmethod
    def of(cls, connection: socket.socket) -> Credentials:
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        pid, uid, gid = _UCRED.unpack(raw)
        if uid == 0:  # who may do everything anyway, and connects most often
            return cls(pid, uid, gid)
        return cls(pid, uid, gid, _groups(connection, uid, gid))


def _groups(connection: socket.socket, uid: int, gid: int) -> frozenset[int]:
    """Those that the process has, as with any file: the user's may be others by now."""
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _ROOM)
    except OSError as error:
        return _user_groups(uid, gid) if error.errno == errno.ERANGE else frozenset()
    return frozenset(array("I", raw))


def _user_groups(uid: int, gid: int) -> frozenset[int]:
    """For somebody with more groups than can be asked for."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return frozenset()
    return frozenset(os.getgrouplist(name, gid))


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

    def refusal(self, peer: Credentials) -> str | None:
        """Why somebody may not come in; None if they may."""
        if self.allows(peer):
            return None
        if self.group is None:
            return f"only root may change networks here, not user {peer.uid}"
        return f"user {peer.uid} is not in the group {_group_name(self.group)}"

    def allows(self, peer: Credentials) -> bool:
        if self.everybody or peer.uid in (0, os.geteuid()):
            return True
        return self.group is not None and self.group in {peer.gid, *peer.groups}


@lru_cache(maxsize=1)  # asking may take long, and this is the thread that answers
def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
