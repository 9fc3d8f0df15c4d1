"""The one place where a user's text becomes part of a dnsmasq file.

dnsmasq (2.90, option.c) reads a configuration line by line into 1,025 bytes, and takes what does
not fit for the next line; ``#`` after white space begins a comment; inside double quotes all of it
is literal, but for the escapes ``\\\\ \\" \\t \\n \\r \\b \\e``. So a text that stays on its own
line, is short enough and is quoted where it must be cannot become an option.
"""

from __future__ import annotations

import re

from pasarela.errors import ConfigUnsupported, Location

MAX_LINE = 1023  # bytes, without the newline
MAX_NAME = 253
MAX_LABEL = 63
NAME_REMEDY = "write letters, digits, - and ."
MAX_STRING = 255  # bytes of one string of a TXT record (RFC 1035, 3.3)

_BARE = re.compile(r"[\w.@%+=/-]+", re.ASCII)
_NAME = re.compile(r"[!-~]+", re.ASCII)  # what is printed, without white space
_NOT_IN_NAME = re.compile(r"[,/#\"\\:!=]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LEASE_WORD = re.compile(r"ignore|infinite|\d+[smhdw]?", re.IGNORECASE)
_CLIENT_ID = re.compile(r"[0-9A-Za-z:.*_-]+")


def literal(text: str, element: str) -> str:
    """``text`` as one field of a line, in quotes where dnsmasq would read more into it."""
    refuse_control(text, element)
    if _BARE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def strings(text: str, element: str) -> str:
    """``text`` as the strings of a TXT record, each no longer than DNS allows."""
    refuse_control(text, element)
    return ",".join(literal(chunk, element) for chunk in _chunks(text))


def name(text: str, element: str) -> str:
    """``text`` as a DNS name or part of one; what is not ASCII in its IDNA form.

    Raises:
        ConfigUnsupported: it holds a character that ends a name in dnsmasq's files, or is longer
            than DNS allows.
    """
    plain = text if text.isascii() else _idna(text, element)
    if not _NAME.fullmatch(plain) or _NOT_IN_NAME.search(plain):
        raise _refusal(text, element, "is not a DNS name", NAME_REMEDY)
    if len(plain) > MAX_NAME or any(len(label) > MAX_LABEL for label in plain.split(".")):
        raise _refusal(
            text, element, f"is longer than a DNS name may be ({MAX_LABEL} a label)", "shorten it"
        )
    return plain


def host_name(text: str, element: str) -> str:
    """``text`` as a guest's name in a host entry, where some words mean something else."""
    if _LEASE_WORD.fullmatch(text):
        raise _refusal(
            text, element, "is a word of dnsmasq's own in a host entry", "choose another name"
        )
    return name(text, element)


def client_id(text: str, element: str) -> str:
    if not _CLIENT_ID.fullmatch(text):
        raise _refusal(text, element, "is not a client id", "write letters, digits and : . * _ -")
    return text


def interface(text: str, element: str) -> str:
    """``text`` as a device's name; ``*`` would be a pattern and ``:`` an alias."""
    if not re.fullmatch(r"[\w.+@=-]+", text, re.ASCII):
        raise _refusal(
            text, element, "cannot be given to dnsmasq as a device's name", "write a device's name"
        )
    return text


def path(place: object) -> str:
    """A file's path, which holds the network's name."""
    return literal(str(place), "name")


def verbatim(text: str, element: str) -> str:
    """``text`` as a whole line of the user's own."""
    refuse_control(text, element)
    return text


def document(lines: list[str]) -> str:
    """The file of ``lines``.

    Raises:
        ConfigUnsupported: a line is longer than dnsmasq reads in one piece.
    """
    for line in lines:
        if len(line.encode(errors="surrogateescape")) > MAX_LINE:
            option = line.partition("=")[0][:40]
            raise _refusal(
                line[:60] + "…", option, f"makes a line over {MAX_LINE} bytes", "shorten it"
            )
    return "".join(f"{line}\n" for line in lines)


def refuse_control(text: str, element: str) -> None:
    if _CONTROL.search(text):
        raise _refusal(text, element, "holds a control character", "remove it")


def _idna(text: str, element: str) -> str:
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError as cause:
        raise _refusal(text, element, "is not a DNS name", NAME_REMEDY) from cause


def _chunks(text: str) -> list[str]:
    """``text`` cut between characters into pieces of at most MAX_STRING bytes."""
    chunks = [""]
    size = 0
    for character in text:
        width = len(character.encode(errors="surrogateescape"))
        if size + width > MAX_STRING:
            chunks.append("")
            size = 0
        chunks[-1] += character
        size += width
    return chunks


def _refusal(
    text: str, element: str, why: str, remedy: str = "write another one"
) -> ConfigUnsupported:
    """The text may stand in a definition or in what a command was given; both are called it."""
    return ConfigUnsupported(
        f"{element} {text!r} {why}", location=Location(element=element), remedy=remedy
    )
