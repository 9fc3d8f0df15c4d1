"""nft(8) as an independent reader of what the kernel holds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from pasarela.host.nftables import Firewall
from pasarela.plan.ruleset import FirewallSection

TABLE = "inet pasarela"


def nft(*words: str, text: str | None = None) -> str:
    command = ["nft", *words] if text is None else ["nft", *words, "-f", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def observed(sections: Iterable[FirewallSection]) -> set[FirewallSection]:
    """What an adapter sees of them that has made none itself, so it has to look."""
    with closing(Firewall()) as other:
        return other.observe(sections)


def table_exists(table: str = TABLE) -> bool:
    return f"table {table}" in nft("list", "tables")


def listing(table: str = TABLE) -> dict[str, Any]:
    """The table as nft reads it: chains and rules in order, sets with their elements sorted."""
    found: dict[str, Any] = {}
    for item in json.loads(nft("-j", "list", "table", *table.split()))["nftables"]:
        (kind, value), *_ = item.items()
        value.pop("handle", None)
        if kind in ("set", "map"):
            value["elem"] = sorted(value.get("elem", []), key=json.dumps)
            found[f"set {value['name']}"] = value
        elif kind == "chain":
            found[f"chain {value['name']}"] = value
        elif kind == "rule":
            found.setdefault(f"rules {value['chain']}", []).append(value["expr"])
    return found
