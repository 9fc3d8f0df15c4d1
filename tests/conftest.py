"""Fixtures for all tests: network namespaces, and what this kernel and machine offer."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["oracle.libvirtd"]

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("PASARELA_TEST_NAMESPACE"):
        return
    skip = pytest.mark.skip(reason="not in namespaces of its own: run scripts/pytest")
    for item in items:
        if {"netns", "oracle", "guest"} & {mark.name for mark in item.iter_markers()}:
            item.add_marker(skip)


@pytest.fixture
def netns() -> Iterator[None]:
    """This test's own network namespace with its own /sys; the one before is back afterwards."""
    before = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        _check(_libc.unshare(CLONE_NEWNET))
        subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        yield
    finally:
        subprocess.run(["umount", "/sys"], check=False)
        _check(_libc.setns(before, CLONE_NEWNET))
        os.close(before)


@pytest.fixture
def as_nobody() -> tuple[str, ...]:
    """What comes before a command so that an ordinary user runs it."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    hidden = [folder for folder in Path(__file__).parents if not folder.stat().st_mode & 0o001]
    if hidden:
        pytest.skip(f"an ordinary user may not look into {hidden[-1]}, where this checkout lies")
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty prefix for libvirt's places on disk."""
    return tmp_path / "root"


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
