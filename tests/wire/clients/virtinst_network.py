"""Makes a network as virt-manager's wizard does, with virtinst's Network, and prints what it sees.

Run with a URI by Debian's Python; not a test itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

sys.path.insert(0, "/usr/share/virt-manager")

import libvirt  # type: ignore[import-not-found,unused-ignore]
from virtinst import (  # type: ignore[import-not-found,unused-ignore]
    Network,
    VirtinstConnection,
)


def show(name: str, call: Callable[[], Any]) -> None:
    try:
        print(f"{name}: {call()}")
    except libvirt.libvirtError as error:
        print(f"{name}: {error.get_error_code()} {error}")


def described(connection: Any) -> Any:
    """The fields that createnet.py fills in."""
    network = Network(connection)
    network.name = "lab"
    network.uuid = "00000000-0000-4000-8000-000000000001"
    network.domain_name = "lab.example"
    network.forward.mode = "nat"
    address = network.ips.add_new()
    address.address, address.netmask = "10.77.1.1", "255.255.255.0"
    leased = address.ranges.add_new()
    leased.start, leased.end = "10.77.1.128", "10.77.1.254"
    host = address.hosts.add_new()
    host.macaddr, host.ip = "52:54:00:00:00:01", "10.77.1.50"
    network.validate_generic_name("Network", network.name)
    return network


# virt-manager's own connection is to a hypervisor; libvirt's test driver is one without guests.
hypervisor = VirtinstConnection("test:///default")
hypervisor.open(None, None)
show("virtinst itself", lambda: VirtinstConnection(sys.argv[1]).open(None, None))

connection = libvirt.open(sys.argv[1])
network = connection.networkDefineXML(described(hypervisor).get_xml())
network.create()
network.setAutostart(1)
for found in connection.listAllNetworks():
    parsed = Network(hypervisor, parsexml=found.XMLDesc(0))
    ip = parsed.ips[0]
    print(found.name(), found.isActive(), found.autostart(), parsed.bridge, parsed.forward.mode)
    print(ip.address, ip.netmask, [(one.start, one.end) for one in ip.ranges], parsed.can_pxe())
    print([(host.macaddr, host.ip) for host in ip.hosts], parsed.domain_name)
network.destroy()
network.undefine()
