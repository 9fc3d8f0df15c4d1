"""Hearing of other programs' changes of the firewall: of each transaction, not of each rule."""

from __future__ import annotations

import ctypes
import socket
from pathlib import Path
from struct import Struct

from pasarela.host.netlink.attributes import as_text, parse
from pasarela.host.nftables.messages import NEW_GENERATION

_NETLINK_NETFILTER = 12
_GROUP = 1 << (7 - 1)  # NFNLGRP_NFTABLES
_SO_ATTACH_FILTER = 26
_HEADERS = 16 + 4  # nlmsghdr, nfgenmsg
_GEN_PROC_NAME = 3  # NFTA_GEN_PROC_NAME
_LONGEST = 1 << 16

# linux/filter.h: code, steps to jump if true, if false, value.
_INSTRUCTION = Struct("=HBBI")
_LOAD_HALF, _JUMP_EQUAL, _RETURN = 0x28, 0x15, 0x06
_TYPE_OFFSET = 4  # of nlmsg_type in nlmsghdr


class FirewallNews:
    """Told from the moment that it is made until it is closed.

    Raises:
        OSError: the kernel has no nftables, or we may not listen.
    """

    def __init__(self) -> None:
        self._own = Path("/proc/thread-self/comm").read_text().strip()
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETLINK_NETFILTER
        )
        try:
            _let_only_pass(self._socket, NEW_GENERATION)
            self._socket.bind((0, _GROUP))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def others_changed(self) -> bool:
        """Take in all that has been told; whether any of it was not by a thread of our name."""
        found = False
        while True:
            try:
                message = self._socket.recv(_LONGEST)
            except BlockingIOError:
                return found
            except OSError:  # ENOBUFS: more news than room for them
                found = True
            else:
                by = parse(message[_HEADERS:]).get(_GEN_PROC_NAME, b"")
                found = found or as_text(by) != self._own


def _let_only_pass(one: socket.socket, kind: int) -> None:
    """Have the kernel drop all messages but those of one type: a transaction has thousands."""
    as_loaded = int.from_bytes(Struct("=H").pack(kind), "big")  # the filter loads in network order
    program = b"".join(
        _INSTRUCTION.pack(*instruction)
        for instruction in (
            (_LOAD_HALF, 0, 0, _TYPE_OFFSET),
            (_JUMP_EQUAL, 0, 1, as_loaded),
            (_RETURN, 0, 0, _LONGEST),
            (_RETURN, 0, 0, 0),
        )
    )
    kept = ctypes.create_string_buffer(program)  # the kernel copies it
    length = len(program) // _INSTRUCTION.size
    one.setsockopt(
        socket.SOL_SOCKET,
        _SO_ATTACH_FILTER,
        Struct("@HP").pack(length, ctypes.addressof(kept)),
    )
