"""The QEMU driver of libvirt 11.3, as a newer host has it, with guests on networks of pasarelad."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from wire import test_qemu_driver as driver
from wire.clients.programs import DEBIAN13, LIBRARIES, PLACES, debian13, need

pytestmark = [pytest.mark.netns, pytest.mark.guest]

host = driver.host


@pytest.fixture(autouse=True)
def newer_virsh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virsh of 11.3, with its drivers where it looks for them, before the one of Debian 12."""
    need(LIBRARIES / "libvirt/connection-driver/libvirt_driver_qemu.so")
    program = tmp_path / "virsh"
    program.write_text(
        "#!/bin/sh\n"
        '[ -z "$PLACED" ] && PLACED=1 exec unshare --mount "$0" "$@"\n'
        + "".join(f"mount --bind {source} {place}\n" for source, place in PLACES.items())
        + f'exec {shlex.join(debian13(DEBIAN13 / "usr/bin/virsh"))} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.parametrize("kind", [driver.NAT, driver.MACVTAP], ids=lambda kind: kind.name)
def test_a_guest_lives_on_a_network(
    newer_virsh: None, host: driver.Host, kind: driver.Kind
) -> None:
    assert "Using library: libvirt 11.3.0" in host.qemu("version")
    driver.test_a_guest_lives_on_a_network(host, kind)
