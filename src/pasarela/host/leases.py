"""DHCP leases on disk: libvirt's JSON file, and dnsmasq's own table made from it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pasarela.errors import InternalError
from pasarela.host.files import write_atomically
from pasarela.model.handles import Lease, LeaseType

LIMIT = 32 << 20  # libvirt reads no larger file


def read_leases(path: Path, now: float | None = None) -> tuple[Lease, ...]:
    """The leases in a ``BRIDGE.status`` file that have not expired; none if there is no file.

    The prefix is 0: only the network's definition knows it.

    Args:
        now: seconds since 1970; the present if left out.

    Raises:
        InternalError: the file is too large, or is not what libvirt writes.
    """
    moment = int(time.time() if now is None else now)
    leases = (_lease(record, path.stem) for record in _records(path))
    return tuple(lease for lease in leases if not 0 < lease.expiry < moment)


def seed_lease_file(leases: Path, status: Path) -> None:
    """Make dnsmasq's lease table from the JSON file where that is the newer of the two.

    So leases outlive a move from libvirt, whose dnsmasq keeps no table of its own. A broken JSON
    file is left out: a network must start all the same, and the next lease mends it.
    """
    if _changed(status) <= _changed(leases):
        return
    with suppress(InternalError):
        write_atomically(leases, "".join(f"{line}\n" for line in _table(_records(status))))


def forget_empty_table(leases: Path) -> None:
    """Remove a table of dnsmasq's that holds no lease."""
    with suppress(FileNotFoundError):
        if leases.stat().st_size == 0:
            leases.unlink()


def _records(path: Path) -> list[Mapping[str, Any]]:
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except FileNotFoundError:
        return []
    if len(data) > LIMIT:
        raise InternalError(f"lease file {path} is larger than {LIMIT} bytes")
    return _parse(data, path) if data.strip() else []


def _parse(data: bytes, path: Path) -> list[Mapping[str, Any]]:
    try:
        records = json.loads(data)
    except ValueError as cause:
        raise InternalError(
            f"invalid json in file: {path}", remedy="move it away; dnsmasq fills it again"
        ) from cause
    if not isinstance(records, list):
        raise InternalError("Malformed lease_entries array")
    if not all(isinstance(record, dict) for record in records):
        raise InternalError("failed to parse json")
    return records


def _lease(record: Mapping[str, Any], bridge: str) -> Lease:
    address = _text(record, "ip-address") or ""
    return Lease(
        interface=bridge,
        expiry=_expiry(record),
        type=LeaseType.IPV6 if ":" in address else LeaseType.IPV4,
        mac=_text(record, "mac-address"),
        iaid=_text(record, "iaid"),
        address=address,
        prefix=0,
        hostname=_text(record, "hostname"),
        client_id=_text(record, "client-id"),
    )


def _text(record: Mapping[str, Any], key: str) -> str | None:
    value = record.get(key)
    return None if value is None else str(value)


def _expiry(record: Mapping[str, Any]) -> int:
    value = record.get("expiry-time", 0)
    if not isinstance(value, int):
        raise InternalError("failed to parse json")
    return value


def _table(records: list[Mapping[str, Any]]) -> Iterator[str]:
    """dnsmasq's lease file: IPv4, then the server's DUID, then IPv6 (dnsmasq 2.90, lease.c)."""
    six = [record for record in records if ":" in str(record.get("ip-address"))]
    yield from (_row(record, "mac-address") for record in records if record not in six)
    duid = next((_text(record, "server-duid") for record in six if "server-duid" in record), None)
    if duid is None:
        return
    yield f"duid {duid}"
    yield from (_row(record, "iaid") for record in six)


def _row(record: Mapping[str, Any], identity: str) -> str:
    fields = (identity, "ip-address", "hostname", "client-id")
    words = (_word(_text(record, key)) for key in fields)
    return " ".join((str(_expiry(record)), *words))


def _word(text: str | None) -> str:
    """``*`` is dnsmasq's word for nothing; white space would be a field of its own."""
    return "*" if not text or len(text.split()) != 1 else text


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
