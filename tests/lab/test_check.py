"""The table: every kind of network, measured, is what it promises."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lab.labs import Labs, one_user_only
from pasarela.host.nftables.probe import has_bridge_meta
from pasarela.lab.kinds import COLUMNS, KINDS, Kind
from pasarela.lab.vm import kernel
from pasarela.xml.network import parse_network


def test_every_kind_promises_something_for_every_column() -> None:
    promises = [kind.promise(version) for kind in KINDS for version in (4, 6)]
    assert all(set(promise) == set(COLUMNS) for promise in promises if promise)
    assert all(kind.ipv4 for kind in KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.document], ids=lambda k: k.name)
def test_documents_are_networks_of_the_kinds_name(kind: Kind) -> None:
    assert kind.document is not None
    assert parse_network(kind.document).name == kind.name


@pytest.mark.netns
def test_every_kind_is_what_it_promises(labs: Labs) -> None:
    done = labs.run("check", "--json", timeout=110)
    table = json.loads(done.stdout)
    differing = [line for line in table["kinds"] if line["promised"] != line["measured"]]
    assert differing == []
    assert done.returncode == 0
    assert {line["kind"] for line in table["kinds"]} == {kind.name for kind in KINDS}
    assert list(labs.runtime.iterdir()) == []


FALSE_PROMISE = """
from dataclasses import replace
from pasarela.client.uri import open_uri
from pasarela.lab import check, report
from pasarela.lab.kinds import KINDS

kinds = {kind.name: kind for kind in KINDS}
boast = replace(kinds["open"], ipv4=kinds["isolated"].ipv4, ipv6=None)
lines = check.check(open_uri(), [boast])
print(report.as_text(lines, 1.0))
"""


@pytest.mark.netns
def test_a_promise_that_is_not_kept_is_shown_beside_what_was_measured(labs: Labs) -> None:
    labs.ok("up")
    done = labs.run("shell", "host", "--", sys.executable, "-c", FALSE_PROMISE)
    assert "yes, as itself (promised: no)" in done.stdout
    assert "1 of 1 lines differ from what is promised." in done.stdout


BROKEN = """
from dataclasses import replace
from pasarela.client.uri import open_uri
from pasarela.lab import check, report
from pasarela.lab.kinds import KINDS

kinds = {kind.name: kind for kind in KINDS}
document = "<network><name>open</name><forward mode='opne'/></network>"
broken = replace(kinds["open"], document=document)
lines = check.check(open_uri(), [kinds["very-isolated"], broken])
print(report.as_text(lines, 1.0))
"""


@pytest.mark.netns
def test_a_kind_that_cannot_be_built_costs_no_other_its_lines(labs: Labs) -> None:
    labs.ok("up")
    done = labs.run("shell", "host", "--", sys.executable, "-c", BROKEN)
    assert "very isolated  IPv4  yes" in done.stdout, done.stderr
    assert "open           IPv4  not measured  not measured" in done.stdout
    assert "Note: open: unsupported configuration: unknown forwarding type 'opne'" in done.stdout
    assert "2 of 4 lines differ from what is promised." in done.stdout


UNSEEN = """
for file in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $file ] || echo 0 > $file; done
exec "$0" -c "$1"
"""
VERY_ISOLATED = """
from pasarela.client.uri import open_uri
from pasarela.lab import check, report
print(report.as_text(check.check(open_uri(), check.choose(["very-isolated"])), 1.0))
"""


@pytest.mark.netns
def test_without_br_netfilter_the_promise_holds_or_what_is_missing_is_said(labs: Labs) -> None:
    """A kernel that knows the bridge of a port (CONFIG_NFT_BRIDGE_META) needs no br_netfilter."""
    labs.ok("up")
    done = labs.run("shell", "host", "--", "sh", "-c", UNSEEN, sys.executable, VERY_ISOLATED)
    assert "✓" in done.stdout, done.stderr
    noted = "Note: this host's firewall does not see packets within a bridge" in done.stdout
    assert noted != has_bridge_meta()
    assert ("✓, see note" in done.stdout) == noted
    assert ("CONFIG_NFT_BRIDGE_META" in done.stdout) == noted


@pytest.mark.netns
def test_an_unknown_kind_is_refused_with_those_there_are(labs: Labs) -> None:
    refused = labs.run("check", "--kind", "rooted")
    assert refused.returncode == 1
    assert "there is no kind 'rooted'" in refused.stderr
    assert "routed" in refused.stderr


@pytest.mark.guest
def test_real_guests_are_treated_as_their_kind_promises(labs: Labs) -> None:
    if not (kernel.cache() / "vmlinuz").exists():
        pytest.skip("no kernel for real guests: run scripts/install --dev")
    kinds = [kind.name for kind in KINDS if kind.real_guest]
    options = [word for name in kinds for word in ("--kind", name)]
    done = labs.run("check", "--vm", "--json", *options, timeout=200)
    table = json.loads(done.stdout)
    real = [line for line in table["kinds"] if line["title"].endswith("QEMU")]
    if one_user_only():
        kinds.remove("macvtap")  # only root may open its device
    assert [line["kind"] for line in real] == kinds
    assert [line for line in table["kinds"] if line["promised"] != line["measured"]] == []
    assert not Path(labs.runtime / "pasarela-lab").exists()
