"""What firewalld and systemd-resolved keep, for programs on a bus of a test's own."""

from __future__ import annotations

from host.dbus.private_bus import Answer, Refusal

PROPERTY = "org.freedesktop.resolve1.Link"


class Zones:
    """What firewalld keeps: zones, and which links are in which."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.of: dict[str, str] = {}
        self.methods = {
            "getZones": lambda: ("as", (list(self.names),)),
            "getZoneOfInterface": lambda link: ("s", (self.of.get(link, ""),)),
            "changeZoneOfInterface": self._change,
            "removeInterface": self._remove,
        }

    def _change(self, zone: str, link: str) -> Answer:
        if zone not in self.names:
            raise Refusal(f"INVALID_ZONE: '{zone}'")
        self.of[link] = zone
        return "s", (zone,)

    def _remove(self, zone: str, link: str) -> Answer:
        if self.of.get(link) != zone:
            raise Refusal(f"UNKNOWN_INTERFACE: '{link}' is not in '{zone}'")
        del self.of[link]
        return "s", (zone,)


class Links:
    """What systemd-resolved keeps of links."""

    def __init__(self) -> None:
        self.dns: dict[int, list[tuple[int, bytes]]] = {}
        self.domains: dict[int, list[tuple[str, bool]]] = {}
        self._asked = 0
        self.methods = {
            "GetLink": self._link,
            "Get": self._property,
            "SetLinkDNS": lambda index, servers: self._set(self.dns, index, servers),
            "SetLinkDomains": lambda index, domains: self._set(self.domains, index, domains),
            "RevertLink": self._revert,
        }

    def _link(self, index: int) -> Answer:
        self._asked = index
        return "o", (f"/org/freedesktop/resolve1/link/_{index}",)

    def _property(self, interface: str, name: str) -> Answer:
        assert interface == PROPERTY
        signature, values = {"DNS": ("a(iay)", self.dns), "Domains": ("a(sb)", self.domains)}[name]
        return "v", ((signature, values.get(self._asked, [])),)

    def _set(self, values: dict[int, list], index: int, value: list) -> Answer:
        values[index] = value
        return "", ()

    def _revert(self, index: int) -> Answer:
        self.dns.pop(index, None)
        self.domains.pop(index, None)
        return "", ()
