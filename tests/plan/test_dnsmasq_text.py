"""No text of a user's becomes a line, an option or a field of its own in dnsmasq's files."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pasarela.errors import ConfigUnsupported
from pasarela.model.network import (
    Bootp,
    Bridge,
    DhcpHost,
    Dns,
    DnsDomain,
    DnsHost,
    Forwarder,
    Network,
    SrvRecord,
    TxtRecord,
)
from pasarela.model.paths import Paths
from pasarela.model.values import MacAddress
from pasarela.plan import dnsmasq
from pasarela.plan import dnsmasq_text as text
from pasarela.plan.facts import Facts
from samples import network, subnet

PATHS = Paths.under("/nowhere")
MAC = MacAddress("52:54:00:00:00:99")
HARMLESS = network(ips=(subnet("10.0.0.1", tftp_root="/srv"),))

nasty = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("\n\r\t\0 ,\"'\\#=/:;*%!.-")),
    min_size=1,
    max_size=40,
)


@pytest.mark.parametrize(
    ("refused", "way_out"),
    [
        (lambda: text.name("a b", "hostname"), "write letters, digits, - and ."),
        (lambda: text.host_name("12h", "host"), "choose another name"),
        (lambda: text.literal("a\nb", "txt"), "remove it"),
        (lambda: text.document(["txt-record=" + "x" * 1100]), "shorten it"),
    ],
)
def test_the_way_out_fits_a_definition_and_a_command(
    refused: Callable[[], object], way_out: str
) -> None:
    with pytest.raises(ConfigUnsupported) as caught:
        refused()
    assert caught.value.remedy == way_out


def _dns(**fields: object) -> Network:
    return replace(HARMLESS, dns=Dns(**fields))  # type: ignore[arg-type]


def _host(**fields: object) -> Network:
    host = DhcpHost(**{"mac": MAC, "ip": ip_address("10.0.0.9"), **fields})  # type: ignore[arg-type]
    return replace(HARMLESS, ips=(subnet("10.0.0.1", hosts=(host,)),))


FIELDS = {
    "name": lambda value: replace(HARMLESS, name=value),
    "bridge": lambda value: replace(HARMLESS, bridge=Bridge(name=value)),
    "domain": lambda value: replace(HARMLESS, domain=DnsDomain(value, local_only=True)),
    "forwarder": lambda value: _dns(forwarders=(Forwarder(value, ip_address("10.9.9.9")),)),
    "txt name": lambda value: _dns(txts=(TxtRecord(value, "x"),)),
    "txt value": lambda value: _dns(txts=(TxtRecord("x", value),)),
    "srv service": lambda value: _dns(srvs=(SrvRecord(value, "tcp", "d", "t", 1, 2, 3),)),
    "srv target": lambda value: _dns(srvs=(SrvRecord("s", "tcp", "d", value, 1, 2, 3),)),
    "dns host": lambda value: _dns(hosts=(DnsHost(ip_address("10.0.0.3"), (value,)),)),
    "host name": lambda value: _host(name=value),
    "host id": lambda value: _host(id=value, mac=None, ip=ip_address("fd00::9")),
    "tftp": lambda value: replace(HARMLESS, ips=(subnet("10.0.0.1", tftp_root=value),)),
    "boot file": lambda value: replace(HARMLESS, ips=(subnet("10.0.0.1", bootp=Bootp(value)),)),
    "boot server": lambda value: replace(
        HARMLESS, ips=(subnet("10.0.0.1", bootp=Bootp("f", value)),)
    ),
    "option": lambda value: replace(HARMLESS, dnsmasq_options=(value,)),
}


@pytest.mark.parametrize("field", FIELDS)
@given(value=nasty)
@example(value="a\nport=5353")
@example(value="a\0b")
@example(value='x" \nlog-queries')
@example(value="a" * 1100 + "\nlog-queries")
@settings(max_examples=60, deadline=None)
def test_a_text_stays_in_its_line_or_is_refused(field: str, value: str):
    plain = _lines(FIELDS[field]("x"))
    try:
        given_lines = _lines(FIELDS[field](value))
    except ConfigUnsupported as refusal:
        assert refusal.location is not None
        assert refusal.location.element
        return
    assert len(given_lines) == len(plain)
    assert [_option(line) for line in given_lines if line not in plain and field != "option"] == [
        _option(line) for line in plain if line not in given_lines and field != "option"
    ]


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in ("option", "name")])
@given(value=nasty)
@example(value='say "hi", # no comment \\ back\\slash')
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_dnsmasq_accepts_what_is_written(field: str, value: str, tmp_path: Path):
    try:
        conf = dnsmasq.configuration(FIELDS[field](value), Facts(), PATHS)
    except ConfigUnsupported:
        return
    file = tmp_path / "dnsmasq.conf"
    file.write_text(conf)
    checked = subprocess.run(
        ["dnsmasq", "--test", f"--conf-file={file}"], capture_output=True, text=True, check=False
    )
    assert "syntax check OK" in checked.stderr, (conf, checked.stderr)


def _lines(wanted: Network) -> list[str]:
    """All lines of all files, as dnsmasq would split them."""
    files = (
        dnsmasq.configuration(wanted, Facts(), PATHS),
        dnsmasq.hosts_file(wanted),
        dnsmasq.dns_hosts_file(wanted),
    )
    raw = "".join(files).encode()
    assert b"\0" not in raw
    lines = raw.split(b"\n")
    assert all(len(line) <= text.MAX_LINE for line in lines)
    return [line.decode() for line in lines]


def _option(line: str) -> str:
    return line.partition("=")[0] if "=" in line else ""


def test_quotes_only_where_they_are_needed():
    assert text.literal("/srv/tftp", "tftp") == "/srv/tftp"
    assert text.literal("/srv/a b", "tftp") == '"/srv/a b"'
    assert text.literal('a"b\\c', "tftp") == '"a\\"b\\\\c"'


def test_a_long_txt_value_becomes_strings_that_dns_allows():
    assert text.strings("x" * 300, "txt") == "x" * 255 + "," + "x" * 45
    assert text.strings("", "txt") == '""'


@pytest.mark.parametrize("word", ["ignore", "infinite", "12h", "30"])
def test_a_host_name_that_dnsmasq_takes_for_a_keyword_is_refused(word: str):
    with pytest.raises(ConfigUnsupported, match=word):
        dnsmasq.hosts_file(_host(name=word))


def test_a_line_that_dnsmasq_would_cut_in_two_is_refused():
    with pytest.raises(ConfigUnsupported, match="1023 bytes"):
        dnsmasq.configuration(_dns(txts=(TxtRecord("x", "y" * 1100),)), Facts(), PATHS)
