"""The options before the command, read as virsh's getopt_long does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class UsageFault(Exception):
    """An option before the command cannot be understood; ``hint`` is the way out."""

    def __init__(self, sentence: str, *, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class GlobalOption:
    """An option before the command; ``argument`` is none, needed or optional (only with =)."""

    short: str
    long: str
    help: str
    argument: str = ""
    optional: bool = False


OPTIONS = (
    GlobalOption("c", "connect", "hypervisor connection URI", "URI"),
    GlobalOption("d", "debug", "debug level [0-4]", "NUM"),
    GlobalOption("e", "escape", "set escape sequence for console (accepted, unused)", "<char>"),
    GlobalOption("h", "help", "this help"),
    GlobalOption("k", "keepalive-interval", "accepted, unused", "NUM"),
    GlobalOption("K", "keepalive-count", "accepted, unused", "NUM"),
    GlobalOption("l", "log", "write messages to this file too", "FILE"),
    GlobalOption("q", "quiet", "only what was asked for: no sentences, headers or blank lines"),
    GlobalOption("r", "readonly", "refuse every change"),
    GlobalOption("t", "timing", "print how long each command took"),
    GlobalOption("v", "", "short version"),
    GlobalOption("V", "", "long version"),
    GlobalOption("", "version", "version, TYPE is short or long (default short)", "TYPE", True),
    GlobalOption("", "root", "libvirt's directories are below DIR (for tests and the lab)", "DIR"),
    GlobalOption("", "json", "print JSON instead of text"),
)

_OURS = frozenset({"root", "json"})


@dataclass(slots=True)
class Settings:
    """What the options before the command said."""

    uri: str | None = None
    root: str | None = None
    quiet: bool = False
    readonly: bool = False
    timing: bool = False
    json: bool = False
    debug: int = 4
    log: str | None = None
    show: str = ""  # "help", "short" or "long" version: print that, and no more
    warnings: tuple[str, ...] = ()


def read_options(arguments: Sequence[str]) -> tuple[Settings, list[str]]:
    """The settings, and the words from the first that is no option on.

    Raises:
        UsageFault: with virsh's sentence.
    """
    settings = Settings()
    words = list(arguments)
    while words and words[0].startswith("-") and words[0] != "-" and not settings.show:
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            _long(settings, word, words)
        else:
            _shorts(settings, word[1:], words)
    return settings, words


def _long(settings: Settings, word: str, words: list[str]) -> None:
    name, equals, value = word[2:].partition("=")
    option = _by_long_name(name)
    if option is None:
        raise UsageFault(f"unsupported option '{word}'. See --help.")
    if equals and not option.argument:
        raise UsageFault(f"unsupported option '-{option.short or word[1:]}'. See --help.")
    if option.argument and not equals and not option.optional:
        value = _next(option, words)
    _apply(settings, option, value)


def _by_long_name(name: str) -> GlobalOption | None:
    """The option of this name, or the one that it abbreviates; virsh's own come first."""
    exact = [option for option in OPTIONS if option.long and option.long == name]
    starts = [option for option in OPTIONS if option.long.startswith(name) and option.long]
    virsh = [option for option in starts if option.long not in _OURS]
    for candidates in (exact, virsh, starts):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            return None
    return None


def _shorts(settings: Settings, letters: str, words: list[str]) -> None:
    """Apply ``-qr``, ``-cURI`` or ``-c URI``."""
    while letters and not settings.show:
        letter, letters = letters[0], letters[1:]
        option = next((option for option in OPTIONS if option.short == letter), None)
        if option is None:
            raise UsageFault(f"unsupported option '-{letter}'. See --help.")
        if option.argument:
            _apply(settings, option, letters or _next(option, words))
            return
        _apply(settings, option, "")


def _next(option: GlobalOption, words: list[str]) -> str:
    if not words:
        name = f"'-{option.short}'/'--{option.long}'" if option.short else f"'--{option.long}'"
        raise UsageFault(f"option {name} requires an argument")
    return words.pop(0)


def _apply(settings: Settings, option: GlobalOption, value: str) -> None:
    match option.short or option.long:
        case "c":
            settings.uri = value
        case "d":
            _set_debug(settings, value)
        case "e":
            _check_escape(value)
        case "k":
            _check_interval(value)
        case "K":
            _check_count(value)
        case "l":
            _check_log(value)
            settings.log = value
        case "q":
            settings.quiet = True
        case "r":
            settings.readonly = True
        case "t":
            settings.timing = True
        case "root":
            settings.root = value
        case "json":
            settings.json = True
        case shown:
            settings.show = _shown(shown, value)


def _shown(name: str, value: str) -> str:
    if name == "h":
        return "help"
    return "long" if name == "V" or (name == "version" and value == "long") else "short"


def _check_log(path: str) -> None:
    try:
        with open(path, "a", encoding="utf-8"):  # noqa: PTH123
            pass
    except OSError as error:
        raise UsageFault(
            "failed to open the log file. check the log file path", hint=f"{path}: {error.strerror}"
        ) from None


def _set_debug(settings: Settings, value: str) -> None:
    level = _number(value)
    if level is None:
        raise UsageFault("option -d takes a numeric argument")
    if 0 <= level <= 4:
        settings.debug = level
    else:
        settings.warnings += (f"ignoring debug level {level} out of range [0-4]",)


def _check_escape(value: str) -> None:
    if len(value) != 1 and not (len(value) == 2 and value[0] == "^"):
        raise UsageFault(f"Invalid string '{value}' for escape sequence")


def _check_interval(value: str) -> None:
    number = _number(value)
    if number is None:
        raise UsageFault("Invalid value for option -k")
    if number < 0:
        raise UsageFault("option -k requires a positive integer argument")


def _check_count(value: str) -> None:
    number = _number(value)
    if number is None:
        raise UsageFault("Invalid value for option -K")
    if number < 0:
        raise UsageFault("option -K requires a positive integer argument")


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else None
