"""The real systemd-resolved beside a bridge: names are found by whichever link has the network."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hostnet.live.lan import ROUTER, ROUTER6, Lan, await_true, sh
from hostnet.live.test_networkd_running import bus
from hostnet.programs import environment, is_root, unpacked
from pasarela.hostnet.live import resolved

RESOLVED = unpacked("lib/systemd/systemd-resolved")
RESOLVECTL = unpacked("usr/bin/resolvectl")

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(not RESOLVED or not RESOLVECTL, reason="run scripts/managers"),
    pytest.mark.skipif(not is_root(), reason="systemd-resolved becomes another user"),
]

NAME, ADDRESS = "web.example.org", "192.0.2.9"
USER = "systemd-resolve"
TOLD = {  # by somebody else than networkd: a VPN, a hook of ifupdown, an administrator
    "dnsovertls": ["opportunistic"],
    "dnssec": ["no"],
    "nta": ["lab.example"],
    "llmnr": ["no"],
    "mdns": ["resolve"],
    "default-route": ["yes"],
    "dns": [f"{ROUTER}#dns.example", ROUTER6],
    "domain": ["example.org", "~corp.example", "~."],
}


@pytest.fixture
def told(host: Lan, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lan]:
    """The host on a LAN with a name server, which resolved asks because it was told so."""
    monkeypatch.setenv("PATH", f"{Path(str(RESOLVECTL)).parent}:{os.environ['PATH']}")
    host.static()
    host.run(
        "dnsmasq", "--user=root", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
        "--bind-interfaces", "--interface=lan0", "--except-interface=lo",
        f"--address=/{NAME}/{ADDRESS}", f"--pid-file={host.folder}/dns.pid",
    )  # fmt: skip
    with ExitStack() as stack:
        for file, line in (
            ("passwd", f"{USER}:x:995:995::/:/bin/false"),
            ("group", f"{USER}:x:995:"),
        ):
            stack.enter_context(with_line(host, Path("/etc", file), line))
        stack.enter_context(bus())
        stack.enter_context(running(host))
        for verb, words in TOLD.items():
            sh("resolvectl", verb, "enp3s0", *words)
        yield host


@contextmanager
def with_line(host: Lan, file: Path, line: str) -> Iterator[None]:
    """The user that systemd-resolved becomes, for this test alone."""
    own = host.folder / file.name
    own.write_text(f"{file.read_text()}{line}\n")
    sh("mount", "--bind", str(own), str(file))
    try:
        yield
    finally:
        sh("umount", str(file))


@contextmanager
def running(host: Lan) -> Iterator[None]:
    Path("/run/systemd").mkdir(exist_ok=True)
    with (host.folder / "resolved.log").open("wb") as log:
        process = subprocess.Popen([str(RESOLVED)], stdout=log, stderr=log, env=environment())
    try:
        await_true(lambda: process.poll() is not None or answers())
        assert process.poll() is None, (host.folder / "resolved.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(10)


def answers() -> bool:
    return subprocess.run(["resolvectl"], capture_output=True, check=False).returncode == 0


def found_by(link: str) -> bool:
    """Whether a question that was never asked before is answered on this link.

    On a busy machine resolved may give up the first, for it tries the server's TLS before.
    """
    said = subprocess.run(
        ["resolvectl", "--cache=no", "query", NAME],
        capture_output=True, text=True, timeout=25, check=False,
    ).stdout  # fmt: skip
    return f"{NAME}: {ADDRESS}" in said and f"link: {link}" in said


def knows(link: str) -> dict[str, list[str]]:
    """What the real one says that it was told."""
    return {verb: list(words) for one in resolved.read([link]) for verb, *words in one.told}


def test_all_that_was_told_of_the_card_goes_to_the_bridge_and_comes_back(told: Lan) -> None:
    assert knows("enp3s0") == TOLD
    await_true(lambda: found_by("enp3s0"))
    assert "warning" not in told.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    assert knows("br0") == TOLD
    assert "dns" not in knows("enp3s0")
    await_true(lambda: found_by("br0"))
    assert "warning" not in told.pasarela("host-bridge", "delete", "br0")
    assert knows("enp3s0") == TOLD
    await_true(lambda: found_by("enp3s0"))


def test_a_trial_that_is_taken_back(told: Lan) -> None:
    for what in ("route", "address"):  # which the kernel would announce by itself
        sh("ip", "-6", what, "flush", "dev", "enp3s0")
    sh("resolvectl", "dns", "enp3s0", ROUTER)
    told.pasarela("host-bridge", "create", "br0", "--port", "enp3s0", "--try", "60")
    await_true(lambda: found_by("br0"))
    told.pasarela("host-bridge", "revert")
    assert knows("enp3s0") == {**TOLD, "dns": [ROUTER]}
    await_true(lambda: found_by("enp3s0"))


def test_a_server_on_the_link_itself_is_one_on_the_bridge(told: Lan) -> None:
    """resolved writes it down with the number of its link."""
    sh("resolvectl", "dns", "enp3s0", "fe80::53")
    told.pasarela("host-bridge", "create", "br0", "--port", "enp3s0")
    assert knows("br0")["dns"] == ["fe80::53"]
    assert "fe80::53\n" in sh("resolvectl", "dns", "br0")
