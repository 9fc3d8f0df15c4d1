"""Documents of configured interfaces through libvirt's own parser and writer, and through ours.

libvirt's test driver keeps interfaces in memory, with the real code for their documents. Where
ours is meant to differ, the table of deviations says why; one that no longer holds fails too.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from interface_documents import DEVIATIONS, INVALID, VALID
from pasarela.errors import PasarelaError
from pasarela.xml.interface_config import format_config, parse_interface

VIRSH = shutil.which("virsh") or ""

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(not VIRSH, reason="virsh is not here to compare with"),
]


def theirs(document: str, folder: Path, *, validate: bool = False) -> str:
    """The document as libvirt writes it, or its refusal."""
    path = folder / "interface.xml"
    path.write_text(document)
    define = f"iface-define {path}{' --validate' if validate else ''}"
    show = "iface-list --inactive; iface-dumpxml x0"
    command = [VIRSH, "-q", "-c", "test:///default", f"{define}; {show}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    refused = f"error: Failed to define interface from {path}\nerror: "
    if done.stderr.startswith(refused):
        return done.stderr.removeprefix(refused).partition("\nerror: ")[0].rstrip("\n")
    return done.stdout[done.stdout.index("<interface") :] if "<interface" in done.stdout else ""


def ours(document: str, *, validate: bool = False) -> str:
    try:
        return format_config(parse_interface(document, validate=validate))
    except PasarelaError as error:
        return error.message.rstrip("\n")


def test_there_are_enough_documents():
    assert len(VALID) >= 40
    assert len(INVALID) >= 30


@pytest.mark.parametrize("document", VALID.values(), ids=VALID)
def test_the_same_document(document: str, tmp_path: Path):
    real = theirs(document, tmp_path)
    assert real.startswith("<interface")
    assert ours(document).rstrip("\n") == real.rstrip("\n")


@pytest.mark.parametrize("document", INVALID.values(), ids=INVALID)
def test_the_same_refusal(document: str, tmp_path: Path):
    real = theirs(document, tmp_path)
    assert not real.startswith("<interface type")
    assert ours(document) == real


@pytest.mark.parametrize("document", [entry[0] for entry in DEVIATIONS.values()], ids=DEVIATIONS)
def test_what_is_meant_to_differ_does(document: str, tmp_path: Path):
    assert ours(document) != theirs(document, tmp_path).rstrip("\n")


EVERYTHING = {**VALID, **INVALID, **{name: entry[0] for name, entry in DEVIATIONS.items()}}
SCHEMA = "XML document failed to validate against schema: Unable to validate doc against "


@pytest.mark.parametrize("name", EVERYTHING)
def test_the_same_is_valid(name: str, tmp_path: Path):
    """What the schema lets pass; what then becomes of it, the other tests say."""
    document = EVERYTHING[name]
    real = theirs(document, tmp_path, validate=True).startswith(SCHEMA)
    assert ours(document, validate=True).startswith(SCHEMA) == real


@pytest.mark.parametrize("name", VALID)
def test_what_is_written_is_read_the_same(name: str):
    interface = parse_interface(VALID[name])
    assert parse_interface(format_config(interface)) == interface
