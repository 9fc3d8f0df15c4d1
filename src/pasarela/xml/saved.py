"""The comment at the head of every document that is saved in libvirt's places."""

from __future__ import annotations

_UNSAFE = frozenset("\r\t\n !\"#$&'()*;<>?[\\]^`{|}~")

_HEADER = """\
<!--
WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:
  virsh {command}
or other application using the libvirt API.
-->

"""


def with_header(document: str, command: str, *names: str) -> str:
    """The document as it is saved; ``command`` and the first of ``names`` that a shell takes as it
    stands tell the reader how to change it. A name must not end the comment either."""
    name = next((name for name in names if is_safe(name)), None)
    return _HEADER.format(command=f"{command} {name}" if name else command) + document


def is_safe(name: str) -> bool:
    """Whether a name can stand in a shell command and in an XML comment."""
    return _UNSAFE.isdisjoint(name) and "--" not in name
