"""The page on /etc/network/interfaces shows what is written."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.manager import Bridging
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, InterfaceConfig
from pasarela.model.values import MacAddress

PAGE = Path(__file__).parents[2] / "docs/reference/interfaces.md"
MAIN = PurePosixPath("/etc/network/interfaces")


def test_the_example_is_what_is_written() -> None:
    before, after = re.findall(r"```\n(.*?)```", PAGE.read_text(), re.DOTALL)
    bridge = InterfaceConfig(
        "br0",
        InterfaceType.BRIDGE,
        mac=MacAddress("52:54:00:2f:a3:d9"),
        details=BridgeConfig((InterfaceConfig("enp3s0"),)),
    )
    (edit,) = Ifupdown().bridge({MAIN: before}, Bridging(bridge))
    assert edit.after == after
    (back,) = Ifupdown().unbridge({MAIN: after}, "br0")
    assert back.after == before
