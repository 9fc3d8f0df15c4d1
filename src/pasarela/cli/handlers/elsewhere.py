"""``define`` and ``create``, which are virsh's for guests and which people type for networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pasarela.cli.faults import CommandFailed
from pasarela.cli.files import read_text
from pasarela.errors import XmlContentError

if TYPE_CHECKING:
    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context


def define(_: Context, arguments: Arguments) -> bool:
    return _refuse("define", arguments.text("file"))


def create(_: Context, arguments: Arguments) -> bool:
    return _refuse("create", arguments.text("file"))


def _refuse(verb: str, path: str) -> bool:
    """Say what virsh says of a document that is no guest's, and name the right command."""
    try:
        root = _root_element(read_text(path))
    except CommandFailed as failed:
        failed.hint = f"'{verb}' is for guests; for a network: pasarela net-{verb} FILE"
        raise
    sentence = f"Failed to {verb} domain from {path}"
    if root == "network":
        raise CommandFailed(
            sentence,
            hint=f"{path} defines a network: use 'pasarela net-{verb} {path}'",
        ) from XmlContentError("expecting root element of 'domain', not 'network'")
    raise CommandFailed(
        sentence,
        hint=f"Pasarela manages networks; for guests use 'virsh {verb} {path}'",
    )


def _root_element(xml: str) -> str | None:
    """The name of the first element, found without parsing: the document may be broken."""
    from re import DOTALL, search

    bare = xml
    while (comment := search(r"<!--.*?-->|<\?.*?\?>", bare, DOTALL)) is not None:
        bare = bare[: comment.start()] + bare[comment.end() :]
    root = search(r"<\s*([A-Za-z_][\w.:-]*)", bare)
    return root.group(1) if root else None
