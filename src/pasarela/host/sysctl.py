"""Kernel settings below /proc/sys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pasarela.errors import SystemCallFailed
from pasarela.plan.actions import Action, ApplyError, Remove
from pasarela.plan.resources import Resource, Sysctl

PROC_SYS = Path("/proc/sys")
_FORWARDING = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding")


class Sysctls:
    """The adapter of kernel settings."""

    def observe(self, expected: Iterable[Resource]) -> Iterator[Resource]:
        for setting in expected:
            assert isinstance(setting, Sysctl)
            value = read(setting.path)
            if value is not None:
                yield replace(setting, value=value)

    def apply(self, actions: Sequence[Action]) -> None:
        """Raises:
        ApplyError: a setting could not be written."""
        for position, action in enumerate(actions):
            setting = action.resource
            assert isinstance(setting, Sysctl)
            if isinstance(action, Remove):
                continue
            try:
                write(setting.path, setting.value)
            except OSError as cause:
                raise ApplyError(actions[:position], _failure(setting, cause)) from cause


def read(path: str) -> str | None:
    """A setting's value, None where the kernel has no such setting."""
    try:
        return (PROC_SYS / path).read_text().strip()
    except OSError:
        return None


def write(path: str, value: str) -> None:
    (PROC_SYS / path).write_text(value)


def exists(path: str) -> bool:
    return (PROC_SYS / path).exists()


def _failure(setting: Sysctl, cause: OSError) -> SystemCallFailed:
    what = (
        "failed to enable IP forwarding"
        if setting.path in _FORWARDING
        else f"cannot set {setting.path.replace('/', '.')} to {setting.value}"
    )
    return SystemCallFailed(
        f"{what}: {cause.strerror}",
        errno=cause.errno,
        remedy=f"try: sysctl -w {setting.path.replace('/', '.')}={setting.value}",
    )
