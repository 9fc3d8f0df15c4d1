"""`pasarela lab status`: which labs there are, and their machines."""

from __future__ import annotations

import json
from pathlib import Path

from pasarela.lab import node, state


def show(*, as_json: bool) -> int:
    labs = [_describe(name) for name in state.names()]
    if as_json:
        print(json.dumps(labs, indent=2))
    elif not labs:
        print("No lab is up. Make one with: pasarela lab up")
    else:
        for lab in labs:
            print(_line(lab))
    return 0


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
