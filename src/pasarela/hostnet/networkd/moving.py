"""A port's files and its bridge's: what is said of addresses goes from the one to the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from pasarela.hostnet.networkd.splitting import Addressing, put_back, split
from pasarela.hostnet.networkd.units import ETC, Part, Unit, Units, refuse_outside_etc
from pasarela.hostnet.sections import Sections

_FIRST = re.compile(r"# The addresses of \S+, whose file is (?P<file>\S+)")


@dataclass(frozen=True, slots=True)
class Target:
    """The bridge's .network file: its path, and the remark in it that says whose addresses these
    are, since no file of networkd's lists the ports of a bridge in order."""

    bridge: str
    path: PurePosixPath
    head: tuple[str, ...] = ()

    @classmethod
    def of(cls, bridge: str, prefix: str, port: str, file: str) -> Target:
        told = f"# The addresses of {port}, whose file is {file}"
        return cls(bridge, ETC / f"{prefix}{bridge}.network", (told, ""))

    def with_part(self, units: Units, part: Part, moved: Addressing) -> Units:
        """With what one of the port's files says of addresses in the same place of the bridge's."""
        if not _is_drop_in(part):
            return units.having(self.path, moved.on(self.bridge, self.head))
        sections = part.sections
        if not _is_whole(sections):
            made = moved.on(self.bridge, ())
            sections = made.without(lambda section: section.name == "Match")
        return units.having(_drop_in(self.path, part.path.name), sections)


def with_port_file(units: Units, bridge: str, unit: Unit, target: Target | None) -> Units:
    """With the port's own file naming the bridge; its addresses move to the target if any."""
    for part in unit.parts:
        own = not _is_drop_in(part) and bridge not in unit.all("Network", "Bridge")
        rest, moved = split(part.sections, f"Bridge={bridge}" if own else None)
        if own or not moved.is_empty:
            refuse_outside_etc(part.path)
            gone = _is_drop_in(part) and _is_whole(part.sections)
            units = units.having(part.path, None if gone else rest)
        if target is not None and not moved.is_empty:
            units = target.with_part(units, part, moved)
    return units


def copied(units: Units, unit: Unit, target: Target) -> Units:
    """The port's file is for others too: it stays, and the bridge gets the same."""
    for part in unit.parts:
        _, moved = split(part.sections, None)
        if not moved.is_empty:
            units = target.with_part(units, part, moved)
    return units


def without_bridge(units: Units, unit: Unit, bridge: str, network: Unit | None) -> Units:
    """A port's file that is none any more; ``network`` is the bridge's, whose addresses it gets.

    A file that would say nothing but whom it is for goes, and so does one that would say what
    the next file says that fits the port.
    """
    refuse_outside_etc(unit.path)
    own, *drop_ins = network.parts if network else (None,)
    given = split(own.sections, None)[1] if own else Addressing()
    rest = put_back(unit.parts[0].sections, bridge, given)
    behind = units.having(unit.path, None)
    then = behind.network(unit.get("Match", "Name") or "")
    if then is not None and is_addressed_as(then, given):
        return behind
    if [section.name for section in rest.sections] == ["Match"] and not drop_ins:
        return behind
    units = units.having(unit.path, rest)
    for part in drop_ins:
        path = _drop_in(unit.path, part.path.name)
        held = units.files.get(path, Sections())
        units = units.having(
            path, held.appended(*part.sections.sections) if held.sections else part.sections
        )
    return units


def is_addressed_as(unit: Unit, given: Addressing) -> bool:
    return split(unit.parts[0].sections, None)[1].said == given.said


def is_bare(unit: Unit) -> bool:
    """Whether it says nothing of addresses."""
    return all(split(part.sections, None)[1].is_empty for part in unit.parts)


def first_port(network: Unit | None, ports: list[Unit]) -> Unit | None:
    """Who gets the addresses back: whom the bridge's file names, else the first by name."""
    head = network.parts[0].sections.head if network else ()
    told = next((found["file"] for line in head if (found := _FIRST.fullmatch(line))), None)
    return next((unit for unit in ports if unit.name == told), next(iter(ports), None))


def _drop_in(path: PurePosixPath, name: str) -> PurePosixPath:
    return ETC / f"{path.name}.d" / name


def _is_drop_in(part: Part) -> bool:
    return part.path.parent.suffix == ".d"


def _is_whole(sections: Sections) -> bool:
    """Whether a file says nothing but of addresses."""
    rest, _ = split(sections, None)
    return not any(list(section.settings) for section in rest.sections)
