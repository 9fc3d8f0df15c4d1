"""`pasarela lab guest`, carried out on the lab's host."""

from __future__ import annotations

import argparse

import pasarela
from pasarela.client.connection import Connection
from pasarela.lab import addresses, guest, plug


def main(options: argparse.Namespace) -> int:
    connection = pasarela.connect()
    try:
        return _remove(connection, options.guest) if options.remove else _add(connection, options)
    finally:
        connection.close()


def _remove(connection: Connection, name: str) -> int:
    guest.remove(connection, name)
    print(f"Guest '{name}' is removed.")
    return 0


def _add(connection: Connection, options: argparse.Namespace) -> int:
    wanted = guest.request(options.guest, options.network, options.mac, options.address)
    plugged = guest.add(connection, wanted)
    told = guest.configure(connection, wanted, plugged)
    has = ", ".join(addresses.of(wanted.name, plug.INTERFACE)) or "no address yet"
    told = [f"{wanted.mac}, {has}", *told]
    print(f"Guest '{wanted.name}' is on network '{wanted.network}': {'; '.join(told)}.")
    print(f"A shell in it: pasarela lab shell {wanted.name}")
    return 0
