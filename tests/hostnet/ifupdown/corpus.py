"""The corpus of interfaces files: each is a folder with its files and the change to make.

``interfaces`` is the main file, ``interfaces.d-NAME`` one beside it, ``action`` the change in a
line. What comes of it stands in ``change.diff`` or, where it is refused, in ``refused.txt``.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import unified_diff
from ipaddress import ip_address, ip_interface
from pathlib import Path, PurePosixPath

from pasarela.errors import PasarelaError
from pasarela.hostnet.ifupdown import Ifupdown
from pasarela.hostnet.manager import Bridging, FileEdit, Texts
from pasarela.model.interface import InterfaceType
from pasarela.model.interface_config import BridgeConfig, DnsConfig, InterfaceConfig, IpConfig
from pasarela.model.values import MacAddress

FOLDER = Path(__file__).parents[1] / "corpus" / "interfaces"
CASES = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())
NETWORK = PurePosixPath("/etc/network")
MAIN = NETWORK / "interfaces"


def texts(folder: Path) -> dict[PurePosixPath, str]:
    return {
        NETWORK / file.name.replace("interfaces.d-", "interfaces.d/"): read(file)
        for file in sorted(folder.iterdir())
        if file.name.startswith("interfaces")
    }


def read(file: Path) -> str:
    return file.read_bytes().decode()


def changed(files: Texts, edits: list[FileEdit]) -> dict[PurePosixPath, str]:
    return {**files, **{edit.path: edit.after for edit in edits if edit.after is not None}}


def carry_out(files: Texts, action: str) -> list[FileEdit]:
    """The edits of an action such as ``bridge br0 eth0 dhcp``."""
    verb, bridge, *rest = action.split()
    match verb:
        case "bridge":
            return list(Ifupdown().bridge(files, bridging(bridge, rest[0], rest[1:])))
        case "unbridge":
            return list(Ifupdown().unbridge(files, bridge))
        case "add-port":
            return list(Ifupdown().add_port(files, bridge, InterfaceConfig(rest[0])))
        case "remove-port":
            return list(Ifupdown().remove_port(files, bridge, rest[0]))
    raise ValueError(action)


def bridging(bridge: str, port: str, options: list[str]) -> Bridging:
    config = InterfaceConfig(
        bridge, InterfaceType.BRIDGE, details=BridgeConfig((InterfaceConfig(port),))
    )
    keep = True
    for option in options:
        name, _, value = option.partition("=")
        match name:
            case "mac":
                config = replace(config, mac=MacAddress(value))
            case "dhcp":
                config, keep = replace(config, ipv4=IpConfig(dhcp=True)), False
            case "address":
                config, keep = (
                    replace(config, ipv4=IpConfig(addresses=(ip_interface(value),))),
                    False,
                )
            case "gateway":
                assert config.ipv4
                config = replace(config, ipv4=replace(config.ipv4, gateway=ip_address(value)))
            case "dns":
                config = replace(config, dns=DnsConfig((ip_address(value),)))
    return Bridging(config, keep)


def diff(edits: list[FileEdit]) -> str:
    """The edits as one diff; a line's end that is not LF is shown."""
    lines: list[str] = []
    for edit in edits:
        before, after = shown(edit.before or ""), shown(edit.after or "")
        lines += unified_diff(before, after, str(edit.path), str(edit.path), n=2, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def shown(text: str) -> list[str]:
    lines = text.replace("\r", "␍").split("\n")
    if lines[-1]:
        lines[-1] += "␄"
    else:
        del lines[-1]
    return lines


def outcome(name: str) -> dict[str, str]:
    folder = FOLDER / name
    try:
        return {"change.diff": diff(carry_out(texts(folder), (folder / "action").read_text()))}
    except PasarelaError as error:
        return {"refused.txt": f"{error.message}\n{error.location or '-'}\n{error.remedy}\n"}
