"""The commands that virsh lacks, on a real kernel."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cli.program import Program, program

pytestmark = [pytest.mark.netns, pytest.mark.usefixtures("netns")]

__all__ = ["program"]


def test_a_chore_in_one_line(program: Program) -> None:
    program("net-default", "--start")
    outcome = program("net-new", "mired2", "--like", "default", "--start", "--autostart")
    assert outcome.err == ""
    assert outcome.out == (
        "Network mired2 defined: 192.168.123.0/24, bridge virbr1\n"
        "Network mired2 started\n"
        "Network mired2 marked as autostarted\n\n"
    )
    assert "192.168.123.1/24" in _ip("address", "show", "virbr1")
    program("net-destroy", "mired2")
    program("net-destroy", "default")


def test_many_at_once_choose_differently(program: Program) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda name: program("net-new", name), "abcdef"))
    assert [(one.code, one.err) for one in done] == [(0, "")] * 6
    chosen = [one.out.split("defined: ")[1] for one in done]
    assert sorted(one.split(",")[0] for one in chosen) == [
        f"192.168.{number}.0/24" for number in range(122, 128)
    ]


def test_dry_run_touches_nothing(program: Program, root: Path) -> None:
    before = _ip("link")
    outcome = program("net-new", "x", "--dry-run", "--json")
    plan = json.loads(outcome.out)
    assert plan["xml"].startswith("<network>\n  <name>x</name>")
    assert any(step.startswith("+ bridge virbr0") for step in plan["steps"])
    assert 'iifname "virbr0"' in plan["firewall"]
    assert any("dhcp-range=192.168.122.2" in text for text in plan["files"].values())
    assert _ip("link") == before
    assert not any(path.is_file() for path in root.rglob("*"))
    text = program("net-new", "x", "--dry-run").out
    assert "Starting it would do this:\n\n  + " in text


def test_the_hosts_bridge_is_found(program: Program) -> None:
    assert "there is none yet" in program("net-new", "lan", "--kind", "bridge").err
    _ip("link", "add", "br7", "type", "bridge")
    assert program("net-new", "lan", "--kind", "bridge").out == (
        "Network lan defined: bridge br7\n\n"
    )


def test_a_device_that_is_not_there_is_told(program: Program) -> None:
    planned = program("net-new", "x", "--dev", "nosuch0", "--dry-run")
    assert (planned.code, planned.err) == (
        0,
        "warning: network 'x': there is no device nosuch0 on this host (yet), and guests' packets "
        "leave by no other\n",
    )


def test_what_could_not_be_started_is_told_before(program: Program) -> None:
    _ip("link", "add", "eth9", "type", "veth", "peer", "name", "eth8")
    absent = program("net-new", "lan", "--kind", "bridge", "--bridge", "br0")
    assert (absent.code, absent.err) == (
        0,
        "warning: network 'lan': there is no device br0 on this host (yet); "
        "guests cannot be plugged in until there is\n",
    )
    assert (
        "there is no device eth0"
        in program("net-new", "tap", "--kind", "macvtap", "--dev", "eth0").err
    )
    other = program("net-new", "a", "--kind", "bridge", "--bridge", "eth9")
    assert "'eth9' is no bridge" in other.err
    assert "pasarela host-bridge create br0 --port eth9" in other.err
    for name in ("br 0", "abcdefghijklmnop"):
        assert (
            f"--bridge: '{name}' cannot be a device's name"
            in program("net-new", "a", "--bridge", name).err
        )
    assert program("net-list", "--all", "--name").out == "lan\ntap\n\n"


def test_a_subnet_of_the_internet_is_told(program: Program) -> None:
    slip = program("net-new", "x", "--subnet", "192.186.1.0/24")
    assert slip.code == 0
    assert slip.err == (
        "warning: 192.186.1.0/24 is somebody's on the internet, whom this host no longer reaches "
        "while the network runs; private subnets are in 10.0.0.0/8, 172.16.0.0/12 and "
        "192.168.0.0/16\n"
    )
    own = program("net-new", "y", "--kind", "route", "--subnet", "192.187.1.0/24")
    assert (own.code, own.err) == (0, "")


def test_a_copy_leaves_reservations_behind(program: Program) -> None:
    program("net-default")
    host = "<host mac='52:54:00:00:00:07' name='seven' ip='192.168.122.7'/>"
    assert program("net-update", "default", "add", "ip-dhcp-host", host, "--config").code == 0
    copied = program("net-new", "other", "--like", "default")
    assert copied.err == (
        "warning: the 1 DHCP reservation(s) of 'default' are left out: "
        "they are for its own guests\n"
    )
    assert "<host" not in program("net-dumpxml", "other").out


def test_default_moves_aside_where_its_subnet_is_taken(program: Program) -> None:
    _ip("link", "add", "eth9", "type", "veth", "peer", "name", "eth8")
    _ip("address", "add", "192.168.122.50/24", "dev", "eth9")
    _ip("link", "set", "eth9", "up")
    assert program("net-default").out == (
        "Network default defined: 192.168.123.0/24, bridge virbr0\n\n"
    )
    assert "<bridge name='virbr0' stp='on' delay='0'/>" in program("net-dumpxml", "default").out
    assert program("net-default").out == "Network default exists already\n\n"


def test_a_boot_says_the_way_out_of_what_fails(program: Program) -> None:
    program("net-new", "x", "--subnet", "10.3.0.0/24", "--autostart")
    _ip("link", "add", "eth9", "type", "veth", "peer", "name", "eth8")
    _ip("address", "add", "10.3.0.50/24", "dev", "eth9")
    _ip("link", "set", "eth9", "up")
    failed = program("net-boot")
    assert failed.code == 1
    assert failed.err == (
        "error: Failed to start network x\n"
        "error: internal error: Network is already in use by interface eth9\n"
        "hint: <ip>: the host reaches 10.3.0.0/24 through eth9; give network 'x' another subnet "
        "than that of 10.3.0.1 (net-edit)\n"
    )


def test_a_failed_start_leaves_no_definition(program: Program) -> None:
    _ip("link", "add", "virbr7", "type", "bridge")
    failed = program("net-new", "x", "--bridge", "virbr7", "--start")
    assert failed.code == 1
    assert failed.err.startswith(
        "error: Failed to make network x\n"
        "error: invalid argument: there is an interface 'virbr7' already\n"
    )
    assert program("net-list", "--all", "--name").out == "\n"


def test_boot_starts_once(program: Program) -> None:
    program("net-new", "a", "--kind", "very-isolated", "--autostart")
    program("net-new", "b", "--kind", "very-isolated")
    assert program("net-boot").out == "Network a is active\n\n"
    program("net-destroy", "a")
    assert program("net-boot", "--json").out == '{\n  "active": [],\n  "failed": []\n}\n'


def test_repair_puts_a_flushed_address_back(program: Program) -> None:
    program("net-new", "a", "--kind", "isolated", "--start")
    assert program("net-repair").out == "Nothing to repair\n\n"
    _ip("address", "flush", "dev", "virbr0")
    repaired = program("net-repair")
    assert "address 192.168.122.1/24 on virbr0" in repaired.out
    assert "192.168.122.1/24" in _ip("address", "show", "virbr0")
    program("net-destroy", "a")


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout
