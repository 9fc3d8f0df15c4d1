"""When processes that have ended are started again."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from pasarela.daemon import process_watch
from pasarela.daemon.process_watch import ProcessWatch


class Networks:
    """Networks whose processes end at once, or run for long."""

    def __init__(self, folder: Path, program: Sequence[str]) -> None:
        self._folder, self._program = folder, program
        self.processes: list[subprocess.Popen[bytes]] = []
        self.restarts: list[float] = []
        self.changing = False

    def pid_files(self, name: str) -> list[Path]:
        return [self._folder / f"{name}.pid", self._folder / f"{name}.other.pid"]

    def start(self, name: str) -> None:
        self.processes.append(subprocess.Popen(self._program))
        self.pid_files(name)[0].write_text(f"{self.processes[-1].pid}\n")

    def restart(self, name: str) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        self.restarts.append(loop.time())
        self.start(name)
        done: asyncio.Future[bool] = loop.create_future()
        done.set_result(len(self.restarts) != 3)  # the third one fails
        return done

    def watch(self) -> ProcessWatch:
        return ProcessWatch(self.pid_files, lambda: self.changing, self.restart)


def test_ever_more_seldom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_watch, "_FIRST", 0.1)
    monkeypatch.setattr(process_watch, "_LONGEST", 0.4)
    networks = Networks(tmp_path, ["true"])

    async def run() -> None:
        watch = networks.watch()
        networks.start("red")
        watch.follow({"red"})
        while len(networks.restarts) < 6:
            await asyncio.sleep(0.01)
        watch.close()

    asyncio.run(asyncio.wait_for(run(), 20))
    gaps = [later - earlier for earlier, later in pairwise(networks.restarts)]
    assert all(gap >= least for gap, least in zip(gaps, [0.1, 0.2, 0.4, 0.4, 0.4], strict=True))


def test_at_once_again_after_a_long_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_watch, "_FIRST", 1000.0)
    monkeypatch.setattr(process_watch, "_SOON", 0.0)
    networks = Networks(tmp_path, ["true"])

    async def run() -> None:
        watch = networks.watch()
        networks.start("red")
        watch.follow({"red"})
        while len(networks.restarts) < 2:
            await asyncio.sleep(0.01)
        watch.close()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_what_is_stopped_in_a_change_is_let_go(tmp_path: Path) -> None:
    networks = Networks(tmp_path, ["sleep", "1000"])

    async def run() -> None:
        watch = networks.watch()
        networks.start("red")
        networks.start("blue")
        watch.follow({"red", "blue"})
        networks.changing = True
        for process in networks.processes:
            process.kill()
        await asyncio.sleep(0.1)
        assert not networks.restarts
        networks.changing = False
        watch.follow({"blue"})
        watch.change_ended()
        await asyncio.sleep(0.1)
        assert len(networks.restarts) == 1
        networks.processes[-1].kill()
        watch.close()

    asyncio.run(asyncio.wait_for(run(), 20))
