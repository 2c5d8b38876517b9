# What a node holds of what it shall hold. Reads, changes nothing.
#   $1      the unit
#   $2      the distribution's program
#   stdin   file SHA256 MODE PATH
#           package NAME VERSION
# Answers a line for each, in their order, which files were brought, and what the unit does.
set -u
unit=$1 program=$2

while read -r kind first second path; do
    case $kind in
    file)
        if [ -L "$path" ] || [ ! -f "$path" ]; then
            echo 'file absent'
        elif [ "$(stat -c '%a %u' "$path")" != "$second 0" ]; then
            echo 'file differs'
        elif [ "$(sha256 <"$path")" = "$first" ]; then
            echo 'file same'
        else
            echo 'file differs'
        fi
        ;;
    package)
        # What is newer stays, so it is as good.
        found=$(dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$first" 2>/dev/null |
            sed -n 's/^installed //p' | head -n 1)
        if [ -z "$found" ]; then
            echo 'package absent'
        elif dpkg --compare-versions "$found" ge "$second"; then
            echo 'package same'
        else
            echo 'package differs'
        fi
        ;;
    esac
done
# Files that were brought at any time and are there.
if [ -e /var/lib/airgap-node/files ]; then
    while IFS= read -r path; do
        if [ -f "$path" ]; then printf 'ours %s\n' "$path"; fi
    done </var/lib/airgap-node/files
fi
echo "unit $(systemctl is-active "$unit" 2>/dev/null) $(systemctl is-enabled "$unit" 2>/dev/null)"
# What was started last is written down before it is started. Where nobody wrote it down, the program that lies there is it.
version=$(cat /var/lib/airgap-node/version 2>/dev/null)
if [ -z "$version" ] && [ ! -e /var/lib/airgap-node ] && [ -x "$program" ]; then
    version=$(timeout 20 "$program" --version 2>/dev/null | sed -n '1s/^[a-z0-9]* version \(v[^ ]*\).*/\1/p')
fi
echo "version $version"
echo "fingerprint $(cat /var/lib/airgap-node/started 2>/dev/null)"
