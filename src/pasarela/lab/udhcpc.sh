#!/bin/sh
# Does what the DHCP server said: called by udhcpc with the event, the lease is in the environment.
# The lease is printed too, one `name=value` a line, for whoever measures.
case $1 in
deconfig)
    ip link set dev "$interface" up
    ip -4 addr flush dev "$interface"
    ;;
bound | renew)
    ip -4 addr replace "$ip/$mask" dev "$interface" valid_lft "${lease:-forever}" preferred_lft "${lease:-forever}"
    for gateway in $router; do
        ip -4 route replace default via "$gateway" dev "$interface"
    done
    {
        [ -z "$domain" ] || echo "search $domain"
        for server in $dns; do echo "nameserver $server"; done
    } > /etc/resolv.conf
    printf '%s\n' "address=$ip/$mask" "router=$router" "dns=$dns" "server=$serverid"
    ;;
esac
