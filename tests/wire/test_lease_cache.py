from __future__ import annotations

import json
import os
import time
from pathlib import Path

from pasarela.daemon.lease_cache import LeaseCache


def write(path: Path, *records: dict[str, object]) -> None:
    """As the lease helper does: whole, and by renaming."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(records))
    os.replace(new, path)  # noqa: PTH105


def record(address: str, expiry: int = 0) -> dict[str, object]:
    return {"ip-address": address, "mac-address": "52:54:00:00:00:01", "expiry-time": expiry}


def test_what_changes_is_seen(tmp_path: Path) -> None:
    path, read = tmp_path / "virbr0.status", LeaseCache()
    assert list(read(path)) == []
    write(path, record("10.0.0.2"))
    assert [lease.address for lease in read(path)] == ["10.0.0.2"]
    write(path, record("10.0.0.3"))
    assert [lease.address for lease in read(path)] == ["10.0.0.3"]
    path.unlink()
    assert list(read(path)) == []


def test_what_expires_goes_without_a_change(tmp_path: Path) -> None:
    path, read = tmp_path / "virbr0.status", LeaseCache()
    write(path, record("10.0.0.2", int(time.time()) + 1), record("10.0.0.3"))
    assert len(read(path)) == 2
    while int(time.time()) <= json.loads(path.read_text())[0]["expiry-time"]:
        time.sleep(0.1)
    assert [lease.address for lease in read(path)] == ["10.0.0.3"]
