"""The networks of a daemon in one exchange, with nothing imported: for net-list, which is polled.

client/remote.py does the same and all else, and takes twice as long to import as virsh takes for a
whole ``net-list``. Whatever is not as expected here is left to it.
"""

from __future__ import annotations

from _socket import AF_UNIX, SOCK_STREAM, socket

TYPE_CHECKING = False  # what typing has, without the milliseconds that importing it takes
if TYPE_CHECKING:
    from collections.abc import Iterator

# As rpc/procedures.py and model/handles.py have them.
_AUTH_LIST, _OPEN, _LIST_NETWORKS = 66, 1, 283
_ACTIVE, _PERSISTENT, _AUTOSTART = 2, 4, 16
_HEAD = 28
_SECONDS = 20.0


class Unexpected(Exception):
    """Nobody answers, or not with what was asked for."""


def networks(path: str) -> list[dict[str, object]]:
    """All networks of the daemon at a socket: name, uuid, active, persistent, autostart.

    Raises:
        Unexpected: it takes the whole client to know.
    """
    connection = socket(AF_UNIX, SOCK_STREAM)
    connection.settimeout(_SECONDS)
    try:
        connection.connect(path)
        _ask(connection, 0, [(_AUTH_LIST, b"")])
        _ask(connection, 1, [(_OPEN, _word(1) + _text(b"network:///system") + _word(0))])
        flags = (0, _ACTIVE, _PERSISTENT, _AUTOSTART)
        calls = [(_LIST_NETWORKS, _word(1) + _word(flag)) for flag in flags]
        lists = [dict(_handles(reply)) for reply in _ask(connection, 2, calls)]
    except (OSError, ValueError) as error:
        raise Unexpected(str(error)) from error
    finally:
        connection.close()
    everything, active, persistent, autostart = lists
    return [
        {
            "name": name,
            "uuid": uuid,
            "active": uuid in active,
            "persistent": uuid in persistent,
            "autostart": uuid in autostart,
        }
        for uuid, name in everything.items()
    ]


def _ask(connection: socket, serial: int, calls: list[tuple[int, bytes]]) -> list[bytes]:
    """The replies to some calls, in the calls' order."""
    for offset, (procedure, arguments) in enumerate(calls):
        head = (_HEAD + len(arguments), 0x20008086, 1, procedure, 0, serial + offset, 0)
        connection.sendall(b"".join(map(_word, head)) + arguments)
    replies = dict(_reply(connection) for _ in calls)
    return [replies[serial + offset] for offset in range(len(calls))]


def _reply(connection: socket) -> tuple[int, bytes]:
    """The serial of the next message, and its payload."""
    head = _receive(connection, _HEAD)
    length, _, _, _, kind, serial, status = (
        int.from_bytes(head[at : at + 4], "big") for at in range(0, _HEAD, 4)
    )
    payload = _receive(connection, length - _HEAD)
    if (kind, status) != (1, 0):
        raise Unexpected("not the reply to a call")
    return serial, payload


def _receive(connection: socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise Unexpected("the end came early")
        data += piece
    return data


def _handles(payload: bytes) -> Iterator[tuple[str, str]]:
    """The uuid and the name of each network of a list."""
    at = 4
    for _ in range(int.from_bytes(payload[:4], "big")):
        length = int.from_bytes(payload[at : at + 4], "big")
        name = payload[at + 4 : at + 4 + length].decode("ascii")  # others: the whole client
        at += 4 + length + -length % 4
        digits = payload[at : at + 16].hex()
        at += 16
        yield "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])), name


def _word(number: int) -> bytes:
    return number.to_bytes(4, "big")


def _text(raw: bytes) -> bytes:
    return _word(len(raw)) + raw + bytes(-len(raw) % 4)
