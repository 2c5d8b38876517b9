#!/bin/sh
# Ends k3s and everything that runs in its containers, and takes back what it set up in the network.
# Written by airgap-install: k3s's release has no such script.
set -u
[ "$(id -u)" -eq 0 ] || { echo 'k3s-killall: run it as root' >&2; exit 1; }

systemctl stop k3s.service k3s-agent.service 2>/dev/null

# A shim and all below it.
end_tree() {
    # shellcheck disable=SC2013 # the numbers stand in one line
    for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do end_tree "$child"; done
    kill -9 "$1" 2>/dev/null
}
for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in
    *k3s/data/*/bin/containerd-shim* | *containerd-shim*/run/k3s/containerd/containerd.sock*) end_tree "${process#/proc/}" ;;
    esac
done

# The deepest first. What does not come loose is left: behind it may be somebody's data.
awk '$2 ~ "^/(run/k3s|run/netns/cni-|var/lib/kubelet/(pods|plugins))" { print $2 }' /proc/self/mounts |
    sort -r | while read -r place; do umount "$place"; done
# What is mounted yet can't be removed.
rm -f /run/netns/cni-* 2>/dev/null

for link in cni0 flannel.1 flannel-v6.1 kube-ipvs0 flannel-wg flannel-wg-v6; do
    ip link delete "$link" 2>/dev/null
done
for tables in iptables ip6tables; do
    command -v "$tables-save" >/dev/null || continue
    "$tables-save" | grep -v -e KUBE- -e CNI- -e FLANNEL- | "$tables-restore"
done
exit 0
