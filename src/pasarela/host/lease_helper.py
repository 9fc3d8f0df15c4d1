#!/usr/bin/python3 -IS
"""dnsmasq's dhcp-script: keeps the leases of a bridge as JSON, in libvirt's form.

Called as ``helper add|old|del MAC-OR-DUID IP [HOSTNAME]`` with the details in the environment
(dnsmasq(8), --dhcp-script). libvirt-nss and ``net-dhcp-leases`` read what it writes. It stands
alone, so that it starts without the rest of Pasarela.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEFAULT_FOLDER = "/var/lib/libvirt/dnsmasq"
LIMIT = 32 << 20  # libvirt reads no larger file

Record = dict[str, Any]


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Returns the exit status; dnsmasq ignores one that is not 0."""
    if len(arguments) not in (3, 4) or arguments[0] not in ("add", "old", "del"):
        return 1  # arp-add, tftp and whatever else dnsmasq may tell of
    bridge = environment.get("DNSMASQ_INTERFACE") or environment.get("VIR_BRIDGE_NAME")
    if not bridge:
        print("interface not set", file=sys.stderr)
        return 1
    folder = Path(environment.get("PASARELA_STATUS_FOLDER", DEFAULT_FOLDER))
    return update(folder / f"{bridge}.status", arguments, environment)


def update(status: Path, arguments: list[str], environment: Mapping[str, str]) -> int:
    """Apply one change under the folder's lock."""
    action, _, address = arguments[:3]
    record = new_record(arguments, environment) if action != "del" else None
    outdated = address if action == "del" or record is not None else None
    lock = os.open(status.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = [old for old in read(status) if old.get("ip-address") != outdated]
        write(status, kept if record is None else [*kept, record])
    finally:
        os.close(lock)
    return 0


def new_record(arguments: list[str], environment: Mapping[str, str]) -> Record | None:
    """The lease as libvirt writes it: keys in its order, those that are unknown left out.

    None for an IPv6 client whose MAC is not known: libvirt keeps no record of it.
    """
    iaid = environment.get("DNSMASQ_IAID")
    mac = environment.get("DNSMASQ_MAC") if iaid else arguments[1]
    client = arguments[1] if iaid else environment.get("DNSMASQ_CLIENT_ID")
    if not mac:
        return None
    named = arguments[3] if len(arguments) == 4 else environment.get("DNSMASQ_SUPPLIED_HOSTNAME")
    record = {
        "iaid": iaid,
        "ip-address": arguments[2],
        "mac-address": mac,
        "hostname": named or environment.get("DNSMASQ_OLD_HOSTNAME"),
        "client-id": client,
        "server-duid": environment.get("DNSMASQ_SERVER_DUID") if iaid else None,
        "expiry-time": int(environment.get("DNSMASQ_LEASE_EXPIRES", "0").strip() or 0),
    }
    return {key: value for key, value in record.items() if value is not None}


def read(status: Path) -> list[Record]:
    """The records of a file; one that is broken is begun anew, as libvirt does."""
    try:
        with status.open("rb") as file:
            loaded = json.loads(file.read(LIMIT) or b"[]")
    except (FileNotFoundError, ValueError):
        return []
    records = loaded if isinstance(loaded, list) else []
    return [record for record in records if isinstance(record, dict)]


def write(status: Path, records: list[Record]) -> None:
    """Readers see the old file or the new one."""
    temporary = status.with_name(f"{status.name}.new")
    text = json.dumps(records, indent=2, ensure_ascii=False) if records else "[\n\n]"
    temporary.write_text(f"{text}\n", encoding="utf-8", errors="replace")
    temporary.chmod(0o644)
    temporary.rename(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
