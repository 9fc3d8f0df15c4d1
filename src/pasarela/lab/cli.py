"""`pasarela lab …`: the sandbox's commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from pasarela.errors import PasarelaError
from pasarela.lab import check_command, guest_command, launch, node, shell, state, status, uplink
from pasarela.lab.faults import LabError
from pasarela.lab.vm import kernel

Command = Callable[[argparse.Namespace], int]


def main(argv: list[str]) -> int:
    """Run one command; its exit code is returned, its errors are told on stderr."""
    original = argv
    rest: list[str] = []
    if "--" in argv:
        cut = argv.index("--")
        argv, rest = argv[:cut], argv[cut + 1 :]
    parser = _parser()
    options, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{_hint(options)}")
    options.rest, options.original = rest, original
    command: Command = options.command
    try:
        return command(options)
    except PasarelaError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.remedy:
            print(f"hint: {error.remedy}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _hint(options: argparse.Namespace) -> str:
    """What else could begin with a dash is an option of a command to run on a machine."""
    if options.command is not run_shell or not options.words:
        return ""
    command = f"pasarela lab shell {options.node} -- {options.words[0]} …"
    return f"\nhint: put -- before the command: {command}"


def up(options: argparse.Namespace) -> int:
    _from_outside("makes")
    record = launch.up(options.name, user_namespace=options.userns, bridge=options.bridge)
    where = "in a user namespace" if record.user_namespace else "as root"
    print(f"Lab '{options.name}' is up ({where}).")
    print(f"A shell on its host: pasarela lab shell{state.name_option(options.name)} host")
    return 0


def down(options: argparse.Namespace) -> int:
    _from_outside("ends")
    wanted = state.names() if options.all else [options.name]
    for name in wanted:
        gone = launch.down(name)
        print(f"Lab '{name}' is down." if gone else f"There was no lab '{name}'.")
    return 0


def _from_outside(what: str) -> None:
    """Within a lab, processes have other numbers: of labs out there nothing can be known."""
    if shell.inside_lab():
        raise LabError(
            f"this is a shell in a lab; what {what} labs is typed outside of it",
            remedy="Type 'exit' first.",
        )


def show_status(options: argparse.Namespace) -> int:
    return status.show(as_json=options.json)


def run_shell(options: argparse.Namespace) -> int:
    return shell.run(options.name, options.node, [*options.words, *options.rest])


def guest(options: argparse.Namespace) -> int:
    """Guests are made from within the lab, on its host."""
    if not shell.inside_lab():
        return shell.run(options.name, node.HOST, ["pasarela", "lab", *options.original])
    return guest_command.main(options)


def bridge(options: argparse.Namespace) -> int:
    """The host's bridge over its NIC, in a lab that is up."""
    if not shell.inside_lab():
        return shell.run(options.name, node.HOST, ["pasarela", "lab", *options.original])
    if options.remove:
        uplink.unbridge()
        print(f"{uplink.NIC} has the host's address again.")
    else:
        uplink.bridge()
        print(f"{uplink.NIC} is in the bridge {uplink.BRIDGE}, which has the host's address.")
    return 0


def check(options: argparse.Namespace) -> int:
    return check_command.main(options)


def fetch(_: argparse.Namespace) -> int:
    print(f"The kernel for real guests is in {kernel.fetch()}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pasarela lab",
        description="A LAN, a router, an internet and a host with guests, in namespaces.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_life_cycle(commands)
    _add_use(commands)
    return parser


def _add_life_cycle(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "up", up, "make the lab")
    parser.add_argument("--bridge", action="store_true", help="put enp3s0 into a bridge br0")
    parser.add_argument(
        "--userns", action="store_true", help="use a user namespace also where you are root"
    )
    parser = _command(commands, "down", down, "end the lab; nothing of it is left")
    parser.add_argument("--all", action="store_true", help="end all labs of yours")
    parser = _command(
        commands, "status", show_status, "list the labs that are up, and their machines"
    )
    parser.add_argument("--json", action="store_true")
    _command(commands, "fetch", fetch, "download and unpack the kernel of --vm guests")


def _add_use(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "shell", run_shell, "a shell, or a command, on a machine")
    parser.add_argument("node", nargs="?", default="host", help="host, router, internet, a guest")
    parser.add_argument("words", nargs="*", metavar="-- command", help="what to run instead")
    parser = _command(commands, "guest", guest, "plug a guest into a network of the host")
    parser.add_argument("guest")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--network", help="the network to plug it into")
    what.add_argument("--remove", action="store_true", help="unplug the guest and remove it")
    parser.add_argument("--vm", action="store_true", help="a real Linux under QEMU")
    parser.add_argument("--mac", help="its MAC address; made up where not given")
    parser.add_argument("--address", metavar="CIDR", help="a static address instead of DHCP")
    parser = _command(commands, "bridge", bridge, "put the host's enp3s0 into a bridge br0")
    parser.add_argument("--remove", action="store_true", help="take it out again")
    parser = _command(commands, "check", check, "build every kind of network and measure it")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--kind", action="append", help="only this kind; may be repeated")
    parser.add_argument("--vm", action="store_true", help="with real Linux guests under QEMU too")
    parser.add_argument("--keep", action="store_true", help="leave the lab 'check' up afterwards")
    parser.add_argument("--userns", action="store_true", help="use a user namespace also as root")


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    function: Command,
    summary: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    parser.add_argument(
        "--name", default=state.DEFAULT_NAME, help="which lab, where there are several"
    )
    parser.set_defaults(command=function)
    return parser
