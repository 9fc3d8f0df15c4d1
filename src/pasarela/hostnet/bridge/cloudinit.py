"""Files that cloud-init writes: at its next turn it writes them anew, without what was changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pasarela.hostnet.manager import FileEdit

FOLDER = "etc/cloud"
_OFF = "cloud-init.disabled"
_HINT = "99-disable-network-config.cfg"
# In the first lines of a file of its own, from Debian 9 to Ubuntu 24.04, whatever the manager.
_SIGN = re.compile(r"^#.*(generated from information provided by|cloud-init)", re.MULTILINE)
_LEFT_ALONE = re.compile(r"^\s*network:\s*\{?\s*config:\s*[\"']?disabled\b", re.MULTILINE)


def mention(root: Path, edits: Iterable[FileEdit]) -> Iterator[str]:
    """A warning for each file that cloud-init will write again, unless it was told not to."""
    files = [edit.path for edit in edits if edit.before is not None and _is_its_own(edit)]
    if not files or not _is_at_work(root / FOLDER):
        return
    yield (
        f"{' and '.join(map(str, files))} is cloud-init's, which may write it anew at a boot, as "
        f"it was: write 'network: {{config: disabled}}' into "
        f"/{FOLDER}/cloud.cfg.d/{_HINT}"
    )


def _is_its_own(edit: FileEdit) -> bool:
    return "cloud-init" in edit.path.name or bool(_SIGN.search(edit.before or ""))


def _is_at_work(folder: Path) -> bool:
    """Whether it is installed, and neither switched off nor told to leave the network alone."""
    if not (folder / "cloud.cfg").exists() or (folder / _OFF).exists():
        return False
    told = [folder / "cloud.cfg", *folder.glob("cloud.cfg.d/*.cfg")]
    return not any(_LEFT_ALONE.search(file.read_text(errors="replace")) for file in told)
