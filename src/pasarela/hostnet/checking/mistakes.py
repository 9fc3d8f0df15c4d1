"""No write that makes files wrong: the checks of host-check before each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pasarela.errors import HostnetRefused, Location
from pasarela.hostnet.checking.check import check
from pasarela.hostnet.manager import FileEdit, Finding, Surroundings, Texts


def refuse_new(files: Texts, edits: Sequence[FileEdit]) -> None:
    """Refuse edits with which something is wrong that was not before.

    Raises:
        HostnetRefused: with the file, the line and the way out.
    """
    refuse_errors(new_findings(files, edits))


def refuse_errors(findings: Sequence[Finding]) -> None:
    """
    Raises:
        HostnetRefused: the first of them that is an error.
    """
    for one in findings:
        if one.is_error:
            raise HostnetRefused(
                f"the file would be wrong: {one.message}",
                location=Location(str(one.path), one.line or None),
                remedy=one.remedy,
            )


def new_findings(files: Texts, edits: Sequence[FileEdit]) -> tuple[Finding, ...]:
    """What is wrong in the files as they will be, and was not before.

    What moves to another file takes its mistake along: that one was made before.
    """
    after = dict(files)
    for edit in edits:
        after.pop(edit.path, None)
        if edit.after is not None:
            after[edit.path] = edit.after
    known = check(files, Surroundings())
    found = check(after, Surroundings()) if edits else ()
    there = {(one.path, one.message) for one in known}
    new = [one for one in found if (one.path, one.message) not in there]
    stayed = {(one.path, one.message) for one in found}
    moved = Counter(one.message for one in known if (one.path, one.message) not in stayed)
    return tuple(one for one in new if not _taken(moved, one.message))


def _taken(left: Counter[str], message: str) -> bool:
    """Whether one of these was left, which is there no more."""
    left[message] -= 1
    return left[message] >= 0
