"""What is wrong in systemd-networkd's files."""

from __future__ import annotations

from pasarela.hostnet.manager import Finding, Surroundings, Texts


def findings(files: Texts, around: Surroundings) -> list[Finding]:
    return []
