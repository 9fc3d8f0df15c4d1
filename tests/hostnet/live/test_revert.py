"""What cannot be taken back holds up nothing else; and what nobody settles is in nobody's way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from hostnet.live.lan import HOST, HOST6, Lan, await_true, kernel, sh
from pasarela.hostnet.bridge import pending as pendings
from pasarela.hostnet.bridge.pending import Pending, Phase
from pasarela.hostnet.host import Host

pytestmark = pytest.mark.netns

CREATE = ("host-bridge", "create", "br0", "--port", "enp3s0")


def pending(host: Lan) -> Pending:
    found = pendings.load(host.root)
    assert found is not None
    return found


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A watchdog that cannot do its work meanwhile, and none afterwards."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_device_that_is_gone_keeps_nothing_else_from_coming_back(host: Lan) -> None:
    host.static()
    sh("ip", "link", "add", "enp4s0", "type", "veth", "peer", "name", "other")
    sh("ip", "addr", "add", "10.7.0.1/24", "dev", "enp4s0")
    files = host.files()
    host.pasarela(*CREATE, "--port", "enp4s0", "--try", "50")
    sh("ip", "link", "del", "other")
    said = host.pasarela("host-bridge", "revert", check=False)
    assert "the device enp4s0 is gone" in said and "--force" in said
    assert f"{HOST}/16" in sh("ip", "addr", "show", "enp3s0")
    assert "another change is pending" in host.pasarela(*CREATE, check=False)
    forced = host.pasarela("host-bridge", "revert", "--force")
    assert "warning: left as it is: the device enp4s0 is gone" in forced
    assert "Taken back as far as can be: bridge br0 over enp3s0, enp4s0" in forced
    assert not pendings.path(host.root).exists()
    addresses = sh("ip", "addr", "show", "enp3s0")
    assert f"{HOST}/16" in addresses and f"{HOST6}/64" in addresses
    assert "br0" not in sh("ip", "link") and host.files() == files
    host.pasarela(*CREATE)


def test_what_the_kernel_refuses_is_named_once_with_the_reason(host: Lan) -> None:
    """A route that shares its way with a cable that was pulled out meanwhile."""
    host.static()
    sh("ip", "route", "add", "10.10.0.0/16", "nexthop", "via", "172.26.0.7", "dev", "enp3s0",
       "nexthop", "via", "10.99.0.1", "dev", "control")  # fmt: skip
    sh("ip", "route", "add", "10.11.0.0/16", "via", "172.26.0.8")
    before = kernel("enp3s0")["addresses"]
    host.pasarela(*CREATE, "--try", "50")
    sh("ip", "link", "del", "control")
    said = host.pasarela("host-bridge", "revert", "--force")
    warnings = [line for line in said.splitlines() if line.startswith("warning: ")]
    assert "10.10.0.0/16" in warnings[0] and "the device control is gone" in warnings[0]
    assert len(warnings) == len(set(warnings)) <= 2, said
    assert kernel("enp3s0")["addresses"] == before
    assert "10.11.0.0/16 via 172.26.0.8 dev enp3s0" in sh("ip", "route")


def test_force_needs_something_to_take_back(host: Lan) -> None:
    said = host.pasarela("host-bridge", "revert", "--force", check=False)
    assert "there is no change to take back" in said


def test_a_file_of_somebody_elses_is_named(host: Lan) -> None:
    host.static()
    host.pasarela(*CREATE, "--try", "50")
    file = host.root / "etc/network/interfaces"
    file.write_text(file.read_text() + "# mine\n")
    said = host.pasarela("host-bridge", "revert")
    assert "/etc/network/interfaces was changed meanwhile by somebody else" in said


# what nobody settles


def test_a_confirmation_that_comes_too_late_takes_back(host: Lan) -> None:
    host.static()
    before = kernel()
    host.pasarela(*CREATE, "--try", "3")
    files = host.files()
    with stopped(pending(host).watchdog):
        await_true(lambda: pending(host).is_out_of_time)
        said = host.pasarela("confirm", check=False)
    assert "was out, so it has been taken back" in said
    assert (kernel(), host.files()) == (before, files)
    assert not pendings.path(host.root).exists()


@pytest.mark.parametrize("phase", [Phase.MOVING, Phase.TRIAL])
def test_the_next_change_takes_back_what_nobody_watches(host: Lan, phase: Phase) -> None:
    """As the watchdog would have done; so for host-bridge and for the interface API."""
    host.static()
    before = kernel()
    host.pasarela(*CREATE, "--try", "50")
    with stopped(pending(host).watchdog):
        pass
    await_true(lambda: not pending(host).is_watched)
    pendings.save(host.root, replace(pending(host), phase=phase, deadline=0.5))
    with Host(host.root, host.root / "var/change.json").changing():
        assert kernel() == before
    host.pasarela(*CREATE)
    assert f"{HOST}/16" in sh("ip", "addr", "show", "br0")


def test_the_next_change_waits_while_somebody_may_confirm(host: Lan) -> None:
    host.static()
    host.pasarela(*CREATE, "--try", "50")
    with stopped(pending(host).watchdog):
        pass
    said = host.pasarela("host-bridge", "delete", "br0", check=False)
    assert "another change is pending" in said
    host.pasarela("confirm")
    host.pasarela("host-bridge", "delete", "br0")


def test_a_confirmation_that_died_is_carried_on(host: Lan) -> None:
    host.static()
    host.pasarela(*CREATE, "--try", "50")
    with stopped(pending(host).watchdog):
        pendings.set_phase(host.root, pending(host), Phase.WRITING)
    await_true(lambda: not pending(host).is_watched)
    with Host(host.root, host.root / "var/change.json").changing():
        assert b"bridge_ports enp3s0" in host.files()["network/interfaces"][0]
    assert not pendings.path(host.root).exists()
