"""The daemon's settings, in the file and with the keys that libvirt's daemons have.

Keys of libvirt's that mean nothing here are accepted, so that a file that is there goes on working.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pasarela.daemon.access import group_id
from pasarela.errors import ConfigUnsupported, ErrorDomain, Location

DEFAULT_GROUP = "libvirt"

_LINE = re.compile(
    r"""\s*(?P<key>[A-Za-z_]\w*)\s*=\s*
        (?:"(?P<text>[^"]*)"|'(?P<other>[^']*)'|(?P<number>-?\d+)|(?P<list>\[[^\]]*\]))
        \s*(?:\#.*)?""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Config:
    """What can be set.

    Attributes:
        group: the group that may change networks, as a number.
        max_clients: how many are served at once.
        keepalive_interval: seconds between two looks at whether clients are alive.
    """

    group: int | None = None
    rw_mode: int = 0o700
    ro_mode: int = 0o777
    max_clients: int = 5000
    keepalive_interval: int = 5

    @classmethod
    def default(cls) -> Config:
        """Root and the group ``libvirt``, where there is one, may change networks."""
        return cls()._with_group(group_id(DEFAULT_GROUP))

    def _with_group(self, group: int | None) -> Config:
        return replace(self, group=group, rw_mode=0o700 if group is None else 0o770)

    @property
    def everybody_may_write(self) -> bool:
        return bool(self.rw_mode & 0o002)


def read_config(path: Path) -> Config:
    """The settings of a file; the defaults if there is none.

    Raises:
        ConfigUnsupported: a line makes no sense, or asks for what there is not.
    """
    config = Config.default()
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return config
    for line, key, value in _settings(path, text):
        config = _apply(config, key, value, Location(str(path), line))
    return config


def _settings(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise _wrong('there is no key = "value" here', Location(str(path), number))
        values = (found["text"], found["other"], found["number"], found["list"])
        yield number, found["key"], next(value for value in values if value is not None)


def _apply(config: Config, key: str, value: str, location: Location) -> Config:
    if key == "unix_sock_group":
        group = group_id(value)
        if group is None:
            raise _wrong(f"there is no group '{value}'", location)
        return config._with_group(group)
    if key == "unix_sock_rw_perms":
        return replace(config, rw_mode=_number(value, 8, location))
    if key == "unix_sock_ro_perms":
        return replace(config, ro_mode=_number(value, 8, location))
    if key == "max_clients":
        return replace(config, max_clients=max(_number(value, 10, location), 1))
    if key == "keepalive_interval":
        return replace(config, keepalive_interval=max(_number(value, 10, location), 1))
    if key in ("auth_unix_rw", "auth_unix_ro") and value not in ("none", "polkit"):
        raise _wrong(f'{key} can be "none" only', location)
    return config


def _number(value: str, base: int, location: Location) -> int:
    try:
        return int(value, base)
    except ValueError:
        raise _wrong(f"'{value}' is no number", location) from None


def _wrong(text: str, location: Location) -> ConfigUnsupported:
    return ConfigUnsupported(f"{location}: {text}", domain=ErrorDomain.NONE, location=location)
