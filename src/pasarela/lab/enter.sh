# Runs a command with a node's own files: `enter.sh NAME COMMAND…`, in a new mount namespace.
set -eu
node=/run/pasarela-lab/nodes/$1
shift
# A copy of the files that hold network namespaces would keep a removed node alive.
umount --lazy /run/pasarela-lab/pins
mount --bind "$node/resolv.conf" /etc/resolv.conf
mount --rbind "$node/run" /run
mount -t sysfs sysfs /sys
exec "$@"
