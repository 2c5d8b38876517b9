# Says how a node is. Reads, changes nothing; what a node lacks is left out.
#   $@  the units of the distribution
set -u
PATH=$PATH:/usr/sbin:/sbin
part() {
    printf '\n== %s\n' "$*"
    timeout 10 "$@" 2>&1 | tail -c 200000
}
part uname -a
part cat /etc/os-release
part uptime
part date -u
part free -m
part df -h
part mount
part ip -o address
part ip route
part cat /etc/resolv.conf
part lsmod
part sysctl -a
part ss -tulpn
part systemctl --failed --no-pager
for unit in "$@" airgap-registry.service; do
    part systemctl status --no-pager --full "$unit"
    part journalctl --unit "$unit" --lines 2000 --no-pager --output short-iso
done
part nft list ruleset
part ls -laR /etc/rancher /var/lib/airgap-node
part crictl ps --all
part dmesg --ctime
