"""net-list through the quick client and through the whole one: the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from pasarela.cli.quick import quick_list
from pasarela.client.quick import Unexpected, networks
from wire.documents import DOCUMENTS
from wire.pasarelad import PYTHON, Pasarelad

pytestmark = pytest.mark.netns

CLI = str(Path(PYTHON).with_name("pasarela"))

OPTIONS = [
    (),
    ("--all",),
    ("--inactive",),
    ("--all", "--persistent"),
    ("--all", "--transient"),
    ("--all", "--autostart"),
    ("--all", "--no-autostart"),
    ("--all", "--name"),
    ("--all", "--uuid"),
]


@pytest.fixture
def daemon(pasarelad: Pasarelad) -> Pasarelad:
    for name in ("nat", "isolated", "bare"):
        (pasarelad.folder / f"{name}.xml").write_text(DOCUMENTS[name])
    for line in ("net-define {}/nat.xml", "net-create {}/bare.xml", "net-define {}/isolated.xml"):
        assert pasarelad.virsh(line.format(pasarelad.folder)).returncode == 0
    assert pasarelad.virsh("net-autostart nat; net-start nat").returncode == 0
    return pasarelad


@pytest.mark.parametrize("options", OPTIONS)
def test_it_prints_what_virsh_prints(daemon: Pasarelad, options: tuple[str, ...]) -> None:
    quick = quick_list(["--root", str(daemon.root), "net-list", *options])
    assert quick == daemon.virsh("net-list", *options).stdout
    whole = daemon.run(CLI, "--root", str(daemon.root), "-c", daemon.uri, "net-list", *options)
    assert quick == whole.stdout


def test_where_nobody_listens_it_gives_up(tmp_path: Path) -> None:
    with pytest.raises(Unexpected):
        networks(str(tmp_path / "nothing"))
