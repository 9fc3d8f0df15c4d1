"""The options before the command; each case was compared with virsh 9.0.0."""

from __future__ import annotations

import pytest

from pasarela.cli.options import Settings, UsageFault, read_options


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        (["net-list", "-q"], Settings(), ["net-list", "-q"]),
        (["-q", "net-list"], Settings(quiet=True), ["net-list"]),
        (["-qr", "x"], Settings(quiet=True, readonly=True), ["x"]),
        (["-qc", "u", "x"], Settings(quiet=True, uri="u"), ["x"]),
        (["-cu", "x"], Settings(uri="u"), ["x"]),
        (["--connect", "u"], Settings(uri="u"), []),
        (["--connect=u"], Settings(uri="u"), []),
        (["--conn=u"], Settings(uri="u"), []),
        (["--r", "x"], Settings(readonly=True), ["x"]),
        (["--root", "/r", "x"], Settings(root="/r"), ["x"]),
        (["--root=/r", "--json", "x"], Settings(root="/r", json=True), ["x"]),
        (["--", "-q"], Settings(), ["-q"]),
        (["-d", "3", "-k", "5", "-K", "2", "-e", "^]", "-t"], Settings(debug=3, timing=True), []),
        (["-v", "--nonsense"], Settings(show="short"), ["--nonsense"]),
        (["-V"], Settings(show="long"), []),
        (["--version"], Settings(show="short"), []),
        (["--version=long"], Settings(show="long"), []),
        (["--version", "x"], Settings(show="short"), ["x"]),
        (["-h"], Settings(show="help"), []),
        (["--help"], Settings(show="help"), []),
        (["-d", "9"], Settings(warnings=("ignoring debug level 9 out of range [0-4]",)), []),
    ],
)
def test_read(arguments: list[str], settings: Settings, words: list[str]) -> None:
    assert read_options(arguments) == (settings, words)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["-z"], "unsupported option '-z'. See --help."),
        (["--bogus"], "unsupported option '--bogus'. See --help."),
        (["--keep", "3"], "unsupported option '--keep'. See --help."),
        (["--quiet=x"], "unsupported option '-q'. See --help."),
        (["-c"], "option '-c'/'--connect' requires an argument"),
        (["--connect"], "option '-c'/'--connect' requires an argument"),
        (["-d", "x"], "option -d takes a numeric argument"),
        (["-k", "x"], "Invalid value for option -k"),
        (["-K", "-3"], "option -K requires a positive integer argument"),
        (["-e", "ab"], "Invalid string 'ab' for escape sequence"),
    ],
)
def test_faults(arguments: list[str], fault: str) -> None:
    with pytest.raises(UsageFault) as caught:
        read_options(arguments)
    assert str(caught.value) == fault
