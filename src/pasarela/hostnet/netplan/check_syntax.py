"""netplan files that netplan itself would refuse, or read otherwise than was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_interface

from pasarela.hostnet.findings import instead, near
from pasarela.hostnet.manager import Finding, Severity, Texts
from pasarela.hostnet.netplan.document import Document
from pasarela.hostnet.netplan.merged import SECTIONS, truth
from pasarela.hostnet.netplan.nodes import (
    Entry,
    Malformed,
    Mapping,
    Node,
    Scalar,
    Sequence,
    parse,
    walk,
)
from pasarela.hostnet.netplan.report import Place, Report, place
from pasarela.hostnet.netplan.schema import (
    ADDRESSED,
    BRIDGE_PARAMETERS,
    DEVICE,
    GROUPS,
    KIND_OF,
    NETWORK,
    RENDERERS,
    ROUTE,
    Kind,
)
from pasarela.model.values import MacAddress

_DEVICE_KEYS = frozenset().union(*DEVICE.values())
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_EXAMPLES = {
    Kind.TRUTH: "write true or false",
    Kind.NUMBER: "write a number without a unit",
    Kind.MAC: 'write six pairs of hexadecimal digits: "52:54:00:12:34:56"',
    Kind.LIST: "write a list: [a, b], or a line with a dash for each",
    Kind.GROUP: "indent what belongs below it by two more spaces",
}


def unreadable(files: Texts) -> Iterator[Finding]:
    """Files that are no YAML."""
    for path, text in files.items():
        try:
            parse(text)
        except Malformed as error:
            message, remedy = _explained(text, error)
            yield Finding(path, error.line, Severity.ERROR, message, remedy)


def check_syntax(report: Report) -> None:
    for document in report.configuration.documents:
        _check_duplicates(report, document)
        _check_top(report, document)
    for document, section, entry in report.entries():
        if section in DEVICE:
            _check_device(report, document, section, entry)


def _explained(text: str, error: Malformed) -> tuple[str, str]:
    """The YAML parser's words, and what was probably meant."""
    line = (text.splitlines() or [""])[max(0, min(error.line, text.count("\n")) - 1)]
    if re.match(r" *\t", line):
        return (
            "a tab indents this line; YAML allows spaces alone",
            "replace the tab by spaces, as many as the lines around have",
        )
    if re.search(r"^\s*[\w.-]+:\S", line) and ": " not in line:
        return "a space is missing behind the colon", "write KEY: VALUE"
    if "could not find expected ':'" in str(error):
        return "this is neither KEY: VALUE nor a list's item", "write a colon behind the key"
    return (
        f"the indentation does not fit here ({error})",
        "start keys of one level in the same column, and those below further to the right",
    )


def _check_duplicates(report: Report, document: Document) -> None:
    mappings = walk(document.root) if document.root else ()
    for mapping in mappings:
        if not isinstance(mapping, Mapping):
            continue
        seen: dict[str, Entry] = {}
        for entry in mapping.entries:
            if entry.key.text in seen:
                first = seen[entry.key.text].key.span.line + 1
                report.error(
                    place(document, entry),
                    f"{entry.key.text} stands twice here, in line {first} and now:"
                    " which one counts depends on the program",
                    "take one of them away, or put what is below them together",
                )
            seen[entry.key.text] = entry


def _check_top(report: Report, document: Document) -> None:
    if document.root is None:
        return
    root = document.root if isinstance(document.root, Mapping) else None
    network = root.entry("network") if root else None
    if root is None or network is None:
        report.error(
            Place(document.path, 1),
            "there is no network: at the top, so netplan finds nothing",
            "begin the file with a line network: and indent all else below it",
        )
        return
    for entry in root.entries:
        if entry is not network:
            remedy = "indent it below network:" if _belongs_below(entry) else "take it away"
            report.error(place(document, entry), f"{entry.key.text} stands beside network:", remedy)
    _check_network(report, document, network)


def _belongs_below(entry: Entry) -> bool:
    return entry.key.text in (*SECTIONS, "renderer", "version")


def _check_network(report: Report, document: Document, entry: Entry) -> None:
    if not isinstance(entry.value, Mapping):
        _refuse_kind(report, document, entry, Kind.GROUP)
        return
    network = entry.value
    _check_version(report, document, entry)
    for each in network.entries:
        key = each.key.text
        if key not in SECTIONS and key not in NETWORK:
            remedy = instead(key, (*SECTIONS, *NETWORK))
            if key in _DEVICE_KEYS and not near(key, SECTIONS):
                remedy = "indent it below the interface that it is about"
            report.error(place(document, each), f"netplan knows no {key} here", remedy)
        elif key in SECTIONS and not isinstance(each.value, Mapping) and each.value.plain:
            _refuse_kind(report, document, each, Kind.GROUP)
        elif key == "renderer":
            _check_renderer(report, document, each)


def _check_version(report: Report, document: Document, entry: Entry) -> None:
    version = entry.value.entry("version") if isinstance(entry.value, Mapping) else None
    if version is not None and version.value.plain != "2":
        message = f"netplan knows version 2 alone, not {version.value.plain}"
        report.error(place(document, version), message, "write version: 2")
    if not any(_says_version(each) for each in report.configuration.documents):
        report.warning(
            place(document, entry),
            "the file does not say for which version of the format it is written",
            "add a line version: 2 below network:",
        )


def _says_version(document: Document) -> bool:
    return document.entry("network", "version") is not None


def _check_renderer(report: Report, document: Document, entry: Entry) -> None:
    value = entry.value.plain
    if value not in RENDERERS:
        report.error(
            place(document, entry),
            f"there is no renderer {value}",
            instead(str(value), RENDERERS),
        )


def _check_device(report: Report, document: Document, section: str, entry: Entry) -> None:
    if entry.key.text == "renderer" and section == "ethernets":
        _check_renderer(report, document, entry)
        return
    if not isinstance(entry.value, Mapping):
        _check_empty_device(report, document, section, entry)
        return
    known = DEVICE[section]
    for each in entry.value.entries:
        _check_key(report, document, each, known, entry.key.text)
        if each.key.text == "renderer":
            _check_renderer(report, document, each)
    _check_groups(report, document, section, entry.value)


def _check_empty_device(report: Report, document: Document, section: str, entry: Entry) -> None:
    name, value = entry.key.text, entry.value
    if name in _DEVICE_KEYS and _swallowed(document, section):
        return  # told of the device before
    if value.plain is None and _swallowed(document, section):
        report.error(
            place(document, entry),
            f"nothing is said below {name}: what follows is not indented",
            f"indent what belongs to {name} by two more spaces",
        )
    elif isinstance(value, Scalar) and re.match(r"[\w-]+:\S", value.text):
        key, _, rest = value.text.partition(":")
        report.error(
            Place(document.path, value.span.line + 1),
            f"a space is missing behind {key}:",
            f"write {key}: {rest}",
        )
    elif value.plain is not None:
        _refuse_kind(report, document, entry, Kind.GROUP)
    else:
        report.error(
            place(document, entry),
            f"nothing is said of {name}, which netplan refuses",
            f"write {name}: {{}}",
        )


def _swallowed(document: Document, section: str) -> bool:
    """Whether a device's keys stand where devices do, for want of indentation."""
    mapping = document.mapping("network", section)
    return mapping is not None and any(key in _DEVICE_KEYS for key in mapping.keys)


def _check_groups(report: Report, document: Document, section: str, device: Mapping) -> None:
    groups = dict(GROUPS)
    if section == "bridges":
        groups["parameters"] = BRIDGE_PARAMETERS
    for name, known in groups.items():
        group = device.get(name)
        if isinstance(group, Mapping):
            for each in group.entries:
                _check_key(report, document, each, known, name)
    for route in _items(device.get("routes")):
        if isinstance(route, Mapping):
            for each in route.entries:
                _check_key(report, document, each, ROUTE, "routes")
    _check_addresses(report, document, device.entry("addresses"))


def _check_key(
    report: Report, document: Document, entry: Entry, known: frozenset[str], where: str
) -> None:
    key = entry.key.text
    if key not in known:
        remedy = _way_out(key, known)
        report.error(place(document, entry), f"netplan knows no {key} in {where}", remedy)
        return
    kind = KIND_OF.get(key, Kind.ANY)
    if entry.value.plain is not None and not _fits(entry.value, kind):
        _refuse_kind(report, document, entry, kind)


def _way_out(key: str, known: frozenset[str]) -> str:
    if key == "<<":
        return "write the settings out: netplan does not merge by <<"
    group = next((group for group, keys in GROUPS.items() if key in keys and group in known), None)
    if group is not None and near(key, known) is None:
        return f"indent it below {group}:"
    if key in ADDRESSED:
        return "indent it less: it belongs to the interface itself"
    return instead(key, known)


def _fits(node: Node, kind: Kind) -> bool:
    plain = node.plain
    match kind:
        case Kind.TRUTH:
            return truth(plain) is not None
        case Kind.NUMBER:
            return isinstance(plain, str) and bool(_NUMBER.fullmatch(plain))
        case Kind.MAC:
            return isinstance(plain, str) and (plain in _MAC_WORDS or _is_mac(plain))
        case Kind.LIST:
            return isinstance(plain, list)
        case Kind.GROUP:
            return isinstance(plain, dict)
        case _:
            return True


_MAC_WORDS = ("permanent", "random", "stable", "preserve", "stable-ssid")


def _is_mac(text: str) -> bool:
    try:
        MacAddress(text)
    except ValueError:
        return len(text.split(":")) == 20  # InfiniBand
    return True


def _refuse_kind(report: Report, document: Document, entry: Entry, kind: Kind) -> None:
    shown = f", not {entry.value.text}" if isinstance(entry.value, Scalar) else ""
    remedy = _EXAMPLES[kind]
    if kind is Kind.TRUTH and isinstance(entry.value, Scalar):
        remedy = (
            instead(entry.value.text, ("true", "false", "yes", "no"))
            if near(entry.value.text, ("true", "false", "yes"))
            else remedy
        )
    if kind is Kind.LIST and isinstance(entry.value, Scalar):
        remedy = f"write {entry.key.text}: [{entry.value.text}]"
    report.error(place(document, entry), f"{entry.key.text} takes {kind.value}{shown}", remedy)


def _check_addresses(report: Report, document: Document, entry: Entry | None) -> None:
    for item in _items(entry.value if entry else None):
        text = item.plain if isinstance(item.plain, str) else next(iter(item.plain or ()), "")
        where = Place(document.path, item.span.line + 1)
        if not isinstance(text, str):
            continue
        if not _is_address(text):
            report.error(where, f"{text} is no IP address", "write one as 192.0.2.10/24")
        elif "/" not in text:
            report.error(
                where,
                f"the address {text} has no prefix length",
                f"write how long the network's part is: {text}/{64 if ':' in text else 24}",
            )


def _is_address(text: str) -> bool:
    try:
        ip_interface(text)
    except ValueError:
        return False
    return True


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()
