"""The status document: what is on disk of a running network.

Its being there says that the network is active. It has no newline at its end, as in libvirt.
"""

from __future__ import annotations

from collections.abc import Iterator

from pasarela.errors import InternalError, PasarelaError, XmlContentError
from pasarela.model.floors import RESERVED_CLASS_IDS, Floors
from pasarela.model.status import HOOK_SCRIPT, Status
from pasarela.xml.network import read_network, write_network
from pasarela.xml.node import Node
from pasarela.xml.reader import parse
from pasarela.xml.scalars import parse_unsigned
from pasarela.xml.writer import Writer

MAX_CLASS_ID = 0xFFFF  # tc's minor number


def parse_status(text: str, *, source: str | None = None) -> Status:
    """Read a status document.

    A plain network document, as very old daemons wrote it, is taken too. A ``<firewall>`` of newer
    ones is passed over: it tells how to undo rules of theirs.

    Raises:
        PasarelaError: it is no status document, or its network is none.
    """
    root = parse(text, label="(network_status)", source=source)
    if root.name == "network":
        return Status(read_network(root))
    network = root.child("network") if root.name == "networkstatus" else None
    if network is None:
        raise root.error(
            XmlContentError, f"unexpected root element <{root.name}>, expecting <network>"
        )
    return Status(read_network(network), _floors(root), _taints(root))


def _floors(root: Node) -> Floors:
    class_id, floor = root.child("class_id"), root.child("floor")
    ids = _class_ids(class_id) if class_id else RESERVED_CLASS_IDS
    return Floors(ids, _floor_sum(floor) if floor else 0)


def _class_ids(node: Node) -> frozenset[int]:
    text = node.value("bitmap")
    if text is None:
        return RESERVED_CLASS_IDS
    spans = [_span(part) for part in text.split(",")]
    numbers = [number for span in spans if span for number in span]
    if None in spans:
        raise _malformed(node, f"malformed 'class_id' attribute: {text}")
    return RESERVED_CLASS_IDS.union(numbers)


def _span(text: str) -> range | None:
    first, _, last = (part.strip() for part in text.partition("-"))
    start = parse_unsigned(first)
    end = parse_unsigned(last) if last else start
    if start is None or end is None or not start <= end <= MAX_CLASS_ID:
        return None
    return range(start, end + 1)


def _floor_sum(node: Node) -> int:
    text = node.value("sum")
    if text is None:
        return 0
    number = parse_unsigned(text, bits=64)
    if number is None:
        raise _malformed(node, f"Malformed 'floor_sum' attribute: {text}")
    return number


def _taints(root: Node) -> tuple[str, ...]:
    flags = dict.fromkeys(node.value("flag") for node in root.children("taint"))
    for flag in flags:
        if flag != HOOK_SCRIPT:
            raise _malformed(root, f"Unknown taint flag {flag}")
    return tuple(flag for flag in flags if flag)


def _malformed(node: Node, detail: str) -> PasarelaError:
    return node.error(
        InternalError, detail, remedy="remove the file, and the network counts as stopped"
    )


# writing


def format_status(status: Status, *, connections: int = 0) -> str:
    """The status document of a running network; ``connections`` counts its ports."""
    writer = Writer()
    with writer.element("networkstatus"):
        writer.empty("class_id", {"bitmap": _bitmap(status.floors.class_ids)})
        writer.empty("floor", {"sum": status.floors.sum})
        for flag in status.taints:
            writer.empty("taint", {"flag": flag})
        write_network(writer, status.network, inactive=False, connections=connections)
    return str(writer).removesuffix("\n")


def _bitmap(numbers: frozenset[int]) -> str:
    return ",".join(
        str(first) if first == last else f"{first}-{last}" for first, last in _runs(numbers)
    )


def _runs(numbers: frozenset[int]) -> Iterator[tuple[int, int]]:
    """The stretches of consecutive numbers, first and last of each."""
    for first in sorted(number for number in numbers if number - 1 not in numbers):
        last = first
        while last + 1 in numbers:
            last += 1
        yield first, last
