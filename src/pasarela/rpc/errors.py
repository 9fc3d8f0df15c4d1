"""Errors on the wire: the eleven fields of libvirt's remote_error, from and to Pasarela's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from pasarela.errors import (
    ErrorCode,
    ErrorDomain,
    InternalError,
    InvalidArgument,
    PasarelaError,
    Refused,
    WrongArgument,
)
from pasarela.rpc.handles import NETWORK
from pasarela.rpc.xdr import INT, STRING, UUID_TYPE, optional, record

LEVEL_ERROR = 2
NO_NUMBER = -1
MAX_TEXT = 1 << 18  # characters, at most 4 bytes each; well below rpc.xdr.MAX_STRING


class GuestRef(NamedTuple):
    """A domain; our errors never carry one."""

    name: str
    uuid: object
    id: int


class ErrorReply(NamedTuple):
    """What goes over the wire in place of a result."""

    code: int
    domain: int
    message: str | None
    level: int = LEVEL_ERROR
    guest: GuestRef | None = None
    str1: str | None = None
    str2: str | None = None
    str3: str | None = None
    int1: int = NO_NUMBER
    int2: int = NO_NUMBER
    network: object | None = None


ERROR = record(
    ErrorReply,
    code=INT,
    domain=INT,
    message=optional(STRING),
    level=INT,
    guest=optional(record(GuestRef, name=STRING, uuid=UUID_TYPE, id=INT)),
    str1=optional(STRING),
    str2=optional(STRING),
    str3=optional(STRING),
    int1=INT,
    int2=INT,
    network=optional(NETWORK),
)


class RpcError(Refused):
    """The call itself is wrong: libvirt's RPC layer answers, and no driver is asked."""

    code = ErrorCode.RPC
    default_domain = ErrorDomain.RPC
    template = "{}"


class NotOpen(Refused):
    """The call needs a connection in another state; libvirt calls that an internal error."""

    default_domain = ErrorDomain.RPC
    template = "internal error: {}"


class RemoteError(PasarelaError):
    """An error of a code that Pasarela itself never raises; ``number`` is the code."""

    template: ClassVar[str] = "{}"
    number: int = 0


def reply_of(error: PasarelaError) -> ErrorReply:
    """The fields for an error of ours.

    The last text is Pasarela's own: where in the document, and the way out. libvirt leaves it
    empty, and its clients do not look at it.
    """
    message, detail = _cut(error.message), _cut(error.detail)
    code, domain = int(error.code), int(error.domain)
    way_out = ": ".join(str(part) for part in (error.location, error.remedy) if part)
    ours = _cut(way_out) or None
    if isinstance(error, InvalidArgument) and error.template == "{}":
        function, argument = _function_and_argument(detail)
        return ErrorReply(
            code, domain, message, str1=function, str2=argument, str3=ours, int1=0, int2=0
        )
    return ErrorReply(
        code,
        domain,
        message,
        str1=error.template.replace("{}", "%s"),
        str2=detail,
        str3=ours,
        int1=NO_NUMBER if error.errno is None else error.errno,
    )


def _cut(text: str) -> str:
    """What an error quotes may be a string as long as the wire carries; an error may not."""
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT - 1] + "…"
    return text.encode("utf-8", "replace").decode() if _has_lone_surrogate(text) else text


def _has_lone_surrogate(text: str) -> bool:
    """Bytes that were no UTF-8 go back as they came; what else has no encoding cannot."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return True
    return False


_PLACE = re.compile(r" in (?:function )?(\w+)")


def _function_and_argument(detail: str) -> tuple[str | None, str]:
    """libvirt names both beside the text: ``unsupported flags (0x40) in function f``."""
    words = detail.split()
    argument = "flags" if "flags" in words else words[0]
    place = _PLACE.search(detail)
    return (place[1] if place else None), argument


def exception_of(reply: ErrorReply) -> PasarelaError:
    """The error of ours that fits what a server has answered; its message is the server's."""
    message = reply.message or ""
    for kind in _OF_CODE.get(reply.code, ()):
        detail = _detail(kind.template, message)
        if detail is not None:
            return _made(kind, detail, reply)
    error = _made(RemoteError, message, reply)
    assert isinstance(error, RemoteError)
    error.number = reply.code
    return error


def _kinds(root: type[PasarelaError]) -> Iterator[type[PasarelaError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds(kind)


_OF_CODE: dict[int, tuple[type[PasarelaError], ...]] = {
    **{int(kind.code): (kind,) for kind in _kinds(PasarelaError) if "code" in vars(kind)},
    int(ErrorCode.INTERNAL): (InternalError,),
    int(ErrorCode.INVALID_ARG): (InvalidArgument, WrongArgument),
}


def _detail(template: str, message: str) -> str | None:
    """What a template was filled in with to make a message; None if it was not this template."""
    before, _, after = template.partition("{}")
    fits = message.startswith(before) and message.endswith(after)
    return message[len(before) : len(message) - len(after)] if fits else None


def _made(kind: type[PasarelaError], detail: str, reply: ErrorReply) -> PasarelaError:
    domain = _DOMAINS.get(reply.domain)
    errno = reply.int1 if reply.code == ErrorCode.SYSTEM_ERROR and reply.int1 > 0 else None
    return kind(detail, domain=domain, errno=errno, remedy=reply.str3)


_DOMAINS = {int(domain): domain for domain in ErrorDomain}
