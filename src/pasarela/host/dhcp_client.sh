#!/bin/sh
# Puts an address of the LAN's on the host's own macvlan: called by dhclient (event in $reason) or
# udhcpc (event in $1) for PASARELA_TABLE. What the host sends from the address leaves by its table;
# the prefix of all bits keeps the kernel from adding a second route to the LAN. IPv6's way to the
# LAN in that table is autoconf.py's, which hears from routers what is on it.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# ADDRESS MASK: the first address of the network, both in dotted form.
network() {
    old=$IFS
    IFS=.
    # shellcheck disable=SC2086
    set -- $1 $2
    IFS=$old
    echo "$(($1 & $5)).$(($2 & $6)).$(($3 & $7)).$(($4 & $8))"
}

# MASK: how many bits of it are set.
bits() {
    old=$IFS
    IFS=.
    count=0
    for octet in $1; do
        while [ "$octet" -gt 0 ]; do
            count=$((count + (octet & 1)))
            octet=$((octet >> 1))
        done
    done
    IFS=$old
    echo "$count"
}

forget6() {
    [ -n "$1" ] || return 0
    ip -6 rule del from "$1" table "$PASARELA_TABLE" 2>/dev/null
    ip -6 addr del "$1/128" dev "$interface" 2>/dev/null
    return 0
}

forget() {
    while ip -4 rule del table "$PASARELA_TABLE" 2>/dev/null; do :; done
    ip -4 addr flush dev "$interface" scope global
}

case ${reason:-$1} in
PREINIT | PREINIT6)
    ip link set dev "$interface" up
    ;;
BOUND | RENEW | REBIND | REBOOT | bound | renew)
    ip=${new_ip_address:-$ip}
    mask=${new_subnet_mask:-$subnet}
    lease=${new_dhcp_lease_time:-${lease:-forever}}
    ip -4 addr show dev "$interface" | grep -q "inet $ip/32 " || forget
    ip -4 addr replace "$ip/32" dev "$interface" valid_lft "$lease" preferred_lft "$lease"
    ip -4 route replace "$(network "$ip" "$mask")/$(bits "$mask")" dev "$interface" \
        src "$ip" table "$PASARELA_TABLE"
    ip -4 rule show table "$PASARELA_TABLE" | grep -q "from $ip " ||
        ip -4 rule add from "$ip" table "$PASARELA_TABLE"
    for guests in $PASARELA_GUESTS; do
        ip -4 route replace "$guests" dev "$interface" src "$ip"
    done
    ;;
BOUND6 | RENEW6 | REBIND6)
    [ -n "$new_ip6_address" ] || exit 0
    [ "$old_ip6_address" = "$new_ip6_address" ] || forget6 "$old_ip6_address"
    ip -6 addr replace "$new_ip6_address/128" dev "$interface" \
        valid_lft "$new_max_life" preferred_lft "$new_preferred_life"
    ip -6 rule show table "$PASARELA_TABLE" | grep -q "from $new_ip6_address " ||
        ip -6 rule add from "$new_ip6_address" table "$PASARELA_TABLE"
    ;;
EXPIRE6 | RELEASE6 | STOP6)
    forget6 "$old_ip6_address"
    ;;
EXPIRE | STOP | RELEASE | deconfig)
    forget
    ;;
esac
exit 0
