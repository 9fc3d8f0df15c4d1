"""Replies that are given again: the same until something has changed, and not a moment longer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from oracle.rpc import (
    Handle,
    OracleError,
    Procedure,
    RpcClient,
    pack_numbers,
    pack_optional,
    pack_string,
)
from pasarela.daemon.answers import KEPT, MAX_KEPT, Answers
from pasarela.daemon.lease_cache import LeaseCache
from pasarela.rpc.procedures import BY_NUMBER
from wire.documents import DOCUMENTS
from wire.pasarelad import Pasarelad

pytestmark = pytest.mark.netns

GET_LEASES, REGISTER_EVENT = 341, 313


def xml_of(client: RpcClient, network: Handle) -> str:
    arguments = network.pack() + pack_numbers(0)
    return client.call(Procedure.NETWORK_GET_XML_DESC, arguments).string()


def leases_of(client: RpcClient, network: Handle) -> int:
    arguments = network.pack() + pack_optional(None) + pack_numbers(1, 0)
    return client.call(GET_LEASES, arguments).number()


def define(client: RpcClient, name: str) -> Handle:
    return client.call(Procedure.NETWORK_DEFINE_XML, pack_string(DOCUMENTS[name])).handle()


def test_what_another_client_changes_is_seen_at_once(pasarelad: Pasarelad) -> None:
    with pasarelad.connect() as asking, pasarelad.connect() as changing:
        nat = define(changing, "nat")
        active = [Procedure.NETWORK_IS_ACTIVE, nat.pack()]
        for _ in range(5):
            assert asking.call(*active).number() == 0
            changing.call(Procedure.NETWORK_CREATE, nat.pack())
            assert asking.call(*active).number() == 1
            assert asking.call(*active).number() == 1
            changing.call(Procedure.NETWORK_DESTROY, nat.pack())
        assert "again" not in xml_of(asking, nat)
        define(changing, "nat-again")
        assert "again" in xml_of(asking, nat)
        changing.call(Procedure.NETWORK_UNDEFINE, nat.pack())
        with pytest.raises(OracleError):
            xml_of(asking, nat)


def test_a_lease_is_seen_when_it_is_given_and_not_when_it_is_over(pasarelad: Pasarelad) -> None:
    with pasarelad.connect() as client:
        isolated = define(client, "isolated")
        assert leases_of(client, isolated) == 0
        path = pasarelad.root / "var/lib/libvirt/dnsmasq/wbr2.status"
        path.parent.mkdir(parents=True, exist_ok=True)
        for count in (1, 2, 1, 0):
            put_leases(path, count)
            assert leases_of(client, isolated) == count
            assert leases_of(client, isolated) == count
        path.unlink()
        assert leases_of(client, isolated) == 0


def put_leases(path: Path, count: int) -> None:
    """As the lease helper does: whole, and by renaming."""
    record = {"mac-address": "52:54:00:00:00:01", "expiry-time": 0}
    records = [{"ip-address": f"10.77.2.{number + 100}", **record} for number in range(count)]
    new = path.with_suffix(".new")
    new.write_text(json.dumps(records))
    os.replace(new, path)  # noqa: PTH105


def test_a_list_that_is_known_is_another_one_after_a_definition(pasarelad: Pasarelad) -> None:
    with pasarelad.connect() as client:
        for _ in range(2):
            found = client.call(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, 0))
            assert found.number() == 0
        define(client, "nat")
        found = client.call(Procedure.CONNECT_LIST_ALL_NETWORKS, pack_numbers(1, 0))
        assert [found.handle().name for _ in range(found.number())] == ["nat"]


def test_nothing_that_changes_or_knows_its_client_is_kept() -> None:
    kept = [BY_NUMBER[int.from_bytes(number, "big")] for number in KEPT]
    assert not any(procedure.writes for procedure in kept)
    assert REGISTER_EVENT not in {procedure.number for procedure in kept}


def test_what_is_kept_has_bounds() -> None:
    answers = Answers(LeaseCache(), tuple)
    for number in range(20_000):
        question, reply = exchange(number)
        assert answers.are_for(question)
        assert answers.find(question) is None
        answers.keep(question, reply)
    assert answers.size <= MAX_KEPT


def exchange(number: int, procedure: int = Procedure.NETWORK_LOOKUP_BY_NAME) -> tuple[bytes, bytes]:
    """A question of its own, and a long reply."""
    name = pack_string(f"network{number:05}")
    head = pack_numbers(28 + len(name), 0x20008086, 1, procedure)
    reply = pack_numbers(28 + 1000, 0x20008086, 1, procedure)
    rest = pack_numbers(number, 0)
    return head + pack_numbers(0) + rest + name, reply + pack_numbers(1) + rest + bytes(1000)


def test_which_networks_there_are_may_be_asked_while_something_changes() -> None:
    networks = {"one": object()}
    answers = Answers(LeaseCache(), lambda: (networks["one"],))
    question, reply = exchange(1)
    answers.change_begins()
    assert answers.are_for(question)
    assert answers.find(question) is None
    answers.keep(question, reply)
    assert answers.find(question) == reply
    networks["one"] = object()
    assert answers.find(question) is None
    networks["one"] = object()  # while the reply is being made
    answers.keep(question, reply)
    assert answers.find(question) is None


def test_no_reply_about_documents_is_kept_while_something_changes() -> None:
    answers = Answers(LeaseCache(), tuple)
    question, reply = exchange(1, Procedure.NETWORK_GET_XML_DESC)
    answers.change_begins()
    assert not answers.are_for(question)
    answers.keep(question, reply)  # one that was being made when the change began
    answers.change_ends()
    assert answers.find(question) is None
    answers.keep(question, reply)
    assert answers.find(question) == reply
    answers.change_begins()
    answers.change_ends()
    assert answers.find(question) is None
