# What of a cluster is on a node. Reads, changes nothing.
#   stdin   script PATH   the script by which a distribution goes
#           unit NAME     a unit of it
#           path PATH     what lies there because of it
#           config PATH   its configuration, by whose first line it is known who has written it
# Says those that are there, of which site's cluster the node is, and at the end whether they are ours and how many packages were brought.
set -u
ours=no
while read -r kind name; do
    case $kind in
    script) [ ! -x "$name" ] || echo "script $name" ;;
    unit)
        case $(systemctl is-active "$name" 2>/dev/null) in
        active | activating | deactivating | reloading) echo "unit $name" ;;
        esac
        ;;
    path) [ ! -e "$name" ] && [ ! -L "$name" ] || echo "path $name" ;;
    config) ! head -n 1 "$name" 2>/dev/null | grep -q '^# Written by airgap-install' || ours=yes ;;
    esac
done
[ ! -e /var/lib/airgap-node ] || ours=yes
if [ -r /var/lib/airgap-node/site ] && read -r site cluster </var/lib/airgap-node/site; then echo "claim $site $cluster"; fi
echo "ours $ours"
echo "packages $(sort -u /var/lib/airgap-packages/brought 2>/dev/null | wc -l)"
