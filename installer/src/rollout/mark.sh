# Remembers what a distribution was started with.
#   $1  its name
set -eu
mkdir -p /var/lib/airgap-node
new=$(mktemp /var/lib/airgap-node/.started.XXXXXXXX)
printf '%s\n' "$1" >"$new"
sync "$new"
mv -fT "$new" /var/lib/airgap-node/started
