#!/bin/sh
# Takes the stand-in off this node.
set -u
[ "$(id -u)" -eq 0 ] || { echo 'rke2-uninstall.sh: run it as root' >&2; exit 1; }
root=/usr/local
[ -e "$root/bin/rke2" ] || root=$(cd "$(dirname "$0")/.." && pwd)

"$root/bin/rke2-killall.sh"
systemctl disable rke2-server.service rke2-agent.service 2>/dev/null
rm -f "$root"/lib/systemd/system/rke2-server.* "$root"/lib/systemd/system/rke2-agent.* \
    /etc/systemd/system/rke2-server.* /etc/systemd/system/rke2-agent.*
systemctl daemon-reload
systemctl reset-failed rke2-server.service rke2-agent.service 2>/dev/null
rm -rf /etc/rancher/rke2 /var/lib/rancher/rke2 /var/lib/kubelet "$root/share/rke2"
rmdir /var/lib/rancher 2>/dev/null
rm -f "$root/bin/rke2" "$root/bin/rke2-killall.sh" "$root/bin/rke2-uninstall.sh"
exit 0
