"""The commands about the program itself."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from pasarela.cli import table
from pasarela.cli.faults import CommandFailed, explained
from pasarela.errors import PasarelaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pasarela.cli.arguments import Arguments
    from pasarela.cli.context import Context

_SPECIAL = frozenset("\r\t\n !\"#$&'()*;<>?[\\]^`{|}~")  # what a shell gives a meaning to


def help_about(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli import help as help_texts
    from pasarela.cli.suggest import hint_for_help

    wanted = arguments.optional("command")
    if arguments.flag("markdown"):
        from pasarela.cli.markdown import reference

        context.print(reference())
    elif wanted is None:
        context.print(help_texts.all_commands())
    elif (group := table.find_group(wanted)) is not None:
        context.print(help_texts.group_help(group))
    elif (command := table.find(wanted)) is not None:
        context.print(help_texts.command_help(command))
    else:
        raise CommandFailed(
            f"command or command group '{wanted}' doesn't exist", hint=hint_for_help(wanted)
        )
    return True


def cd(context: Context, arguments: Arguments) -> bool:
    if not context.interactive:
        raise CommandFailed("cd: command valid only in interactive mode")
    path = arguments.optional("dir") or os.path.expanduser("~") or "/"  # noqa: PTH111
    try:
        os.chdir(path)
    except OSError as error:
        raise CommandFailed(f"cd: {error.strerror}: {path}") from None
    return True


def lab(_: Context, arguments: Arguments) -> bool:
    from pasarela.cli.main import run_lab

    return run_lab(arguments.rest("arguments")) == 0


def pwd(context: Context, _: Arguments) -> bool:
    try:
        context.print(os.getcwd() + "\n")  # noqa: PTH109
    except OSError as error:
        raise CommandFailed(f"pwd: cannot get current directory: {error.strerror}") from None
    return True


def leave(context: Context, _: Arguments) -> bool:
    context.leaving = True
    return True


def connect(context: Context, arguments: Arguments) -> bool:
    from dataclasses import replace

    name = arguments.optional("name")
    uri = name if name is not None else context.settings.uri
    settings = replace(context.settings, uri=uri, readonly=arguments.flag("readonly"))
    context.reconnect(settings)
    context.connection  # noqa: B018  open it now, so that a wrong URI is said now
    return True


def uri(context: Context, _: Arguments) -> bool:
    from pasarela.cli.door import uri_of

    context.connection  # noqa: B018  a URI that cannot be opened is an error
    value = uri_of(context.settings)
    return _show(context, {"uri": value}, f"{value}\n")


def hostname(context: Context, _: Arguments) -> bool:
    from pasarela.cli.door import given_uri
    from pasarela.client.remote import RemoteConnection
    from pasarela.client.uri import parse

    uri, connection = given_uri(context.settings), context.connection
    if uri is not None and parse(uri).host and isinstance(connection, RemoteConnection):
        with explained("failed to get hostname"):
            name = connection.hostname()
    else:
        name = _full_name(os.uname().nodename)
    return _show(context, {"hostname": name}, f"{name}\n")


def _full_name(name: str) -> str:
    """With its domain, where /etc/hosts or the DNS knows that; as libvirt finds it."""
    from socket import AI_CANONNAME, gaierror, getaddrinfo

    if "." in name or name.startswith("localhost"):
        return name
    try:
        found = getaddrinfo(name, None, flags=AI_CANONNAME)[0][3]
    except gaierror:
        return name
    return found if "." in found and not found.startswith("localhost") else name


def version(context: Context, arguments: Arguments) -> bool:
    from pasarela.version import __version__

    lines = (
        f"Compiled against library: pasarela {__version__}\n"
        f"Using library: pasarela {__version__}\n"
        f"Using API: network {__version__}\n"
    )
    versions: dict[str, object] = {"version": __version__}
    if arguments.flag("daemon"):
        versions["daemon"] = context.connection.daemon_version()
        lines += f"Running against daemon: {versions['daemon']}\n"
    return _show(context, versions, lines)


def echo(context: Context, arguments: Arguments) -> bool:
    for pair in (("shell", "xml"), ("shell", "split"), ("xml", "split")):
        arguments.exclude(*pair)
    form = _split if arguments.flag("split") else partial(_quoted, arguments)
    words = [*arguments.rest("str"), *arguments.rest("string")]
    text = " ".join(map(form, words))
    if arguments.flag("err"):
        if words:
            context.complain(text)
    else:
        context.print(text)
    return True


def _split(word: str) -> str:
    """A line for each part between commas; two commas are one."""
    parts = word.replace(",,", "\0").split(",") if word else []
    return "".join(part.replace("\0", ",") + "\n" for part in parts)


def _quoted(arguments: Arguments, word: str) -> str:
    if arguments.flag("xml"):
        for plain, entity in zip("&<>\"'", ("amp", "lt", "gt", "quot", "apos"), strict=True):
            word = word.replace(plain, f"&{entity};")
    if arguments.flag("shell") and (not word or _SPECIAL.intersection(word)):
        word = "'" + word.replace("'", "'\\''") + "'"
    return word


def completion(context: Context, arguments: Arguments) -> bool:
    from pasarela.cli.completion import SHELLS

    shell = arguments.text("shell")
    if shell not in SHELLS:
        raise CommandFailed(f"no completion for '{shell}'", hint=f"one of {', '.join(SHELLS)}")
    context.print(SHELLS[shell]())
    return True


def complete_names(context: Context, arguments: Arguments) -> bool:
    context.print("".join(f"{name}\n" for name in names_for(context, arguments.text("what"))))
    return True


def names_for(context: Context, what: str) -> Iterator[str]:
    """The names that a shell offers for this kind of value."""
    from pasarela.model.handles import InterfaceFilter, NetworkFilter

    filters = {
        "network": NetworkFilter.ALL,
        "active-network": NetworkFilter.ACTIVE,
        "inactive-network": NetworkFilter.INACTIVE,
    }
    if what in filters:
        yield from sorted(n.name for n in context.connection.list_networks(filters[what]))
    elif what == "interface":
        found = context.connection.list_interfaces(InterfaceFilter.ALL)
        yield from sorted(interface.name for interface in found)
    elif what == "port":
        for network in context.connection.list_networks(NetworkFilter.ACTIVE):
            yield from (str(port.uuid) for port in context.connection.list_ports(network))
    elif what == "machine":
        yield from _machines()
    elif what == "command":
        yield from table.names()


def _machines() -> Iterator[str]:
    """Those of the lab that is up, which is found by name, for it lies above the command line."""
    from importlib import import_module

    with suppress(PasarelaError):
        yield from import_module("pasarela.lab.shell").machines()


def _show(context: Context, facts: dict[str, object], text: str) -> bool:
    if context.json:
        context.json_out(facts)
    else:
        context.print(text)
    return True
