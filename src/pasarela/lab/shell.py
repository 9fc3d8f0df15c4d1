"""Commands and shells on the lab's machines."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGQUIT

from pasarela.lab import node, state
from pasarela.lab.faults import LabError
from pasarela.lab.vm import console, machine
from pasarela.lab.vm.agent import Agent

VARIABLE = "PASARELA_LAB"
_WITH_DEFAULTS = 'env --default-signal=INT,QUIT -- "$@"; exit $?'
_BANNERS = {
    "host": """\
This is the lab's host. Its NIC enp3s0 is on the lab's LAN (172.26.0.0/16);
nothing typed here reaches your machine's network. Try:
  pasarela net-list --all
  pasarela net-start default
  pasarela lab guest web --network default
  pasarela lab shell web          a shell in that guest
  ip addr; ip route; nft list ruleset
  pasarelad &                     then virsh works too: virsh net-list --all
exit leaves.""",
    "router": "This is the LAN's router. Try: ip route; ip neigh; tcpdump -ni lan0",
    "internet": "This is the internet: the web server and name server of example.com.",
    "lan": "This is the LAN's switch. Try: bridge link; bridge fdb; tcpdump -ni br-lan",
}
_GUEST_BANNER = "This is the guest '{}'. Try: ip addr; ping example.com; wget -qO- example.com"


def inside_lab() -> bool:
    """Whether this process runs in a lab already, in a shell of one of its machines."""
    return VARIABLE in os.environ and node.LAB.name in _listing(Path("/proc/1/root/run"))


def _listing(path: Path) -> list[str]:
    try:
        return [child.name for child in path.iterdir()]
    except OSError:
        return []


def command(lab: str, name: str, argv: Sequence[str]) -> list[str]:
    """The command line that runs ``argv`` on a lab's machine, from wherever this process is.

    Raises:
        LabError: the lab is not up.
    """
    return [*_enter_lab(lab), *node.inside(name, _at_working_directory(argv))]


def environment(lab: str) -> dict[str, str]:
    path = os.environ.get("PATH", "/usr/bin:/bin")
    tools = f"{node.TOOLS}/bin"
    if not path.startswith(tools):
        path = f"{tools}:{path}:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, VARIABLE: lab}


def run(lab: str, name: str, argv: Sequence[str]) -> int:
    """Run a command, or an interactive shell where ``argv`` is empty; return its exit code."""
    _require(lab, name)
    if (_folders(lab) / name / "agent.sock").exists():
        return _run_in_real_guest(lab, name, argv)
    if not argv:
        print(_BANNERS.get(name, _GUEST_BANNER.format(name)), flush=True)
        argv = ["bash", "--rcfile", f"{node.TOOLS}/bashrc.sh"]
    with _interrupts_left_to_the_command():
        words = command(lab, name, ["sh", "-c", _WITH_DEFAULTS, "sh", *argv])
        done = subprocess.run(words, env=environment(lab), check=False)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


@contextmanager
def _interrupts_left_to_the_command() -> Iterator[None]:
    """Ctrl-C reaches all that run on a terminal, and may be no end for the one it is meant for.

    What waits for it here, nsenter too, must not end before. It passes on that these signals are
    ignored, so the command itself has to begin with their defaults; and an nsenter that ignores
    what its command died of would lose its exit code, but for the shell in between.
    """
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (SIGINT, SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run_in_real_guest(lab: str, name: str, argv: Sequence[str]) -> int:
    """Over its serial lines, from within the lab."""
    if not inside_lab():
        return run(lab, node.HOST, ["pasarela", "lab", "shell", name, "--", *argv])
    if not argv:
        print(_GUEST_BANNER.format(name), flush=True)
        return console.join(machine.console_path(name))
    with Agent(machine.agent_path(name)) as agent:
        answer = agent.run(shlex.join(argv))
    print(answer.output, end="")
    return answer.code


def machines(lab: str = state.DEFAULT_NAME) -> list[str]:
    """The names of the lab's machines.

    Raises:
        LabError: the lab is not up.
    """
    return sorted(_listing(_folders(lab)))


def _require(lab: str, name: str) -> None:
    there = machines(lab)
    if name not in there:
        raise LabError(
            f"lab '{lab}' has no machine '{name}'", remedy=f"It has: {', '.join(there)}."
        )


def _folders(lab: str) -> Path:
    keeper = 1 if inside_lab() else state.load_alive(lab).pid
    return Path(f"/proc/{keeper}/root{node.FOLDERS}")


def _enter_lab(lab: str) -> list[str]:
    if inside_lab():
        return []
    record = state.load_alive(lab)
    user = ["--user", "--preserve-credentials"] if record.user_namespace else []
    return ["nsenter", f"--target={record.pid}", *user, "--mount", "--pid", "--ipc", "--"]


def _at_working_directory(argv: Sequence[str]) -> list[str]:
    """Go back to the caller's folder where the machine has it; namespaces start at the root."""
    script = 'cd -- "$1" 2>/dev/null; shift; exec "$@"'
    return ["sh", "-c", script, "pasarela", str(Path.cwd()), *argv]
