# Starts a unit anew, so that it runs with what is there now. Does not wait until it is up.
#   $1  the unit
#   $2  its version: what was started last is known also where it does not come up
set -eu
mkdir -p /var/lib/airgap-node
# What one that was killed has left: nobody else writes here.
rm -f /var/lib/airgap-node/.version.*
new=$(mktemp /var/lib/airgap-node/.version.XXXXXXXX)
printf '%s\n' "$2" >"$new"
sync "$new"
mv -fT "$new" /var/lib/airgap-node/version
sync /var/lib/airgap-node
systemctl daemon-reload
systemctl enable --quiet "$1"
systemctl stop "$1"
systemctl reset-failed "$1" 2>/dev/null || true
systemctl start --no-block "$1"
