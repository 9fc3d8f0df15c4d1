"""Who may write: one command at a time, and none beside a libvirt daemon."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import documents
from pasarela.engine.engine import Engine
from pasarela.engine.lock import writing
from pasarela.errors import StoreOwned
from pasarela.model.paths import Paths

# Takes the lock as virPidFileAcquirePath does, says so, and holds it until its input ends.
DAEMON = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o644)
fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def daemon(paths: Paths) -> Iterator[int]:
    paths.state.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", DAEMON, str(paths.driver_lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
    finally:
        process.communicate(timeout=10)


def try_lock(paths: Paths) -> str:
    """What another process finds when it asks for libvirt's lock."""
    program = DAEMON.replace("sys.stdin.read()", "")
    done = subprocess.run(
        [sys.executable, "-c", program, str(paths.driver_lock)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_a_daemon_that_holds_the_files_is_named(engine: Engine, paths: Paths) -> None:
    ref = engine.define_xml(documents.nat())
    with daemon(paths) as pid:
        with pytest.raises(StoreOwned) as error:
            engine.start(ref)
        name = Path(sys.executable).name[:15]
        assert f"{name} (pid {pid}) owns the networks' files" in error.value.message
        assert str(paths.driver_lock) in error.value.message
        assert "virsh" in (error.value.remedy or "")
        assert "--root" in (error.value.remedy or "")
    engine.start(ref)
    assert engine.is_active(ref)


def test_every_writing_call_is_refused_and_reading_goes_on(engine: Engine, paths: Paths) -> None:
    ref = engine.define_xml(documents.nat())
    engine.start(ref)
    calls = (
        lambda: engine.define_xml(documents.nat(1)),
        lambda: engine.create_xml(documents.nat(2)),
        lambda: engine.destroy(ref),
        lambda: engine.undefine(ref),
        lambda: engine.set_autostart(ref, True),
        lambda: engine.update(ref, 4, 4, documents.host(1)),
        lambda: engine.start_many([ref]),
        engine.autostart_all,
        engine.reconcile,
    )
    with daemon(paths):
        for call in calls:
            with pytest.raises(StoreOwned):
                call()
        assert engine.is_active(ref)
        assert "virbr0" in engine.xml_desc(ref)
        assert engine.list_networks() == [ref]


def test_while_writing_libvirts_lock_is_held_and_gone_afterwards(paths: Paths) -> None:
    with writing(paths):
        assert "BlockingIOError" in try_lock(paths)
        assert paths.driver_lock.read_text() == str(os.getpid())
    assert paths.driver_lock.read_text() == ""
    assert try_lock(paths) == "held"


def test_two_commands_take_turns(paths: Paths) -> None:
    turns: list[tuple[int, int]] = []
    started, entered = threading.Event(), threading.Event()

    def other() -> None:
        started.set()
        with writing(paths) as turn:
            entered.set()
            turns.append(turn)

    thread = threading.Thread(target=other)
    with writing(paths) as turn:
        turns.append(turn)
        thread.start()
        assert started.wait(10)
        assert not entered.wait(0.05)
    thread.join(10)
    assert turns == [(0, 1), (1, 2)]


def test_not_waiting_says_so_at_once(paths: Paths) -> None:
    with writing(paths), pytest.raises(BlockingIOError), writing(paths, wait=False):
        pass
