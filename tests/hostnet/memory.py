"""Files in memory in the place of the host's, for what only looks at texts."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath

from pasarela.hostnet.manager import FileEdit, Manager, Texts


class Memory:
    def __init__(self) -> None:
        self.files: dict[PurePosixPath, str] = {}

    def put(self, path: str, text: str) -> None:
        self.files[PurePosixPath(path)] = text

    def text(self, path: str) -> str:
        return self.files[PurePosixPath(path)]

    def read(self, manager: Manager) -> Texts:
        return {
            path: text
            for path, text in self.files.items()
            if any(fnmatch(str(path), f"/{pattern}") for pattern in manager.patterns)
        }

    def write(self, manager: Manager, edits: Sequence[FileEdit]) -> Sequence[str]:
        for edit in edits:
            assert self.files.get(edit.path) == edit.before
            if edit.after is None:
                del self.files[edit.path]
            else:
                self.files[edit.path] = edit.after
        return ()
