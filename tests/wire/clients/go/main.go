// Leads a network's life with digitalocean's go-libvirt and prints what comes back.
//
// Its arguments are the daemon's socket and a URI. It ends when the daemon has gone.
package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/digitalocean/go-libvirt"
	"github.com/digitalocean/go-libvirt/socket/dialers"
)

const (
	natXML = `<network><name>nat</name><uuid>00000000-0000-4000-8000-000000000001</uuid>
<forward mode='nat'/><bridge name='wbr1' stp='off' delay='0'/><mac address='52:54:00:00:00:aa'/>
<ip address='10.77.1.1' netmask='255.255.255.0'>
<dhcp><range start='10.77.1.100' end='10.77.1.120'/></dhcp></ip></network>`
	bareXML = `<network><name>bare</name><uuid>00000000-0000-4000-8000-000000000002</uuid>
<bridge name='wbr2'/><mac address='52:54:00:00:00:bb'/></network>`
	hostXML = `<host mac='52:54:00:00:00:02' name='two' ip='10.77.1.50'/>`
	portXML = `<networkport><uuid>00000000-0000-4000-9000-000000000001</uuid>
<owner><name>guest</name><uuid>00000000-0000-4000-a000-000000000001</uuid></owner>
<mac address='52:54:00:00:00:01'/></networkport>`
	patience = 20 * time.Second
)

// show prints results, or the error that libvirt sent.
func show(name string, err error, results ...interface{}) {
	var refused libvirt.Error
	switch {
	case errors.As(err, &refused):
		fmt.Printf("%s: error %d %s\n", name, refused.Code, refused.Message)
	case err != nil:
		fmt.Printf("%s: %v\n", name, err)
	default:
		fmt.Println(append([]interface{}{name + ":"}, results...)...)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func names(networks []libvirt.Network) string {
	var found []string
	for _, network := range networks {
		found = append(found, network.Name)
	}
	sort.Strings(found)
	return strings.Join(found, " ")
}

func lists(l *libvirt.Libvirt) {
	all, count, err := l.ConnectListAllNetworks(1, 0)
	show("list all", err, names(all), count)
	active, err := l.ConnectListNetworks(16)
	sort.Strings(active) // libvirt's are in the order of a hash table
	show("active", err, active)
	defined, err := l.ConnectListDefinedNetworks(16)
	show("defined", err, defined)
	number, err := l.ConnectNumOfNetworks()
	show("number", err, number)
	number, err = l.ConnectNumOfDefinedNetworks()
	show("number defined", err, number)
}

func lookups(l *libvirt.Libvirt, nat libvirt.Network) {
	found, err := l.NetworkLookupByName("nat")
	show("by name", err, found)
	found, err = l.NetworkLookupByUUID(nat.UUID)
	show("by UUID", err, found)
	_, err = l.NetworkLookupByName("nowhere")
	show("by name", err)
	bridge, err := l.NetworkGetBridgeName(nat)
	show("bridge", err, bridge)
	active, err := l.NetworkIsActive(nat)
	show("active", err, active)
	persistent, err := l.NetworkIsPersistent(nat)
	show("persistent", err, persistent)
}

func changes(l *libvirt.Libvirt, nat libvirt.Network) {
	show("autostart", l.NetworkSetAutostart(nat, 1))
	autostart, err := l.NetworkGetAutostart(nat)
	show("autostart", err, autostart)
	add, hosts := libvirt.NetworkUpdateCommandAddLast, libvirt.NetworkSectionIPDhcpHost
	both := libvirt.NetworkUpdateAffectLive | libvirt.NetworkUpdateAffectConfig
	show("update", l.NetworkUpdateCompat(nat, add, hosts, -1, hostXML, both))
	show("update again", l.NetworkUpdateCompat(nat, add, hosts, -1, hostXML, both))
	for _, flags := range []uint32{0, 1} {
		document, err := l.NetworkGetXMLDesc(nat, flags)
		show("document", err, document)
	}
	leases, count, err := l.NetworkGetDhcpLeases(nat, libvirt.OptString{}, 1, 0)
	show("leases", err, leases, count)
}

func ports(l *libvirt.Libvirt, nat libvirt.Network) {
	port, err := l.NetworkPortCreateXML(nat, portXML, 0)
	show("port", err, port)
	_, err = l.NetworkPortCreateXML(nat, portXML, 0)
	show("port again", err)
	all, count, err := l.NetworkListAllPorts(nat, 1, 0)
	show("ports", err, all, count)
	found, err := l.NetworkPortLookupByUUID(nat, port.UUID)
	show("port by UUID", err, found)
	document, err := l.NetworkPortGetXMLDesc(port, 0)
	show("port's document", err, document)
	average := libvirt.TypedParam{Field: "inbound.average", Value: *libvirt.NewTypedParamValueUint(100)}
	show("parameters", l.NetworkPortSetParameters(port, []libvirt.TypedParam{average}, 0))
	parameters, _, err := l.NetworkPortGetParameters(port, 16, 0)
	show("parameters", err, parameters)
	show("delete", l.NetworkPortDelete(port, 0))
	show("delete again", l.NetworkPortDelete(port, 0))
}

func main() {
	l := libvirt.NewWithDialer(dialers.NewLocal(dialers.WithSocket(os.Args[1])))
	must(l.ConnectToURI(libvirt.ConnectURI(os.Args[2])))
	kind, err := l.ConnectGetType()
	show("type", err, kind)
	uri, err := l.ConnectGetUri()
	show("URI", err, uri)
	_, err = l.ConnectGetHostname()
	show("host name", err)
	_, err = l.Domains()
	show("domains", err)

	// It hands network events to nobody; its calls must not be led astray by them.
	callback, err := l.ConnectNetworkEventRegisterAny(0, nil)
	show("register", err)
	nat, err := l.NetworkDefineXML(natXML)
	show("define", err, nat)
	show("create", l.NetworkCreate(nat))
	show("create again", l.NetworkCreate(nat))
	bare, err := l.NetworkCreateXML(bareXML)
	show("create from XML", err, bare)
	lists(l)
	lookups(l, nat)
	changes(l, nat)
	ports(l, nat)
	show("destroy", l.NetworkDestroy(bare))
	show("destroy", l.NetworkDestroy(nat))
	show("undefine", l.NetworkUndefine(nat))
	show("undefine again", l.NetworkUndefine(nat))
	lists(l)
	show("deregister", l.ConnectNetworkEventDeregisterAny(callback))
	show("deregister another", l.ConnectNetworkEventDeregisterAny(4711))
	must(l.Disconnect())

	must(l.ConnectToURI(libvirt.ConnectURI(os.Args[2])))
	fmt.Println("ready")
	select {
	case <-l.Disconnected():
		fmt.Println("disconnected")
	case <-time.After(patience):
		fmt.Println("nobody said that the daemon has gone")
	}
}
