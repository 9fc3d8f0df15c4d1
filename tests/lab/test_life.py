"""Labs come up, and leave nothing when they go, however they go."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from lab.labs import Labs, lab_processes, one_user_only

pytestmark = pytest.mark.netns


def wait_for_end(runtime: Path) -> dict[int, str]:
    """The lab's processes, once there are none, or after ten seconds."""
    deadline = time.monotonic() + 10
    while (left := lab_processes(runtime)) and time.monotonic() < deadline:
        os.sched_yield()
    return left


def keeper(labs: Labs) -> int:
    return int(json.loads(labs.ok("status", "--json"))[0]["keeper"])


def assert_nothing_left(labs: Labs) -> None:
    assert wait_for_end(labs.runtime) == {}
    assert list(labs.runtime.iterdir()) == []
    mounts = Path("/proc/self/mountinfo").read_text()
    assert "pasarela-lab" not in mounts


def test_down_leaves_no_process_no_file_and_no_mount(labs: Labs) -> None:
    labs.ok("up")
    assert len(lab_processes(labs.runtime)) >= 4  # keeper, unshare, two dnsmasqs, a web server
    labs.ok("down")
    assert_nothing_left(labs)


def test_down_after_the_keeper_was_killed(labs: Labs) -> None:
    labs.ok("up")
    os.kill(keeper(labs), signal.SIGKILL)
    assert wait_for_end(labs.runtime) == {}, "the kernel ends what was in the keeper's namespace"
    assert "dead" in labs.ok("status")
    labs.ok("down")
    assert_nothing_left(labs)


@pytest.mark.parametrize("victim", ["unshare", "dnsmasq", "pasarela.lab.web"])
def test_down_after_another_process_was_killed(labs: Labs, victim: str) -> None:
    labs.ok("up")
    labs.ok("shell", "host", "--", "pasarela", "net-start", "default")
    running = lab_processes(labs.runtime).items()
    pid = next(pid for pid, command in running if victim in command.split()[:3])
    os.kill(pid, signal.SIGKILL)
    labs.ok("down")
    assert_nothing_left(labs)


def test_a_machine_outlives_all_that_runs_on_it(labs: Labs) -> None:
    labs.ok("up")
    labs.shell("router", "kill -9 $(cat /run/dnsmasq.pid)")
    assert "172.26.0.1/16" in labs.shell("router", "ip addr").stdout


def test_up_again_after_a_crash(labs: Labs) -> None:
    labs.ok("up")
    os.kill(keeper(labs), signal.SIGKILL)
    wait_for_end(labs.runtime)
    labs.ok("up")
    assert labs.shell("host", "curl -s http://example.com").stdout.startswith("You come from")


def test_a_guest_of_a_named_lab_is_reached_as_it_says(labs: Labs) -> None:
    labs.ok("up", "--name", "other")
    labs.ok("shell", "--name", "other", "host", "--", "pasarela", "net-start", "default")
    told = labs.ok("guest", "web", "--network", "default", "--name", "other")
    assert "A shell in it: pasarela lab shell --name other web\n" in told
    assert labs.ok("shell", "--name", "other", "web", "--", "hostname") == "web\n"
    labs.ok("down", "--name", "other")


def test_a_second_up_is_refused_and_a_second_name_is_not(labs: Labs) -> None:
    labs.ok("up")
    refused = labs.run("up")
    assert refused.returncode == 1
    assert "lab 'lab' is up already" in refused.stderr
    labs.ok("up", "--name", "other")
    assert [lab["name"] for lab in json.loads(labs.ok("status", "--json"))] == ["lab", "other"]
    labs.ok("down", "--all")
    assert_nothing_left(labs)


def test_down_without_a_lab_is_no_fault(labs: Labs) -> None:
    assert labs.ok("down") == "There was no lab 'lab'.\n"
    assert list(labs.runtime.iterdir()) == []


def test_shell_without_a_lab_says_how_to_make_one(labs: Labs) -> None:
    refused = labs.run("shell", "host", "--", "true")
    assert refused.returncode == 1
    assert "lab 'lab' is not up" in refused.stderr
    assert "pasarela lab up" in refused.stderr


@pytest.fixture
def nobodys(as_nobody: tuple[str, ...]) -> Iterator[Labs]:
    """Labs of an ordinary user, in a folder beside pytest's, which any other run closes to them."""
    if one_user_only():
        pytest.skip("these tests run as an ordinary user already")
    with TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        yield Labs(Path(folder), as_nobody)


def test_an_ordinary_user_needs_no_root(nobodys: Labs) -> None:
    nobodys.ok("up")
    try:
        nobodys.ok("shell", "host", "--", "pasarela", "net-start", "default")
        nobodys.ok("guest", "web", "--network", "default")
        said = nobodys.shell("web", "curl -sS -4 http://example.com")
        assert said.stdout.startswith("You come from 172.26.0.100 "), said.stderr
    finally:
        nobodys.ok("down")
    assert_nothing_left(nobodys)
