"""A person at a real guest's console: its first serial line, joined to this terminal."""

from __future__ import annotations

import os
import select
import socket
import sys
import termios
import tty
from pathlib import Path

_LEAVE = 0x1D  # Ctrl-]


def join(path: Path) -> int:
    """Pass keys and text to and fro until Ctrl-] or the guest's end."""
    print("Press Ctrl-] to leave.", flush=True)
    keyboard = sys.stdin.fileno()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(str(path))
        line.sendall(b"\n")
        before = termios.tcgetattr(keyboard) if os.isatty(keyboard) else None
        try:
            if before is not None:
                tty.setraw(keyboard)
            while _pass_on(line, keyboard):
                pass
        finally:
            if before is not None:
                termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
    print()
    return 0


def _pass_on(line: socket.socket, keyboard: int) -> bool:
    readable = select.select([line.fileno(), keyboard], [], [])[0]
    if line.fileno() in readable:
        said = line.recv(65536)
        os.write(sys.stdout.fileno(), said)
        if not said:
            return False
    if keyboard in readable:
        typed = os.read(keyboard, 1024)
        line.sendall(typed)
        return bool(typed) and _LEAVE not in typed
    return True
