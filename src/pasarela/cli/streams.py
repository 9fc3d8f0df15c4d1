"""The program's standard streams: closed ones, full ones, and readers that went away."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # what typing has, without the milliseconds that importing it takes
if TYPE_CHECKING:
    from typing import TextIO


class OutputLost(BaseException):
    """What was asked for cannot be written; no command can do anything about it."""


def prepare() -> None:
    """Have all three streams, and let names that are not UTF-8 pass through as they came."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:  # the caller closed it: nobody listens
            _open_null(number, name)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="surrogateescape")


def _open_null(number: int, name: str) -> None:
    """At the stream's own number, which no file that is opened later may get."""
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
    setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def write(stream: TextIO, text: str) -> None:
    """
    Raises:
        OutputLost: the disk is full, or the like.
        BrokenPipeError: the reader went away.
    """
    try:
        stream.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLost(error.strerror) from error


def flush(stream: TextIO) -> None:
    """As ``write``, for what is waiting to be written."""
    try:
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLost(error.strerror) from error


def abandon_output() -> None:
    """Let the interpreter's own last flush find nothing that could fail."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
