#!/bin/sh
# Gives a container what kubelet and containerd expect of a whole machine. The machine around it stays as it is.
set -eu

# systemd-nspawn leaves only systemd's own control groups writable. All of them are this node's own.
awk '$3 ~ /^cgroup/ { print $2 }' /proc/self/mounts | while read -r hierarchy; do
    mount -o remount,rw,bind "$hierarchy"
done

# kubelet looks there for what the kernel killed.
[ -e /dev/kmsg ] || mknod -m 600 /dev/kmsg c 1 3

# Volumes and containers are mounted where others see them.
mount --make-rshared /

# kubelet sets these, for the whole kernel: let it find the values that it wants, and write into files.
mkdir -p /run/airgap-rig
while read -r name value; do
    file=/run/airgap-rig/$(printf %s "$name" | tr / .)
    printf '%s\n' "$value" >"$file"
    mount --bind "$file" "/proc/sys/$name"
done <<END
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END

# The tree is every node's, this key only this one's.
[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key
