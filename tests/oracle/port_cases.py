"""Networks and ports for them: what is inherited, merged, chosen and refused."""

from __future__ import annotations

_QBG = "<parameters managerid='11' typeid='1193047' typeidversion='2'{}/>"
INSTANCE = " instanceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'"
OTHER_INSTANCE = " instanceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa50'"

NETWORKS = {
    "nat": """<network><name>nat</name><forward mode='nat'/><bridge name='virbr80'/>
        <port isolated='yes'/><ip address='192.168.80.1' netmask='255.255.255.0'/>
        <portgroup name='slow'><bandwidth><inbound average='10' peak='20' burst='30'/>
        <outbound average='5'/></bandwidth></portgroup>
        <portgroup name='usual' default='yes' trustGuestRxFilters='yes'/>
        <portgroup name='ovs'><virtualport type='openvswitch'/></portgroup></network>""",
    "isolated": """<network trustGuestRxFilters='no'><name>isolated</name>
        <bridge name='virbr81'/></network>""",
    "hostbridge": """<network><name>hostbridge</name><forward mode='bridge'/>
        <bridge name='br0'/><virtualport type='openvswitch'><parameters profileid='net'
        interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>
        <vlan trunk='yes'><tag id='42'/><tag id='43'/></vlan>
        <portgroup name='tagged'><vlan><tag id='7' nativeMode='untagged'/></vlan>
        <virtualport type='openvswitch'><parameters profileid='net'/></virtualport></portgroup>
        <portgroup name='clash'><virtualport type='openvswitch'><parameters profileid='other'/>
        </virtualport></portgroup></network>""",
    "plainbridge": """<network><name>plainbridge</name><forward mode='bridge'/>
        <bridge name='br1'/></network>""",
    "macvtap": """<network><name>macvtap</name><forward mode='bridge'><interface dev='eth0'/>
        <interface dev='eth1'/><interface dev='eth2'/></forward></network>""",
    "private": """<network><name>private</name><forward mode='private' dev='eth0'/>
        <portgroup name='qbh'><virtualport type='802.1Qbh'><parameters profileid='finance'/>
        </virtualport></portgroup></network>""",
    "vepa": f"""<network><name>vepa</name><forward mode='vepa'><interface dev='eth7'/></forward>
        <virtualport type='802.1Qbg'>{_QBG.format("")}</virtualport></network>""",
    "passthrough": """<network><name>passthrough</name><forward mode='passthrough'>
        <interface dev='eth0'/><interface dev='eth1'/></forward></network>""",
    "nodev": "<network><name>nodev</name><forward mode='bridge'/></network>",
}

_HEAD = """<uuid>{uuid}</uuid><owner><name>guest &amp; co</name>
<uuid>22222222-2222-4222-8222-222222222222</uuid></owner><mac address='52:54:00:80:00:01'/>"""

# What stands beside the head; the same for every network.
EXTRAS = (
    "",
    "<group>slow</group>",
    "<group>usual</group>",
    "<group>ovs</group>",
    "<group>tagged</group>",
    "<group>clash</group>",
    "<group>qbh</group>",
    "<group>nobody</group>",
    "<group/>",
    "<bandwidth><inbound average='7'/></bandwidth><group>slow</group>",
    "<bandwidth><outbound average='7' peak='8' burst='9'/></bandwidth>",
    "<bandwidth><inbound floor='100'/></bandwidth>",
    "<bandwidth><inbound average='7' floor='100'/></bandwidth>",
    "<bandwidth/>",
    "<bandwidth><inbound peak='7'/></bandwidth>",
    "<bandwidth classID='9'><inbound average='7'/></bandwidth>",
    "<vlan><tag id='5'/></vlan>",
    "<vlan trunk='yes'><tag id='5'/><tag id='6' nativeMode='tagged'/></vlan>",
    "<vlan/>",
    "<vlan><tag id='9999'/></vlan>",
    "<port isolated='no'/>",
    "<port isolated='yes'/>",
    "<port isolated='maybe'/>",
    "<port/>",
    "<rxfilters trustGuest='yes'/>",
    "<rxfilters trustGuest='no'/>",
    "<rxfilters trustGuest='perhaps'/>",
    "<rxfilters/>",
    "<virtualport/>",
    "<virtualport><parameters profileid='mine'/></virtualport>",
    "<virtualport type='openvswitch'><parameters interfaceid="
    "'09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>",
    "<virtualport type='openvswitch'><parameters interfaceid="
    "'09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f' profileid='mine'/></virtualport>",
    "<virtualport type='openvswitch'/>",
    "<virtualport type='midonet'><parameters interfaceid="
    "'09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>",
    "<virtualport type='midonet'/>",
    f"<virtualport type='802.1Qbg'>{_QBG.format(INSTANCE)}</virtualport>",
    f"<virtualport type='802.1Qbg'>{_QBG.format(OTHER_INSTANCE)}</virtualport>",
    f"<virtualport type='802.1Qbg'>{_QBG.format('')}</virtualport>",
    "<virtualport type='802.1Qbg'/>",
    f"<virtualport><parameters {INSTANCE}/></virtualport>",
    "<virtualport><parameters managerid='12'/></virtualport>",
    "<virtualport type='802.1Qbh'><parameters profileid='mine'/></virtualport>",
    "<virtualport type='802.1Qbh'/>",
    "<virtualport type='802.1Qbh'><parameters managerid='1'/></virtualport>",
    "<virtualport type='bogus'/>",
    "<unknown/>",
    "<plug type='none'/>",
)

DOCUMENTS = tuple(f"<networkport>{_HEAD}{extra}</networkport>" for extra in EXTRAS)

BROKEN = (
    "<networkport/>",
    "<networkport",
    "<other/>",
    "<networkport><uuid>nonsense</uuid></networkport>",
    "<networkport><uuid>{uuid}</uuid></networkport>",
    "<networkport><uuid>{uuid}</uuid><owner/></networkport>",
    "<networkport><uuid>{uuid}</uuid><owner><name>x</name></owner></networkport>",
    "<networkport><uuid>{uuid}</uuid><owner><name>x</name><uuid>y</uuid></owner></networkport>",
    "<networkport><uuid>{uuid}</uuid><owner><name>x</name><uuid>{uuid}</uuid></owner>"
    "</networkport>",
    "<networkport><uuid>{uuid}</uuid><owner><name>x</name><uuid>{uuid}</uuid></owner>"
    "<mac address='bad'/></networkport>",
    "<networkport><uuid>{uuid}</uuid><owner><name>x</name><uuid>{uuid}</uuid></owner>"
    "<mac/></networkport>",
    "<networkport><uuid>{uuid}</uuid><owner><name/><uuid>{uuid}</uuid></owner></networkport>",
)

PLUGS = (
    "<plug type='bogus'/>",
    "<plug type='network'/>",
    "<plug type='network' bridge='virbr80'/>",
    "<plug type='network' bridge='elsewhere'/>",
    "<plug type='bridge' bridge='br0' macTableManager='libvirt'/>",
    "<plug type='bridge' bridge='br0' macTableManager='bogus'/>",
    "<plug type='direct' dev='eth0' mode='bridge'/>",
    "<plug type='direct' dev='eth0' mode='private'/>",
    "<plug type='direct' dev='eth1'/>",
    "<plug type='direct' dev='eth9' mode='vepa'/>",
    "<plug type='direct' mode='vepa'/>",
    "<plug type='direct' dev='eth0' mode='bogus'/>",
    "<plug type='hostdev-pci' managed='yes'><address type='pci' domain='0x0000' bus='0x03' "
    "slot='0x10' function='0x1'/></plug>",
    "<plug type='hostdev-pci' managed='no'><driver name='vfio'/><address domain='0x0001' bus='3' "
    "slot='0x10' function='0x1'/></plug>",
    "<plug type='hostdev-pci'/>",
    "<plug type='hostdev-pci'><driver name='bogus'/></plug>",
    "<plug type='hostdev-pci' managed='so'/>",
)

RECLAIMED = tuple(f"<networkport>{_HEAD}{plug}</networkport>" for plug in PLUGS)
