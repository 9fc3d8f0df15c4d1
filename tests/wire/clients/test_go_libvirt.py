"""digitalocean's go-libvirt, which speaks the protocol without libvirt's own library."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from signal import SIGKILL

import pytest

from oracle.libvirtd import Libvirtd
from wire.clients.programs import need_program
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

SOURCE = Path(__file__).parent / "go/main.go"
GOPATH = Path("/usr/share/gocode")  # where Debian's Go libraries are
LIBRARY = GOPATH / "src/github.com/digitalocean/go-libvirt"
SECONDS = 30.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Our program of go/main.go."""
    go = need_program("go")
    if not LIBRARY.exists():
        pytest.skip("no golang-github-digitalocean-go-libvirt-dev: scripts/install --dev has it")
    folder = tmp_path_factory.mktemp("go")
    made = str(folder / "network")
    settings = {
        "GO111MODULE": "off",  # Debian's libraries are no modules
        "GOPATH": str(GOPATH),
        "GOCACHE": str(folder / "cache"),
        "CGO_ENABLED": "0",
    }
    subprocess.run([go, "build", "-o", made, str(SOURCE)], env=os.environ | settings, check=True)
    return made


def transcript(program: str, socket: str, daemon: Pasarelad | Libvirtd) -> list[str]:
    """What it prints until it waits for the daemon's end, which it is shown."""
    command = [program, socket, "network:///system"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        try:
            lines = []
            while (line := client.stdout.readline()) not in ("ready\n", ""):
                lines.append(line)
            if isinstance(daemon, Pasarelad):
                daemon.terminate(SIGKILL)
                lines.append(client.communicate(timeout=SECONDS)[0])
        finally:
            client.kill()
    return lines


def test_a_networks_life(program: str, pasarelad: Pasarelad, libvirtd: Libvirtd) -> None:
    libvirtd.reset()
    try:
        *ours, end = transcript(program, pasarelad.socket, pasarelad)
    finally:
        pasarelad.start()
    assert ours == transcript(program, libvirtd.socket, libvirtd)
    assert len(ours) > 50
    assert end == "disconnected\n"
