"""Files that cloud-init writes again are told of."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from pasarela.hostnet.bridge.cloudinit import mention
from pasarela.hostnet.manager import FileEdit

OWN = FileEdit(PurePosixPath("/etc/netplan/50-cloud-init.yaml"), "network: {}\n", "")
SIGNED = FileEdit(
    PurePosixPath("/etc/network/interfaces"),
    "# This file is generated from information provided by the datasource.\nauto eth0\n",
    "",
)
OTHER = FileEdit(PurePosixPath("/etc/netplan/01.yaml"), "network: {}\n", "")
NEW = FileEdit(PurePosixPath("/etc/netplan/90-cloud-init.yaml"), None, "")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc/cloud/cloud.cfg.d").mkdir(parents=True)
    (tmp_path / "etc/cloud/cloud.cfg").write_text("users: [default]\n")
    return tmp_path


@pytest.mark.parametrize("edit", [OWN, SIGNED])
def test_its_own_file_by_its_name_or_its_first_line(root: Path, edit: FileEdit) -> None:
    (found,) = mention(root, [OTHER, edit])
    assert found.startswith(f"{edit.path} is cloud-init's")
    assert "/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg" in found


def test_files_of_others_and_new_ones(root: Path) -> None:
    assert not list(mention(root, [OTHER, NEW]))


@pytest.mark.parametrize(
    "text",
    [
        "network: {config: disabled}\n",
        "# ours\nnetwork:\n  config: disabled\n",
        'network: {config: "disabled"}',
    ],
)
def test_where_it_leaves_the_network_alone(root: Path, text: str) -> None:
    file = root / "etc/cloud/cloud.cfg.d/99-ours.cfg"
    file.write_text(text)
    assert not list(mention(root, [OWN]))
    file.write_text(f"#{text}" if text.startswith("network") else "")
    assert len(list(mention(root, [OWN]))) == 1


def test_where_it_is_switched_off_or_not_installed(root: Path) -> None:
    (root / "etc/cloud/cloud-init.disabled").touch()
    assert not list(mention(root, [OWN]))
    assert not list(mention(root / "nowhere", [OWN]))
