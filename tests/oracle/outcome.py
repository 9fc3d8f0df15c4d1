"""What came of a request, in a form in which the real libvirt's and ours compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oracle.rpc import OracleError
from pasarela.errors import PasarelaError


@dataclass(frozen=True, slots=True)
class Refusal:
    code: int
    domain: int
    message: str


Outcome = str | Refusal


def outcome_of(request: Callable[[], str]) -> Outcome:
    """The document that came of it, or the refusal; any other error is a failure of the test."""
    try:
        return request()
    except OracleError as error:
        return Refusal(error.code, error.domain, error.message)
    except PasarelaError as error:
        return Refusal(int(error.code), int(error.domain), error.message)
