"""Reads a tutorial as what it is: files to write, commands to type, and what they print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

PROMPTS = {"$ ": "machine", "host# ": "host"}
WILDCARD = "…"


@dataclass(frozen=True, slots=True)
class WriteFile:
    line: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A line that is typed, on this machine or on the lab's host, and what it prints."""

    line: int
    where: str
    text: str
    printed: str

    def is_met_by(self, output: str) -> bool:
        pattern = ".*".join(re.escape(part) for part in _trimmed(self.printed).split(WILDCARD))
        return re.fullmatch(pattern, _trimmed(output), re.DOTALL) is not None


Step = WriteFile | Command

_FENCE = re.compile(
    r"(?:^<!-- file: (?P<file>\S+) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def steps(document: str) -> Iterator[Step]:
    """What a reader would do, from the top down."""
    for fence in _FENCE.finditer(document):
        line = document.count("\n", 0, fence.start("body")) + 1
        if fence["file"]:
            yield WriteFile(line, fence["file"], fence["body"])
        elif fence["language"] == "console":
            yield from _commands(fence["body"], line)


def _commands(body: str, first_line: int) -> Iterator[Command]:
    typed: tuple[int, str, str] | None = None
    printed: list[str] = []
    for number, line in enumerate(body.splitlines(), first_line):
        prompt = next((prompt for prompt in PROMPTS if line.startswith(prompt)), None)
        if prompt is None:
            printed.append(line)
            continue
        if typed:
            yield Command(*typed, "\n".join(printed))
        typed, printed = (number, PROMPTS[prompt], line.removeprefix(prompt)), []
    if typed:
        yield Command(*typed, "\n".join(printed))


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
