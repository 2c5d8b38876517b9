# Takes a cluster off a node: by the distribution's own script, then what was brought for it.
#   $1      the address of the API, if it wanders between servers
#   stdin   as for the look, and
#           folder PATH   goes if nothing is left in it
#           data PATH     where the distribution has its data, if the site says so
#           kubelet PATH  where the volumes of pods are mounted
# May be stopped at any moment and begun again: /var/lib/airgap-node goes last.
set -eu
PATH=$PATH:/usr/sbin:/sbin
list=$(cat)
# What an installer that was killed has begun goes on by itself here: it comes to its end first.
if command -v flock >/dev/null; then
    exec 9>/run/airgap-leave.lock
    flock 9
fi
mkdir -p /var/lib/airgap-node
fail() {
    printf '%s\n' "$@" >&2
    exit 1
}
# each KIND: the names of a kind.
each() {
    printf '%s\n' "$list" | sed -n "s/^$1 //p"
}

# mounts: the type and the place of what is mounted below the paths, what was mounted last first.
mounts() {
    each path | while IFS= read -r path; do
        awk -v path="$path/" 'index($2, path) == 1 { print $3, $2 }' /proc/self/mounts
    done | sort -u -k 2 -r
}
# foreign: those that are no part of what runs in pods. Behind them may be somebody's data, on another machine even.
foreign() {
    mounts | while read -r type place; do
        case $type in tmpfs | overlay | nsfs | proc) ;; *) printf '%s %s\n' "$type" "$place" ;; esac
    done
}
# refuse_foreign MOUNTS: the distributions' own scripts go through whatever is mounted there, and so would we.
refuse_foreign() {
    [ -z "$1" ] || fail 'these are mounted, and not for us to remove; unmount them, or reboot:' "$1"
}

# Before anything is ended: what is mounted there and is no volume of a pod.
kubelet=$(each kubelet)
refuse_foreign "$(foreign | grep -v -F -e " $kubelet/pods/" -e " $kubelet/plugins/" || true)"

# Both scripts look there for a folder of their own.
data=$(each data)
[ -z "$data" ] || export RKE2_DATA_DIR="$data" K3S_DATA_DIR="$data"
# What ends all pods unmounts their volumes. One that does not come loose is spared: nothing is removed then.
each script | while IFS= read -r script; do
    end=${script%uninstall.sh}killall.sh
    [ ! -x "$end" ] || "$end" </dev/null >&2 || fail "$end failed"
done
# What had brought it up was killed with the pods, and could not give it back.
[ -z "$1" ] || ip -o address show to "$1" | while read -r _ link _ address _; do
    ip address del "$address" dev "$link" || true
done
# The distributions' scripts look for the volumes of pods in one place alone.
mounts | while read -r _ place; do
    case $place in "$kubelet/pods/"* | "$kubelet/plugins/"*) umount -- "$place" || true ;; esac
done
refuse_foreign "$(foreign)"
each script | while IFS= read -r script; do
    # A disk of its own can't be removed, which the script takes for a failure; the rest is done below.
    [ ! -x "$script" ] || "$script" </dev/null >&2 || { [ -n "$data" ] && mountpoint -q "$data"; } || fail "$script failed"
done
each unit | while IFS= read -r unit; do
    case $(systemctl is-active "$unit" 2>/dev/null) in
    active | activating | deactivating | reloading)
        fail "$unit still runs, and the script that ends it is not there: stop it and what it started, or reboot"
        ;;
    esac
done

# These hold nothing that outlives a pod.
mounts | while read -r type place; do
    case $type in tmpfs | overlay | nsfs | proc) umount "$place" || true ;; esac
done
left=$(mounts)
[ -z "$left" ] || fail 'these are still mounted; unmount them, or reboot:' "$left"

# An installation that was killed has left its counters, which may drop what leaves, too.
! nft list table inet airgap_egress >/dev/null 2>&1 || nft delete table inet airgap_egress
if [ -e /etc/systemd/system/airgap-default-route.service ]; then
    systemctl --quiet disable --now airgap-default-route.service
    rm -f /etc/systemd/system/airgap-default-route.service
fi
for file in /etc/systemd/timesyncd.conf.d/airgap.conf /etc/chrony/sources.d/airgap.sources; do
    [ -e "$file" ] || continue
    rm -f "$file"
    case $file in
    */chrony/*) chronyc reload sources >/dev/null 2>&1 || systemctl try-restart chrony.service || true ;;
    *) systemctl try-restart systemd-timesyncd.service || true ;;
    esac
    # Made for this file alone, if nothing else is there; chrony has its own.
    rmdir --ignore-fail-on-non-empty /etc/systemd/timesyncd.conf.d 2>/dev/null || true
done
rm -f /etc/modules-load.d/airgap.conf /etc/sysctl.d/90-airgap.conf \
    /etc/modules-load.d/airgap-components.conf /etc/sysctl.d/91-airgap-components.conf
mark='# without swap, for the cluster: '
if grep -qs "^$mark" /etc/fstab; then
    cp -p /etc/fstab /etc/fstab.airgap-new
    sed "s/^$mark//" /etc/fstab >/etc/fstab.airgap-new
    sync /etc/fstab.airgap-new
    mv /etc/fstab.airgap-new /etc/fstab
    swapon -a || printf '%s\n' 'swapping was not begun again: swapon failed' >&2
fi

each path | while IFS= read -r path; do
    # What says that it is ours goes last.
    [ "$path" != /var/lib/airgap-node ] || continue
    if mountpoint -q "$path"; then
        # The disk stays where the site has it.
        find "$path" -xdev -mindepth 1 -delete
    else
        rm -rf --one-file-system -- "$path"
    fi
done
# What a step that was killed has left half-way.
rm -rf /usr/local/.airgap.[0-9]* /usr/local/bin/.airgap-[0-9]* /etc/systemd/system/.airgap-[0-9]*
each folder | while IFS= read -r folder; do
    [ ! -d "$folder" ] || rmdir --ignore-fail-on-non-empty -- "$folder" || [ ! -d "$folder" ]
done
systemctl daemon-reload
rm -rf /var/lib/airgap-node
