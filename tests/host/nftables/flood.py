"""New flows without end from one namespace, and counters that nft(8) keeps in another."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from host.nftables.listing import nft
from host.nftables.topology import Namespace

_PR_SET_PDEATHSIG = 1
FLOOD_PORT = 7777  # what a flood is sent from


@contextmanager
def flooding(namespace: Namespace, source: str, target: str) -> Iterator[None]:
    """A process that sends a UDP packet to another port of ``target`` each time."""
    with namespace.inside():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((source, FLOOD_PORT))
    child = os.fork()
    if child == 0:
        _send_for_ever(sender, target)
    sender.close()
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _send_for_ever(sender: socket.socket, target: str) -> NoReturn:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    while True:
        try:
            sender.sendto(b"new", (target, random.randint(10_000, 60_000)))
        except OSError:
            continue  # a refusal of an earlier one, or the link is down just now


class Counter:
    """UDP packets that came into a namespace from an address, counted by its kernel."""

    def __init__(self, namespace: Namespace, **from_addresses: str) -> None:
        self._namespace = namespace
        rules = "".join(
            f"ip saddr {source} meta l4proto udp counter name {name}\n"
            for name, source in from_addresses.items()
        )
        names = "".join(f"counter {name} {{ }}\n" for name in from_addresses)
        hook = "type filter hook prerouting priority raw;"
        drop = "udp dport 10000-60000 drop"  # no ICMP error in answer
        text = f"table ip seen {{\n{names}chain pre {{\n{hook}\n{rules}{drop}\n}}\n}}\n"
        with namespace.inside():
            nft(text=text)

    def __getitem__(self, name: str) -> int:
        with self._namespace.inside():
            words = nft("list", "counter", "ip", "seen", name).split()
        return int(words[words.index("packets") + 1])
