"""What this kernel can do, found out without changing anything, and only when it matters.

Asking may make the kernel load a module, so a host on which no network limits bandwidth is not
asked whether it could.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import ENOENT, EOPNOTSUPP, EPROTONOSUPPORT

from pasarela.host import sysctl
from pasarela.host.netlink import probes
from pasarela.host.netlink.socket import Message, NetlinkSocket
from pasarela.host.nftables.probe import has_bridge_meta, shows_bridged_ipv6
from pasarela.plan.facts import Capabilities


class KernelCapabilities(Capabilities):
    """Capabilities that are asked for when they are first read."""

    __slots__ = ("_known", "_socket")
    _known: dict[str, bool]
    _socket: NetlinkSocket

    def __init__(self, socket: NetlinkSocket) -> None:
        object.__setattr__(self, "_socket", socket)
        object.__setattr__(self, "_known", {})

    @property
    def ipv6(self) -> bool:
        return self._once("ipv6", lambda: sysctl.exists("net/ipv6/conf/all/disable_ipv6"))

    @property
    def vlan_filtering(self) -> bool:
        """A kernel without it does not look at the attribute, one with it minds its value."""
        return self._once(
            "vlan", lambda: self._answer(probes.probe_bridge_vlans()) == EPROTONOSUPPORT
        )

    @property
    def nft_bridge_meta(self) -> bool:
        return self._once("nft", has_bridge_meta)

    @property
    def bridged_ipv6_filtered(self) -> bool:
        """Asked anew each time: somebody may load br_netfilter meanwhile."""
        return shows_bridged_ipv6()

    @property
    def shaping_htb(self) -> bool:
        return self._once("htb", lambda: self._answer(probes.probe_qdisc("htb")) != ENOENT)

    @property
    def shaping_sfq(self) -> bool:
        return self._once("sfq", lambda: self._answer(probes.probe_qdisc("sfq")) != ENOENT)

    @property
    def shaping_ifb(self) -> bool:
        return self._once(
            "ifb",
            lambda: (
                self._answer(probes.probe_link("ifb")) != EOPNOTSUPP
                and self._answer(probes.probe_qdisc("ingress")) != ENOENT
                and self._answer(probes.probe_action("mirred")) != ENOENT
            ),
        )

    def _once(self, name: str, ask: Callable[[], bool]) -> bool:
        if name not in self._known:
            self._known[name] = ask()
        return self._known[name]

    def _answer(self, message: Message) -> int:
        error = self._socket.request([message])[0].error
        return (error.errno or 0) if error else 0
