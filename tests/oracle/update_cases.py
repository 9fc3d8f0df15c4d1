"""Networks and items for net-update: items that match, clash, miss or are wrong, by section."""

from __future__ import annotations

from pasarela.model.handles import UpdateSection

UUID = "6b1f5a0e-0000-4000-8000-000000000001"

FULL = f"""
<network>
  <name>full</name><uuid>{UUID}</uuid>
  <forward mode='nat'><interface dev='eth0'/></forward>
  <bridge name='virbr70'/><mac address='52:54:00:70:00:01'/>
  <dns>
    <forwarder addr='192.0.2.53'/>
    <txt name='one' value='first'/><txt name='two' value='second'/>
    <srv service='ldap' protocol='tcp' domain='a.example' target='t1.example' port='389'/>
    <srv service='ldap' protocol='tcp' domain='a.example' target='t2.example' port='390'/>
    <srv service='sip' protocol='udp'/>
    <host ip='192.0.2.10'><hostname>ten</hostname><hostname>shared</hostname></host>
    <host ip='192.0.2.11'><hostname>eleven</hostname><hostname>shared</hostname></host>
    <host ip='2001:db8::1'><hostname>six</hostname></host>
  </dns>
  <ip address='192.168.70.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.70.100' end='192.168.70.150'/>
      <range start='192.168.70.160' end='192.168.70.170'/>
      <host mac='52:54:00:00:00:01' name='alpha' ip='192.168.70.11'/>
      <host mac='52:54:00:00:00:02' name='beta' ip='192.168.70.12'/>
      <host mac='52:54:00:00:00:03' ip='192.168.70.13'/>
      <host name='gamma' ip='192.168.70.14'/>
    </dhcp>
  </ip>
  <ip address='192.168.71.1' netmask='255.255.255.0'/>
  <ip family='ipv6' address='2001:db8:70::1' prefix='64'>
    <dhcp>
      <range start='2001:db8:70::100' end='2001:db8:70::1ff'/>
      <host id='0:1:0:1:18:aa' name='delta' ip='2001:db8:70::11'/>
      <host name='epsilon' ip='2001:db8:70::12'/>
    </dhcp>
  </ip>
  <portgroup name='sales' default='yes'><bandwidth><inbound average='100'/></bandwidth></portgroup>
  <portgroup name='ops'/>
</network>
"""

PLAIN = f"""
<network>
  <name>plain</name><uuid>{UUID}</uuid>
  <bridge name='virbr72'/><mac address='52:54:00:70:00:02'/>
  <ip family='ipv6' address='2001:db8:72::1' prefix='64'/>
  <ip address='192.168.72.1' prefix='24'/>
</network>
"""

BARE = f"""
<network>
  <name>bare's</name><uuid>{UUID}</uuid>
  <bridge name='virbr73'/><mac address='52:54:00:70:00:03'/>
</network>
"""

POOL = f"""
<network>
  <name>pool</name><uuid>{UUID}</uuid>
  <forward mode='bridge'><interface dev='eth0'/><interface dev='eth1'/></forward>
</network>
"""

NO_DNS = f"""
<network>
  <name>nodns</name><uuid>{UUID}</uuid>
  <bridge name='virbr74'/><mac address='52:54:00:70:00:04'/>
  <dns enable='no'/>
  <ip address='192.168.74.1' netmask='255.255.255.0'/>
</network>
"""

NETWORKS = {"full": FULL, "plain": PLAIN, "bare": BARE, "pool": POOL, "nodns": NO_DNS}

_WRONG = ("<other/>", "<host", "", "text", "<host/><host/>", "<!-- only a comment -->")

_DHCP_HOSTS = (
    "<host mac='52:54:00:00:00:09' name='new' ip='192.168.70.19'/>",
    "<host mac='52:54:00:00:00:09' ip='192.168.70.19'/>",
    "<host name='new' ip='192.168.70.19'/>",
    "<host mac='52:54:00:00:00:09' name='new' ip='192.168.70.19'><lease expiry='1' unit='hours'/>"
    "</host>",
    "<host mac='52:54:00:00:00:09' name='new' ip='192.168.70.19'><lease expiry='0'/></host>",
    "<host mac='52:54:00:00:00:09' name='new' ip='192.168.70.19'>"
    "<lease expiry='1' unit='minutes'/></host>",
    "<host mac='52:54:00:00:00:01' name='alpha' ip='192.168.70.11'/>",
    "<host mac='52:54:00:00:00:01' name='alpha' ip='192.168.70.77'/>",
    "<host mac='52:54:00:00:00:01' ip='192.168.70.77'/>",
    "<host mac='52:54:00:00:00:77' ip='192.168.70.12'/>",
    "<host name='beta' ip='192.168.70.78'/>",
    "<host mac='52:54:00:00:00:01'/>",
    "<host mac='52:54:0:0:0:1'/>",
    "<host mac='52:54:0:0:0:1' ip='192.168.70.77'/>",
    "<host mac='52:54:AA:0:0:1' ip='192.168.70.13'/>",
    "<host mac='52:54:AA:0:0:9' name='nobody' ip='192.168.70.79'/>",
    "<host mac='52-54-00-00-00-01'/>",
    "<host name='gamma'/>",
    "<host name='beta' mac='52:54:00:00:00:01'/>",
    "<host ip='192.168.70.13'/>",
    "<host ip='192.168.70.99'/>",
    "<host mac='52:54:00:00:00:99'/>",
    "<host/>",
    "<host id='0:1:0:1'/>",
    "<host mac='01:00:5e:00:00:01' ip='192.168.70.19'/>",
    "<host mac='nonsense' ip='192.168.70.19'/>",
    "<host mac='52:54:00:00:00:09' ip='nonsense'/>",
    "<host mac='52:54:00:00:00:09' name='-bad' ip='192.168.70.19'/>",
    "<host mac='52:54:00:00:00:09' name='new' ip='10.0.0.1'/>",
    "<host mac='52:54:00:00:00:09' name='new' ip='2001:db8:70::19'/>",
    "<host name='new6' ip='2001:db8:70::19'/>",
    "<host id='0:2:0:2' name='new6' ip='2001:db8:70::19'/>",
    "<host id='0:1:0:1:18:aa' name='delta' ip='2001:db8:70::11'/>",
    "<host id='0:1:0:1:18:aa' ip='2001:db8:70::77'/>",
    "<host id='xyz' ip='2001:db8:70::77'/>",
    "<host name='epsilon'/>",
    "<host name='epsilon' ip='::192.0.2.1'/>",
    "<host name='epsilon' ip='::ffff:192.0.2.1'/>",
    "<host name='&lt;x&gt;&amp;' ip='192.168.70.19'/>",
    "<host name='it&apos;s' ip='192.168.70.19'/>",
    "<host mac='' name='' ip=''/>",
)

_DHCP_RANGES = (
    "<range start='192.168.70.200' end='192.168.70.210'/>",
    "<range start='192.168.70.200' end='192.168.70.210'><lease expiry='3' unit='hours'/></range>",
    "<range start='192.168.70.100' end='192.168.70.150'/>",
    "<range start='192.168.70.120' end='192.168.70.130'/>",
    "<range start='192.168.70.160' end='192.168.70.170'/>",
    "<range start='192.168.70.210' end='192.168.70.200'/>",
    "<range start='192.168.70.0' end='192.168.70.20'/>",
    "<range start='192.168.70.20' end='192.168.70.255'/>",
    "<range start='10.0.0.1' end='10.0.0.9'/>",
    "<range start='192.168.71.100' end='192.168.71.120'/>",
    "<range start='192.168.72.100' end='192.168.72.120'/>",
    "<range start='2001:db8:70::200' end='2001:db8:70::2ff'/>",
    "<range start='2001:db8:70::100' end='2001:db8:70::1ff'/>",
    "<range start='2001:db8:72::100' end='2001:db8:72::1ff'/>",
    "<range start='2001:db8:70::1' end='2001:db8:70:1::1'/>",
    "<range start='192.168.70.200'/>",
    "<range end='192.168.70.200'/>",
    "<range start='x' end='192.168.70.200'/>",
    "<range/>",
)

_INTERFACES = (
    "<interface dev='eth0'/>",
    "<interface dev='eth1'/>",
    "<interface dev='eth9'/>",
    "<interface dev='eth9' connections='4'/>",
    "<interface dev='a&amp;b'/>",
    "<interface dev=''/>",
    "<interface/>",
)

_PORTGROUPS = (
    "<portgroup name='sales'/>",
    "<portgroup name='sales' default='yes'/>",
    "<portgroup name='ops' default='yes'/>",
    "<portgroup name='ops'><bandwidth><outbound average='5' peak='6' burst='7'/></bandwidth>"
    "</portgroup>",
    "<portgroup name='new'/>",
    "<portgroup name='new' default='yes'/>",
    "<portgroup name='new' trustGuestRxFilters='yes'><vlan trunk='yes'><tag id='1'/><tag id='2'/>"
    "</vlan></portgroup>",
    "<portgroup name='new'><virtualport type='openvswitch'><parameters profileid='p'/>"
    "</virtualport></portgroup>",
    "<portgroup name='new'><virtualport type='bogus'/></portgroup>",
    "<portgroup name='new'><bandwidth><inbound floor='4'/></bandwidth></portgroup>",
    "<portgroup name='new'><bandwidth><inbound peak='4'/></bandwidth></portgroup>",
    "<portgroup name='new'><vlan><tag id='5000'/></vlan></portgroup>",
    "<portgroup name=''/>",
    "<portgroup/>",
    "<portgroup name='it&apos;s'/>",
)

_DNS_HOSTS = (
    "<host ip='192.0.2.20'><hostname>twenty</hostname></host>",
    "<host ip='192.0.2.20'><hostname>ten</hostname></host>",
    "<host ip='192.0.2.10'><hostname>ten</hostname></host>",
    "<host ip='192.0.2.10'><hostname>other</hostname></host>",
    "<host ip='192.0.2.10'/>",
    "<host ip='192.0.2.99'/>",
    "<host ip='2001:db8::1'/>",
    "<host ip='2001:0db8::0001'><hostname>six</hostname></host>",
    "<host><hostname>eleven</hostname></host>",
    "<host><hostname>shared</hostname></host>",
    "<host><hostname>nobody</hostname></host>",
    "<host ip='192.0.2.11'><hostname>ten</hostname></host>",
    "<host/>",
    "<host ip='192.0.2.20'/>",
    "<host ip='x'><hostname>twenty</hostname></host>",
    "<host ip='192.0.2.20'><hostname/></host>",
)

_TXTS = (
    "<txt name='three' value='third'/>",
    "<txt name='three'/>",
    "<txt name='one' value='other'/>",
    "<txt name='one'/>",
    "<txt name='two' value='&lt;&quot;&gt;'/>",
    "<txt value='lonely'/>",
    "<txt name='a b' value='v'/>",
    "<txt name='a,b' value='v'/>",
    "<txt name='' value=''/>",
    "<txt/>",
)

_SRVS = (
    "<srv service='new' protocol='tcp'/>",
    "<srv service='new' protocol='tcp' domain='d' target='t' port='1' priority='2' weight='3'/>",
    "<srv service='ldap' protocol='tcp'/>",
    "<srv service='ldap' protocol='tcp' target='t1.example'/>",
    "<srv service='ldap' protocol='tcp' domain='a.example' target='t2.example' port='390'/>",
    "<srv target='t2.example'/>",
    "<srv domain='b.example'/>",
    "<srv service='sip'/>",
    "<srv protocol='udp'/>",
    "<srv service='none' protocol='tcp'/>",
    "<srv service='new' protocol='tcp' port='5'/>",
    "<srv service='new' protocol='tcp' target='t' port='0'/>",
    "<srv service='new' protocol='tcp' target='t' port='65536'/>",
    "<srv service='new' protocol='tcp' target='t' priority='65536'/>",
    "<srv service='new' protocol='tcp' target='t' weight='x'/>",
    "<srv service='n.w' protocol='tcp'/>",
    "<srv service='new' protocol='t_p'/>",
    "<srv/>",
)

ITEMS: dict[int, tuple[str, ...]] = {
    UpdateSection.NONE: ("<host/>", "<host"),
    UpdateSection.BRIDGE: ("<bridge name='x'/>", "<bridge"),
    UpdateSection.DOMAIN: ("<domain name='x'/>", "<other/>"),
    UpdateSection.IP: ("<ip address='10.0.0.1'/>",),
    UpdateSection.IP_DHCP_HOST: _DHCP_HOSTS + _WRONG,
    UpdateSection.IP_DHCP_RANGE: _DHCP_RANGES + _WRONG,
    UpdateSection.FORWARD: ("<forward mode='nat'/>",),
    UpdateSection.FORWARD_INTERFACE: _INTERFACES + _WRONG,
    UpdateSection.FORWARD_PF: ("<pf dev='eth0'/>",),
    UpdateSection.PORTGROUP: _PORTGROUPS + _WRONG,
    UpdateSection.DNS_HOST: _DNS_HOSTS + _WRONG,
    UpdateSection.DNS_TXT: _TXTS + _WRONG,
    UpdateSection.DNS_SRV: _SRVS + _WRONG,
    13: ("<host/>",),
    99: ("<host/>", "<host"),
}

COMMANDS = (0, 1, 2, 3, 4, 5, 99)

PARENTED = (UpdateSection.IP_DHCP_HOST, UpdateSection.IP_DHCP_RANGE)
PARENT_INDEXES = (-1, 0, 1, 2, 7, -5)

# libvirt writes these without escaping the quote, and then cannot read its own document.
UNESCAPED = ("<host name='it&apos;s' ip='192.168.70.19'/>", "<portgroup name='it&apos;s'/>")

# Where libvirt 9.0.0 refuses what later ones do (8.7 for hosts, 9.1 for texts), we do it.
LATER = (
    "Operation not supported: DNS HOST records cannot be modified, only added or deleted",
    "Operation not supported: DNS TXT records cannot be modified, only added or deleted",
)
