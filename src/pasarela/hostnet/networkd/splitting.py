"""Which settings of a .network file are about addresses, taken out and put back as they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pasarela.hostnet.networkd.reading import truth
from pasarela.hostnet.sections import Section, Sections, Setting

STAYING_SECTIONS = frozenset(
    {"Match", "Link", "Network", "SR-IOV", "CAN", "IPoIB", "Bridge", "BridgeFDB", "BridgeMDB"}
    | {"BridgeVLAN", "LLDP"}
)
STAYING_KEYS = frozenset(
    {"Bond", "Bridge", "BatmanAdvanced", "Description", "EmitLLDP", "IPVLAN", "IPVTAP", "LLDP"}
    | {"MACVLAN", "MACVTAP", "MACsec", "PrimarySlave", "ActiveSlave", "Tunnel", "VLAN", "VRF"}
    | {"VXLAN", "Xfrm", "IPoIB", "BindCarrier"}
)
"""What a port may say in [Network]; all else there is about its addresses."""

_WAITS = ("RequiredForOnline", "RequiredFamilyForOnline")
_QUEUES = ("QDisc", "NetworkEmulator", "TokenBucketFilter", "FairQueueing", "StochasticFairness")


def is_addressed(section: Section) -> bool:
    """Whether a whole section is about addresses."""
    return section.name not in STAYING_SECTIONS and not section.name.startswith(_QUEUES)


def is_own(setting: Setting) -> bool:
    return setting.key not in STAYING_KEYS


@dataclass(frozen=True, slots=True)
class Addressing:
    """What a .network file says of addresses: lines of [Network], and whole sections.

    ``waits`` are lines of [Link] that say for what the boot waits: a port never gets so far as
    to be routable. ``waits_not`` is that it does not wait, which the port goes on saying too.
    """

    lines: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    gap: tuple[str, ...] = ("",)
    waits: tuple[str, ...] = ()
    waits_not: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to leave the file."""
        return not self.lines and not self.sections and not self.waits

    @property
    def said(self) -> list[str]:
        """Its settings alone, to compare."""
        texts = [*self.waits, *self.waits_not, *self.lines]
        texts += [line for each in self.sections for line in each.trimmed.lines]
        return [line.strip() for line in texts if line.strip() and not line.startswith(("#", ";"))]

    def on(self, name: str, head: tuple[str, ...]) -> Sections:
        """A .network file of its own with it."""
        made = Sections(head, (Section.new("Match", [("Name", name)]),))
        if self.waits or self.waits_not:
            made = made.appended(Section("Link", ("[Link]", *self.waits, *self.waits_not)))
        if self.lines:
            network = Section("Network", ("[Network]", *self.lines))
            made = made.appended(network.spaced(self.gap if self.sections else ()))
        if not self.sections:
            return made
        first = made if self.lines else made.appended()
        spaced = first if self.lines else _spaced(first)
        return replace(spaced, sections=(*spaced.sections, *self.sections))


def split(text: Sections, instead: str | None) -> tuple[Sections, Addressing]:
    """Takes out what is said of addresses; ``instead`` stands in [Network] in its place."""
    text, waits, waits_not = _without_waits(text)
    rest, addressing = _split(text, instead)
    return rest, replace(addressing, waits=waits, waits_not=waits_not)


def _without_waits(text: Sections) -> tuple[Sections, tuple[str, ...], tuple[str, ...]]:
    link = text.first("Link")
    if link is None:
        return text, (), ()
    left, waits, _ = link.split(lambda each: each.key in _WAITS and not _waits_not(each))
    waits_not = tuple(link.lines[each.index] for each in link.settings if _waits_not(each))
    return text.replaced(link, left), waits, waits_not


def _waits_not(setting: Setting) -> bool:
    return setting.key in _WAITS and truth(setting.value) is False


def _split(text: Sections, instead: str | None) -> tuple[Sections, Addressing]:
    sections = tuple(each for each in text.sections if is_addressed(each))
    rest = text.without(is_addressed)
    network = rest.first("Network")
    if network is None:
        made = rest
        if instead is not None:
            made = rest.appended(Section("Network", ("[Network]", instead)))
        return made.trimmed if sections else made, Addressing((), sections)
    left, lines, place = network.split(is_own)
    if instead is not None:
        left = left.inserted(place, [instead])
    rest = rest.replaced(network, left)
    return rest.trimmed if sections else rest, Addressing(lines, sections, network.gap)


def put_back(text: Sections, bridge: str, addressing: Addressing) -> Sections:
    """The contrary of ``split``: what was taken out stands where the bridge is named."""
    text, _ = split(text, None)  # what a port says of addresses beside, is overruled
    text = _with_waits(text, addressing.waits)
    network = text.first("Network")
    if network is None:
        return text
    setting = next((_ for _ in network.settings if (_.key, _.value) == ("Bridge", bridge)), None)
    if setting is None:
        return text
    lines = network.lines
    lines = (*lines[: setting.index], *addressing.lines, *lines[setting.index + 1 :])
    restored = replace(network, lines=lines)
    if addressing.sections and not network.gap:
        restored = restored.spaced(addressing.gap)
    if not list(restored.settings) and not addressing.lines:
        return _replaced(text, network, addressing.sections)
    return text.replaced(network, restored, *addressing.sections)


def _with_waits(text: Sections, waits: tuple[str, ...]) -> Sections:
    link = text.first("Link")
    if not waits:
        return text
    if link is None:
        return text.appended(Section("Link", ("[Link]", *waits)))
    return text.replaced(link, link.inserted(len(link.trimmed.lines), waits))


def _replaced(text: Sections, network: Section, sections: tuple[Section, ...]) -> Sections:
    """The section that named the bridge alone goes."""
    text = text.replaced(network, *sections)
    return text if sections else text.trimmed


def _spaced(text: Sections) -> Sections:
    *before, last = text.sections
    return replace(text, sections=(*before, last.spaced()))
