"""Events reach every process that waits for them, in order, without polling."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine import documents
from engine.conftest import engine_on
from engine.machines import MemoryMachine
from pasarela.engine import events as events_module
from pasarela.engine.engine import Engine
from pasarela.engine.events import EventReader
from pasarela.model.handles import (
    Affect,
    Lifecycle,
    LifecycleEvent,
    MetadataEvent,
    MetadataType,
    NetworkEvent,
)
from pasarela.model.paths import Paths

DEFINED, UNDEFINED = Lifecycle.DEFINED, Lifecycle.UNDEFINED
STARTED, STOPPED = Lifecycle.STARTED, Lifecycle.STOPPED


def collect(reader: EventReader, count: int) -> list[NetworkEvent]:
    found: list[NetworkEvent] = []

    def take(event: NetworkEvent) -> bool:
        found.append(event)
        return len(found) < count

    reader.pump(take, timeout=10)
    return found


def test_each_operation_tells_what_libvirt_would(engine: Engine, paths: Paths) -> None:
    reader = EventReader(paths)
    ref = engine.define_xml(documents.nat())
    engine.set_autostart(ref, True)
    engine.start(ref)
    engine.update(ref, 3, 4, documents.host(1), flags=Affect.LIVE | Affect.CONFIG)
    engine.set_metadata(ref, MetadataType.ELEMENT, "<a/>", "k", "http://k/")
    engine.define_xml(documents.with_uuid(documents.nat(), ref.uuid))
    engine.destroy(ref)
    engine.undefine(ref)
    assert collect(reader, 6) == [
        LifecycleEvent(ref, DEFINED),
        LifecycleEvent(ref, STARTED),
        MetadataEvent(ref, MetadataType.ELEMENT, "http://k/"),
        LifecycleEvent(ref, DEFINED),
        LifecycleEvent(ref, STOPPED),
        LifecycleEvent(ref, UNDEFINED),
    ]
    reader.close()


def test_many_at_once_tell_of_each(engine: Engine, paths: Paths) -> None:
    refs = [engine.define_xml(documents.nat(number)) for number in range(2)]
    reader = EventReader(paths)
    engine.start_many(refs)
    engine.destroy_many(refs)
    expected = [LifecycleEvent(ref, event) for event in (STARTED, STOPPED) for ref in refs]
    assert collect(reader, 4) == expected
    reader.close()


def test_only_what_comes_after_is_told(engine: Engine, paths: Paths) -> None:
    engine.define_xml(documents.nat())
    reader = EventReader(paths)
    ref = engine.define_xml(documents.nat(1))
    assert collect(reader, 1) == [LifecycleEvent(ref, DEFINED)]
    reader.close()


def test_nothing_is_lost_where_the_log_begins_anew(
    engine: Engine, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "MAX_LOG", 600)
    reader = EventReader(paths)
    refs = [engine.define_xml(documents.nat(number)) for number in range(12)]
    assert collect(reader, 12) == [LifecycleEvent(ref, DEFINED) for ref in refs]
    assert not engine.take_warnings()
    reader.close()


def test_a_waiting_process_hears_another_one(root: Path, engine: Engine) -> None:
    ref = engine.define_xml(documents.nat())
    engine.define_xml(documents.nat(1))
    program = (
        "from pasarela.client.embedded import open_embedded\n"
        f"engine = open_embedded({str(root)!r})\n"
        "ref = engine.lookup_by_name('n0')\n"
        "def heard(event):\n"
        "    print(event.network.name, event.event.name, flush=True)\n"
        "    return False\n"
        "print('waiting', flush=True)\n"
        "engine.events(heard, network=ref, timeout=20)\n"
    )
    waiting = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "waiting\n"
    done = threading.Event()

    def until_heard() -> None:  # the watch may begin after the first of them
        while not done.wait(0.05):
            engine.start(engine.lookup_by_name("n1"))
            engine.start(ref)
            engine.destroy(ref)
            engine.destroy(engine.lookup_by_name("n1"))

    worker = threading.Thread(target=until_heard)
    worker.start()
    try:
        assert waiting.stdout.readline() in ("n0 STARTED\n", "n0 STOPPED\n")
    finally:
        done.set()
        worker.join(10)
        waiting.communicate(timeout=10)


def test_waiting_ends_when_the_time_is_up(root: Path, machine: MemoryMachine) -> None:
    start = time.monotonic()
    engine_on(root, machine).events(lambda event: True, timeout=0.1)
    assert 0.1 <= time.monotonic() - start < 5
