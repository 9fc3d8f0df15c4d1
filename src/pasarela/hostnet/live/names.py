"""The name by which the kernel knows a link, whichever of its names was given."""

from __future__ import annotations

from struct import calcsize

from pasarela.host.netlink import attributes as nla
from pasarela.host.netlink import links
from pasarela.hostnet.live.carry import open_socket

_HEADER = calcsize("=BxHiII")
_NAME, _PROPERTIES, _ALTERNATIVE = 3, 52, 53  # IFLA_IFNAME, IFLA_PROP_LIST, IFLA_ALT_IFNAME


def altnames() -> dict[str, str]:
    """The alternative names of all links (``ip link property add … altname …``), and whose."""
    with open_socket() as socket:
        return {
            alternative: name
            for payload in socket.dump(links.get_all())
            for name, others in [_names(payload)]
            for alternative in others
        }


def _names(payload: bytes) -> tuple[str, list[str]]:
    found = nla.parse(payload[_HEADER:])
    listed = nla.each(found.get(_PROPERTIES, b""))
    return nla.as_text(found[_NAME]), [nla.as_text(v) for kind, v in listed if kind == _ALTERNATIVE]
