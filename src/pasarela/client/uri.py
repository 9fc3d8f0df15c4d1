"""Which connection a URI asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from errno import ECONNREFUSED, ENOENT
from functools import partial
from typing import TYPE_CHECKING

from pasarela.errors import NoDriver, SystemCallFailed

if TYPE_CHECKING:
    from pasarela.client.channel import Channel
    from pasarela.client.connection import Connection

DRIVERS = ("qemu", "network", "interface")
LOCAL = frozenset(
    f"{driver}{transport}:///system" for driver in DRIVERS for transport in ("", "+unix")
)

_URI = re.compile(
    r"(?P<driver>[a-z]+)(\+(?P<transport>\w+))?:"
    r"//((?P<user>[^@/?#]+)@)?(?P<host>\[[^]]*\]|[^:/?#]*)(:(?P<port>\d+))?"
    r"(?P<path>/[^?#]*)?(\?(?P<query>[^#]*))?"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A URI, taken apart."""

    driver: str
    transport: str
    user: str | None
    host: str
    port: str | None
    path: str
    query: dict[str, str]

    @property
    def name(self) -> str:
        """What the daemon is asked to open: the URI as it is there."""
        if "name" in self.query:
            return self.query["name"]
        return "" if self.driver == "remote" else f"{self.driver}://{self.path}"


def open_uri(uri: str | None = None, root: str = "/", *, readonly: bool = False) -> Connection:
    """This host's networks through the daemon that runs, or else the engine in this process.

    A URI with a ``socket`` or a host leads to the daemon there.

    Raises:
        NoDriver: the URI means something that has no networks.
        PasarelaError: the daemon cannot be reached, or refused.
    """
    if uri is None or uri in LOCAL:
        return _open_local(uri, root, readonly)
    target = parse(uri)
    from pasarela.client.remote import RemoteConnection  # noqa: PLC0415  (the engine needs none)

    return RemoteConnection(_channel(target, uri, readonly), target.name, readonly=readonly)


def parse(uri: str) -> Target:
    """Raises:
    NoDriver: it is none of ours."""
    found = _URI.fullmatch(uri)
    if found is None or found["driver"] not in (*DRIVERS, "remote"):
        raise no_driver(uri)
    if not found["transport"] and found["host"] in ("system", "session"):  # two slashes, not three
        raise no_driver(uri)
    query = dict(part.partition("=")[::2] for part in re.split("[&;]", found["query"] or ""))
    return Target(
        found["driver"],
        found["transport"] or ("unix" if not found["host"] else "ssh"),
        found["user"],
        found["host"].strip("[]"),
        found["port"],
        found["path"] or "/",
        {key: _unquoted(value) for key, value in query.items() if key},
    )


def no_driver(uri: str) -> NoDriver:
    from difflib import get_close_matches  # noqa: PLC0415  (only errors need it)

    near = get_close_matches(uri, sorted(LOCAL), n=1, cutoff=0.9)
    if uri.endswith(":///session"):
        way = "networks belong to the system: use -c network:///system as root, or pasarela lab"
    elif near:
        way = f"did you mean {near[0]}?"
    else:
        way = (
            "Pasarela drives this host's networks, network:///system (qemu:///system means the "
            "same), and others' by qemu+ssh://HOST/system"
        )
    return NoDriver(uri, remedy=way)


def _open_local(uri: str | None, root: str, readonly: bool) -> Connection:
    """The daemon's sockets in turn; libvirt's own daemon only if a URI was given."""
    for name in _sockets(uri):
        channel = _try_socket(f"{root.rstrip('/')}/run/libvirt/{name}", readonly)
        if channel is not None:
            from pasarela.client.local import LocalConnection  # noqa: PLC0415

            opened = uri.replace("+unix", "") if uri else "network:///system"
            return LocalConnection(channel, opened, root, readonly=readonly)
    from pasarela.client.embedded import open_embedded  # noqa: PLC0415

    return open_embedded(root)


def _sockets(uri: str | None) -> tuple[str, ...]:
    if uri is None:
        return ("virtnetworkd-sock",)
    first = "virtinterfaced-sock" if uri.startswith("interface") else "virtnetworkd-sock"
    return (first, "libvirt-sock")


def _try_socket(path: str, readonly: bool) -> Channel | None:
    """None if nobody listens there."""
    from pasarela.client.channel import connect_socket  # noqa: PLC0415

    try:
        return connect_socket(f"{path}-ro" if readonly else path)
    except SystemCallFailed as error:
        if error.errno in (ENOENT, ECONNREFUSED):
            return None
        raise


def _channel(target: Target, uri: str, readonly: bool) -> Channel:
    from pasarela.client.channel import connect_command, connect_socket  # noqa: PLC0415

    if target.transport == "unix" and not target.host and "socket" in target.query:
        return connect_socket(target.query["socket"])
    if target.transport == "ssh" and target.host:
        return connect_command(ssh_command(target, readonly), partial(_after_ssh, target.host))
    raise no_driver(uri)


def _after_ssh(host: str, code: int) -> str:
    """255 is ssh's own; any other comes from what it ran there."""
    if code == 255:
        return f"ssh has said why, above; does 'ssh {host}' get there?"
    return f"on {host} no daemon listens: is virtnetworkd, libvirtd or pasarelad running there?"


def ssh_command(target: Target, readonly: bool) -> list[str]:
    """What libvirt's clients run, too: its helper at the other end, else netcat."""
    words = [target.query.get("command", "ssh")]
    if target.port:
        words += ["-p", target.port]
    if target.user:
        words += ["-l", target.user]
    return [*words, "-T", "-e", "none", "--", target.host, _at_the_other_end(target, readonly)]


def _at_the_other_end(target: Target, readonly: bool) -> str:
    ending = "-ro" if readonly else ""
    if "socket" in target.query:
        sockets = [target.query["socket"]]
    else:
        sockets = [f"/run/libvirt/{name}{ending}" for name in ("virtnetworkd-sock", "libvirt-sock")]
    tries = "; ".join(f"test -S {_quoted(path)} && exec nc -U {_quoted(path)}" for path in sockets)
    helper = "" if "socket" in target.query else _helper(target, readonly)
    return f"sh -c {_quoted(helper + tries)}"


def _helper(target: Target, readonly: bool) -> str:
    flag = "-r " if readonly else ""
    return (
        "command -v virt-ssh-helper >/dev/null 2>&1 && "
        f"exec virt-ssh-helper {flag}{_quoted(target.name)}; "
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _unquoted(text: str) -> str:
    """Percent signs resolved; urllib.parse takes longer to import than all of this."""
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda hit: bytes([int(hit[1], 16)]), text.encode())
    return raw.decode("utf-8", "surrogateescape")
