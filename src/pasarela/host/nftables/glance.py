"""Whether somebody has emptied our table, at a glance that hardly costs more for many networks."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from functools import lru_cache

from pasarela.host.netlink.attributes import attribute
from pasarela.host.netlink.socket import NetlinkError, NetlinkSocket
from pasarela.host.nftables import messages
from pasarela.host.nftables.expressions import encode_key
from pasarela.plan.nftables import Field, IfName, NamedSet, Table
from pasarela.plan.ruleset import BASES, FORWARD_TO

_BASE = BASES[Table.INET]
_FORWARD = next(chain for chain in _BASE.chains if chain.name == "forward")
_MAP = NamedSet(FORWARD_TO, (Field.OIFNAME,), verdicts=True)
_VALUE = 1  # NFTA_DATA_VALUE
# A key as it lies in a dump. Parsing each element would take four times as long as the dump.
_HEAD = attribute(_VALUE, bytes(Field.OIFNAME.size))[:4]
_KEY = re.compile(re.escape(_HEAD) + b"(.{%d})" % Field.OIFNAME.size, re.DOTALL)


def dispatches(socket: NetlinkSocket, bridges: Iterable[str]) -> bool:
    """Whether forwarded packets are dispatched, and to chains of all these bridges.

    It takes two requests. What else may be missing is for a closer look to find.

    Raises:
        OSError: the kernel refused, but not for want of the table.
    """
    wanted = set(map(_key, bridges))
    try:
        rules = socket.dump(messages.rules_of(_FORWARD.name))
        elements = socket.dump(messages.elements_of(_MAP))
    except NetlinkError as error:
        if error.errno == errno.ENOENT:
            return False
        raise
    if [messages.rule_tag(one)[1] for one in rules] != [rule.tag for rule in _FORWARD.rules]:
        return False
    return wanted.issubset(key for payload in elements for key in _KEY.findall(payload))


@lru_cache(maxsize=4096)
def _key(bridge: str) -> bytes:
    """The same for each glance, of which there is one before each command."""
    return encode_key((IfName(bridge),))
