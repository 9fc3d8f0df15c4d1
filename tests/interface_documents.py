"""Documents of configured interfaces, valid and invalid, by what each is about."""

from __future__ import annotations


def ethernet(inside: str = "", attributes: str = "name='x0'") -> str:
    """An ethernet interface that says when it comes up."""
    return f"<interface type='ethernet' {attributes}><start mode='onboot'/>{inside}</interface>"


def bridge(inside: str = "", attributes: str = "stp='on'", around: str = "") -> str:
    return (
        f"<interface type='bridge' name='x0'><start mode='onboot'/>{around}"
        f"<bridge {attributes}>{inside}</bridge></interface>"
    )


def bond(inside: str = "", attributes: str = "mode='active-backup'") -> str:
    return (
        "<interface type='bond' name='x0'><start mode='none'/>"
        f"<bond {attributes}>{inside}<interface type='ethernet' name='p0'/></bond></interface>"
    )


def vlan(inside: str, name: str = "name='x0'") -> str:
    return f"<interface type='vlan' {name}><start mode='onboot'/>{inside}</interface>"


def ipv4(inside: str) -> str:
    return ethernet(f"<protocol family='ipv4'>{inside}</protocol>")


def ipv6(inside: str) -> str:
    return ethernet(f"<protocol family='ipv6'>{inside}</protocol>")


PORT = "<interface type='ethernet' name='p0'/>"
TAGGED = "<vlan tag='42'><interface name='p0'/></vlan>"

VALID = {
    "ethernet: nothing": ethernet(),
    "ethernet: hotplug": "<interface type='ethernet' name='x0'><start mode='hotplug'/></interface>",
    "ethernet: by hand": "<interface type='ethernet' name='x0'><start mode='none'/></interface>",
    "ethernet: a mac": ethernet("<mac address='52:54:00:aa:bb:cc'/>"),
    "ethernet: a mac without address": ethernet("<mac/>"),
    "ethernet: an mtu": ethernet("<mtu size='9000'/>"),
    "ethernet: an mtu of zero": ethernet("<mtu size='0'/>"),
    "ethernet: an mtu without size": ethernet("<mtu/>"),
    "ethernet: an empty mtu": ethernet("<mtu size=''/>"),
    "ethernet: the largest mtu": ethernet("<mtu size='100000'/>"),
    "ethernet: elements that nobody knows": ethernet("<what/><start mode='none'/>"),
    "ethernet: a bridge element": ethernet("<bridge stp='x'/>"),
    "ethernet: everything": ethernet(
        "<mac address='52:54:00:aa:bb:cc'/><protocol family='ipv4'><route gateway='192.0.2.1'/>"
        "<ip address='192.0.2.7' prefix='24'/></protocol><mtu size='1492'/>"
    ),
    "ipv4: empty": ipv4(""),
    "ipv4: dhcp": ipv4("<dhcp/>"),
    "ipv4: dhcp with its name servers": ipv4("<dhcp peerdns='yes'/>"),
    "ipv4: dhcp without its name servers": ipv4("<dhcp peerdns='no'/>"),
    "ipv4: two addresses": ipv4(
        "<ip address='192.0.2.7' prefix='24'/><ip address='198.51.100.1' prefix='32'/>"
    ),
    "ipv4: an ip without address": ipv4("<ip/><ip prefix='7'/>"),
    "ipv4: a prefix in hexadecimal": ipv4("<ip address='192.0.2.7' prefix='0x18'/>"),
    "ipv4: autoconf": ipv4("<autoconf/><dhcp/>"),
    "ipv4: two routes": ipv4("<route gateway='192.0.2.1'/><route gateway='192.0.2.2'/>"),
    "ipv4: an empty gateway": ipv4("<route gateway=''/>"),
    "ipv6: autoconf": ipv6("<autoconf/>"),
    "ipv6: autoconf and dhcp": ipv6("<dhcp peerdns='no'/><autoconf/>"),
    "ipv6: an address and a gateway": ipv6(
        "<ip address='2001:db8::7' prefix='64'/><route gateway='fe80::1'/>"
    ),
    "both families": ethernet(
        "<protocol family='ipv4'><dhcp/></protocol><protocol family='ipv6'><autoconf/></protocol>"
    ),
    "bridge: without ports": bridge(),
    "bridge: without attributes": bridge(attributes=""),
    "bridge: stp off": bridge(PORT, "stp='off'"),
    "bridge: a delay": bridge(PORT, "stp='on' delay='15'"),
    "bridge: no delay": bridge(PORT, "stp='on' delay='0'"),
    "bridge: half a second": bridge(PORT, "delay='0.5'"),
    "bridge: with addresses": bridge(
        PORT,
        around="<protocol family='ipv4'><dhcp/></protocol><mtu size='1500'/><link state='up'/>",
    ),
    "bridge: a port with addresses": bridge(
        "<interface type='ethernet' name='p0'><start mode='none'/><mtu size='x'/>"
        "<protocol family='ipx'/><mac address='52:54:00:aa:bb:cc'/></interface>"
    ),
    "bridge: a vlan and a bond as ports": bridge(
        f"<interface type='vlan' name='p0.42'>{TAGGED}</interface>"
        "<interface type='bond' name='b0'><bond mode='802.3ad'>"
        "<interface type='ethernet' name='p1'/></bond></interface>"
    ),
    "bond: a mode": bond(),
    "bond: no mode": bond(attributes=""),
    "bond: mii": bond("<miimon freq='100' downdelay='200' updelay='0' carrier='ioctl'/>"),
    "bond: mii in octal, as it seems": bond("<miimon freq='010' carrier='netif'/>"),
    "bond: arp": bond("<arpmon interval='1000' target='192.0.2.1' validate='all'/>"),
    "bond: arp, not validated": bond("<arpmon interval='1000' target='192.0.2.1'/>"),
    "bond: both monitors": bond("<arpmon interval='1000'/><miimon freq='100' carrier='netif'/>"),
    "vlan: a tag": vlan(TAGGED),
    "vlan: with addresses": vlan(
        TAGGED + "<protocol family='ipv6'><ip address='2001:db8::1' prefix='64'/></protocol>"
    ),
}

INVALID = {
    "not well-formed": "<interface",
    "nothing": "",
    "another root": "<network/>",
    "no type": "<interface name='x0'/>",
    "a type that nobody knows": "<interface type='bridg' name='x0'/>",
    "no name": "<interface type='ethernet'/>",
    "ethernet: a start mode that nobody knows": (
        "<interface type='ethernet' name='x0'><start mode='boot'/></interface>"
    ),
    "ethernet: too large an mtu": ethernet("<mtu size='100001'/>"),
    "ethernet: a speed that is none": ethernet("<link speed='fast'/>"),
    "ethernet: a state that is none": ethernet("<link state='running'/>"),
    "protocol: no family": ethernet("<protocol/>"),
    "protocol: a family that nobody knows": ethernet("<protocol family='ipx'/>"),
    "ipv4: a prefix that is none": ipv4("<ip address='192.0.2.7' prefix='many'/>"),
    "ipv4: name servers maybe": ipv4("<dhcp peerdns='maybe'/>"),
    "ipv6: name servers maybe": ipv6("<dhcp peerdns=''/>"),
    "bridge: no element": "<interface type='bridge' name='x0'/>",
    "bridge: a bridge as port": bridge("<interface type='bridge' name='y'><bridge/></interface>"),
    "bridge: a port without type": bridge("<interface name='y'/>"),
    "bridge: a port without name": bridge("<interface type='ethernet'/>"),
    "bridge: a vlan without its element": bridge("<interface type='vlan' name='y'/>"),
    "bond: no element": "<interface type='bond' name='x0'/>",
    "bond: a mode that nobody knows": bond(attributes="mode='best'"),
    "bond: mii without frequency": bond("<miimon/>"),
    "bond: mii with half a frequency": bond("<miimon freq='1.5'/>"),
    "bond: mii with a downdelay that is none": bond("<miimon freq='1' downdelay='x'/>"),
    "bond: mii with an updelay that is none": bond("<miimon freq='1' updelay='x'/>"),
    "bond: mii with a carrier that is none": bond("<miimon freq='1' carrier='x'/>"),
    "bond: arp without interval": bond("<arpmon target='192.0.2.1'/>"),
    "bond: arp without target": bond("<arpmon interval='1'/>"),
    "bond: arp with a validation that is none": bond(
        "<arpmon interval='1' target='192.0.2.1' validate='none'/>"
    ),
    "bond: a vlan as port": bond("<interface type='vlan' name='y'/>"),
    "vlan: no element": vlan(""),
    "vlan: no tag": vlan("<vlan><interface name='p0'/></vlan>"),
    "vlan: no interface": vlan("<vlan tag='42'/>"),
    "vlan: an interface without name": vlan("<vlan tag='42'><interface/></vlan>"),
    "vlan: no name": vlan(TAGGED, name=""),
}

# What ours is meant to make of a document in another way than libvirt, and why.
IN_FILES = "it will stand in the host's files, so it must be right; libvirt takes any text"
DEVIATIONS = {
    "no start mode": ("<interface type='ethernet' name='x0'/>", "it comes up at boot"),
    "a name that is too long": (ethernet(attributes="name='abcdefghijklmnop'"), IN_FILES),
    "a name with a slash": (ethernet(attributes="name='../x0'"), IN_FILES),
    "a name of two lines": (ethernet(attributes="name='x&#10;0'"), IN_FILES),
    "a mac that is none": (ethernet("<mac address='here'/>"), IN_FILES),
    "an mtu that is none": (ethernet("<mtu size='big'/>"), "libvirt refuses it without a text"),
    "a link": (ethernet("<link speed='1000' state='up'/>"), "it cannot be configured"),
    "an address that is none": (ipv4("<ip address='here' prefix='24'/>"), IN_FILES),
    "an address of another family": (ipv4("<ip address='fe80::1' prefix='24'/>"), IN_FILES),
    "an address without prefix": (ipv4("<ip address='192.0.2.7'/>"), "it is said to be single"),
    "a prefix that is too long": (ipv4("<ip address='192.0.2.7' prefix='33'/>"), IN_FILES),
    "a gateway of another family": (ipv6("<route gateway='192.0.2.1'/>"), IN_FILES),
    "an address in capitals": (ipv6("<ip address='FE80::1' prefix='64'/>"), "as the kernel does"),
    "a protocol twice": (
        ethernet("<protocol family='ipv4'/><protocol family='ipv4'><dhcp/></protocol>"),
        "the second would be lost in a file",
    ),
    "ipv6 first": (
        ethernet("<protocol family='ipv6'/><protocol family='ipv4'/>"),
        "the order says nothing",
    ),
    "an stp that is none": (
        bridge(PORT, "stp='perhaps'"),
        "libvirt says that it is wrong, and goes on without the ports",
    ),
    "an empty delay": (bridge(PORT, "delay=''"), "it says nothing"),
    "an empty stp": (bridge(PORT, "stp=''"), "as any other word"),
    "a delay that is none": (bridge(PORT, "delay='long'"), IN_FILES),
    "a delay in other words": (bridge(PORT, "delay='1.50'"), "the number is the same"),
    "a port twice": (bridge(PORT + PORT), IN_FILES),
    "mii with no carrier named": (bond("<miimon freq='100'/>"), "netif is what it is then"),
    "mii with a negative frequency": (bond("<miimon freq='-1' carrier='netif'/>"), IN_FILES),
    "arp with a name": (bond("<arpmon interval='1' target='gateway'/>"), IN_FILES),
    "a tag that is none": (vlan("<vlan tag='x'><interface name='p0'/></vlan>"), IN_FILES),
    "a tag that is too large": (vlan("<vlan tag='4095'><interface name='p0'/></vlan>"), IN_FILES),
}
