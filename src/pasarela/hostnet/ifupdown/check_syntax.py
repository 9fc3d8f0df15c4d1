"""What ifup itself refuses or takes otherwise than it was meant."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePosixPath

from pasarela.hostnet.ifupdown.document import Mapping, Option, Selection, Source, Stanza, Stray
from pasarela.hostnet.ifupdown.hooks import HOOKS
from pasarela.hostnet.ifupdown.report import Report, did_you_mean
from pasarela.hostnet.ifupdown.sources import is_directory_name, is_wild, matching, patterns
from pasarela.hostnet.ifupdown.vocabulary import FREE_TEXT, KEYWORDS, METHODS, OPTIONS, VITAL

_COMMENT = re.compile(r"(?:^|\s)#")
_INVISIBLE = re.compile("[\u00a0\u2007\u200b-\u200d\u202f\u2060\ufeff]")
"""What looks like a space or like nothing, and comes along from web pages and other editors."""
_CLASSES = frozenset({"auto", "hotplug", "ovs", "boot"})
_LEFT_OVER = re.compile(r".*(~|\.bak|\.old|\.orig|\.save|\.dpkg-\w+|\.swp)|\..*")


def check_syntax(report: Report, files: Collection[PurePosixPath]) -> None:
    for section in report.configuration.sections:
        match section:
            case Stray():
                _stray(report, section)
            case Stanza():
                _head(report, section)
                _options(report, section)
            case Mapping():
                _mapping(report, section)
            case Selection():
                _selection(report, section)
            case Source():
                _source(report, section, files)
    _unread(report, files)


def _stray(report: Report, stray: Stray) -> None:
    key = report.configuration.line(stray).key
    meant = did_you_mean(key, KEYWORDS, 0.75)
    report.error(
        stray,
        None,
        f"'{key}' belongs to no stanza: ifup refuses the whole file",
        _unseen(key)
        or (f"did you mean '{meant}'?" if meant else "put it below the iface line that it is for"),
    )


def _unseen(word: str) -> str | None:
    """The way out where a word has a sign that nobody sees."""
    sign = _INVISIBLE.search(word)
    return sign and f"an invisible sign (U+{ord(sign[0]):04X}) is part of it: type the line anew"


# iface lines


def _head(report: Report, stanza: Stanza) -> None:
    if stanza.template:
        _only_ifupdown2(report, stanza, "'template' is ifupdown2's")
    elif not stanza.name:
        report.error(stanza, None, "iface without a name", "write: iface NAME inet METHOD")
    elif not stanza.family and stanza.inherits is None:
        _only_ifupdown2(report, stanza, f"iface {stanza.name} says no family and method")
    elif stanza.family:
        _family(report, stanza)
    _inherits(report, stanza)
    if stanza.extra:
        report.warning(
            stanza,
            None,
            f"ifup does not understand '{' '.join(stanza.extra)}' after the method",
            "put the comment on a line of its own"
            if stanza.extra[0].startswith("#")
            else "put it on a line of its own below, or take it away",
        )


def _only_ifupdown2(report: Report, stanza: Stanza, message: str) -> None:
    add = report.warning if report.by_ifupdown2 and not stanza.template else report.error
    add(
        stanza,
        None,
        f"{message}: Debian's ifupdown refuses the whole file",
        "write: iface NAME inet METHOD; or is ifupdown2 installed here?",
    )


def _family(report: Report, stanza: Stanza) -> None:
    if stanza.family not in METHODS:
        meant = did_you_mean(stanza.family, METHODS, 0.5)
        report.error(
            stanza,
            None,
            f"there is no address family '{stanza.family}': ifup refuses the whole file",
            f"did you mean '{meant or 'inet'}'?",
        )
    elif stanza.method not in METHODS[stanza.family] and stanza.inherits is None:
        known = sorted(METHODS[stanza.family])
        meant = did_you_mean(stanza.method, known, 0.6)
        report.error(
            stanza,
            None,
            f"{stanza.family} has no method '{stanza.method}': ifup refuses the whole file"
            if stanza.method
            else f"iface {stanza.name} {stanza.family} says no method: ifup refuses the whole file",
            f"did you mean '{meant}'?" if meant else f"write one of {', '.join(known)}",
        )


def _inherits(report: Report, stanza: Stanza) -> None:
    if stanza.inherits is None:
        return
    heads = report.configuration.stanzas
    earlier = heads[: heads.index(stanza)]
    if not any(
        one.name == stanza.inherits and stanza.family in ("", one.family) for one in earlier
    ):
        report.error(
            stanza,
            None,
            f"nothing above is called '{stanza.inherits}', from which {stanza.name} inherits:"
            " ifup refuses the whole file",
            f"write the stanza '{stanza.inherits}' further up, with the same family",
        )


# options


def _options(report: Report, stanza: Stanza) -> None:
    for option in stanza.options:
        if option.key in HOOKS or option.is_selection:
            continue
        if not option.value:
            _valueless(report, stanza, option)
        elif _COMMENT.search(option.value) and not option.name.startswith(FREE_TEXT):
            report.error(
                stanza,
                option,
                f"the comment becomes part of {option.key}'s value:"
                " ifupdown knows comments only on lines of their own",
                "put the comment on the line above",
            )
        if option.name not in OPTIONS:
            _unknown(report, stanza, option)


def _valueless(report: Report, stanza: Stanza, option: Option) -> None:
    report.error(
        stanza,
        option,
        f"'{option.key}' has no value: ifup refuses the whole file",
        _unseen(option.key) or _without_sign(option.key) or "give it one, or take the line away",
    )


def _without_sign(key: str) -> str | None:
    """For ``address=10.0.0.2``, as other files have it."""
    name, sign, value = key.partition("=")
    return f"write a space instead of the =: {name} {value}" if sign and value else None


def _unknown(report: Report, stanza: Stanza, option: Option) -> None:
    """Only what is nearly a known word: other packages bring options of their own."""
    unseen = _unseen(option.key)
    keyword = did_you_mean(option.key, KEYWORDS, 0.75)
    meant = did_you_mean(option.name, OPTIONS)
    if meant is None and keyword is None and unseen is None:
        return
    spelled = keyword if meant is None else meant
    if option.key != option.name and meant and meant.startswith("bridge-"):
        spelled = meant.replace("-", "_")
    vital = meant in VITAL or meant is None or unseen is not None
    add = report.error if vital else report.warning
    add(
        stanza,
        option,
        f"there is no option '{option.key}', so the line does nothing",
        unseen or f"did you mean '{spelled}'?",
    )


def _mapping(report: Report, mapping: Mapping) -> None:
    scripts = [one for one in mapping.options if one.key == "script"]
    if len(scripts) != 1:
        report.error(
            mapping,
            scripts[1] if scripts else None,
            "a mapping has one script, and this one has "
            + ("several" if scripts else "none: its interfaces do not come up"),
            "write one line: script /path/to/script",
        )
    for option in mapping.options:
        if option.key not in ("script", "map"):
            report.error(
                mapping,
                option,
                f"'{option.key}' does not belong into a mapping: ifup refuses the whole file",
                "only script and map lines may stand here",
            )


# what is chosen and taken in


def _selection(report: Report, selection: Selection) -> None:
    kind = selection.keyword.removeprefix("allow-")
    names = {one.device for one in report.configuration.stanzas}
    if selection.keyword.startswith("allow-") and kind not in _CLASSES and kind not in names:
        meant = did_you_mean(kind, _CLASSES, 0.75)
        if meant:
            report.warning(
                selection,
                None,
                f"nothing brings the class '{kind}' up",
                f"did you mean 'allow-{meant}'?",
            )
    if selection.keyword in ("auto", "allow-auto", "allow-hotplug"):
        _selected(report, selection)


def _selected(report: Report, selection: Selection) -> None:
    names = {one.name for one in report.configuration.stanzas} | {"lo"}
    for name in selection.names:
        logical = name.partition("=")[2] or name
        mapped = any(one.patterns for one in report.configuration.mappings)
        if logical not in names and not logical.startswith("/") and not mapped:
            meant = did_you_mean(logical, names - {"lo"}, 0.7)
            report.error(
                selection,
                None,
                f"'{logical}' is to come up and has no stanza",
                _to_come_up(logical, meant),
            )


def _to_come_up(name: str, meant: str | None) -> str:
    if "," in name:
        return f"write spaces between names: {name.replace(',', ' ')}"
    if meant:
        return f"did you mean '{meant}'?"
    return f"write 'iface {name} inet …', or take it out of this line"


def _source(report: Report, source: Source, files: Collection[PurePosixPath]) -> None:
    """A name without wildcards that is not there; an empty folder is as Debian installs it."""
    if source.directory or is_wild(source.pattern):
        return
    folders = {path.parent for path in files} | {source.path.parent / "interfaces.d"}
    for wanted in patterns(source.pattern, source.path):
        taken = matching(str(wanted), source.path, files, directory=False)
        if not taken and wanted.parent in folders:
            report.warning(
                source,
                None,
                f"there is no {wanted}, so nothing is taken in",
                "correct the name, or take the line away",
            )


def _unread(report: Report, files: Collection[PurePosixPath]) -> None:
    """Files beside those that are read, which somebody may believe to count."""
    read = {file.path for file in report.configuration.files}
    for path in sorted(files):
        beside = path.parent.name == "interfaces.d"
        if path in read or not beside or _LEFT_OVER.fullmatch(path.name):
            continue
        if not is_directory_name(path.name) and _directories(report):
            report.about_file(
                path,
                "ifup does not read it: source-directory takes only names of letters, digits,"
                " _ and -",
                f"call it {re.sub('[^A-Za-z0-9_-]', '-', path.name)}",
            )
        else:
            report.about_file(
                path,
                "ifup does not read it: no source line takes it in",
                "add to /etc/network/interfaces: source /etc/network/interfaces.d/*",
            )


def _directories(report: Report) -> bool:
    sections = report.configuration.sections
    return any(isinstance(one, Source) and one.directory for one in sections)
