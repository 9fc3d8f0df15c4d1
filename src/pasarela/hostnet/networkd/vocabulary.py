"""The sections and keys of systemd-networkd's files that people write.

Source: systemd.network(5), systemd.netdev(5), systemd.link(5) of systemd 252 to 257. Sections of
traffic control and of rare hardware are known by name alone.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MATCH = _words(
    """MACAddress PermanentMACAddress Path Driver Type Kind Property Name WLANInterfaceType SSID
    BSSID Host Virtualization KernelCommandLine KernelVersion Credential Architecture Firmware
    OriginalName"""
)
NETWORK = _words(
    """Description DHCP DHCPServer LinkLocalAddressing IPv6LinkLocalAddressGenerationMode
    IPv6StableSecretAddress IPv4LLStartAddress IPv4LLRoute DefaultRouteOnDevice LLMNR MulticastDNS
    DNSOverTLS DNSSEC DNSSECNegativeTrustAnchors LLDP EmitLLDP BindCarrier Address Gateway DNS
    Domains DNSDefaultRoute NTP IPForward IPv4Forwarding IPv6Forwarding IPMasquerade
    IPv6PrivacyExtensions IPv6AcceptRA IPv6DuplicateAddressDetection IPv6HopLimit
    IPv6RetransmissionTimeSec IPv4ReversePathFilter IPv4AcceptLocal IPv4RouteLocalnet IPv4ProxyARP
    IPv4ProxyARPPrivateVLAN IPv6ProxyNDP IPv6ProxyNDPAddress IPv6SendRA DHCPPrefixDelegation
    DHCPv6PrefixDelegation IPv6MTUBytes MPLSRouting KeepMaster BatmanAdvanced Bond Bridge VRF
    IPoIB IPVLAN IPVTAP MACsec MACVLAN MACVTAP Tunnel VLAN VXLAN Xfrm ActiveSlave PrimarySlave
    ConfigureWithoutCarrier IgnoreCarrierLoss KeepConfiguration IPv6LinkLocalAddressGenerationMode
    UseDomains"""
)
SECTIONS = {
    "Match": MATCH,
    "Link": _words(
        """MACAddress MTUBytes ARP Multicast AllMulticast Promiscuous Unmanaged Group
        RequiredForOnline RequiredFamilyForOnline ActivationPolicy"""
    ),
    "Network": NETWORK,
    "Address": _words(
        """Address Peer Broadcast Label PreferredLifetime Scope RouteMetric HomeAddress
        DuplicateAddressDetection ManageTemporaryAddress AddPrefixRoute AutoJoin NetLabel NFTSet"""
    ),
    "Route": _words(
        """Gateway GatewayOnLink Destination Source Metric IPv6Preference Scope PreferredSource
        Table HopLimit Protocol Type InitialCongestionWindow InitialAdvertisedReceiveWindow
        QuickAck FastOpenNoCookie MTUBytes TCPAdvertisedMaximumSegmentSize MultiPathRoute NextHop
        TCPCongestionControlAlgorithm TCPRetransmissionTimeoutSec"""
    ),
    "DHCPv4": _words(
        """SendHostname Hostname MUDURL ClientIdentifier VendorClassIdentifier UserClass DUIDType
        DUIDRawData IAID RapidCommit Anonymize RequestOptions SendOption SendVendorOption
        IPServiceType SocketPriority Label UseDNS RoutesToDNS UseNTP RoutesToNTP UseSIP UseMTU
        UseHostname UseDomains UseRoutes RouteMetric RouteTable RouteMTUBytes UseGateway
        UseTimezone Use6RD UseDNR FallbackLeaseLifetimeSec RequestBroadcast MaxAttempts ListenPort
        DenyList AllowList
        SendRelease SendDecline NetLabel NFTSet QuickAck InitialCongestionWindow
        InitialAdvertisedReceiveWindow IPv6OnlyMode BlackList UseCaptivePortal"""
    ),
    "DHCPv6": _words(
        """MUDURL IAID DUIDType DUIDRawData RequestOptions SendOption SendVendorOption UserClass
        VendorClass PrefixDelegationHint RapidCommit SendHostname Hostname UseDNS UseDNR UseNTP
        UseHostname UseDomains UseAddress UseDelegatedPrefix WithoutRA NetLabel SendRelease NFTSet
        RouteMetric UseCaptivePortal UseSIP"""
    ),
    "IPv6AcceptRA": _words(
        """Token UseDNS UseDNR UseDomains RouteTable RouteMetric QuickAck UseMTU UseHopLimit
        UseReachableTime UseRetransmissionTime UseGateway UseRoutePrefix UseCaptivePortal UsePREF64
        UseAutonomousPrefix UseOnLinkPrefix RouterDenyList RouterAllowList PrefixDenyList
        PrefixAllowList RouteDenyList RouteAllowList DHCPv6Client NetLabel NFTSet UseICMP6RateLimit
        UseRedirect"""
    ),
    "NetDev": _words("Description Name Kind MTUBytes MACAddress"),
    "VLAN": _words(
        """Id Protocol GVRP MVRP LooseBinding ReorderHeader EgressQOSMaps IngressQOSMaps"""
    ),
    "Bond": _words(
        """Mode TransmitHashPolicy LACPTransmitRate MIIMonitorSec UpDelaySec DownDelaySec
        LearnPacketIntervalSec AdSelect AdActorSystemPriority AdUserPortKey AdActorSystem
        FailOverMACPolicy ARPValidate ARPIntervalSec ARPIPTargets ARPAllTargets
        PrimaryReselectPolicy ResendIGMP PacketsPerSlave GratuitousARP AllSlavesActive
        DynamicTransmitLoadBalancing MinLinks ARPMissedMax PeerNotifyDelaySec"""
    ),
}
NETDEV_BRIDGE = _words(
    """HelloTimeSec MaxAgeSec ForwardDelaySec AgeingTimeSec Priority GroupForwardMask DefaultPVID
    MulticastQuerier MulticastSnooping VLANFiltering VLANProtocol STP MulticastIGMPVersion
    FDBMaxLearned LinkLocalLearning"""
)
PORT_BRIDGE = _words(
    """UnicastFlood MulticastFlood MulticastToUnicast NeighborSuppression Learning HairPin Isolated
    UseBPDU FastLeave AllowPortToBeRoot ProxyARP ProxyARPWiFi MulticastRouter Cost Priority Locked
    MACAuthenticationBypass VLANTunnel"""
)
OTHER_SECTIONS = {
    ".network": _words(
        """Bridge BridgeFDB BridgeMDB BridgeVLAN CAN DHCP DHCPPrefixDelegation DHCPServer
        DHCPServerStaticLease IPoIB IPv6AddressLabel IPv6PREF64Prefix IPv6Prefix IPv6RoutePrefix
        IPv6SendRA LLDP MobileNetwork ModemManager Neighbor NextHop RoutingPolicyRule SR-IOV
        DHCPv6PrefixDelegation"""
    ),
    ".netdev": _words(
        """Bridge BareUDP BatmanAdvanced FooOverUDP GENEVE HSR IPVLAN IPVTAP IPoIB L2TP L2TPSession
        MACVLAN MACVTAP MACsec MACsecReceiveAssociation MACsecReceiveChannel
        MACsecTransmitAssociation Peer Tap Tun Tunnel VRF VXCAN VXLAN WLAN WireGuard WireGuardPeer
        Xfrm"""
    ),
    ".link": _words("SR-IOV EnergyEfficientEthernet"),
}
OWN_SECTIONS = {
    ".network": _words("Match Link Network Address Route DHCPv4 DHCPv6 IPv6AcceptRA"),
    ".netdev": _words("Match NetDev VLAN Bond"),
    ".link": _words("Match Link"),
}
