"""A running NetworkManager, told over D-Bus of profiles and of devices that have moved.

A device that somebody else has set up it calls "connected (externally)" and leaves alone. To take
such a one over, it is asked to activate a profile on it: a card that is in its bridge already stays
there all the time; a device with addresses is cleared first, so somebody must stand by and put them
back (guard.py). Measured with NetworkManager 1.42.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

from pasarela.errors import ServiceFailed
from pasarela.host.dbus.bus import Bus, Service

_NAME = "org.freedesktop.NetworkManager"
_ROOT = "/org/freedesktop/NetworkManager"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_ANYTHING = "/"  # in the place of an object: let NetworkManager choose
_ACTIVATED = 100  # NMDeviceState
_IDLE = 30  # and below: disconnected, unavailable, unmanaged
_READY = {4: 0x8, 6: 0x10}  # NMActivationStateFlags, by IP version
_TO_COME = {0, 1}  # NMActiveConnectionState: unknown, activating


def _service(path: str, interface: str) -> Service:
    return Service(_NAME, path, f"{_NAME}{interface}", "NetworkManager")


_MANAGER = _service(_ROOT, "")
_SETTINGS = _service(f"{_ROOT}/Settings", ".Settings")


class RunningNetworkManager:
    """NetworkManager on the system bus, of this network namespace."""

    def __init__(self) -> None:
        self._bus = Bus()
        self._asked: dict[str, str] = {}  # the activations asked for, by link

    def close(self) -> None:
        self._bus.close()

    def is_there(self) -> bool:
        return self._bus.reaches(_MANAGER)

    def reload(self) -> None:
        """Have it read all profiles again; what is active stays as it is.

        Raises:
            ServiceFailed: it would not.
        """
        self._bus.call(_SETTINGS, "ReloadConnections", "")

    def activate(self, link: str, profile: str) -> None:
        """Have it activate a profile on a device, unless just that is so already.

        Args:
            profile: its UUID, or the path of its file if it has none.

        Raises:
            ServiceFailed: it does not know the one or the other, or would not.
        """
        device = self._device(link)
        connection = self._connection(profile)
        if self._is_active(device, connection):
            return
        asked = (connection, device, _ANYTHING)
        (self._asked[link],) = self._bus.call(_MANAGER, "ActivateConnection", "ooo", *asked)

    def knows(self, link: str) -> bool:
        """Whether it has seen a device come."""
        try:
            return bool(self._device(link))
        except ServiceFailed:
            return False

    def is_done(self, link: str, versions: Collection[int]) -> bool:
        """Whether a device has its addresses of these IP versions from it, or it has given up."""
        try:
            if self._is_to_come(link):
                return False  # the device may still tell of what was there before
            device = self._device(link)
            state = self._get(device, ".Device", "State")
            if state != _ACTIVATED:
                return bool(state <= _IDLE)
            flags = self._get(self._active(device), ".Connection.Active", "StateFlags")
        except ServiceFailed:
            return False
        return all(flags & _READY[version] for version in versions)

    # objects

    def _is_to_come(self, link: str) -> bool:
        """Whether an activation that was asked for has yet to begin, or goes on."""
        if link not in self._asked:
            return False
        try:
            state = self._get(self._asked[link], ".Connection.Active", "State")
        except ServiceFailed:  # it has failed, or another one has taken its place, and it is gone
            return False
        return state in _TO_COME

    def _is_active(self, device: str, connection: str) -> bool:
        """Whether a profile is active on a device, as it is now."""
        active = self._active(device)
        if active == _ANYTHING:
            return False
        if self._get(active, ".Connection.Active", "Connection") != connection:
            return False
        (applied, _) = self._bus.call(_service(device, ".Device"), "GetAppliedConnection", "u", 0)
        (written,) = self._bus.call(_service(connection, ".Settings.Connection"), "GetSettings", "")
        return bool(_master(applied) == _master(written))

    def _device(self, link: str) -> str:
        return str(self._bus.call(_MANAGER, "GetDeviceByIpIface", "s", link)[0])

    def _active(self, device: str) -> str:
        return str(self._get(device, ".Device", "ActiveConnection"))

    def _connection(self, profile: str) -> str:
        if "/" not in profile:
            return str(self._bus.call(_SETTINGS, "GetConnectionByUuid", "s", profile)[0])
        (known,) = self._bus.call(_SETTINGS, "ListConnections", "")
        for one in known:
            if self._get(one, ".Settings.Connection", "Filename") == profile:
                return str(one)
        raise ServiceFailed(f"NetworkManager has not taken {PurePosixPath(profile).name}")

    def _get(self, path: str, interface: str, name: str) -> Any:
        service = Service(_NAME, path, _PROPERTIES, "NetworkManager")
        ((_, value),) = self._bus.call(service, "Get", "ss", f"{_NAME}{interface}", name)
        return value


def _master(settings: dict[str, Any]) -> Any:
    connection = settings.get("connection", {})
    return connection.get("controller") or connection.get("master")
