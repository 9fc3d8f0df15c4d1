"""virsh's commands on guests that people type for networks: each names the right one."""

from __future__ import annotations

from pasarela.cli.spec import Command, Group, data, flag

_FILE = data("file", "file with XML", "file")
_VALIDATE = flag("validate", "check the XML strictly")

GROUP = Group(
    "Guests",
    "guest",
    (
        Command(
            "define",
            "not for networks: see net-define",
            "Guests are virsh's; for networks use net-define.",
            "elsewhere:define",
            (_FILE, _VALIDATE),
            connects=False,
            hidden=True,
        ),
        Command(
            "create",
            "not for networks: see net-create",
            "Guests are virsh's; for networks use net-create.",
            "elsewhere:create",
            (_FILE, _VALIDATE),
            connects=False,
            hidden=True,
        ),
    ),
)
