"""Who tells a network's dnsmasq about the host's name servers.

A dnsmasq that follows /etc/resolv.conf itself needs an inotify instance of its own, and a user
may have 128 of them (fs.inotify.max_user_instances). So only the first networks do; the others
read a servers file that Pasarela writes.
"""

from __future__ import annotations

from pasarela.engine.files import read_text
from pasarela.model.paths import Paths
from pasarela.plan.facts import ResolverPolicy

# Half of the kernel's default of 128, for the host's other programs need some, too.
MAX_FOLLOWERS = 64


def policy_for_new(active: int) -> ResolverPolicy:
    """For a network that starts while ``active`` others run."""
    return ResolverPolicy.FOLLOWS if active < MAX_FOLLOWERS else ResolverPolicy.SERVED


def policy_of_running(paths: Paths, name: str) -> ResolverPolicy:
    """The policy that a running network was started with, as its configuration says."""
    conf = read_text(paths.dnsmasq_conf(name)) or ""
    served = any(line.startswith("servers-file=") for line in conf.splitlines())
    return ResolverPolicy.SERVED if served else ResolverPolicy.FOLLOWS
