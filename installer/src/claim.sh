# Writes down whose cluster a node is of, unless it stands there already.
#   $1  the site's name
#   $2  what names the cluster
# Fails where another cluster stands there.
# shellcheck shell=sh
set -eu
file=/var/lib/airgap-node/site
mkdir -p /var/lib/airgap-node
if [ ! -e "$file" ]; then
    new=$(mktemp /var/lib/airgap-node/.site.XXXXXXXX)
    printf '%s %s\n' "$1" "$2" >"$new"
    sync "$new"
    # Whoever comes second finds the first one's.
    ln "$new" "$file" 2>/dev/null || true
    rm -f "$new"
    sync /var/lib/airgap-node
fi
read -r site cluster <"$file"
[ "$cluster" = "$2" ] || {
    printf 'the site %s has begun to make a cluster of it\n' "$site" >&2
    exit 1
}
