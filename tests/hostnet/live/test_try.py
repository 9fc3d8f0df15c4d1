"""What is on trial, or was killed while it was done, is taken back to the last byte and item."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hostnet.live.lan import PASARELA, Lan, await_true, has, kernel, lifetimes, sh
from pasarela.hostnet.bridge import pending as pendings
from pasarela.hostnet.live.dhcp import clients

pytestmark = pytest.mark.netns

KILLED = Path(__file__).with_name("killed.py")
STEPS = ("make", "settings", "batch", "settle", "verify", "client", "dns", "manager", "files")


@dataclass
class Before:
    """How a host is, to be compared with how it is later."""

    host: Lan
    kernel: dict[str, object] = field(init=False)
    files: dict[str, tuple[bytes, int]] = field(init=False)
    lifetimes: dict[str, tuple[int, int]] = field(init=False)
    link: str = "enp3s0"

    def __post_init__(self) -> None:
        self.kernel, self.files = kernel(), self.host.files()
        self.lifetimes = lifetimes(self.link)

    def is_back(self) -> None:
        assert self.host.files() == self.files
        assert kernel() == self.kernel
        now = lifetimes(self.link)
        for address, (_, valid) in self.lifetimes.items():
            assert now[address][1] <= valid and valid - now[address][1] < 20, address


def settled(host: Lan) -> bool:
    return not pendings.path(host.root).exists()


def furnish(host: Lan) -> None:
    """A host with something of everything."""
    host.static()
    sh("ip", "addr", "add", "10.5.0.2/24", "dev", "enp3s0", "label", "enp3s0:1")
    sh(
        "ip",
        "addr",
        "add",
        "172.26.3.3/16",
        "dev",
        "enp3s0",
        "valid_lft",
        "900",
        "preferred_lft",
        "800",
    )
    sh("ip", "addr", "add", "2001:db8:26::77/64", "dev", "enp3s0", "valid_lft", "700",
       "preferred_lft", "600", "nodad")  # fmt: skip
    sh("ip", "route", "add", "10.9.0.0/16", "via", "172.26.0.9", "mtu", "1300", "table", "77",
       "src", "172.26.0.100", "metric", "30", "proto", "static")  # fmt: skip
    sh("ip", "route", "add", "10.10.0.0/16", "nexthop", "via", "172.26.0.7", "dev", "enp3s0",
       "nexthop", "via", "172.26.0.8", "dev", "enp3s0", "weight", "3")  # fmt: skip
    sh("ip", "route", "add", "10.11.0.1/32", "via", "192.0.2.1", "dev", "enp3s0", "onlink")
    sh("ip", "rule", "add", "iif", "enp3s0", "lookup", "77", "pref", "100")
    sh("ip", "-6", "rule", "add", "oif", "enp3s0", "lookup", "78", "pref", "101")
    sh("ip", "neigh", "add", "172.26.0.9", "lladdr", "02:00:00:00:00:99", "dev", "enp3s0")
    sh("ip", "neigh", "add", "proxy", "172.26.0.55", "dev", "enp3s0")
    for path, value in (("ipv4", "rp_filter"), ("ipv4", "arp_ignore"), ("ipv6", "accept_ra")):
        Path(f"/proc/sys/net/{path}/conf/enp3s0/{value}").write_text("2")


def begin(host: Lan, step: str, seconds: float, action: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(KILLED), str(host.root), step, str(seconds), action],
        capture_output=True, text=True, timeout=40, check=False, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(pendings.__file__).parents[3])},
    )  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_of_create_the_host_is_as_it_was(host: Lan, step: str) -> None:
    furnish(host)
    before = Before(host)
    done = begin(host, step, 30, "create")
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    await_true(lambda: settled(host))
    before.is_back()


@pytest.mark.parametrize("step", ["settings", "batch", "settle", "client", "files"])
def test_killed_at_any_step_of_delete_the_host_is_as_it_was(host: Lan, step: str) -> None:
    furnish(host)
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    before = Before(host, link="br0")
    done = begin(host, step, 0, "delete")
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    await_true(lambda: settled(host))
    before.is_back()


@pytest.mark.parametrize("after", [0.01, 0.03, 0.05, 0.08])
def test_killed_while_the_watchdog_starts(host: Lan, after: float) -> None:
    """Nothing is moved yet; what is noted already is in nobody's way."""
    host.static()
    before = Before(host)
    words = [*PASARELA, "--root", str(host.root), "host-bridge", "create", "br0"]
    command = subprocess.Popen([*words, "--port", "enp3s0", "--try", "30"])
    await_true(lambda: pendings.path(host.root).exists())
    with suppress(subprocess.TimeoutExpired):
        command.wait(after)
    command.kill()
    command.wait()
    if (pending := pendings.load(host.root)) is not None and pending.phase is pendings.Phase.TRIAL:
        host.pasarela("host-bridge", "revert")
    await_true(lambda: settled(host))
    before.is_back()


def test_killed_before_it_had_a_watchdog(host: Lan) -> None:
    host.static()
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "30")
    pending = pendings.load(host.root)
    assert pending is not None
    host.pasarela("host-bridge", "revert")
    pendings.save(host.root, replace(pending, watchdog=0, phase=pendings.Phase.MOVING))
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")


def test_the_steps_are_all_that_there_are(host: Lan) -> None:
    host.static()
    done = begin(host, "none", 0, "create")
    assert tuple(done.stdout.split()) == STEPS, done.stderr


@pytest.mark.parametrize("client", ["dhclient", "udhcpc"])
def test_the_dhcp_client_comes_back_too(host: Lan, client: str) -> None:
    if not has(client):
        pytest.skip(f"{client} is not installed")
    host.serve()
    getattr(host, client)()
    before = Before(host)
    assert begin(host, "files", 30, "create").returncode == -signal.SIGKILL
    await_true(lambda: settled(host))
    before.is_back()
    assert [one.link for one in clients.find(["enp3s0", "br0"])] == ["enp3s0"]


def test_a_trial_that_nobody_confirms_is_taken_back(host: Lan) -> None:
    furnish(host)
    before = Before(host)
    said = host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "4")
    assert "pasarela confirm" in said
    assert host.files() == before.files
    assert "is on trial" in host.pasarela("host-bridge", "show")
    await_true(lambda: settled(host))
    before.is_back()
    assert "no change to confirm" in host.pasarela("confirm", check=False)


def test_a_trial_that_is_confirmed_is_kept(host: Lan) -> None:
    furnish(host)
    before = host.files()
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "30")
    pending = pendings.load(host.root)
    assert pending is not None and pending.is_watched
    host.pasarela("confirm")
    await_true(lambda: not pending.is_watched)
    changed = host.files()["network/interfaces"]
    assert b"bridge_ports enp3s0" in changed[0]
    assert changed[1] == before["network/interfaces"][1]
    assert "172.26.0.100" in sh("ip", "addr", "show", "br0")


def test_all_but_the_watchdog_killed_on_trial(host: Lan) -> None:
    furnish(host)
    before = Before(host)
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "3")
    pending = pendings.load(host.root)
    assert pending is not None
    spared = {pending.watchdog, os.getpid(), os.getppid(), 1, host.pid}
    here = Path("/proc/self/ns/net").readlink()  # other tests' daemons have others
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if int(path.name) not in spared and (path / "ns/net").readlink() == here:
                os.kill(int(path.name), signal.SIGKILL)
    await_true(lambda: settled(host))
    before.is_back()


def test_with_the_watchdog_killed_too_the_next_command_says_so(host: Lan) -> None:
    furnish(host)
    before = Before(host)
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "30")
    pending = pendings.load(host.root)
    assert pending is not None
    os.kill(pending.watchdog, signal.SIGKILL)
    await_true(lambda: not pending.is_watched)
    assert "nobody watches over it" in host.pasarela("host-bridge", "show")
    assert "nobody watches over it" in host.pasarela("net-list")
    host.pasarela("host-bridge", "revert")
    before.is_back()


def test_a_file_that_somebody_changed_on_trial_is_not_overwritten(host: Lan) -> None:
    host.static()
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "30")
    file = host.root / "etc/network/interfaces"
    file.write_text(file.read_text() + "# mine\n")
    said = host.pasarela("confirm", check=False)
    assert "changed meanwhile" in said and file.read_text().endswith("# mine\n")
    host.pasarela("host-bridge", "revert")
    assert file.read_text().endswith("# mine\n")


def test_a_second_change_waits_for_the_first(host: Lan) -> None:
    host.static()
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "30")
    said = host.pasarela("host-bridge", "delete", "br0", check=False)
    assert "another change is pending" in said and "pasarela confirm" in said
    host.pasarela("host-bridge", "revert")


@pytest.mark.parametrize("step", ["settle", "manager", "files"])
def test_what_fails_is_taken_back_at_once(host: Lan, step: str) -> None:
    furnish(host)
    before = Before(host)
    done = begin(host, f"fail:{step}", 0, "create")
    assert "no luck" in done.stderr
    before.is_back()
    assert settled(host)


@pytest.mark.parametrize("answer", [b"\r", None])
def test_a_terminal_that_is_alive_says_yes_by_enter(host: Lan, answer: bytes | None) -> None:
    """And one that is closed says nothing."""
    furnish(host)
    before = Before(host)
    pid, terminal = pty.fork()
    if not pid:
        words = [*PASARELA, "--root", str(host.root), "host-bridge", "create", "br0"]
        os.execv(words[0], [*words, "--port", "enp3s0", "--try", "4"])
    said = b""
    while b"Press Enter" not in said:
        said += os.read(terminal, 1024)
    if answer:
        os.write(terminal, answer)
        while b"Kept: " not in said:
            said += os.read(terminal, 1024)
    os.close(terminal)
    os.waitpid(pid, 0)
    await_true(lambda: settled(host))
    if answer:
        assert b"bridge_ports enp3s0" in host.files()["network/interfaces"][0]
    else:
        before.is_back()


def test_a_terminal_hears_of_what_another_one_has_settled(host: Lan) -> None:
    """And takes for an answer only what is typed after its question."""
    host.static()
    pid, terminal = pty.fork()
    if not pid:
        words = [*PASARELA, "--root", str(host.root), "host-bridge", "create", "br0"]
        os.execv(words[0], [*words, "--port", "enp3s0", "--try", "30"])
    os.write(terminal, b"\r")
    said = b""
    while b"Press Enter" not in said:
        said += os.read(terminal, 1024)
    assert pendings.load(host.root) is not None
    host.pasarela("confirm")
    while b"Settled meanwhile" not in said:
        said += os.read(terminal, 1024)
    os.waitpid(pid, 0)
    os.close(terminal)
    assert b"Taken back" not in said and b"Kept" not in said


def test_an_ordinary_user_is_not_bothered_by_a_trial(host: Lan, as_nobody: tuple[str, ...]) -> None:
    """The note of it is root's; the commands of others run as ever."""
    host.static()
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "30")
    for folder in (host.root, *list(host.root.parents)[:-2]):
        folder.chmod(0o755)
    program = [*as_nobody, *PASARELA, "--root", str(host.root)]

    def nobody(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *words], capture_output=True, text=True, timeout=30, check=False
        )

    shown = nobody("host-bridge", "show")
    assert shown.returncode == 0 and "br0: MAC" in shown.stdout, shown.stderr
    refused = nobody("confirm")
    assert refused.returncode == 1 and "Permission denied" in refused.stderr
    assert "mistake in Pasarela" not in refused.stderr and "hint: " in refused.stderr
    host.pasarela("host-bridge", "revert")


def test_a_note_that_cannot_be_read_is_told_of_and_stops_nothing_else(host: Lan) -> None:
    note = pendings.path(host.root)
    note.parent.mkdir(parents=True)
    note.write_bytes(b"\xff{")
    assert "pending.json cannot be read" in host.pasarela("net-list")
    assert "There is no bridge" in host.pasarela("host-bridge", "show")
    said = host.pasarela("host-bridge", "revert", check=False)
    assert "pending.json cannot be read" in said and "revert --force" in said
    host.pasarela("host-bridge", "revert", "--force")
    assert settled(host)


def test_the_kernel_is_taken_back_though_the_files_cannot_be(host: Lan) -> None:
    furnish(host)
    before = Before(host)
    host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "30")
    folder = host.root / "etc/network"
    with read_only(folder):
        said = host.pasarela("confirm", check=False)
        assert "Read-only file system" in said and "hint: mount" in said
        host.pasarela("host-bridge", "revert")
    before.is_back()
    with read_only(folder):
        said = host.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", check=False)
    assert "cannot write /etc/network/interfaces: Read-only file system" in said
    before.is_back()


def test_a_watchdog_that_is_late_leaves_the_next_change_alone(host: Lan) -> None:
    """Its own change is settled: an order to end takes back nothing of another's."""
    host.static()
    create = ("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "30")
    host.pasarela(*create)
    first = pendings.load(host.root)
    assert first is not None
    os.kill(first.watchdog, signal.SIGSTOP)
    host.pasarela("host-bridge", "revert")
    host.pasarela(*create)
    os.kill(first.watchdog, signal.SIGCONT)
    await_true(lambda: not first.is_watched)
    second = pendings.load(host.root)
    assert second is not None and second.is_watched
    host.pasarela("host-bridge", "revert")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    sh("mount", "--bind", str(folder), str(folder))
    sh("mount", "-o", "remount,ro,bind", str(folder))
    try:
        yield
    finally:
        sh("umount", str(folder))
