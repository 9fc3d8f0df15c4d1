"""Everything on a host that a network can change, to compare before with after."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from engine.conftest import tree

SYSCTLS = (
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv6/conf/default/forwarding",
)


def snapshot(root: Path) -> dict[str, Any]:
    """Links, addresses, routes, rules, limits, kernel settings, dnsmasqs and files."""
    links = _links()
    return {
        "links": links,
        "limits": {name: _limits(name) for name, *_ in links},
        "routes": _json("ip", "-j", "route", "show", "table", "all"),
        "rules": _text("nft", "list", "ruleset"),
        "sysctls": {name: Path("/proc/sys", name).read_text() for name in SYSCTLS},
        "dnsmasqs": dnsmasqs(root),
        "files": _files(root),
        "folders": _folders(root),
    }


def dnsmasqs(root: Path) -> list[str]:
    """The command lines of dnsmasqs with files below ``root``, without their pids.

    Each once: dnsmasq's helper, which bears the same, comes a moment after dnsmasq itself.
    """
    lines = (_command_line(entry) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return sorted({line for line in lines if "dnsmasq" in line and str(root) in line})


def _links() -> list[tuple[Any, ...]]:
    """By name; indices and states of carrier differ from one making to the next."""
    return sorted(
        (
            link["ifname"],
            link.get("address"),
            link["mtu"],
            "UP" in link["flags"],
            [(one["local"], one["prefixlen"]) for one in link["addr_info"]],
        )
        for link in _json("ip", "-j", "addr")
    )


def _limits(link: str) -> tuple[list[str], str]:
    """The traffic classes of a link and what leads to them."""
    classes = _text("tc", "class", "show", "dev", link).splitlines()
    return sorted(classes), _text("tc", "filter", "show", "dev", link)


def _files(root: Path) -> dict[str, str]:
    """Files and their texts, but for the number in a pid file."""
    return {name: "a pid" if name.endswith(".pid") else text for name, text in tree(root).items()}


def _folders(root: Path) -> list[str]:
    """Folders, but for those of the engine's own housekeeping."""
    return sorted(
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_dir() and path.name != "pasarela-journal"
    )


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _json(*command: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_text(*command) or "[]")
    return found


def _text(*command: str) -> str:
    env = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout
