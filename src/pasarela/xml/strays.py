"""Elements of a network document that mean nothing where they stand.

libvirt passes over them without a word, and so does reading; who wrote them wants to know.
"""

from __future__ import annotations

from collections.abc import Iterator

from pasarela.xml.node import Node
from pasarela.xml.reader import read
from pasarela.xml.suggest import closest

# The schema knows these too, but loading its tables costs more than all else that a command does.
KNOWN = frozenset(
    [
        "name",
        "uuid",
        "title",
        "description",
        "metadata",
        "forward",
        "bridge",
        "mtu",
        "mac",
        "domain",
        "dns",
        "vlan",
        "bandwidth",
        "port",
        "ip",
        "route",
        "virtualport",
        "portgroup",
    ]
)


def strays(text: str, source: str | None = None) -> Iterator[str]:
    """A sentence for each element directly below ``<network>`` that has no effect there.

    Raises:
        PasarelaError: the text is no network document.
    """
    for node in read(text, "network", source=source).elements():
        if node.namespace is None and node.name not in KNOWN:
            place = _place(node)
            yield f"{place}: <{node.name}> has no effect directly below <network>{_remedy(node)}"


def _place(node: Node) -> str:
    file, line = node.location.file, node.location.line
    return f"{file}:{line}" if file else f"line {line}"


def _remedy(node: Node) -> str:
    parents = list(_parents(node.name))
    if parents:
        return f": it belongs into {' or '.join(f'<{parent}>' for parent in parents)}"
    near = closest(node.name, sorted(KNOWN))
    return f": did you mean <{near}>?" if near else ""


def _parents(name: str) -> Iterator[str]:
    """The elements below ``<network>`` that may hold one of that name."""
    from pasarela.xml.schema_network import NETWORK  # noqa: PLC0415  (25 ms)

    for parent, child in NETWORK.children.items():
        if name in child.element.children:
            yield parent
