"""Begins a change and is killed before a step, with all of its process group.

``killed.py ROOT STEP SECONDS create|delete`` prints the steps that it came to. With
``fail:STEP`` the step fails instead.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from pasarela.errors import SystemCallFailed
from pasarela.hostnet.bridge.hostbridge import HostBridge
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig


def main(root: str, deadly: str, seconds: float, action: str) -> None:
    door = HostBridge(Path(root))
    bridge = InterfaceConfig(
        "br0", InterfaceType.BRIDGE, details=BridgeConfig((InterfaceConfig("enp3s0"),), stp=False)
    )
    proposal = (
        door.propose_create(bridge, keep=True) if action == "create" else door.propose_delete("br0")
    )

    def step(name: str) -> None:
        print(name, flush=True)
        if name == deadly:
            os.killpg(0, signal.SIGKILL)
        if deadly == f"fail:{name}":
            raise SystemCallFailed("no luck")

    door.carry_out(proposal, seconds or None, step=step)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4])
