# Remembers what a distribution was started with.
#   $1  its name
set -eu
mkdir -p /var/lib/airgap-node
# What one that was killed has left: nobody else writes here.
rm -f /var/lib/airgap-node/.started.*
new=$(mktemp /var/lib/airgap-node/.started.XXXXXXXX)
printf '%s\n' "$1" >"$new"
sync "$new"
mv -fT "$new" /var/lib/airgap-node/started
sync /var/lib/airgap-node
