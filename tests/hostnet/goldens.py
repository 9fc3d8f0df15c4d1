"""Trees of configuration files, and the changes made of them, as texts to compare."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from pasarela.hostnet.manager import Bridging, FileEdit
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig, IpConfig

Files = dict[PurePosixPath, str]


def read_tree(folder: Path) -> Files:
    """The files of a case as they would stand on a host; goldens are not among them."""
    return {
        PurePosixPath("/") / path.relative_to(folder): path.read_bytes().decode()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent != folder
    }


def applied(files: Mapping[PurePosixPath, str], edits: Sequence[FileEdit]) -> Files:
    """The files after the edits, each of which must fit what is there."""
    after = dict(files)
    for edit in edits:
        assert after.get(edit.path) == edit.before
        assert edit.before != edit.after
        if edit.after is None:
            del after[edit.path]
        else:
            after[edit.path] = edit.after
    return after


def diff(edits: Sequence[FileEdit]) -> str:
    """The edits as a unified diff without context; a carriage return is shown as ^M."""
    return "".join(_diff(edit) for edit in edits).replace("\r", "^M")


def _diff(edit: FileEdit) -> str:
    before, after = (text.split("\n") if text else [] for text in (edit.before, edit.after))
    lines = difflib.unified_diff(before, after, str(edit.path), str(edit.path), "", "", 0, "")
    return "".join(f"{line}\n" for line in lines)


def golden(path: Path, text: str) -> str:
    """What the file holds; with PASARELA_GOLDENS=write it is made to hold the text."""
    if os.environ.get("PASARELA_GOLDENS") == "write":
        path.write_text(text)
    return path.read_text()


def bridge(
    name: str = "br0", *ports: str, ipv4: IpConfig | None = None, keep: bool = True
) -> Bridging:
    members = tuple(InterfaceConfig(port) for port in ports or ("enp3s0",))
    details = BridgeConfig(members)
    return Bridging(
        InterfaceConfig(name, InterfaceType.BRIDGE, ipv4=ipv4, details=details), keep=keep
    )
