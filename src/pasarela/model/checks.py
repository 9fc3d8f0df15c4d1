"""What a definition may not say although its document is right: the checks that need no host.

Source: section 8.4 of the interoperability sheet; the order is libvirt's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from pasarela.errors import (
    ConfigUnsupported,
    ErrorDomain,
    Location,
    PasarelaError,
    ValueOverflow,
    XmlSyntaxError,
)
from pasarela.model.network import ForwardInterface, ForwardMode, Ip, Network, PortGroup
from pasarela.model.values import Bandwidth, PciAddress, Rate, VirtualPort, VirtualPortType

# tc counts bytes a second in 64 bits, and a burst's bytes in 32.
MAX_RATE = 1 << 54
MAX_BURST = (1 << 22) - 1

IsVirtualFunction = Callable[[PciAddress], bool]


def check_definition(
    network: Network, *, is_virtual_function: IsVirtualFunction | None = None
) -> None:
    """Refuse what the network's mode does not support.

    Args:
        network: the definition.
        is_virtual_function: asks the host about a PCI address; without it that is not checked.

    Raises:
        PasarelaError: in libvirt's words.
    """
    check_name(network)
    _check_unsupported(network)
    _check_bandwidths(network)
    _Devices(network, is_virtual_function).check()
    _check_dhcp(network)
    _check_portgroups(network)


def check_name(network: Network) -> None:
    if "\n" in network.name:
        raise XmlSyntaxError(
            "invalid char in name: \n",
            domain=ErrorDomain.XML,
            location=_at("name"),
            remedy="the network's file is called after it: choose a name that can be a file's",
        )


def _at(element: str) -> Location:
    """The model does not know lines; the element's name must do."""
    return Location(element=element)


# elements by mode


def _check_unsupported(network: Network) -> None:
    mode, dns = network.forward.mode, network.dns
    if not mode.owns_bridge:
        records = bool(dns and (dns.txts or dns.hosts or dns.srvs))
        elements = (
            ("<mac>", network.mac is not None),
            ("<ip>", bool(network.ips)),
            ("<dns>", records),
            ("<domain>", network.domain is not None),
        )
        for element, present in elements:
            if present:
                raise _unsupported(network, element)
    if network.bandwidth and not _may_have_bandwidth(network):
        raise _unsupported(network, "network-wide <bandwidth>")


def _may_have_bandwidth(network: Network) -> bool:
    mode = network.forward.mode
    return mode.owns_bridge or (mode is ForwardMode.BRIDGE and network.bridge.name is not None)


def _unsupported(network: Network, element: str) -> PasarelaError:
    mode = network.forward.mode.value
    return ConfigUnsupported(
        f"Unsupported {element} element in network {network.name} with forward mode='{mode}'",
        location=_at(element.strip("<>").rpartition("<")[2]),
        remedy=f"remove it: a network of mode '{mode}' has no bridge of its own to hold it",
    )


def _check_bandwidths(network: Network) -> None:
    for bandwidth in (network.bandwidth, *(group.bandwidth for group in network.portgroups)):
        check_bandwidth(bandwidth)


def check_bandwidth(bandwidth: Bandwidth | None) -> None:
    """Refuse rates that tc cannot hold.

    Raises:
        ValueOverflow: a rate is above 2^54 kB/s, or a burst above 4 GB.
    """
    if bandwidth:
        for rate in (bandwidth.inbound, bandwidth.outbound):
            if rate:
                _check_rate(rate)


def _check_rate(rate: Rate) -> None:
    for name, value, maximum in (
        ("average", rate.average, MAX_RATE),
        ("peak", rate.peak, MAX_RATE),
        ("burst", rate.burst, MAX_BURST),
    ):
        if value > maximum:
            raise ValueOverflow(
                f"value '{value}' is too big for '{name}' parameter, maximum is '{maximum}'",
                domain=ErrorDomain.NONE,
                location=_at("bandwidth"),
            )


# the device pool


@dataclass(frozen=True, slots=True)
class _Devices:
    network: Network
    is_virtual_function: IsVirtualFunction | None

    def check(self) -> None:
        forward = self.network.forward
        for interface in forward.interfaces:
            if interface.address is None:
                self._check_named(interface)
            else:
                self._check_pci(interface.address)
        kinds = {interface.address is None for interface in forward.interfaces}
        if len(kinds) + (forward.pf is not None and not forward.interfaces) > 1:
            raise ConfigUnsupported(
                "<address>, <interface>, and <pf> elements of <forward> in network "
                f"{self.network.name} are mutually exclusive",
                location=_at("forward"),
            )

    def _check_named(self, interface: ForwardInterface) -> None:
        if self.network.forward.mode is ForwardMode.HOSTDEV:
            raise ConfigUnsupported(
                f"hostdev network '{self.network.name}' lists '{interface.dev}' in the device "
                "pool, but hostdev networks require all devices to be listed by PCI address, "
                "not network device name",
                location=_at("interface"),
                remedy="write <address type='pci' …/>; ethtool -i shows a device's bus-info",
            )

    def _check_pci(self, address: PciAddress) -> None:
        name, mode = self.network.name, self.network.forward.mode
        if mode is not ForwardMode.HOSTDEV:
            raise ConfigUnsupported(
                f"network '{name}' has forward mode '{mode.value}'  but lists a device by PCI "
                "address in the device pool. This is only supported for networks with forward "
                "mode 'hostdev'",
                location=_at("address"),
                remedy="write <interface dev='…'/>, or mode='hostdev'",
            )
        if self.is_virtual_function and not self.is_virtual_function(address):
            raise ConfigUnsupported(
                f"device '/sys/bus/pci/devices/{address}' in network '{name}' is not an SR-IOV "
                "Virtual Function",
                location=_at("address"),
            )


# addresses and port groups


def _check_dhcp(network: Network) -> None:
    serving: set[int] = set()
    for ip in network.ips:
        version = ip.address.version
        if ip.has_dhcp and version in serving:
            raise _second_dhcp(ip)
        if ip.has_dhcp:
            serving.add(version)


def _second_dhcp(ip: Ip) -> PasarelaError:
    family = f"IPv{ip.address.version}"
    return ConfigUnsupported(
        f"Multiple {family} dhcp sections found -- dhcp is supported only for a single {family} "
        "address on each network",
        location=_at("dhcp"),
        remedy=f"remove <dhcp> from all but one <ip> of {family}",
    )


def _check_portgroups(network: Network) -> None:
    default: PortGroup | None = None
    bad_vlan = False
    counts = Counter(group.name for group in network.portgroups)
    for group in network.portgroups:
        bad_vlan |= _bad_vlan(network, group)
        if group.default:
            if default:
                raise _two_defaults(network, default, group)
            default = group
        if counts[group.name] > 1:
            raise _same_name(network, group)
        _check_group_bandwidth(network, group)
    if bad_vlan or (network.vlan and not _may_have_vlan(network) and not default):
        raise ConfigUnsupported(
            f"<vlan> element specified for network {network.name}, whose type doesn't support "
            "vlan configuration",
            location=_at("vlan"),
            remedy="vlan is for hostdev, passthrough and bridge networks",
        )


def _may_have_vlan(network: Network) -> bool:
    mode, port = network.forward.mode, network.virtual_port
    if mode is ForwardMode.BRIDGE:
        # a plain host bridge filters vlans since libvirt 11.0
        return network.bridge.name is not None or _is_openvswitch(port)
    return mode in (ForwardMode.HOSTDEV, ForwardMode.PASSTHROUGH)


def _bad_vlan(network: Network, group: PortGroup) -> bool:
    if not (network.vlan or group.vlan):
        return False
    if group.virtual_port is None:
        return not _may_have_vlan(network)
    return network.forward.mode is not ForwardMode.BRIDGE or not _is_openvswitch(group.virtual_port)


def _is_openvswitch(port: VirtualPort | None) -> bool:
    return port is not None and port.type is VirtualPortType.OPENVSWITCH


def _two_defaults(network: Network, first: PortGroup, second: PortGroup) -> PasarelaError:
    return ConfigUnsupported(
        f"network '{network.name}' has multiple default <portgroup> elements "
        f"({first.name} and {second.name}), but only one default is allowed",
        location=_at("portgroup"),
        remedy=f"remove default='yes' from '{second.name}'",
    )


def _same_name(network: Network, group: PortGroup) -> PasarelaError:
    return ConfigUnsupported(
        f"multiple <portgroup> elements with the same name ({group.name}) "
        f"in network '{network.name}'",
        location=_at("portgroup"),
        remedy="rename or remove one of them",
    )


def _check_group_bandwidth(network: Network, group: PortGroup) -> None:
    if group.bandwidth and not _may_have_bandwidth(network):
        mode = network.forward.mode.value
        raise ConfigUnsupported(
            f"Unsupported <bandwidth> element in network '{network.name}' "
            f"in portgroup '{group.name}' with forward mode='{mode}'",
            location=_at("bandwidth"),
        )
