"""net-edit of a network whose definition somebody has broken by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.program import NAT, Program, program
from cli.test_program import Terminal
from pasarela.model.paths import Paths

__all__ = ["program"]
MEND = "sed -i s/router/route/"
BEND = "sed -i s/nat/router/"


@pytest.fixture
def broken(program: Program, root: Path, tmp_path: Path) -> Path:
    """The file of a network with a forward mode that there is not, on its line 9."""
    file = tmp_path / "red.xml"
    file.write_text(NAT)
    assert program("net-define", str(file)).code == 0
    path = Paths.under(root).definition("red")
    path.write_text(path.read_text().replace("mode='nat'", "mode='router'"))
    return path


def test_its_text_is_opened_with_what_is_wrong_and_defined(program: Program, broken: Path) -> None:
    done = program("net-edit", "red", EDITOR=MEND)
    assert done.out == "Network red XML configuration edited.\n\n"
    assert "unknown forwarding type 'router'" in done.err
    assert f"{broken}:" in done.err
    assert "<forward mode='route'/>" in program("net-dumpxml", "red").out
    assert program("net-start", "red").code == 0
    assert program("net-destroy", "red").code == 0


def test_a_file_that_is_no_xml(program: Program, broken: Path) -> None:
    broken.write_text(broken.read_text().replace("</network>", "</nework>"))
    done = program("net-edit", "red", EDITOR="sed -i -e s/nework/network/ -e s/router/nat/")
    assert "tag mismatch: network" in done.err
    assert done.out == "Network red XML configuration edited.\n\n"


def test_nothing_changed(program: Program, broken: Path) -> None:
    before = broken.read_bytes()
    done = program("net-edit", "red", EDITOR="true")
    assert (done.out, done.code) == ("Network red XML configuration not changed.\n\n", 0)
    assert broken.read_bytes() == before


def test_still_wrong_leaves_the_file(program: Program, broken: Path) -> None:
    before = broken.read_bytes()
    done = program("net-edit", "red", EDITOR="sed -i s/router/switch/")
    assert done.code == 1
    assert "unknown forwarding type 'switch'" in done.err
    assert broken.read_bytes() == before


def test_another_name_is_not_defined_over_it(program: Program, broken: Path) -> None:
    before = broken.read_bytes()
    done = program("net-edit", "red", EDITOR="sed -i -e s/router/nat/ -e 's,red</name,blue</name,'")
    assert done.code == 1
    assert "the file of network 'red' defines 'blue'" in done.err
    assert broken.read_bytes() == before
    assert "blue" not in program("net-list", "--all").out


def test_what_is_refused_for_another_reason_leaves_the_file(
    program: Program, broken: Path, tmp_path: Path
) -> None:
    other = tmp_path / "blue.xml"
    other.write_text(
        NAT.replace("red", "blue").replace("<forward", "<bridge name='virbr9'/><forward")
    )
    assert program("net-define", str(other)).code == 0
    before = broken.read_bytes()
    done = program("net-edit", "red", EDITOR="sed -i -e s/router/nat/ -e s/virbr[0-9]*/virbr9/")
    assert "bridge name 'virbr9' already in use" in done.err
    assert broken.read_bytes() == before


def test_a_text_in_another_encoding(program: Program, broken: Path) -> None:
    broken.write_bytes(broken.read_bytes().replace(b"</name>", b"</name><title>a\xf1o</title>"))
    assert program("net-edit", "red", EDITOR=MEND).code == 0
    assert "<title>a\xf1o</title>" in program("net-dumpxml", "red").out


def test_a_network_that_is_not_there_is_not_found(program: Program, broken: Path) -> None:
    done = program("net-edit", "blue", EDITOR="true")
    assert "no network with matching name 'blue'" in done.err
    assert done.code == 1


def test_at_a_terminal_the_error_waits_to_be_read(broken: Path, root: Path) -> None:
    edit = Terminal("--root", str(root), "net-edit", "red", EDITOR=MEND)
    assert "unknown forwarding type 'router'" in edit.until("Press Enter to correct it")
    edit.type("\n")
    edit.until("Network red XML configuration edited.")
    assert edit.end() == 0


def test_at_a_terminal_one_may_try_again(broken: Path, root: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        "#!/bin/sh\nif grep -q router $1; then sed -i s/router/switch/ $1\n"
        "else sed -i s/switch/route/ $1; fi\n"
    )
    editor.chmod(0o755)
    edit = Terminal("--root", str(root), "net-edit", "red", EDITOR=str(editor))
    edit.until("Press Enter to correct it")
    edit.type("\n")
    assert "type 'switch'" in edit.until("Failed. Try again? [y,n,f,?]: ")
    edit.type("y\n")
    edit.until("Network red XML configuration edited.")
    assert edit.end() == 0
