# Gives the node a default route that leads nowhere, now and at every boot, unless it has one. Tells what it changed.
# shellcheck shell=sh
# The addresses are of a range that is kept for documentation (RFC 5737). An empty bridge does where the kernel has no
# dummy interface. Calico, which takes the first interface with an address, passes over those whose name begins with `dummy`.
set -eu
umask 022
name=airgap-default-route.service
unit=/etc/systemd/system/$name
[ -z "$(ip -4 route show default)" ] || exit 0
ip=$(command -v ip)
cat >"$unit.new" <<END
[Unit]
Description=A default route that leads nowhere, for the cluster
After=network.target
Before=rke2-server.service rke2-agent.service k3s.service k3s-agent.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-$ip link add dummy-airgap type dummy
ExecStart=-$ip link add dummy-airgap type bridge
ExecStart=$ip link set dummy-airgap up
ExecStart=$ip address replace 203.0.113.254/31 dev dummy-airgap
ExecStart=$ip route replace default via 203.0.113.255 dev dummy-airgap metric 1000
ExecStop=$ip link delete dummy-airgap

[Install]
WantedBy=multi-user.target
END
if cmp -s "$unit.new" "$unit"; then
    rm "$unit.new"
else
    mv "$unit.new" "$unit"
    printf 'wrote %s\n' "$unit"
fi
systemctl daemon-reload
systemctl --quiet enable "$name"
systemctl restart "$name"
printf 'enabled and started %s: a default route through the interface dummy-airgap\n' "$name"
