"""`pasarela lab guest`, carried out on the lab's host."""

from __future__ import annotations

import argparse

from pasarela.client.connection import Connection
from pasarela.client.uri import open_uri
from pasarela.lab import addresses, guest, plug, state
from pasarela.lab.vm import machine


def main(options: argparse.Namespace) -> int:
    connection = open_uri()
    try:
        return _remove(connection, options.guest) if options.remove else _add(connection, options)
    finally:
        connection.close()


def _remove(connection: Connection, name: str) -> int:
    if machine.exists(name):
        machine.remove(connection, name)
    else:
        guest.remove(connection, name)
    print(f"Guest '{name}' is removed.")
    return 0


def _add(connection: Connection, options: argparse.Namespace) -> int:
    wanted = guest.request(options.guest, options.network, options.mac, options.address)
    told = _add_real(connection, wanted) if options.vm else _add_namespace(connection, wanted)
    print(f"Guest '{wanted.name}' is on network '{wanted.network}': {'; '.join(told)}.")
    print(f"A shell in it: pasarela lab shell{state.name_option(options.name)} {wanted.name}")
    return 0


def _add_namespace(connection: Connection, wanted: guest.Request) -> list[str]:
    plugged = guest.add(connection, wanted)
    told = guest.configure(connection, wanted, plugged)
    has = ", ".join(addresses.of(wanted.name, plug.INTERFACE))
    return [f"{wanted.mac}, {has or 'no address yet'}", *told]


def _add_real(connection: Connection, wanted: guest.Request) -> list[str]:
    plugged, agent = machine.add(connection, wanted)
    with agent:
        has = ", ".join(machine.configure(agent, wanted, plugged).split())
    return [f"{wanted.mac}, {has or 'no address yet'}"]
