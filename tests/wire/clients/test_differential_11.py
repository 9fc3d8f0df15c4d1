"""Random calls (seeded) come to the same with libvirtd 11.3 as with pasarelad."""

from __future__ import annotations

import re

import pytest

from wire.clients.libvirtd11 import Libvirtd11
from wire.pasarelad import Pasarelad
from wire.test_differential import Chooser, outcome

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

CALLS = 500
SYNTAX_ERROR = 35
# Where XML is not well-formed, 9.0 and pasarelad name the document, 11.3 does not.
_PLACE = re.compile(r"\(?network\w*\)?:(\d+):")


def test_random_calls_come_to_the_same(pasarelad: Pasarelad, libvirtd_11: Libvirtd11) -> None:
    chooser = Chooser(11)
    different: list[str] = []
    with pasarelad.connect() as ours, libvirtd_11.connect() as theirs:
        for number in range(CALLS):
            step = chooser.next()
            found, expected = placeless(outcome(ours, step)), outcome(theirs, step)
            if found != expected:
                different.append(f"{number} {step.what}\n  ours   {found}\n  theirs {expected}")
    assert not different, "\n".join(different[:12])


def placeless(found: object) -> object:
    match found:
        case (int(code), domain, str(message), number) if code == SYNTAX_ERROR:
            return code, domain, _PLACE.sub(r"at line \1:", message), number
    return found
