"""net-edit of a definition that cannot be read, while pasarelad has the files."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from pasarela.model.paths import Paths
from wire.pasarelad import Pasarelad

pytestmark = pytest.mark.netns
NETWORK = """<network><name>red</name><forward mode='nat'/><bridge name='virbr0'/>
<ip address='10.9.8.1' netmask='255.255.255.0'/></network>"""


@pytest.fixture
def daemon() -> Iterator[Pasarelad]:
    daemon = Pasarelad()
    yield daemon
    daemon.stop()


@pytest.mark.parametrize("restarted", [False, True], ids=["before", "at its start"])
def test_the_daemon_takes_what_has_been_corrected(daemon: Pasarelad, restarted: bool) -> None:
    """The file breaks while the daemon knows it as whole, or is broken when the daemon starts."""
    document = daemon.folder / "red.xml"
    document.write_text(NETWORK)
    assert pasarela(daemon, "net-define", str(document)).startswith("Network red defined")
    file = Paths.under(daemon.root).definition("red")
    file.write_text(file.read_text().replace("<forward mode='nat'/>", "<forward mode='nat'>"))
    if restarted:
        daemon.terminate()
        daemon.start()
    mended = pasarela(daemon, "net-edit", "red", editor="sed -i \"s,mode='nat'>,mode='nat'/>,\"")
    assert mended == "Network red XML configuration edited.\n\n"
    assert "<forward mode='nat'/>" in pasarela(daemon, "net-dumpxml", "red", "--inactive")
    assert "red" in daemon.virsh("net-list", "--all").stdout


def pasarela(daemon: Pasarelad, *words: str, editor: str = "false") -> str:
    run = "import sys; from pasarela.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = daemon.run(
        "env", f"EDITOR={editor}", sys.executable, "-c", run, f"--root={daemon.root}", *words
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
