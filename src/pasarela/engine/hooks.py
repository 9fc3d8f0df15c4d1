"""libvirt's hook scripts: /etc/libvirt/hooks/network and everything in network.d beside it.

Source: https://libvirt.org/hooks.html. A script is called as ``SCRIPT NETWORK OPERATION SUB -``
with a ``<hookData>`` document on its standard input.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pasarela.engine.document import bare_network_text, bare_port_text
from pasarela.errors import HookFailed
from pasarela.model.port import Port
from pasarela.model.status import HOOK_SCRIPT, Status

_MAX_SAID = 64 * 1024  # bytes of what a script that refuses has to say


class Hooks:
    """Runs the scripts, where there are any."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "network"
        self._folder = folder / "network.d"

    def scripts(self) -> list[Path]:
        """Which would run, in their order; most hosts have none, which is found out at once."""
        candidates = [self._script] if os.access(self._script, os.X_OK) else []
        if os.access(self._folder, os.R_OK):
            with suppress(NotADirectoryError, PermissionError):
                candidates += sorted(self._folder.iterdir())
        return [path for path in candidates if path.is_file() and os.access(path, os.X_OK)]

    def run(self, name: str, operation: str, sub: str, *documents: str) -> None:
        """Run the scripts one after the other.

        Raises:
            HookFailed: one exited with another status than 0; those after it are not run.
        """
        text = _hook_data(documents)
        for script in self.scripts():
            _run(script, name, operation, sub, text)


def run_hook(hooks: Hooks, status: Status, operation: str, port: Port | None = None) -> Status:
    """Run the hooks for an operation; a network that had any bears a taint.

    Args:
        port: the one that the operation is about, if it is about one.

    Raises:
        HookFailed: a script refused.
    """
    if not hooks.scripts():
        return status
    hooks.run(status.network.name, operation, "begin", *_documents(status, port))
    if HOOK_SCRIPT in status.taints:
        return status
    return replace(status, taints=(*status.taints, HOOK_SCRIPT))


def tell_hook(
    hooks: Hooks, status: Status, operation: str, sub: str, port: Port | None = None
) -> None:
    """Run the hooks for what is over, as libvirt does: nothing is left that they could refuse."""
    if not hooks.scripts():
        return
    with suppress(HookFailed):
        hooks.run(status.network.name, operation, sub, *_documents(status, port))


def _documents(status: Status, port: Port | None) -> list[str]:
    network = [bare_network_text(status.network)]
    return network if port is None else [*network, bare_port_text(port)]


def _hook_data(documents: tuple[str, ...]) -> str:
    indented = "".join(f"  {line}\n" for text in documents for line in text.splitlines())
    return f"<hookData>\n{indented}</hookData>\n"


def _run(script: Path, name: str, operation: str, sub: str, text: str) -> None:
    import subprocess  # noqa: PLC0415  (12 ms, and hardly anybody has hooks)
    from tempfile import TemporaryFile  # noqa: PLC0415

    # Files, for the end of a pipe would come with that of the last program the script has left.
    with TemporaryFile() as document, TemporaryFile() as said:
        document.write(text.encode("utf-8", "surrogateescape"))
        document.seek(0)
        try:
            status = subprocess.call(
                [str(script), name, operation, sub, "-"],
                stdin=document,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env={**os.environ, "LC_ALL": "C"},
            )
        except OSError as error:
            raise HookFailed(f"cannot run {script}: {error.strerror}", errno=error.errno) from error
        if status == 0:
            return
        said.seek(0)
        words = said.read(_MAX_SAID).decode("utf-8", "replace").strip()
    raise HookFailed(
        f"{script} {name} {operation} {sub}: exit status {status}: {words}",
        remedy=f"the script {script} refused this; see what it printed, or remove it",
    )
