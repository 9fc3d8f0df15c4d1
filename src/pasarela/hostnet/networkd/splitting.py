"""Which settings of a .network file are about addresses, taken out and put back as they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace

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

_QUEUES = ("QDisc", "NetworkEmulator", "TokenBucketFilter", "FairQueueing", "StochasticFairness")


def is_addressed(section: Section) -> bool:
    """Whether a whole section is about addresses."""
    return section.name not in STAYING_SECTIONS and not section.name.startswith(_QUEUES)


def is_own(setting: Setting) -> bool:
    return setting.key not in STAYING_KEYS


@dataclass(frozen=True, slots=True)
class Addressing:
    """What a .network file says of addresses: lines of [Network], and whole sections."""

    lines: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    gap: tuple[str, ...] = ("",)

    @property
    def is_empty(self) -> bool:
        return not self.lines and not self.sections

    @property
    def said(self) -> list[str]:
        """Its settings alone, to compare."""
        texts = [*self.lines, *(line for each in self.sections for line in each.trimmed.lines)]
        return [line.strip() for line in texts if line.strip() and not line.startswith(("#", ";"))]

    def on(self, name: str, head: tuple[str, ...]) -> Sections:
        """A .network file of its own with it."""
        made = Sections(head, (Section.new("Match", [("Name", name)]),))
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


def _replaced(text: Sections, network: Section, sections: tuple[Section, ...]) -> Sections:
    """The section that named the bridge alone goes."""
    text = text.replaced(network, *sections)
    return text if sections else text.trimmed


def _spaced(text: Sections) -> Sections:
    *before, last = text.sections
    return replace(text, sections=(*before, last.spaced()))
