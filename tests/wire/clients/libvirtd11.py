"""The real libvirtd 11.3, Debian 13's, as an oracle of what 9.0 has not.

It has no QEMU driver, so its connection is ``network:///system``: with nothing but networks, like
pasarelad's.
"""

from __future__ import annotations

import shlex
from subprocess import CompletedProcess

from oracle.libvirtd import Libvirtd
from wire.clients.programs import DEBIAN13, PLACES, debian13


class Libvirtd11(Libvirtd):
    program = shlex.join(debian13(DEBIAN13 / "usr/sbin/libvirtd"))
    prepare = "; ".join(f"mount --bind {source} {place}" for source, place in PLACES.items())
    uri = "network:///system"

    def virsh(self, *arguments: str, stdin: str | None = None) -> CompletedProcess[str]:
        virsh = debian13(DEBIAN13 / "usr/bin/virsh")
        return self.run(*virsh, "-c", self.uri, *arguments, stdin=stdin)

    def reset(self) -> None:
        """Without any network, and without a dnsmasq that still holds the next one's address."""
        super().reset()
        self.run("pidwait", "dnsmasq")
