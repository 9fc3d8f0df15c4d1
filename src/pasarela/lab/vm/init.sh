#!/bin/sh
# The first process of a guest: the network card, an agent on the second serial line, and a shell
# on the first.
/bin/busybox mkdir -p /sbin /usr/sbin
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do
    insmod "/modules/$module.ko"
done < /modules/order
hostname -F /etc/hostname
echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad
echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad
echo 1 > /proc/sys/net/ipv6/conf/eth0/router_solicitation_interval
ip link set lo up
ip link set eth0 up
httpd -p 7007 -h /www
/bin/agent &
while :; do
    setsid cttyhack sh -c 'PS1="$(hostname):\w# " exec sh' < /dev/ttyS0 > /dev/ttyS0 2>&1
done
