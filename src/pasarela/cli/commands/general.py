"""The commands about the program itself."""

from __future__ import annotations

from pasarela.cli.spec import JSON, Command, Group, Kind, Option, data, flag, rest, string

# The lab lies above the command line, so its words stand here again; a test compares them.
LAB = "words:up down status fetch shell guest bridge check"

GROUP = Group(
    "Pasarela itself",
    "pasarela",
    (
        Command(
            "cd",
            "change the current directory",
            "Change the current directory of the interactive shell.",
            "general:cd",
            (string("dir", "where to go (default: home)", "file"),),
            connects=False,
        ),
        Command(
            "completion",
            "print the completion script for a shell",
            "Print a script for bash or zsh; eval it, or save it where the shell looks.",
            "general:completion",
            (data("shell", "bash or zsh", "words:bash zsh"),),
            connects=False,
        ),
        Command(
            "connect",
            "use another connection from now on",
            "Connect again, to this URI or the same.",
            "general:connect",
            (string("name", "connection URI"), flag("readonly", "refuse every change")),
            connects=False,
        ),
        Command(
            "echo",
            "print the arguments",
            "Print the arguments, quoted if asked for; to see how a line is split.",
            "general:echo",
            (
                flag("shell", "quote for a shell"),
                flag("xml", "quote for XML"),
                flag("split", "split each argument at its commas; two commas are one"),
                flag("err", "print to stderr"),
                Option("str", Kind.REST, "same as string", only_named=True, hidden=True),
                rest("string", "what to print"),
            ),
            connects=False,
        ),
        Command("exit", "leave this shell", "", "general:leave", connects=False),
        Command(
            "help",
            "print help",
            "Print all commands, those of a group, or how one of them is used.",
            "general:help_about",
            (
                string("command", "a command or a group", "command"),
                flag("markdown", "print the reference of all commands as Markdown"),
            ),
            connects=False,
        ),
        Command(
            "hostname",
            "print the host's name: this one's, or of -c DRIVER+ssh://HOST that one's",
            "",
            "general:hostname",
            (JSON,),
        ),
        Command(
            "lab",
            "try everything in a sandbox that cannot hurt the host",
            "Make a LAN, a router, an internet, a host and guests in namespaces, and measure what\n"
            "    each kind of network does. 'pasarela lab --help' lists its commands.",
            "general:lab",
            (rest("arguments", "a command of the lab, as up, shell host, check or down", LAB),),
            connects=False,
        ),
        Command("pwd", "print the current directory", "", "general:pwd", connects=False),
        Command("quit", "leave this shell", "", "general:leave", connects=False),
        Command(
            "uri",
            "print the connection's URI",
            "",
            "general:uri",
            (JSON,),
        ),
        Command(
            "version",
            "print versions",
            "Print which version answers.",
            "general:version",
            (flag("daemon", "that of the daemon too"), JSON),
        ),
        Command(
            "complete-names",
            "print names for completion scripts",
            "",
            "general:complete_names",
            (data("what", "network, active-network, inactive-network, interface or command"),),
            connects=False,
            hidden=True,
        ),
    ),
)
