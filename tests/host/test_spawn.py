"""Starting programs: ready, failed, too slow, in the background and in the foreground."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pasarela.host import processes, spawn
from pasarela.host.spawn import StartFailed, start_background, start_foreground, start_kept

SH = "/bin/sh"


@pytest.fixture
def another_thread() -> Iterator[None]:
    enough = threading.Event()
    thread = threading.Thread(target=enough.wait)
    thread.start()
    yield
    enough.set()
    thread.join()


def test_a_program_that_goes_to_the_background_is_ready_when_its_parent_ends(tmp_path: Path):
    pid_file = tmp_path / "pid"
    os.mkfifo(tmp_path / "never")
    # A child that waits without an exec: in the middle of one, a process has no command line.
    waits = f"(read line <{tmp_path}/never) >/dev/null 2>&1 & echo $! >{pid_file}"
    start_background([SH, "-c", waits], {}).wait()
    pid = int(pid_file.read_text())
    assert processes.command_line(pid)
    processes.terminate({pid})
    assert not processes.command_line(pid)


def test_what_it_says_before_it_fails_is_kept():
    starting = start_background([SH, "-c", "echo sorry >&2; exit 7"], {})
    with pytest.raises(StartFailed) as failed:
        starting.wait()
    assert (failed.value.status, failed.value.output) == (7, "sorry\n")


def test_a_signal_counts_as_in_a_shell():
    with pytest.raises(StartFailed) as failed:
        start_background([SH, "-c", "kill -9 $$"], {}).wait()
    assert failed.value.status == 128 + signal.SIGKILL


def test_a_program_that_is_kept_is_ready_when_it_lets_go_of_its_standard_error(tmp_path: Path):
    pid_file = tmp_path / "pid"
    script = f"echo $$ > {pid_file}; exec sleep 30 2>/dev/null"
    start_kept([SH, "-c", script], {}, pid_file).wait()
    pid = int(pid_file.read_text())
    assert os.getsid(pid) == pid
    processes.terminate({pid})
    assert not processes.command_line(pid)


@pytest.mark.parametrize(
    ("script", "status", "output"),
    [
        ("echo sorry >&2; exit 7", 7, "sorry\n"),
        ("kill -9 $$", 128 + signal.SIGKILL, ""),
        ("exec 2>&-; exit 4", 4, ""),
    ],
)
def test_a_program_that_is_kept_and_ends_without_a_pid_file_has_failed(
    tmp_path: Path, script: str, status: int, output: str
):
    stale = tmp_path / "pid"
    stale.write_text("1\n")
    with pytest.raises(StartFailed) as failed:
        start_kept([SH, "-c", script], {}, stale).wait()
    assert (failed.value.status, failed.value.output) == (status, output)


def test_a_program_in_the_foreground_is_ready_when_it_says_so():
    starting = start_foreground([SH, "-c", "echo ready >&2; exec sleep 30"], {}, b"ready")
    pid = starting.wait()
    assert pid is not None
    assert os.getsid(pid) == pid  # a terminal's ^C is not for it
    processes.terminate({pid})


def test_one_that_ends_without_saying_so_has_failed():
    with pytest.raises(StartFailed) as failed:
        start_foreground([SH, "-c", "echo no >&2; exit 3"], {}, b"ready").wait()
    assert (failed.value.status, failed.value.output) == (3, "no\n")


@pytest.mark.parametrize("command", ["sleep 30", "echo; exec sleep 30"])
def test_one_that_takes_too_long_is_killed(command: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spawn, "START_SECONDS", 0.1)
    begun = time.monotonic()
    with pytest.raises(StartFailed) as failed:
        start_foreground([SH, "-c", command], {}, b"ready").wait()
    with pytest.raises(StartFailed):
        start_background([SH, "-c", command], {}).wait()
    assert failed.value.status == 128 + signal.SIGKILL
    assert time.monotonic() - begun < 5


@pytest.mark.usefixtures("another_thread")
def test_beside_other_threads_a_program_starts_in_a_process_group_of_its_own():
    starting = start_foreground([SH, "-c", "echo ready >&2; exec sleep 30"], {}, b"ready")
    pid = starting.wait()
    assert pid is not None
    assert os.getpgid(pid) == pid  # a terminal's ^C is not for it
    assert os.getsid(pid) == os.getsid(0)
    processes.terminate({pid})


@pytest.mark.usefixtures("another_thread")
def test_beside_other_threads_it_is_given_words_variables_and_signals(tmp_path: Path):
    pid_file = tmp_path / "pid"
    script = 'read line; echo "$0 $1 $NAME $line" >&2; kill -PIPE $$'
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
    try:
        starting = start_kept(
            [SH, "-c", script, "zeroth", "ñ first"], {"NAME": "a=b c"}, pid_file, gated=True
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    starting.release()
    with pytest.raises(StartFailed) as failed:
        starting.wait()
    assert (failed.value.status, failed.value.output) == (
        128 + signal.SIGPIPE,
        "zeroth ñ first a=b c \n",
    )


@pytest.mark.usefixtures("another_thread")
def test_beside_other_threads_the_program_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError) as failed:
        start_foreground(["/nowhere/program"], {}, b"x")
    assert failed.value.filename == "/nowhere/program"


@pytest.mark.usefixtures("another_thread")
def test_no_such_program_leaves_no_file_open_beside_other_threads():
    test_no_such_program_leaves_no_file_open()


def test_no_such_program_leaves_no_file_open():
    before = len(list(Path("/proc/self/fd").iterdir()))
    for start in (start_background, lambda *words: start_foreground(*words, b"x")):
        with pytest.raises(FileNotFoundError):
            start(["/nowhere/program"], {})
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_process_that_does_not_heed_is_ended_by_force():
    starting = start_foreground(
        [SH, "-c", "trap '' TERM; echo ready >&2; while :; do sleep 1; done"], {}, b"ready"
    )
    pid = starting.wait()
    assert pid is not None
    processes.terminate({pid}, seconds=0.2)
    assert not processes.command_line(pid)


def test_ending_what_is_gone_is_nothing():
    processes.terminate({2**22 - 3})
