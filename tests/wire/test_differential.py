"""Random sequences of calls (seeded), to pasarelad and to the real libvirtd at once.

Every reply must agree: result or refusal, its code, domain, message and numbers, byte for byte in
documents, but for MACs that are made at random. So must all life cycle events, in their order.
PASARELA_DIFFERENTIAL_CALLS and _SEEDS ask for longer and more sequences. What is left out, and why:

- networks have neither DHCP nor DNS: libvirt's dnsmasqs need an inotify instance each, of which
  this machine may have run out;
- a DNS host or TXT record is not modified: libvirt learned that after 9.0.0;
- metadata: libvirt 9.0.0 has no calls for a network's;
- a port's <bandwidth> with nothing in it, which libvirt keeps once parameters have been taken away;
- the number of connections in a network's document: libvirt's forgets them at each live update;
- lists are compared sorted: libvirt's come in the order of a hash table, ours by name;
- the errors' third text, which libvirt leaves empty and Pasarela fills with the way out.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from oracle.libvirtd import Libvirtd
from oracle.rpc import (
    Handle,
    OracleError,
    Procedure,
    Reader,
    RpcClient,
    pack_numbers,
    pack_optional,
    pack_string,
)
from wire.documents import PORTS, port_uuid
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

CALLS = int(os.environ.get("PASARELA_DIFFERENTIAL_CALLS", "500"))
SEEDS = range(int(os.environ.get("PASARELA_DIFFERENTIAL_SEEDS", "2")))

REGISTER_EVENT, COUNT_NETWORKS = 313, 52
LIFECYCLE, UNDEFINED = 0, 1

_MAC = re.compile(r"52:54:00(:[0-9a-f]{2}){3}")
NAMES = ("a", "b", "c", "d")


def uuid_of(name: str) -> UUID:
    return UUID(int=0x40008000000000000000 + ord(name))


@dataclass(frozen=True)
class Step:
    """One call, and how to read its result."""

    what: str
    procedure: int
    arguments: bytes
    read: Callable[[Reader], object]


def nothing(_: Reader) -> object:
    return None


def handles(reader: Reader) -> object:
    found = [reader.handle() for _ in range(reader.number())]
    return sorted(found, key=lambda handle: handle.name), reader.number()


def port(reader: Reader) -> object:
    return reader.handle(), reader.uuid()


def ports(reader: Reader) -> object:
    return sorted(str(port(reader)) for _ in range(reader.number())), reader.number()


def names(reader: Reader) -> object:
    return sorted(reader.string() for _ in range(reader.number()))


def text(reader: Reader) -> object:
    document = re.sub("^<network connections='\\d+'>", "<network>", reader.string())
    document = document.replace("  <bandwidth>\n  </bandwidth>\n", "")
    return _MAC.sub("MAC", document)


def parameters(reader: Reader) -> object:
    return [
        (reader.string(), reader.number(), reader.number()) for _ in range(reader.number())
    ], reader.number()


class Chooser:
    """Draws calls; most make sense, some do not."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._kinds = [getattr(self, name) for name in dir(type(self)) if name.startswith("call_")]

    def next(self) -> Step:
        step: Step = self._random.choice(self._kinds)()
        return step

    def name(self) -> str:
        return self._random.choice(NAMES)

    def net(self, name: str | None = None) -> bytes:
        name = name or self.name()
        return Handle(name, uuid_of(name)).pack()

    def flags(self, *usual: int) -> int:
        return self._random.choice((*usual, *usual, *usual, 0x40))

    def document(self) -> str:
        name = self.name()
        index = NAMES.index(name)
        other = self._random.choice(NAMES)
        uuid = uuid_of(other if self._random.random() < 0.1 else name)
        bridge = self._random.choice((f"br-{name}",) * 8 + (f"br-{other}",))
        return (
            f"<network><name>{name}</name><uuid>{uuid}</uuid>{self.forward()}"
            f"<bridge name='{bridge}' stp='off'/><dns enable='no'/>{self.extra()}"
            f"<ip address='10.88.{index}.1' netmask='255.255.255.0'/></network>"
        )

    def forward(self) -> str:
        return self._random.choice(
            (
                "",
                "<forward/>",
                "<forward mode='nat'/>",
                "<forward mode='route'/>",
                "<forward mode='open'/>",
                "<forward mode='nat'><nat><port start='1' end='9'/></nat></forward>",
                "<forward mode='router'/>",
            )
        )

    def extra(self) -> str:
        return self._random.choice(
            (
                "",
                "<domain name='lab'/>",
                "<portgroup name='p' default='yes'/>",
                "<mtu size='1400'/>",
                "<port isolated='yes'/>",
                "<mtu size='x'/>",
            )
        )

    # the calls

    def call_list(self) -> Step:
        return Step("list", 283, pack_numbers(1, self._random.randrange(70)), handles)

    def call_count(self) -> Step:
        number = self._random.choice((50, 52))
        return Step("count", number, b"", lambda reader: reader.number())

    def call_names(self) -> Step:
        number = self._random.choice((36, 38))
        return Step("names", number, pack_numbers(self._random.choice((100, 20000, -1))), names)

    def call_lookup_name(self) -> Step:
        return Step("by name", 46, pack_string(self.name()), lambda reader: reader.handle())

    def call_lookup_uuid(self) -> Step:
        return Step("by uuid", 47, uuid_of(self.name()).bytes, lambda reader: reader.handle())

    def call_define(self) -> Step:
        return Step("define", 41, pack_string(self.document()), lambda reader: reader.handle())

    call_define_2 = call_define

    def call_define_flags(self) -> Step:
        arguments = pack_string(self.document()) + pack_numbers(self.flags(0))
        return Step("define flags", 432, arguments, lambda reader: reader.handle())

    def call_create_xml(self) -> Step:
        return Step("create xml", 40, pack_string(self.document()), lambda r: r.handle())

    def call_start(self) -> Step:
        return Step("start", 39, self.net(), nothing)

    call_start_2 = call_start

    def call_destroy(self) -> Step:
        return Step("destroy", 42, self.net(), nothing)

    def call_undefine(self) -> Step:
        return Step("undefine", 49, self.net(), nothing)

    def call_autostart(self) -> Step:
        arguments = self.net() + pack_numbers(self._random.randrange(2))
        return Step("set autostart", 48, arguments, nothing)

    def call_ask(self) -> Step:
        number = self._random.choice((44, 152, 153))
        return Step("ask", number, self.net(), lambda reader: reader.number())

    def call_bridge(self) -> Step:
        return Step("bridge", 45, self.net(), lambda reader: reader.string())

    def call_xml(self) -> Step:
        return Step("xml", 43, self.net() + pack_numbers(self.flags(0, 1)), text)

    call_xml_2 = call_xml

    def call_update(self) -> Step:
        section, xml = self._random.choice(
            (
                (11, "<txt name='t' value='v'/>"),
                (11, "<txt name='u' value='v'/>"),
                (10, "<host ip='10.1.1.1'><hostname>h</hostname></host>"),
                (9, "<portgroup name='p'/>"),
                (9, "<portgroup name='q'/>"),
                (4, "<host mac='52:54:00:00:00:01' ip='10.88.0.9'/>"),
                (1, "<bridge/>"),
                (77, "<x/>"),
                (9, "<portgroup"),
            )
        )
        command = self._random.randrange(6)
        if command == 1 and section in (10, 11):
            command = 2
        numbers = pack_numbers(command, section, self._random.choice((-1, 0, 3)))
        flags = pack_numbers(self.flags(0, 1, 2, 3))
        arguments = self.net() + numbers + pack_string(xml) + flags
        return Step(f"update {command} {section} {xml}", 291, arguments, nothing)

    def call_leases(self) -> Step:
        mac = self._random.choice((None, "52:54:00:00:00:01", "nonsense"))
        arguments = self.net() + pack_optional(mac) + pack_numbers(1, self.flags(0))
        return Step("leases", 341, arguments, lambda reader: reader.number())

    def call_port_create(self) -> Step:
        xml = self._random.choice(list(PORTS.values()))
        arguments = self.net() + pack_string(xml) + pack_numbers(self.flags(0, 0, 0, 1))
        return Step(f"port create {xml}", 406, arguments, port)

    call_port_create_2 = call_port_create

    def call_port_delete(self) -> Step:
        return Step("port delete", 410, self.port() + pack_numbers(self.flags(0)), nothing)

    def call_port_xml(self) -> Step:
        return Step("port xml", 409, self.port() + pack_numbers(self.flags(0)), text)

    def call_port_list(self) -> Step:
        return Step("port list", 404, self.net() + pack_numbers(1, self.flags(0)), ports)

    def call_port_lookup(self) -> Step:
        return Step("port lookup", 405, self.port(), port)

    def call_port_parameters(self) -> Step:
        return Step("port parameters", 407, self.port() + pack_numbers(0, 0), parameters)

    def call_set_port_parameters(self) -> Step:
        name = self._random.choice(
            ("inbound.average", "outbound.peak", "outbound.average", "inbound.floor", "x")
        )
        one = pack_numbers(1) + pack_string(name) + pack_numbers(2, 50)
        return Step(f"set {name}", 408, self.port() + one + pack_numbers(0), nothing)

    def port(self) -> bytes:
        return self.net() + UUID(port_uuid(self._random.choice((1, 2, 3, 6)))).bytes


def outcome(client: RpcClient, step: Step) -> object:
    try:
        return step.read(client.call(step.procedure, step.arguments))
    except OracleError as error:
        return error.code, error.domain, _MAC.sub("MAC", error.message), error.int1


@pytest.mark.parametrize("seed", SEEDS)
def test_random_calls_come_to_the_same(seed: int, pasarelad: Pasarelad, libvirtd: Libvirtd) -> None:
    libvirtd.reset()
    chooser = Chooser(seed)
    different: list[str] = []
    with pasarelad.connect() as ours, libvirtd.connect() as theirs:
        for client in (ours, theirs):
            client.call(REGISTER_EVENT, pack_numbers(LIFECYCLE, 0))
        for number in range(CALLS):
            step = chooser.next()
            found, expected = outcome(ours, step), outcome(theirs, step)
            if found != expected:
                different.append(f"{number} {step.what}\n  ours   {found}\n  theirs {expected}")
                if len(different) > 12:
                    break
        assert not different, "\n".join(different)
        found, expected = events_of(ours), events_of(theirs)
    assert found == expected
    assert len(expected) > CALLS / 50


def events_of(client: RpcClient) -> list[tuple[str, int, int]]:
    """All events that a client was told of: the network's name, what happened, and the detail."""
    document = pack_string("<network><name>end</name></network>")
    last = client.call(Procedure.NETWORK_DEFINE_XML, document).handle()
    client.call(Procedure.NETWORK_UNDEFINE, last.pack())
    end = time.monotonic() + 10.0
    while not (events := told(client)) or events[-1] != (last.name, UNDEFINED, 0):
        assert time.monotonic() < end, "the last event never came"
        client.call(COUNT_NETWORKS)
    return events


def told(client: RpcClient) -> list[tuple[str, int, int]]:
    return [event(payload) for _, payload in client.unasked]


def event(payload: bytes) -> tuple[str, int, int]:
    reader = Reader(payload)
    reader.number()  # the callback's
    return reader.handle().name, reader.number(), reader.number()
