"""The program ``pasarelad``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pasarela.daemon.config import Config, read_config
from pasarela.daemon.daemon import Daemon, locks
from pasarela.daemon.scheduling import answer_first
from pasarela.engine.files import system_errors
from pasarela.errors import PasarelaError

CONFIG_FILE = "etc/libvirt/virtnetworkd.conf"


def entry() -> int:
    """The console script."""
    return main(sys.argv[1:])


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop; the exit code."""
    options = _options(arguments)
    if options.version:
        print(f"pasarelad {_version()}")
        return 0
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.WARNING,
        format="%(levelname)s: %(message)s",
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    try:
        asyncio.run(_serve(options.root, options.config, options.timeout))
    except PasarelaError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.remedy:
            print(f"hint: {error.remedy}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(root: Path, config: Path | None, timeout: int | None) -> None:
    settings = _settings(root, config)
    _raise_file_limit(settings.max_clients)
    _take_its_name()
    answer_first()
    with locks(root):
        await Daemon(root, settings, timeout).run()


def _settings(root: Path, given: Path | None) -> Config:
    """
    Raises:
        PasarelaError: the file that was named is not there, or what it says cannot be.
    """
    if given is None:
        return read_config(root / CONFIG_FILE)
    with system_errors(f"cannot read {given}"):
        given.open().close()
    return read_config(given)


def _take_its_name() -> None:
    """In ps and top, and where the files' owner is named, it would be an interpreter's else."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text("pasarelad", encoding="ascii")


def _raise_file_limit(clients: int) -> None:
    """Let each client and process followed have its descriptor, as far as the hard limit goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = clients + 2048
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds")
    return int(text)


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415  (100 ms that starting need not wait)

    return version("pasarela")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="pasarelad",
        description="Serves Pasarela's networks where virtnetworkd and virtinterfaced listen.",
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=Path("/"),
        metavar="DIR",
        help="a prefix of libvirt's directories (default: /)",
    )
    parser.add_argument(
        "-f",
        "--config",
        type=Path,
        metavar="FILE",
        help=f"settings (default: DIR/{CONFIG_FILE})",
    )
    parser.add_argument(
        "-t",
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="end after so long without a client; networks stay up (default: never)",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="tell of what happens to networks, too"
    )
    parser.add_argument("-V", "--version", action="store_true", help="say which this is")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(entry())
