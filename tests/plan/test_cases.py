"""Whole networks as folders of files: a document and facts in, a plan and dnsmasq's files out.

A case is ``tests/cases/<name>/``: ``network.xml``, and ``facts.json`` where the host is not a
plain one; ``plan.txt`` holds the actions of a first start and the warnings. To write what is
expected anew (and read the difference in git): PASARELA_WRITE_CASES=1 scripts/pytest <this file>.
"""

from __future__ import annotations

import json
import os
import subprocess
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from pasarela.model.network import Network
from pasarela.model.paths import Paths
from pasarela.plan.actions import diff
from pasarela.plan.facts import Capabilities, Facts, ResolverPolicy, Services
from pasarela.plan.foreign import ForeignTable
from pasarela.plan.network import Desired, desired
from pasarela.plan.resources import TextFile
from pasarela.plan.ruleset import FirewallSection, render
from pasarela.xml.network import parse_network

FOLDER = Path(__file__).parents[1] / "cases"
CASES = sorted(folder.name for folder in FOLDER.iterdir() if (folder / "network.xml").exists())
HELPER = "/usr/lib/pasarela/lease-helper"
CONF = "dnsmasq.conf"
GIVEN = {"network.xml", "facts.json"}


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_as_expected(name: str):
    folder = FOLDER / name
    outcome = rendered(planned(folder))
    if os.environ.get("PASARELA_WRITE_CASES"):
        write(folder, outcome)
    expected = {file.name: file.read_text() for file in folder.iterdir() if file.name not in GIVEN}
    assert outcome == expected


@pytest.mark.parametrize("name", [one for one in CASES if (FOLDER / one / CONF).exists()])
def test_dnsmasq_accepts_its_configuration(name: str, tmp_path: Path):
    conf = FOLDER / name / CONF
    served = tmp_path / "servers"
    served.touch()
    lines = conf.read_text().splitlines()
    copy = tmp_path / "dnsmasq.conf"
    copy.write_text(
        "".join(
            f"servers-file={served}\n" if line.startswith("servers-file=") else f"{line}\n"
            for line in lines
        )
    )
    checked = subprocess.run(
        ["dnsmasq", "--test", f"--conf-file={copy}"], capture_output=True, text=True, check=False
    )
    assert checked.stderr == "dnsmasq: syntax check OK.\n"


def planned(folder: Path) -> Desired:
    return desired(case_network(folder), facts(folder / "facts.json"), Paths())


def case_network(folder: Path) -> Network:
    return parse_network((folder / "network.xml").read_text())


def services(*, zones: list[str] | None = None, resolved: bool = False) -> Services:
    return Services(None if zones is None else frozenset(zones), resolved)


def facts(path: Path) -> Facts:
    given: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return Facts(
        capabilities=Capabilities(**given.get("capabilities", {})),
        services=services(**given.get("services", {})),
        links=frozenset(given.get("links", ())),
        name_servers=tuple(map(ip_address, given.get("name_servers", ()))),
        resolver=ResolverPolicy[given.get("resolver", "FOLLOWS")],
        lease_helper=HELPER,
        ra_uplinks=frozenset(given.get("ra_uplinks", ())),
        wireless=frozenset(given.get("wireless", ())),
        foreign=tuple(map(foreign_table, given.get("foreign", ()))),
    )


def foreign_table(given: dict[str, Any]) -> ForeignTable:
    return ForeignTable(
        family=given["family"],
        name=given["name"],
        chains=frozenset(given["chains"]),
        dropping=tuple((chain, hook) for chain, hook in given["dropping"]),
    )


def rendered(plan: Desired) -> dict[str, str]:
    """The plan as files: the actions, and the text of each file and of the firewall's section."""
    actions = [action.describe() for action in diff(frozenset(), plan.state)]
    files = {"plan.txt": "\n".join((*actions, *map("! {}".format, plan.warnings), ""))}
    for resource in plan.state:
        if isinstance(resource, TextFile):
            suffix = resource.path.suffix.removeprefix(".")
            files[CONF if suffix == "conf" else suffix] = resource.content
        elif isinstance(resource, FirewallSection):
            files["ruleset.nft"] = render(resource)
    return files


def write(folder: Path, outcome: dict[str, str]) -> None:
    for file in folder.iterdir():
        if file.name not in GIVEN:
            file.unlink()
    for name, content in outcome.items():
        (folder / name).write_text(content)
