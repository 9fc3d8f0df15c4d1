"""`pasarela lab status`: which labs there are, and their machines."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pasarela.lab import node, shell, state

_ALL_USERS = ["0", "0", "4294967295"]  # user_namespaces(7): the map of the first namespace


def show(*, as_json: bool) -> int:
    labs = [_this_one()] if shell.inside_lab() else [_describe(name) for name in state.names()]
    if as_json:
        print(json.dumps(labs, indent=2))
    elif not labs:
        print("No lab is up. Make one with: pasarela lab up")
    else:
        for lab in labs:
            print(_line(lab))
    return 0


def _this_one() -> dict[str, object]:
    """The lab that this is typed in, whose keeper is the first process here."""
    return {
        "name": os.environ[shell.VARIABLE],
        "up": True,
        "keeper": 1,
        "userNamespace": Path("/proc/self/uid_map").read_text().split() != _ALL_USERS,
        "machines": _machines(1),
    }


def _describe(name: str) -> dict[str, object]:
    record = state.load(name)
    alive = record is not None and record.alive
    keeper = record.pid if record is not None and alive else None
    return {
        "name": name,
        "up": alive,
        "keeper": keeper,
        "userNamespace": record.user_namespace if record else None,
        "machines": _machines(keeper) if keeper else [],
    }


def _machines(keeper: int) -> list[str]:
    return sorted(path.name for path in Path(f"/proc/{keeper}/root{node.FOLDERS}").iterdir())


def _line(lab: dict[str, object]) -> str:
    if not lab["up"]:
        return f"{lab['name']}: dead; 'pasarela lab down --name {lab['name']}' clears it away"
    machines = lab["machines"]
    assert isinstance(machines, list)
    return f"{lab['name']}: up, with {', '.join(machines)}"
