"""A netlink socket on the real kernel: acknowledgements, the kernel's own sentences, dumps."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator

import pytest

from pasarela.host.netlink import attributes as attr
from pasarela.host.netlink.socket import (
    NLM_F_CREATE,
    NLM_F_EXCL,
    Message,
    NetlinkError,
    NetlinkSocket,
)

RTM_NEWLINK, RTM_GETLINK = 16, 18
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND = 3, 18, 1
HEADER = struct.Struct("=BxHiII")

pytestmark = pytest.mark.netns


@pytest.fixture
def route(netns: None) -> Iterator[NetlinkSocket]:
    opened = NetlinkSocket(socket.NETLINK_ROUTE)
    yield opened
    opened.close()


def new_bridge(name: str, kind: str = "bridge") -> Message:
    info = attr.nested(IFLA_LINKINFO, attr.text(IFLA_INFO_KIND, kind))
    body = HEADER.pack(0, 0, 0, 0, 0) + attr.text(IFLA_IFNAME, name) + info
    return Message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, body, f"new {kind} {name}")


def link_names(route: NetlinkSocket) -> set[str]:
    links = route.dump(Message(RTM_GETLINK, 0, HEADER.pack(0, 0, 0, 0, 0)))
    return {attr.as_text(attr.parse(link[HEADER.size :])[IFLA_IFNAME]) for link in links}


def test_several_messages_in_one_send(route: NetlinkSocket):
    route.execute([new_bridge("one"), new_bridge("two")])
    assert {"one", "two"} <= link_names(route)


def test_more_messages_than_one_send_takes(route: NetlinkSocket):
    replies = route.request([new_bridge("one")] * 300)
    assert [r.error.errno if r.error else 0 for r in replies] == [0] + [errno.EEXIST] * 299


def test_an_error_says_which_message_and_the_kernels_sentence(route: NetlinkSocket):
    with pytest.raises(NetlinkError) as caught:
        route.execute([new_bridge("one"), new_bridge("two", kind="nonsense")])
    assert (caught.value.errno, caught.value.index) == (errno.EOPNOTSUPP, 1)
    assert str(caught.value) == ("new nonsense two: Operation not supported (Unknown device type)")


def test_a_reply_carries_its_payload(route: NetlinkSocket):
    get = Message(RTM_GETLINK, 0, HEADER.pack(0, 0, 0, 0, 0) + attr.text(IFLA_IFNAME, "lo"))
    (reply,) = route.request([get])
    (link,) = reply.payloads
    assert attr.as_text(attr.parse(link[HEADER.size :])[IFLA_IFNAME]) == "lo"


def test_a_dump_that_is_refused_raises(route: NetlinkSocket):
    with pytest.raises(NetlinkError):
        route.dump(Message(RTM_GETLINK, 0, b"\1"))
