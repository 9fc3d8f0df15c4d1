"""The unmodified virsh, against pasarelad and against the real libvirtd: the same words.

Each scenario is a list of virsh command lines, run against both, one after the other; what is
printed, on which stream, and the exit code must agree, but for identifiers that are made at random,
times, and the deviations listed here with their reasons.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from oracle.libvirtd import Libvirtd
from wire.documents import DOCUMENTS, PORTS
from wire.pasarelad import Pasarelad
from wire.scenarios import DEVIATIONS, SCENARIOS

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAC = re.compile(r"52:54:00(:[0-9a-f]{2}){3}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+\+0000)?")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documents, at one path for both daemons."""
    made = tmp_path_factory.mktemp("documents")
    for name, text in {**DOCUMENTS, **PORTS}.items():
        (made / f"{name}.xml").write_text(text)
    return made


@pytest.mark.parametrize("name", SCENARIOS)
def test_virsh_cannot_tell_the_difference(
    name: str, pasarelad: Pasarelad, libvirtd: Libvirtd, folder: Path
) -> None:
    libvirtd.reset()
    different = []
    for line in SCENARIOS[name]:
        words = [word.replace("@", f"{folder}/", 1) for word in shlex.split(line)]
        ours, theirs = (_shown(daemon.virsh(*words), folder) for daemon in (pasarelad, libvirtd))
        if ours != theirs and line not in DEVIATIONS:
            different.append(f"{line}\n--- pasarelad\n{ours}\n--- libvirtd\n{theirs}\n")
    assert not different, "\n".join(different)


def _shown(done: object, folder: Path) -> str:
    text = f"{done.stdout}{done.stderr}exit {done.returncode}"  # type: ignore[attr-defined]
    for pattern, name in ((_UUID, "UUID"), (_MAC, "MAC"), (_TIME, "TIME")):
        text = pattern.sub(name, text)
    return text.replace(str(folder), "FOLDER")
