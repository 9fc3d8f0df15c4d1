# Furnishes a new node: run in its new namespaces as `create.sh NAME [key=value…]`.
set -eu
hostname "$1"
shift
for assignment in "$@"; do
    file=/proc/sys/${assignment%%=*}
    [ ! -e "$file" ] || echo "${assignment#*=}" > "$file"
done
ip link set lo up
