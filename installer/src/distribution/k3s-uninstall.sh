#!/bin/sh
# Removes k3s from this machine, with all of its data.
# Written by airgap-install: k3s's release has no such script.
set -u
[ "$(id -u)" -eq 0 ] || { echo 'k3s-uninstall: run it as root' >&2; exit 1; }

/usr/local/bin/k3s-killall.sh
systemctl disable '@unit@' 2>/dev/null
rm -f '/etc/systemd/system/@unit@' '/etc/default/k3s' '/etc/default/k3s-agent'
systemctl daemon-reload
# Not through what would not come loose: behind it may be somebody's data.
rm -rf --one-file-system /etc/rancher/k3s /etc/rancher/node /run/k3s /run/flannel "${K3S_DATA_DIR:-/var/lib/rancher/k3s}" \
    /var/lib/kubelet /var/lib/cni
rm -f /usr/local/bin/k3s /usr/local/bin/k3s-killall.sh /usr/local/bin/k3s-uninstall.sh
