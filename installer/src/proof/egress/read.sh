# Says what a node has counted. Reads, changes nothing.
#   $1  the table
# First which boot this is; then what carries packets of pods by programs of its own; then the table, if it is there.
PATH=$PATH:/usr/sbin:/sbin
echo "boot $(cat /proc/sys/kernel/random/boot_id)"
past=
for place in /sys/fs/bpf/tc/globals/cilium_* /sys/fs/bpf/cilium/*; do [ ! -e "$place" ] || past=cilium; done
for place in /sys/fs/bpf/tc/globals/cali_* /sys/fs/bpf/calico/*; do [ ! -e "$place" ] || past=calico; done
echo "past $past"
nft list table inet "$1" >/dev/null 2>&1 || exit 0
exec nft -j list table inet "$1"
