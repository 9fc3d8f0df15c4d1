#!/bin/sh
# Puts an address of the LAN's on the host's own macvlan: called by dhclient (event in $reason) or
# udhcpc (event in $1) for PASARELA_TABLE. What the host sends from the address leaves by its table;
# the prefix of 32 bits keeps the kernel from adding a second route to the LAN.
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

forget() {
    while ip -4 rule del table "$PASARELA_TABLE" 2>/dev/null; do :; done
    ip -4 addr flush dev "$interface" scope global
}

case ${reason:-$1} in
PREINIT)
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
    [ -z "$PASARELA_GUESTS" ] ||
        ip -4 route replace "$PASARELA_GUESTS" dev "$interface" src "$ip"
    ;;
EXPIRE | STOP | RELEASE | deconfig)
    forget
    ;;
esac
exit 0
