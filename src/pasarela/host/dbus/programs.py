"""The programs that are told of networks: where they are installed, and their names on the bus."""

from __future__ import annotations

import os

FIREWALLD, RESOLVED = "firewalld", "systemd-resolved"
PROGRAMS = {
    FIREWALLD: ("/usr/sbin/firewalld",),
    RESOLVED: ("/usr/lib/systemd/systemd-resolved", "/lib/systemd/systemd-resolved"),
}
BUS_NAMES = {FIREWALLD: "org.fedoraproject.FirewallD1", RESOLVED: "org.freedesktop.resolve1"}


def is_installed(program: str) -> bool:
    return any(os.path.exists(path) for path in PROGRAMS[program])  # noqa: PTH110
