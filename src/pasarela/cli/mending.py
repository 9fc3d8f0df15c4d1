"""A definition that a slip of somebody's has made unreadable, edited as the text that it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pasarela.cli.door import root_of
from pasarela.errors import Location, OperationInvalid, PasarelaError

if TYPE_CHECKING:
    from pathlib import Path

    from pasarela.cli.context import Context
    from pasarela.model.handles import NetworkRef


@dataclass(frozen=True, slots=True)
class BrokenDefinition:
    """A definition's file, and what is wrong with it."""

    name: str
    path: Path
    error: PasarelaError

    def read(self) -> str:
        """The text as it is; one that is not UTF-8 is taken for Latin-1, and saved as UTF-8."""
        return _read(self.path)

    def replace(self, context: Context, text: str) -> NetworkRef:
        """Define the network by another text, which the file has from then on.

        Raises:
            PasarelaError: the text is refused, too; the file is as it was.
        """
        from pasarela.engine.files import write_atomic

        _parse(text, self.name)
        before = self.path.read_bytes()
        write_atomic(self.path, text, durable=True)  # nobody defines over an unreadable one
        try:
            return context.connection.define_xml(text)
        except BaseException:
            self.path.write_bytes(before)
            raise


def broken_definition(context: Context, name: str) -> BrokenDefinition | None:
    """The network's definition if it lies on this host and cannot be read."""
    if not hasattr(context.connection, "plan_start") or "/" in name:
        return None
    path = _path(context, name)
    try:
        _parse(_read(path), name)
    except OSError:
        return None
    except PasarelaError as error:
        line = error.location.line if error.location else None
        error.location = Location(str(path), line)
        return BrokenDefinition(name, path, error)
    return None


def _path(context: Context, name: str) -> Path:
    from pathlib import Path

    from pasarela.model.paths import Paths

    return Paths.under(Path(root_of(context.settings)).absolute()).definition(name)


def _read(path: Path) -> str:
    octets = path.read_bytes()
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _parse(text: str, name: str) -> None:
    """Raises:
    PasarelaError: the text defines nothing, or a network of another name."""
    from pasarela.xml.network import parse_network

    network = parse_network(text)
    if network.name != name:
        raise OperationInvalid(
            f"the file of network '{name}' defines '{network.name}'",
            remedy=f"write <name>{name}</name>; net-define defines another network",
        )
