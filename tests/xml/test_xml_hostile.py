"""Documents that mean harm: a clear error, in bounded time and memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pasarela.errors import ErrorCode, MissingName, PasarelaError, XmlSyntaxError
from pasarela.model.checks import check_definition
from pasarela.xml.network import format_network, parse_network
from pasarela.xml.reader import MAX_BYTES

SECONDS = 10.0


@contextmanager
def soon() -> Iterator[None]:
    """Fails if the body takes long; the bound is wide, for what is quadratic takes hours."""
    before = time.monotonic()
    yield
    assert time.monotonic() - before < SECONDS


def refusal(document: str) -> PasarelaError:
    with soon(), pytest.raises(PasarelaError) as caught:
        check_definition(parse_network(document))
    return caught.value


def filled(before: str, unit: str, after: str) -> str:
    """A document of nearly the greatest length, made of as many units as fit."""
    count = (MAX_BYTES - len(before) - len(after)) // len(unit.encode())
    return before + unit * count + after


def test_100_megabytes_are_refused_before_they_are_read() -> None:
    error = refusal("<network><name>" + "a" * 100_000_000 + "</name></network>")
    assert error.code is ErrorCode.XML_DETAIL
    assert "4194304" in error.message
    assert error.remedy


def test_the_longest_document_is_read() -> None:
    with soon():
        text = filled("<network><name>n</name><!--", "x", "--></network>")
        assert len(text.encode()) == MAX_BYTES
        assert parse_network(text).name == "n"


def test_a_nul_byte_is_named_with_its_line() -> None:
    error = refusal("<network>\n<name>n\0</name></network>")
    assert "NUL" in error.message
    assert error.location is not None
    assert error.location.line == 2


def bomb(levels: int, width: int) -> str:
    entities = ['<!ENTITY e0 "ha">']
    entities += [f'<!ENTITY e{n} "{f"&e{n - 1};" * width}">' for n in range(1, levels)]
    return f"<!DOCTYPE network [{''.join(entities)}]>"


@pytest.mark.parametrize(
    "document",
    [
        bomb(10, 10) + "<network><name>&e9;</name></network>",
        bomb(10, 10) + "<network ipv6='&e9;'><name>n</name></network>",
        bomb(40, 2) + "<network><name>n</name><title>&e39;</title></network>",
        bomb(2, 1000) + "<network><name>n</name>" + "&e1;" * 1000 + "</network>",
        "<!DOCTYPE n [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><network><name>&a;</name></network>",
        "<!DOCTYPE n [<!ENTITY % p '<!ENTITY q \"r\">'>%p;]><network><name>&q;</name></network>",
    ],
    ids=["content", "attribute", "binary", "quadratic", "loop", "parameter"],
)
def test_entity_bombs_do_not_go_off(document: str) -> None:
    assert isinstance(refusal(document), XmlSyntaxError)


def test_no_file_is_read_through_an_entity() -> None:
    external = "<!DOCTYPE network [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    error = refusal(external + "<network><name>&x;</name></network>")
    assert "root" not in error.message


def test_deep_nesting_is_refused() -> None:
    assert isinstance(refusal(filled("<network>", "<a>", "")), XmlSyntaxError)


@pytest.mark.parametrize(
    ("before", "unit", "after"),
    [
        pytest.param("<network>", "<a b='", "", id="tags"),
        pytest.param("<network>", "<!--", "", id="comments"),
        pytest.param("<network><x></y>", "<!--", "", id="comments after an error"),
        pytest.param("<network><x>", "<!-- -->", "</y>", id="comments before an error"),
        pytest.param("<network><x>", "<a b='c'/>", "</network>", id="elements"),
        pytest.param("<network><x></y>", "<![CDATA[", "", id="sections"),
        pytest.param("<network><name>n</name>", "\n", "</net>", id="lines"),
        pytest.param("<network><name>n</name>", "<a:b/>", "</net>", id="prefixes"),
        pytest.param("<network><uuid>", "-", "</uuid><name>n</name></network>", id="hyphens"),
        pytest.param("<network><name>n</name><mtu size='", "9", "'/></network>", id="digits"),
        pytest.param("<network><name>n</name><ip address='", "1.", "'/></network>", id="parts"),
        pytest.param("<network><name>n</name><forward mode='", "n", "'/></network>", id="mode"),
        pytest.param(
            "<network><name>n</name><ip family='ipv6' address='", "1:", "'/></network>", id="groups"
        ),
    ],
)
def test_long_nonsense_is_refused_soon(before: str, unit: str, after: str) -> None:
    assert refusal(filled(before, unit, after)).message


@pytest.mark.parametrize(
    ("before", "unit", "after", "count"),
    [
        pytest.param(
            "<forward mode='bridge'>", "<interface dev='e{}'/>", "</forward>", 60_000, id="devices"
        ),
        pytest.param("", "<portgroup name='p{}'/>", "", 60_000, id="portgroups"),
        pytest.param("", "<ip address='10.0.0.1' prefix='24' x='{}'/>", "", 30_000, id="addresses"),
        pytest.param(
            "<ip address='10.0.0.1' prefix='8'/>",
            "<route address='10.0.0.0' prefix='16' gateway='10.0.0.2' metric='1{}'/>",
            "",
            20_000,
            id="routes",
        ),
        pytest.param("<metadata>", "<a xmlns='urn:{}'/>", "</metadata>", 60_000, id="metadata"),
        pytest.param("", "<a{}/>", "", 200_000, id="unknown elements"),
    ],
)
def test_much_of_everything_is_read_soon(before: str, unit: str, after: str, count: int) -> None:
    inside = before + "".join(unit.format(number) for number in range(count)) + after
    with soon():
        network = parse_network(f"<network><name>n</name>{inside}</network>")
        check_definition(network)
        assert format_network(network)


def test_a_few_prefixes_may_be_undeclared() -> None:
    assert parse_network("<network><name>n</name>" + "<p:a/>" * 20 + "</network>").name == "n"


def test_thousands_of_prefixes_may_not() -> None:
    prefixes = "".join(f"<p{number}:a/>" for number in range(200_000))
    error = refusal(f"<network><name>n</name>{prefixes}</network>")
    assert "prefix" in error.message


def test_a_namespace_for_the_whole_document_is_explained() -> None:
    error = refusal("<network xmlns='http://libvirt.org'><name>n</name></network>")
    assert isinstance(error, MissingName)
    assert error.remedy is not None
    assert "xmlns='http://libvirt.org'" in error.remedy


@pytest.mark.parametrize("name", [".", "..", "a/b", "../x", "/etc/passwd", "a\nb"])
def test_a_name_cannot_leave_its_folder(name: str) -> None:
    error = refusal(f"<network><name>{name}</name></network>")
    assert error.code is ErrorCode.XML_DETAIL
    assert error.remedy


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(text=st.text(st.characters(), max_size=60))
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(PasarelaError):
        parse_network(text)


PIECES = st.sampled_from(
    [
        *("<network>", "</network>", "<name>", "</name>", "<ip ", "address='10.0.0.1'", "/>", ">"),
        *("<!--", "-->", "<![CDATA[", "]]>", "<?x", "?>", "<!DOCTYPE x [", "]>", "&amp;", "&x;"),
        *("&#1;", "'", '"', "\n", "\r", "\0", "\x01", "\ufeff", "\ud800", "é", "n", "<", "<a:b/>"),
        *("<forward mode='", "<metadata>", "</metadata>", "xmlns='u'", "<!ENTITY x 'y'>", "<dns>"),
    ]
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(pieces=st.lists(PIECES, max_size=12))
def test_no_mixture_of_pieces_raises_anything_else(pieces: list[str]) -> None:
    try:
        parse_network("".join(pieces), validate=True)
    except PasarelaError as error:
        assert error.message
