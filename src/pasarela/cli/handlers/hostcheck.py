"""Checks the files that say what the host's interfaces are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli.faults import CommandFailed

if TYPE_CHECKING:
    from pathlib import Path

    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context
    from pasarela.hostnet.manager import Finding, Surroundings, Texts


def host_check(context: Context, arguments: Arguments) -> bool:
    """Print what is wrong; whether nothing of it is an error."""
    from pasarela.hostnet.checking.check import check
    from pasarela.hostnet.manager import Severity

    files, around = _given(context, arguments)
    found = check(files, around)
    if context.json:
        context.json_out([_as_json(finding) for finding in found])
    else:
        context.print("".join(_as_text(finding) for finding in found))
        if not found:
            context.say(_praise(files))
    return all(finding.severity is not Severity.ERROR for finding in found)


def _given(context: Context, arguments: Arguments) -> tuple[Texts, Surroundings]:
    """The files that were named, or the host's own; only those are held against the host."""
    from pathlib import Path

    from pasarela.hostnet.checking.checkfiles import read_host, read_named, surroundings
    from pasarela.hostnet.manager import Surroundings

    root = Path(context.settings.root or "/").absolute()
    names = arguments.rest("file")
    if not names:
        return read_host(root), surroundings(root)
    own = all(_is_of_host(Path(name), root) for name in names)
    files = read_named(names)
    _refuse_xml(files)
    return files, surroundings(root) if own else Surroundings()


def _refuse_xml(files: Texts) -> None:
    """libvirt's documents are the other thing that is edited by hand, and easily given here."""
    for path, text in files.items():
        if text.lstrip("\ufeff \t\r\n").startswith("<"):
            raise CommandFailed(
                f"{path} is XML, and no file of ifupdown, netplan, systemd-networkd or "
                "NetworkManager",
                hint=f"net-define --validate checks a network's document: "
                f"pasarela net-define --validate {path}",
            )


def _is_of_host(file: Path, root: Path) -> bool:
    return file.absolute().is_relative_to(root / "etc")


def _as_text(finding: Finding) -> str:
    """On two lines, whatever bytes the file has: a terminal would obey some."""
    from pasarela.cli.output import printable

    place = f"{finding.path}:{finding.line}" if finding.line else f"{finding.path}"
    what = printable(f"{place}: {finding.severity.value}: {finding.message}")
    return f"{what}\n    {printable(finding.remedy)}\n"


def _as_json(finding: Finding) -> dict[str, str | int]:
    return {
        "file": str(finding.path),
        "line": finding.line,
        "severity": finding.severity.value,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _praise(files: Texts) -> str:
    if not files:
        return "No file here says what the host's interfaces are\n"
    names = [str(path) for path in sorted(files)]
    return f"Nothing wrong in {names[0] if len(names) == 1 else f'{len(names)} files'}\n"
