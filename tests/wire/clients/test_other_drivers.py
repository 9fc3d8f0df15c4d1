"""Calls of libvirt's other drivers are refused as the real daemon of networks refuses them."""

from __future__ import annotations

import pytest

from oracle.rpc import OracleError, RpcClient
from pasarela.rpc.others import other_procedure
from wire.clients.libvirtd11 import Libvirtd11
from wire.pasarelad import Pasarelad

pytestmark = [pytest.mark.netns, pytest.mark.oracle]

# libvirtd 11.3 ends at these, since it looks at a pool or volume before it looks for its driver.
DEADLY = {87, 98, 154, 155, 378}
OTHERS = [number for number in range(1, 460) if other_procedure(number) and number not in DEADLY]
INVALID_ARGUMENT = 8
ANYTHING = bytes(1024)  # empty texts, zeros and absent handles for any procedure's arguments


@pytest.mark.parametrize("readonly", [False, True])
def test_refusals_are_libvirts(
    readonly: bool, pasarelad: Pasarelad, libvirtd_11: Libvirtd11
) -> None:
    path = libvirtd_11.socket + ("-ro" if readonly else "")
    different = []
    with pasarelad.connect(readonly=readonly) as ours, RpcClient(path, libvirtd_11.uri) as theirs:
        for number in OTHERS:
            found, expected = refusal(ours, number), refusal(theirs, number)
            if found != expected and not is_about_arguments(expected):
                different.append(f"{number}: ours {found}, theirs {expected}")
    assert not different, "\n".join(different)


def refusal(client: RpcClient, number: int) -> tuple[int, int, str] | None:
    try:
        client.call(number, ANYTHING)
    except OracleError as error:
        return error.code, error.domain, error.message
    return None


def is_about_arguments(expected: tuple[int, int, str] | None) -> bool:
    """libvirt looks at some calls' arguments before it finds that it has no such driver."""
    return expected is None or expected[0] == INVALID_ARGUMENT
