"""The daemon's settings, in the file and with the keys that libvirt's daemons have.

Keys of libvirt's that mean nothing here are accepted, so that a file that is there goes on working.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pasarela.daemon.access import group_id
from pasarela.errors import ConfigUnsupported, ErrorDomain, Location
from pasarela.rpc.session import Limits

log = logging.getLogger(__name__)

DEFAULT_GROUP = "libvirt"

_SETTING = re.compile(
    r"""[ \t]*(?P<key>[A-Za-z_]\w*)[ \t]*=[ \t]*
        (?:"(?P<text>[^"\n]*)"|'(?P<other>[^'\n]*)'|(?P<number>-?\d+)|(?P<list>\[[^\]]*\]))
        [ \t\r]*(?:\#.*)?(?:\n|\Z)""",
    re.VERBOSE,
)
_NOTHING = re.compile(r"[ \t\r]*(?:#.*)?(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Config:
    """What can be set.

    Attributes:
        group: the group that may change networks, as a number.
        own_rw_mode: the mode that was asked for, if one was.
        authenticates: whether libvirt's daemons would ask polkit about each client.
        max_clients: how many are served at once.
        keepalive_interval: seconds between two questions to a client; not above 0 for none.
        limits: how much each client is allowed.
    """

    group: int | None = None
    own_rw_mode: int | None = None
    ro_mode: int = 0o777
    authenticates: bool = True
    max_clients: int = 5000
    keepalive_interval: int = 5
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def default(cls) -> Config:
        """Root and the group ``libvirt``, where there is one, may change networks."""
        return cls(group_id(DEFAULT_GROUP))

    @property
    def rw_mode(self) -> int:
        if self.own_rw_mode is not None:
            return self.own_rw_mode
        return 0o700 if self.group is None else 0o770

    @property
    def everybody_may_write(self) -> bool:
        """Not by the mode alone: libvirt's daemons ask polkit of whoever it lets in."""
        return bool(self.rw_mode & 0o002) and not self.authenticates


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
    at, line = 0, 1
    while at < len(text):
        found = _SETTING.match(text, at)
        if found is not None:
            values = (found["text"], found["other"], found["number"], found["list"])
            yield line, found["key"], next(value for value in values if value is not None)
        elif (found := _NOTHING.match(text, at)) is None:
            raise _wrong('there is no key = "value" here', Location(str(path), line))
        at, line = found.end(), line + found[0].count("\n")


def _apply(config: Config, key: str, value: str, location: Location) -> Config:
    setting = _SETTERS.get(key)
    return config if setting is None else setting(config, key, value, location)


def _group(config: Config, key: str, value: str, location: Location) -> Config:
    group = group_id(value)
    if group is None:
        raise _wrong(f"there is no group '{value}'", location)
    return replace(config, group=group)


def _rw_mode(config: Config, key: str, value: str, location: Location) -> Config:
    return replace(config, own_rw_mode=_number(value, 8, location))


def _ro_mode(config: Config, key: str, value: str, location: Location) -> Config:
    return replace(config, ro_mode=_number(value, 8, location))


def _auth(config: Config, key: str, value: str, location: Location) -> Config:
    if value not in ("none", "polkit"):
        raise _wrong(f'{key} can be "none" or "polkit" only', location)
    return replace(config, authenticates=value != "none") if key == "auth_unix_rw" else config


def _clients(config: Config, key: str, value: str, location: Location) -> Config:
    return replace(config, max_clients=max(_number(value, 10, location), 1))


def _interval(config: Config, key: str, value: str, location: Location) -> Config:
    return replace(config, keepalive_interval=_number(value, 10, location))


def _limit(config: Config, key: str, value: str, location: Location) -> Config:
    """Of one client: how many calls wait, how many questions it leaves unanswered."""
    number = _number(value, 10, location)
    if key == "keepalive_count":
        return replace(config, limits=config.limits._replace(silent_pings=max(number, 0)))
    return replace(config, limits=config.limits._replace(unanswered=max(number, 1)))


def _not_here(config: Config, key: str, value: str, location: Location) -> Config:
    if value not in ("", "[]", "/run/libvirt"):
        log.warning("%s: %s is not looked at: %s", location, key, _NOT_HERE[key])
    return config


_NOT_HERE = {
    "access_drivers": "whoever may change networks may make every change",
    "unix_sock_dir": "the sockets are in run/libvirt below --root, where clients look for them",
}

_SETTERS: dict[str, Callable[[Config, str, str, Location], Config]] = {
    "unix_sock_group": _group,
    "unix_sock_rw_perms": _rw_mode,
    "unix_sock_ro_perms": _ro_mode,
    "auth_unix_rw": _auth,
    "auth_unix_ro": _auth,
    "max_clients": _clients,
    "keepalive_interval": _interval,
    "keepalive_count": _limit,
    "max_client_requests": _limit,
    **dict.fromkeys(_NOT_HERE, _not_here),
}


def _number(value: str, base: int, location: Location) -> int:
    try:
        return int(value, base)
    except ValueError:
        raise _wrong(f"'{value}' is no number", location) from None


def _wrong(text: str, location: Location) -> ConfigUnsupported:
    return ConfigUnsupported(f"{location}: {text}", domain=ErrorDomain.NONE, location=location)
