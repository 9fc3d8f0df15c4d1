"""The commands on how the host itself is connected, which virsh lacks."""

from __future__ import annotations

from pasarela.cli.spec import JSON, Command, Group, rest

GROUP = Group(
    "Host",
    "host",
    (
        Command(
            "host-check",
            "find mistakes in the files of the host's interfaces",
            "Read files of ifupdown, netplan, systemd-networkd or NetworkManager, and say what is\n"
            "    wrong in which line, and how to put it right. Without FILE: this host's own.",
            "hostcheck:host_check",
            (rest("file", "files to check, of any of the four kinds", "file"), JSON),
            connects=False,
        ),
    ),
)
