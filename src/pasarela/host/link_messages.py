"""From an action on a bridge to rtnetlink's messages, and from the kernel's refusal to an error."""

from __future__ import annotations

from errno import EEXIST, ENODEV, EPERM
from socket import if_nametoindex

from pasarela.errors import SystemCallFailed
from pasarela.host.netlink import addresses, links, routes
from pasarela.host.netlink.socket import Message, NetlinkError
from pasarela.plan.actions import Action, Change, Create, Remove
from pasarela.plan.links import ForeignLink
from pasarela.plan.resources import (
    BridgeLink,
    LinkAddress,
    LinkRoute,
    LinkUp,
    MacvlanLink,
    OnLinkRoute,
    Resource,
)


def messages(action: Action) -> list[Message]:
    """The messages that carry ``action`` out, in order.

    Raises:
        SystemCallFailed: it is for a device that is not ours, or is not there.
    """
    match action:
        case Create(resource):
            return _create(resource)
        case Change(before, after):
            return _change(before, after)
        case Remove(resource):
            return _remove(resource)


def failure(error: NetlinkError) -> SystemCallFailed:
    """libvirt's form: what was tried, then the system's words; the kernel's own as remedy."""
    label = error.request.label if error.request else "netlink request failed"
    return SystemCallFailed(f"{label}: {error.strerror}", errno=error.errno, remedy=_remedy(error))


def _remedy(error: NetlinkError) -> str | None:
    if error.errno == EPERM:
        return "this needs root's rights: try again with sudo"
    return f"the kernel says: {error.reason}" if error.reason else None


def _create(resource: Resource) -> list[Message]:
    match resource:
        case BridgeLink() | MacvlanLink():
            return _create_link(resource)
        case LinkUp(name):
            return [links.set_up(name, up=True)]
        case LinkAddress(link, address):
            return [addresses.add(_index(link), link, address)]
        case LinkRoute(link):
            return [routes.add(_index(link), resource)]
        case OnLinkRoute(link):
            return [routes.add_on_link(_index(link), resource)]
        case _:
            return []


def _create_link(link: BridgeLink | MacvlanLink) -> list[Message]:
    if isinstance(link, MacvlanLink):
        return [links.create_macvlan(link, _index(link.parent))]
    return links.create_bridge(link)


def _change(before: Resource, after: Resource) -> list[Message]:
    match before, after:
        case ForeignLink(name), _:
            raise _exists(name)
        case BridgeLink(), BridgeLink():
            return links.change_bridge(before, after)
        case MacvlanLink(), MacvlanLink():
            return [*_remove(before), *_create(after)]
        case LinkRoute() | OnLinkRoute(), LinkRoute() | OnLinkRoute():
            return [*_remove(before), *_create(after)]
        case _:
            return _create(after)


def _remove(resource: Resource) -> list[Message]:
    """Nothing for a link that is gone, and all that hung on it with it."""
    match resource:
        case BridgeLink(name) | MacvlanLink(name):
            return [links.delete(name)]
        case LinkUp(name):
            return [links.set_up(name, up=False)]
        case LinkAddress(link, address):
            return [addresses.remove(_index(link), link, address)]
        case LinkRoute(link):
            return [routes.remove(_index(link), resource)]
        case OnLinkRoute(link):
            return [routes.remove_on_link(_index(link), resource)]
        case _:
            return []


def _index(link: str) -> int:
    try:
        return if_nametoindex(link)
    except OSError as cause:
        raise SystemCallFailed(f"there is no device {link}", errno=ENODEV) from cause


def _exists(name: str) -> SystemCallFailed:
    return SystemCallFailed(
        f"error creating bridge interface {name}: File exists",
        errno=EEXIST,
        remedy=f"device {name} is not Pasarela's: give the network another bridge name (net-edit)",
    )
