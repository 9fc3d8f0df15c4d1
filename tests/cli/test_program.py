"""The program as users meet it: as a process, on a real kernel, at a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from select import select
from uuid import UUID

import pytest

from cli.program import RUN, Program, program, red
from pasarela.cli.handlers import general
from pasarela.cli.lookup import parse_uuid
from pasarela.cli.main import main
from pasarela.xml.schema_network import NETWORK
from pasarela.xml.strays import KNOWN

__all__ = ["program", "red"]

PATIENCE = 20.0


# what is said


def test_elements_without_effect_are_named(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "red.xml"
    file.write_text(
        "<network>\n  <name>red</name>\n  <forward mode='bridge'/>\n  <interface dev='lo'/>\n"
        "  <bogus/>\n  <rout/>\n  <x:any xmlns:x='urn:x'/>\n  <metadata><own/></metadata>\n"
        "</network>\n"
    )
    for command, done in (("net-define", "defined"), ("net-create", "created")):
        said = program(command, str(file))
        assert (said.out, said.code) == (f"Network red {done} from {file}\n\n", 0)
        assert said.err == (
            f"warning: {file}:4: <interface> has no effect directly below <network>: "
            "it belongs into <forward>\n"
            f"warning: {file}:5: <bogus> has no effect directly below <network>\n"
            f"warning: {file}:6: <rout> has no effect directly below <network>: "
            "did you mean <route>?\n"
        )
        program("net-undefine", "red")
    assert "is not known in <network>" in program("net-define", str(file), "--validate").err


def test_a_name_too_long_for_a_file(program: Program) -> None:
    way_out = "hint: give the network a shorter name: at most 241 bytes\n"
    refused = program("net-new", "n" * 248)
    assert refused.code == 1
    assert refused.err.endswith(way_out)
    assert program("net-new", "n" * 241, "--start").code == 0
    program("net-destroy", "n" * 241)
    assert program("net-new", "m" * 242, "--start").err.endswith(way_out)


@pytest.mark.parametrize(
    ("option", "way_out"),
    [
        ("size=4k", "make room in that file system (df shows how full it is), then try again"),
        ("ro", "mount that file system for writing, or give --root DIR"),
    ],
)
def test_a_file_system_that_takes_nothing(
    program: Program, root: Path, option: str, way_out: str
) -> None:
    root.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", option, "tmpfs", str(root)], check=True)
    try:
        if option.startswith("size"):
            (root / "full").write_bytes(bytes(4096))
        refused = program("net-new", "red")
        assert refused.code == 1
        assert f"{root}/" in refused.err  # which file system it is
        assert refused.err.endswith(f"hint: {way_out}\n")
    finally:
        subprocess.run(["umount", str(root)], check=True)


def test_the_schema_knows_the_same_elements() -> None:
    assert {name for name in NETWORK.children if "}" not in name} == KNOWN


def test_versions(program: Program) -> None:
    short = program("-v").out
    assert program("--version=long").out.startswith(f"Pasarela command line tool {short}")
    assert json.loads(program("--json", "version").out) == {"version": short.strip()}
    assert program("-q", "version").out.count(short.strip()) == 3
    assert program("--help").out.startswith("\npasarela [options]... [<command_string>]\n")


def test_uris(program: Program) -> None:
    assert program("uri").out == "network:///system\n\n"
    assert program("-c", "qemu:///system", "uri").out == "qemu:///system\n\n"
    assert program("uri", LIBVIRT_DEFAULT_URI="qemu:///system").out == "qemu:///system\n\n"
    other = program("-c", "test:///default", "net-list")
    assert (other.out, other.code) == ("\n", 1)
    assert other.err.startswith(
        "error: failed to connect to the hypervisor\n"
        "error: no connection driver available for test:///default\n"
        "hint: Pasarela drives this host's networks, network:///system"
    )
    session = program("-c", "qemu:///session", "net-list")
    assert "networks belong to the system" in session.err


def test_the_root_may_come_from_the_environment(root: Path, red: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, "-q", "net-list", "--all", "--name"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PASARELA_ROOT": str(root)},
    )
    assert done.stdout == "red\n"


def test_timing_and_log(program: Program, tmp_path: Path) -> None:
    log = tmp_path / "log"
    out = program("-t", "-l", str(log), "echo a; net-info nosuch").out
    assert out.startswith("a\n(Time: ")
    assert out.endswith(" ms)\n\n")
    assert log.read_text().startswith("error: failed to get network 'nosuch'\n")


def test_a_reader_that_goes_away_is_no_error(program: Program) -> None:
    done = subprocess.run(
        f"{sys.executable} -c '{RUN}' help | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("Grouped commands:\n", "")


def test_a_name_that_is_not_utf8_passes_through(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, "--root", str(root), "net-info", b"d\xff\xfeault"],
        capture_output=True,
        check=False,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    assert done.stderr.startswith(b"error: failed to get network 'd\xff\xfeault'\n")


def test_who_may_not_is_told_the_way_out(as_nobody: tuple[str, ...], red: Path, root: Path) -> None:
    for folder in (root, *root.parents[:3]):
        folder.chmod(0o755)
    done = subprocess.run(
        [*as_nobody, sys.executable, "-c", RUN, "--root", str(root), "net-undefine", "red"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Permission denied" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "hint: run it with sudo; or try everything without rights in the sandbox: pasarela lab up"
    )


def test_a_surprise_is_one_line(
    monkeypatch: pytest.MonkeyPatch, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> bool:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(general, "pwd", broken)
    assert main(["--root", str(root), "pwd"]) == 1
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "error: internal error: ZeroDivisionError: division by zero"
    assert hint == "hint: this is a mistake in Pasarela; the same command with -d 0 says where"
    main(["-d", "0", "--root", str(root), "pwd"])
    assert "in broken" in capsys.readouterr().err


# events


@pytest.mark.netns
@pytest.mark.usefixtures("netns")
def test_events_come_as_they_happen(program: Program, red: Path, root: Path) -> None:
    """A listener in another process sees what this one's commands do."""
    line = "net-event red lifecycle --loop --timestamp --timeout 60"
    listener = subprocess.Popen(
        [sys.executable, "-c", RUN, "--root", str(root), *line.split()],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert listener.stdout is not None
        _until_it_listens(listener.pid)
        program("net-start", "red")
        program("net-new", "other", "--kind", "very-isolated")
        program("net-destroy", "red")
        program("net-undefine", "red")
        events = [listener.stdout.readline() for _ in range(3)]
        listener.send_signal(signal.SIGINT)
        rest, _ = listener.communicate(timeout=PATIENCE)
    finally:
        listener.kill()
        listener.wait()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000: ", events[0])
    assert [event.split(": ", 1)[1].rstrip() for event in events] == [
        f"event 'lifecycle' for network red: {what}" for what in ("Started", "Stopped", "Undefined")
    ]
    assert rest == "event loop interrupted\nevents received: 3\n\n"
    assert listener.returncode == 0


def _until_it_listens(pid: int) -> None:
    """Until the process sleeps with an inotify descriptor open."""

    def listens() -> bool:
        try:
            links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
        except FileNotFoundError:
            return False  # it is still opening and closing files
        return _sleeps(pid) and any("inotify" in link for link in links)

    _until(listens)


def _sleeps(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "what was waited for never came"
        time.sleep(0.01)


# net-edit


def test_edit(program: Program, red: Path) -> None:
    done = program("net-edit", "red", EDITOR="sed -i s/192.168.150/192.168.160/")
    assert done.out == "Network red XML configuration edited.\n\n"
    assert "192.168.160.1" in program("net-dumpxml", "red").out
    assert program("net-edit", "red", EDITOR="true").out == (
        "Network red XML configuration not changed.\n\n"
    )
    assert program("net-edit", "red", VISUAL="false", EDITOR="true").code == 1


def test_edit_that_is_refused_without_a_terminal_says_why(program: Program, red: Path) -> None:
    done = program("net-edit", "red", EDITOR="sed -i s/nat/router/")
    assert (done.out, done.code) == ("\n", 1)
    assert done.err.startswith(
        "error: unsupported configuration: unknown forwarding type 'router'\n"
    )


def test_edit_without_an_editor_says_what_to_do(program: Program, red: Path) -> None:
    done = program("net-edit", "red", EDITOR="/nonexistent")
    assert done.err == (
        "error: internal error: cannot run the editor /nonexistent: No such file or directory\n"
        "hint: set $EDITOR to an editor that is installed\n"
    )


def test_edit_with_an_editor_that_leaves_no_file(program: Program, red: Path) -> None:
    done = program("net-edit", "red", EDITOR="rm")
    assert re.fullmatch(
        r"error: (\S+): failed to read temporary file: No such file or directory\n"
        r"hint: the editor has not left the text where it found it; nothing was changed\n",
        done.err,
    )
    assert (done.out, done.code) == ("\n", 1)


def test_description_in_an_editor(program: Program, red: Path) -> None:
    editor = "sh -c 'echo hello > $0'"
    done = program("net-desc", "red", "--edit", "--title", EDITOR=editor)
    assert done.out == "Network title updated successfully\n"
    assert program("net-desc", "red", "--title").out == "hello\n"
    assert program("net-desc", "red", "--edit", "--title", EDITOR="true").out == (
        "Network title not changed\n\n"
    )
    key = ("http://x/y", "--key", "k", "--edit")
    editor = "sh -c 'echo \"<a>1</a>\" > $0'"
    assert program("net-metadata", "red", *key, EDITOR=editor).out == "Metadata modified\n\n"
    assert program("net-metadata", "red", "http://x/y").out == "<a>1</a>\n\n"


# at a terminal


class Terminal:
    """A pasarela at a pseudo-terminal."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self._unread = ""
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.environ.update(environment, TERM="dumb")
            os.execv(sys.executable, [sys.executable, "-c", RUN, *arguments])

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def interrupt(self) -> None:
        """Type Ctrl-C while it waits for a key, which is when people do."""
        _until(lambda: _sleeps(self._pid))
        self.type("\x03")

    def end_of_input(self) -> None:
        self.type("\x04")

    def until(self, text: str) -> str:
        """All that appears, up to ``text``; what follows it is for the next time."""
        while text not in self._unread:
            if not select([self._fd], [], [], PATIENCE)[0]:
                raise AssertionError(f"no {text!r} in {self._unread!r}")
            self._unread += os.read(self._fd, 4096).decode()
        before, found, self._unread = self._unread.partition(text)
        return before + found

    def end(self) -> int:
        try:
            while select([self._fd], [], [], PATIENCE)[0] and os.read(self._fd, 4096):
                pass
        except OSError:
            pass  # Linux says EIO when the other side is gone
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


@pytest.fixture
def terminal(root: Path, tmp_path: Path) -> Iterator[Terminal]:
    yield Terminal("--root", str(root), XDG_CACHE_HOME=str(tmp_path))


def test_shell_completes_remembers_and_leaves(
    terminal: Terminal, red: Path, tmp_path: Path
) -> None:
    terminal.until("pasarela # ")
    terminal.type("net-inf\tre\t\n")
    assert "Name:           red" in terminal.until("pasarela # ")
    terminal.type("net-list --inac\t --name; echo 'x y'\n")
    assert "red\r\n\r\nx y" in terminal.until("pasarela # ")
    terminal.type("junk")
    terminal.until("junk")
    terminal.interrupt()
    terminal.until("pasarela # ")
    terminal.type("quit\n")
    assert terminal.end() == 0
    history = (tmp_path / "pasarela" / "history").read_text()
    assert "net-info red" in history


def test_shell_says_how_to_get_a_network(root: Path, tmp_path: Path) -> None:
    shell = Terminal("--root", str(root), XDG_CACHE_HOME=str(tmp_path))
    shell.until("pasarela # ")
    shell.type("net-list --all\n")
    assert "hint: no networks yet" in shell.until("makes the usual one")
    shell.until("pasarela # ")
    shell.type("\x04")
    assert shell.end() == 0


def test_a_change_that_will_be_gone_is_told_to_a_person(
    program: Program, red: Path, root: Path
) -> None:
    host = "<host mac='52:54:00:00:00:01' ip='192.168.150.7'/>"
    program("net-start", "red")
    words = ("--root", str(root), "net-update", "red", "add", "ip-dhcp-host", host)
    change = Terminal(*words)
    assert "live state\r\nhint: this is gone when" in change.until("stays for good")
    assert change.end() == 0
    assert program("net-update", "red", "delete", "ip-dhcp-host", host).err == ""
    program("net-destroy", "red")
    misplaced = program("net-update", "red", "add", "ip-dhcp-host", f" {host}")
    assert misplaced.err.endswith("hint: what does not begin with '<' is the name of a file\n")


def test_a_person_is_told_why_there_are_no_leases(program: Program, root: Path) -> None:
    program("net-new", "quiet", "--kind", "very-isolated")
    asked = ("--root", str(root), "net-dhcp-leases", "quiet")
    idle = Terminal(*asked)
    assert "hint: network quiet is not active" in idle.until("starts it")
    assert idle.end() == 0
    program("net-start", "quiet")
    running = Terminal(*asked)
    assert "hint: network quiet gives out no addresses" in running.until("or their own")
    assert running.end() == 0
    assert program("net-dhcp-leases", "quiet").err == ""
    program("net-destroy", "quiet")


def test_edit_asks_what_to_do_when_it_is_refused(red: Path, root: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        "#!/bin/sh\nif grep -q router $1; then sed -i s/router/route/ $1\n"
        "else sed -i s/nat/router/ $1; fi\n"
    )
    editor.chmod(0o755)
    edit = Terminal("--root", str(root), "net-edit", "red", EDITOR=str(editor))
    assert "unknown forwarding type 'router'" in edit.until("Failed. Try again? [y,n,f,?]: ")
    edit.type("?\n")
    edit.until("n - no, throw")
    edit.until("Try again? [y,n,f,?]: ")
    edit.type("y\n")
    edit.until("Network red XML configuration edited.")
    assert edit.end() == 0


@pytest.mark.parametrize("give_up", [Terminal.interrupt, Terminal.end_of_input])
def test_edit_is_given_up(red: Path, root: Path, give_up: Callable[[Terminal], None]) -> None:
    edit = Terminal("--root", str(root), "net-edit", "red", EDITOR="sed -i s/nat/router/")
    edit.until("Failed. Try again? [y,n,f,?]: ")
    give_up(edit)
    assert edit.until("the changes were thrown away").endswith(
        "\r\nerror: the changes were thrown away"
    )
    assert edit.end() == 1


def test_a_uuid_is_a_uuid_in_the_usual_form_only() -> None:
    text = "54369a28-dd76-4a7b-9585-128043068e60"
    assert parse_uuid(text) == UUID(text)
    assert parse_uuid(text.upper()) == UUID(text)
    for wrong in (text.replace("-", ""), text[:-1], "x" * 36, f"{{{text[1:-1]}}}", ""):
        assert parse_uuid(wrong) is None


@pytest.mark.netns
@pytest.mark.usefixtures("netns")
def test_a_title_for_now_and_for_later(program: Program, red: Path) -> None:
    """virsh reads the old text first, which cannot be asked of both."""
    program("net-start", "red")
    done = program("net-desc", "red", "--title", "Classroom", "--live", "--config")
    assert (done.out, done.err) == ("Network title updated successfully\n", "")
    for one in ("--live", "--config"):
        assert program("net-desc", "red", "--title", one).out == "Classroom\n"
    program("net-destroy", "red")
