"""net-list without the engine says what net-list with the engine says, or nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from pasarela.cli.main import _main
from pasarela.cli.quick import quick_list
from pasarela.model.paths import Paths

UUID = "54369a28-dd76-4a7b-9585-1280430{:05}"


def definition(name: str, number: int, more: str = "<mac address='52:54:00:00:00:01'/>") -> str:
    return (
        f"<!--\nWritten by a program\n-->\n<network>\n  <name>{name}</name>\n"
        f"  <uuid>{UUID.format(number)}</uuid>\n  <bridge name='virbr{number}'/>\n"
        f"  {more}\n</network>\n"
    )


def status(name: str, number: int) -> str:
    network = definition(name, number).partition("-->\n")[2]
    indented = "".join(f"  {line}\n" for line in network.splitlines())
    head = "  <class_id bitmap='0-2'/>\n  <floor sum='0'/>\n"
    return f"<networkstatus>\n{head}{indented}</networkstatus>\n"


@pytest.fixture
def paths(root: Path) -> Paths:
    """Four networks: running, idle, both marked to start; and a transient one."""
    paths = Paths.under(root)
    for folder in (paths.config / "autostart", paths.state, paths.leases):
        folder.mkdir(parents=True)
    for number, name in enumerate(("default", "Aislada", "uno"), 1):
        paths.definition(name).write_text(definition(name, number))
    for number, name in ((1, "default"), (4, "temporal")):
        paths.status(name).write_text(status(name, number))
    for name in ("default", "Aislada"):
        paths.autostart_link(name).symlink_to(paths.definition(name))
    return paths


def by_engine(arguments: list[str]) -> str:
    out = StringIO()
    with redirect_stdout(out):
        assert _main(arguments) == 0
    return out.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        "",
        "--all",
        "--inactive",
        "--all --inactive",
        "--all --name",
        "--all --uuid",
        "--table",
        "--persistent",
        "--transient",
        "--persistent --transient --all",
        "--autostart",
        "--no-autostart --all",
        "--inactive --autostart --name",
    ],
)
@pytest.mark.parametrize("quiet", [[], ["-q"]])
def test_same_as_the_engine(paths: Paths, root: Path, options: str, quiet: list[str]) -> None:
    arguments = ["--root", str(root), *quiet, "net-list", *options.split()]
    quick = quick_list(arguments)
    assert quick is not None
    assert quick == by_engine(arguments)


def test_no_networks(root: Path) -> None:
    arguments = ["--root", str(root), "net-list", "--all"]
    assert quick_list(arguments) == by_engine(arguments)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("etc/libvirt/qemu/networks/uno.xml", "<network>"),
        ("etc/libvirt/qemu/networks/uno.xml", definition("other", 3)),
        ("etc/libvirt/qemu/networks/uno.xml", definition("uno", 3, "")),
        ("etc/libvirt/qemu/networks/uno.xml", "<!DOCTYPE x>\n" + definition("uno", 3)),
        ("etc/libvirt/qemu/networks/uno.xml", definition("uno", 3) + "<"),
        ("etc/libvirt/qemu/networks/uno.xml", definition("uno", 3).replace("54369a28", "zz")),
        ("etc/libvirt/qemu/networks/uno.xml", status("uno", 3)),
        ("run/libvirt/network/uno.xml", definition("uno", 3)),
        ("run/libvirt/network/uno.xml", status("uno", 9)),
        ("etc/libvirt/qemu/networks/uno.xml.new", ""),
        ("etc/libvirt/qemu/networks/a'b.xml", definition("a&apos;b", 7)),
        ("etc/libvirt/qemu/networks/ñ.xml", definition("ñ", 7)),
        ("run/libvirt/network/pasarela-journal/uno", ""),
        ("run/libvirt/virtnetworkd-sock", ""),
    ],
)
def test_what_is_odd_is_left_to_the_engine(
    paths: Paths, root: Path, path: str, content: str
) -> None:
    file = root / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(content)
    assert quick_list(["--root", str(root), "net-list", "--all"]) is None


def test_what_is_no_file_is_not_waited_for(paths: Paths, root: Path) -> None:
    os.mkfifo(paths.config / "pipe.xml")
    assert quick_list(["--root", str(root), "net-list", "--all"]) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["net-list --all"],
        ["net-list", "--all", "--all"],
        ["net-list", "--name", "--uuid"],
        ["net-list", "--title"],
        ["net-list", "--json"],
        ["net-list", "x"],
        ["net-list", "--help"],
        ["-r", "net-list"],
        ["-c", "qemu:///system", "net-list"],
        ["net-info", "net-list"],
        ["net-list", "--root", "/"],
    ],
)
def test_other_lines_are_left_to_the_parser(arguments: list[str]) -> None:
    assert quick_list(arguments) is None


def test_another_uri_is_left_to_the_door(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", "qemu+ssh://host/system")
    assert quick_list(["--root", str(root), "net-list"]) is None


def test_a_plain_listing_imports_next_to_nothing(paths: Paths, root: Path) -> None:
    """What costs milliseconds: these modules, and all that builds on them."""
    program = (
        "import sys; from pasarela.cli.main import main\n"
        f"main(['--root', {str(root)!r}, 'net-list', '--all'])\n"
        "heavy = {'argparse', 'ast', 'asyncio', 'dataclasses', 'enum', 'inspect', 'json',\n"
        "         'logging', 'lxml', 'pathlib', 're', 'socket', 'subprocess', 'typing'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    bare = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path.insert(0, {SOURCE!r})\n{program}",
    ]
    done = subprocess.run(bare, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


SOURCE = str(Path(__file__).parents[2] / "src")
