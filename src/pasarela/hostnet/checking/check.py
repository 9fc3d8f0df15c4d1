"""What is wrong in the files that say what the host's interfaces are, whoever reads them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from pasarela.errors import PasarelaError
from pasarela.hostnet.ifupdown.document import MAIN
from pasarela.hostnet.manager import Finding, Severity, Surroundings, Texts
from pasarela.hostnet.registry import manager
from pasarela.model.interface_config import InterfaceConfig

_SUFFIXES = {
    ".yaml": "netplan",
    ".yml": "netplan",
    ".network": "networkd",
    ".netdev": "networkd",
    ".link": "networkd",
    ".nmconnection": "networkmanager",
}
_HOMES = {
    "netplan": (PurePosixPath("/etc/netplan"), ".yaml"),
    "networkd": (PurePosixPath("/etc/systemd/network"), ".network"),
    "networkmanager": (
        PurePosixPath("/etc/NetworkManager/system-connections"),
        ".nmconnection",
    ),
}
_FOLDERS = {
    "networkmanager": "NetworkManager",
    "netplan": "netplan",
    "networkd": "systemd",
    "ifupdown": "interfaces.d",
}
_SYSTEM = ("/etc", "/lib", "/usr/lib", "/run")
_SIGNS = (
    ("networkmanager", re.compile(r"^\[connection\]", re.MULTILINE)),
    ("networkd", re.compile(r"^\[(Match|NetDev|Network)\]", re.MULTILINE)),
    (
        "ifupdown",
        re.compile(r"^\s*(auto|iface|allow-\S+|source(-directory)?|mapping)\s", re.MULTILINE),
    ),
    ("netplan", re.compile(r"^network\s*:", re.MULTILINE)),
)
_GENERATED = re.compile(r"(\d+-)?netplan-.*")


def kind_of(path: PurePosixPath, text: str) -> str:
    """The manager whose file it is: by its name, else by what stands in it."""
    if path.suffix in _SUFFIXES:
        return _SUFFIXES[path.suffix]
    for name, folder in _FOLDERS.items():
        if folder in path.parts:
            return name
    return next((name for name, sign in _SIGNS if sign.search(text)), "ifupdown")


def check(files: Texts, around: Surroundings) -> Sequence[Finding]:
    """The findings about files of any kind, by path and line."""
    kinds: dict[str, dict[PurePosixPath, str]] = defaultdict(dict)
    for path, text in files.items():
        kinds[kind_of(path, text)][path] = text
    found = [finding for name, texts in kinds.items() for finding in _of_one(name, texts, around)]
    found += _two_managers(kinds)
    return sorted(found, key=lambda one: (one.path, one.line, one.severity.value, one.message))


def _of_one(name: str, texts: Texts, around: Surroundings) -> Iterator[Finding]:
    """One manager's findings; it sees files from elsewhere where it would look for them."""
    if name == "ifupdown":
        yield from manager(name).check(texts, around)
        return
    homes = {_at_home(name, path): path for path in texts}
    for finding in manager(name).check({home: texts[homes[home]] for home in homes}, around):
        yield replace(finding, path=homes.get(finding.path, finding.path))


def _at_home(name: str, path: PurePosixPath) -> PurePosixPath:
    """Where a file would lie on a host, with a name that no other file gets."""
    if any(path.is_relative_to(folder) for folder in _SYSTEM):
        return path
    home, suffix = _HOMES[name]
    unique = str(path).strip("/").replace("/", "-")
    return home / (unique if path.suffix in _SUFFIXES else unique + suffix)


def _two_managers(kinds: Mapping[str, Texts]) -> Iterator[Finding]:
    """Interfaces that two managers both look after; each undoes what the other does."""
    first: dict[str, tuple[str, InterfaceConfig]] = {}
    for name, texts in sorted(kinds.items()):
        own = {path: text for path, text in texts.items() if not _GENERATED.fullmatch(path.name)}
        for config in _claimed(name, own):
            other, earlier = first.setdefault(config.name, (name, config))
            if other != name:
                yield _twice(own, config, earlier, (other, name))


def _claimed(name: str, texts: Texts) -> Iterator[InterfaceConfig]:
    """What a manager's files say of each interface; files that cannot be read say nothing."""
    for each in _hosts(name, texts):
        try:
            found = manager(name).interfaces(each)
        except PasarelaError:
            continue
        yield from (config for config in found if config.name != "lo")


def _hosts(name: str, texts: Texts) -> Iterator[Texts]:
    """The files as they lie on a host; each interfaces file that is named is one of its own."""
    if name != "ifupdown":
        yield {_at_home(name, path): text for path, text in texts.items()}
    elif MAIN in texts:
        yield texts
    else:
        yield from ({MAIN: text} for text in texts.values())


def _twice(
    texts: Texts, config: InterfaceConfig, earlier: InterfaceConfig, names: tuple[str, str]
) -> Finding:
    path, line = _mention(texts, config.name)
    both = all(one.ipv4 or one.ipv6 for one in (config, earlier))
    return Finding(
        path,
        line,
        Severity.ERROR if both else Severity.WARNING,
        f"{names[0]} and {names[1]} both look after {config.name}",
        f"leave {config.name} to one of them: take it out of the other's files",
    )


def _mention(texts: Texts, name: str) -> tuple[PurePosixPath, int]:
    """The first line that names an interface."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    for path, text in sorted(texts.items()):
        for number, line in enumerate(text.split("\n"), 1):
            if word.search(line) and not line.lstrip().startswith("#"):
                return path, number
    return min(texts), 0
