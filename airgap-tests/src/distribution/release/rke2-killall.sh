#!/bin/sh
# Ends all that the stand-in started on this node, pods included. What it wrote stays.
set -u
[ "$(id -u)" -eq 0 ] || { echo 'rke2-killall.sh: run it as root' >&2; exit 1; }

systemctl stop rke2-server.service rke2-agent.service 2>/dev/null

# The shims are the parents of all containers. A question to etcd may outlive its unit, of which the main process alone is ended.
for process in /proc/[0-9]*; do
    if tr '\0' ' ' 2>/dev/null <"$process/cmdline" |
        grep -q -e 'containerd-shim.*/run/k3s/containerd/' -e '^etcdctl .*/server/tls/etcd/'; then
        cat "$process"/task/*/children 2>/dev/null | xargs -r kill -KILL 2>/dev/null
        kill -KILL "${process#/proc/}" 2>/dev/null
    fi
done

# What was mounted last lies over the others.
unmount_below() {
    awk -v below="$1" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r place; do
        umount -l "$place"
    done
}
for folder in /run/k3s /var/lib/rancher/rke2 /var/lib/kubelet /run/netns/cni-; do unmount_below "$folder"; done
rm -rf /run/k3s /run/netns/cni-*

ip -o link show type veth 2>/dev/null | sed -n 's/^[0-9]*: \(veth[^@:]*\).* master cni0 .*/\1/p' | while read -r link; do
    ip link delete "$link"
done
ip link delete cni0 2>/dev/null
rm -rf /var/lib/cni
iptables-save | grep -v -e KUBE- -e CNI- -e stand-in | iptables-restore
exit 0
