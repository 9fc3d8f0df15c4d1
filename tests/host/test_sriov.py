"""Virtual functions, from a folder that stands for sysfs: test machines have no such card."""

from __future__ import annotations

from pathlib import Path

from pasarela.host.sriov import is_virtual_function, virtual_functions
from pasarela.model.values import PciAddress
from pasarela.plan.facts import VirtualFunction


def card(root: Path, *functions: tuple[str, str | None]) -> Path:
    """A card eth0 that lends functions, each with its PCI address and, if it has one, its name."""
    device = root / "devices/0000:03:00.0"
    for number, (address, name) in enumerate(functions):
        path = root / "devices" / address
        (path / "net" / name if name else path).mkdir(parents=True)
        device.mkdir(parents=True, exist_ok=True)
        (device / f"virtfn{number}").symlink_to(f"../{address}")
        (path / "physfn").symlink_to("../0000:03:00.0")
    (root / "net/eth0").mkdir(parents=True)
    (root / "net/eth0/device").symlink_to(device)
    return root / "net"


def test_functions_come_in_their_order(tmp_path: Path):
    lent = [(f"0000:03:{slot:02x}.1", f"eth0v{slot}") for slot in range(12)]
    found = virtual_functions("eth0", card(tmp_path, *lent))
    assert [one.dev for one in found] == [name for _, name in lent]
    assert found[11] == VirtualFunction(PciAddress(0, 3, 11, 1), "eth0v11")


def test_a_function_that_a_guest_has_is_without_a_name(tmp_path: Path):
    found = virtual_functions("eth0", card(tmp_path, ("0001:03:10.0", None)))
    assert found == (VirtualFunction(PciAddress(1, 3, 16, 0)),)


def test_an_ordinary_card_lends_nothing(tmp_path: Path):
    folder = card(tmp_path)
    assert virtual_functions("eth0", folder) == ()
    assert virtual_functions("nope", folder) == ()


def test_a_virtual_function_knows_its_physical_one(tmp_path: Path):
    card(tmp_path, ("0000:03:10.0", "eth0v0"))
    devices = tmp_path / "devices"
    assert is_virtual_function(PciAddress(0, 3, 16, 0), devices)
    assert not is_virtual_function(PciAddress(0, 3, 0, 0), devices)
    assert not is_virtual_function(PciAddress(0, 9, 0, 0), devices)
