# Tells what this machine is, a fact a line: its key and its values with tabs between them.
# It only reads. Every tool is optional: a fact that cannot be had has no line. Its arguments are folders to look at; what the
# first two of them hold would be in the way.
# shellcheck shell=sh
set -u
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

have() { command -v "$1" >/dev/null 2>&1; }

# Runs what may hang, for a few seconds at most.
briefly() {
    if have timeout; then timeout 5 "$@" </dev/null 2>/dev/null; else "$@" </dev/null 2>/dev/null; fi
}

# A fact. No value breaks the line, none is long.
put() {
    printf '%s' "$1"
    shift
    for value; do
        case $value in *[[:cntrl:]]*) value=$(printf '%s' "$value" | tr -d '\000-\037\177') ;; esac
        [ ${#value} -le 1000 ] || value=$(printf '%s' "$value" | cut -c1-1000)
        printf '\t%s' "$value"
    done
    printf '\n'
}

# A fact that is a file's first line. Files of the kernel need not end it.
put_file() {
    line=
    [ -r "$2" ] || return 0
    IFS= read -r line <"$2" 2>/dev/null || [ -n "$line" ] || return 0
    put "$1" "$line"
}

identity() {
    put hostname "$(uname -n)"
    put_file machine-id /etc/machine-id
    put_file product-uuid /sys/class/dmi/id/product_uuid
    put kernel "$(uname -r)"
    put architecture "$(uname -m)"
    for key in ID VERSION_ID; do
        value=$(sed -n "s/^$key=//p" /etc/os-release 2>/dev/null | tr -d "\"'" | head -n 1)
        [ -z "$value" ] || put "os-$key" "$value"
    done
    if have getent; then
        for name in localhost "$(uname -n)"; do
            answer=$(briefly getent ahosts "$name" | head -n 1)
            put resolves "$name" "${answer%% *}"
        done
    fi
}

machine() {
    put cpus "$(grep -c '^processor' /proc/cpuinfo)"
    flags=$(sed -n 's/^flags[^:]*: *//p' /proc/cpuinfo | head -n 1)
    for flag in $flags; do
        case $flag in
        cx16 | lahf_lm | popcnt | sse4_1 | sse4_2 | ssse3 | avx | avx2 | bmi1 | bmi2 | f16c | fma | abm | movbe) put cpu-flag "$flag" ;;
        esac
    done
    put memory-kb "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
    [ -r /proc/swaps ] && put swaps "$(sed -n '2,$s/[[:space:]].*//p' /proc/swaps | tr '\n' ' ')"
    for tool in apparmor_parser curl cryptsetup gzip ip iscsiadm modprobe mount mount.nfs sha256sum systemctl tar umount wget; do
        have "$tool" && put tool "$tool"
    done
    have iptables && put iptables "$(briefly iptables --version)"
}

module() {
    path=$(printf '%s' "$1" | tr - _)
    # What is built in may have no folder; a file system is listed all the same.
    if [ -d "/sys/module/$path" ] || grep -qs "^$path " /proc/modules || grep -qs "[[:space:]]$1\$" /proc/filesystems; then
        put module "$1" loaded
    elif grep -q "/$1\.ko" "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null; then
        put module "$1" loaded
    elif have modprobe && briefly modprobe --dry-run --quiet "$1"; then
        put module "$1" loadable
    else
        put module "$1" missing
    fi
}

kernel() {
    for name in overlay br_netfilter nf_conntrack ip_tables vxlan wireguard iscsi_tcp dm_crypt nfs nvme_tcp; do
        module "$name"
    done
    for name in net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.ipv4.conf.all.rp_filter \
        fs.inotify.max_user_instances fs.inotify.max_user_watches; do
        file=/proc/sys/$(printf '%s' "$name" | tr . /)
        # Not by `read`, which takes single bytes: after the first of them the kernel says that there are no more.
        [ -r "$file" ] && value=$(cat "$file" 2>/dev/null) && put sysctl "$name" "$value"
    done
    if [ -r /sys/fs/cgroup/cgroup.controllers ]; then
        put cgroup 2
        put_file controllers /sys/fs/cgroup/cgroup.controllers
    elif [ -r /proc/cgroups ]; then
        put cgroup 1
        put controllers "$(sed -n 's/^\([a-z_]*\)[[:space:]].*[[:space:]]1$/\1/p' /proc/cgroups | tr '\n' ' ')"
    fi
    put_file apparmor /sys/module/apparmor/parameters/enabled
    put_file selinux-enforcing /sys/fs/selinux/enforce
    # The optional field `shared:N` says that what is mounted later is seen by containers.
    mount=$(grep -E '^[0-9]+ [0-9]+ [^ ]+ [^ ]+ / ' /proc/self/mountinfo 2>/dev/null | tail -n 1)
    case $mount in *" shared:"*) put root-mount shared ;; ?*) put root-mount private ;; esac
}

# How a folder, or the nearest one above it that exists, is kept.
folder() {
    at=$2
    while [ ! -d "$at" ] && [ "$at" != / ] && [ -n "$at" ]; do at=$(dirname "$at"); done
    if [ -L "${2%/}" ]; then kind='link'; else kind='folder'; fi
    line=$(briefly df -P -k "$at" | sed -n '2s/.* \([0-9]\{1,\}\)  *\([0-9]\{1,\}\)  *\([0-9]\{1,\}\)  *[0-9-]\{1,\}%*  *\(\/.*\)$/\1 \3 \4/p')
    [ -n "$line" ] || return 0
    size=${line%% *}
    line=${line#* }
    free=${line%% *}
    point=${line#* }
    inodes=$(briefly df -P -i "$at" | sed -n '2s/.* \([0-9]\{1,\}\)  *\([0-9]\{1,\}\)  *\([0-9]\{1,\}\)  *[0-9-]\{1,\}%*  *\/.*$/\1 \3/p')
    type=
    options=
    while read -r _ place kept how _; do
        # Of several at one place the last is seen.
        if [ "$place" = "$point" ]; then
            type=$kept
            options=$how
        fi
    done </proc/mounts
    if [ "$type" = xfs ] && have xfs_info && briefly xfs_info "$point" | grep -q 'ftype=0'; then options=$options,ftype=0; fi
    put folder "$1" "$kind" "$point" "$type" "$options" "$size" "$free" "${inodes%% *}" "${inodes#* }"
}

network() {
    for link in /sys/class/net/*; do
        name=${link##*/}
        [ "$name" != lo ] || continue
        IFS= read -r mac <"$link/address" || continue
        IFS= read -r mtu <"$link/mtu" || continue
        # What has no device behind it (bridges, tunnels) may share its address with others.
        if [ -e "$link/device" ]; then kind=device; else kind=virtual; fi
        put link "$name" "$mac" "$mtu" "$kind"
    done
    if have ip; then
        briefly ip -o addr show | while read -r _ name _ address _; do put address "$name" "$address"; done
        for family in 4 6; do
            briefly ip "-$family" route show | head -n 500 | while read -r to rest; do
                case $to in blackhole | unreachable | prohibit | throw) to=${rest%% *} ;; esac
                device=$(printf ' %s ' "$rest" | sed -n 's/.* dev \([^ ]*\) .*/\1/p')
                put route "$family" "$to" "$device"
            done
        done
    fi
    if [ -r /etc/resolv.conf ]; then
        put resolver file
        sed -n 's/^[[:space:]]*\(nameserver\|search\)[[:space:]]\{1,\}\(.*\)/\1 \2/p' /etc/resolv.conf | head -n 20 |
            while read -r key words; do put "$key" "$words"; done
    fi
    for name in http_proxy https_proxy HTTP_PROXY HTTPS_PROXY; do
        # A proxy may hold a password: only where it is named is told.
        eval "set=\${$name:+yes}"
        # shellcheck disable=SC2154
        [ -z "$set" ] || put proxy environment "$name"
        grep -qs "^[[:space:]]*$name=" /etc/environment && put proxy /etc/environment "$name"
    done
    for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
        grep -Eiqs '^[^/#]*Acquire::(https?::)?proxy|^[[:space:]]*proxy[[:space:]]' "$file" && put proxy "$file" apt
    done
}

sockets() {
    if have ss; then
        for protocol in t u; do
            briefly ss -H "-l${protocol}np" | head -n 1000 | while read -r _ _ _ local _ process; do
                put listen "${protocol}cp" "$local" "$process"
            done
        done
        put sockets looked
        return
    fi
    for protocol in tcp tcp6 udp udp6; do
        [ -r "/proc/net/$protocol" ] || continue
        case $protocol in tcp*) state=0A ;; *) state=07 ;; esac
        sed -n "s/^ *[0-9]*: [0-9A-F]*:\([0-9A-F]\{4\}\) [0-9A-F:]* $state .*/\1/p" "/proc/net/$protocol" | head -n 1000 |
            while read -r port; do put listen "$protocol" "*:$(printf '%d' "0x$port")" ''; done
    done
    put sockets looked
}

clock() {
    if [ -e /run/systemd/timesync/synchronized ]; then
        put synchronised yes
    elif have chronyc && tracking=$(briefly chronyc -n tracking); then
        case $tracking in *"Leap status"*"Normal"*) put synchronised yes ;; *) put synchronised no ;; esac
    elif have timedatectl; then
        put synchronised "$(briefly timedatectl show --property NTPSynchronized --value)"
    fi
}

firewall() {
    grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf && put firewall ufw
    # To ask a filter that is not there would load it.
    if [ -d /sys/module/nf_tables ] && have nft; then
        briefly nft list ruleset | grep -q 'hook input.*policy drop' && put firewall nftables
    fi
    if grep -qs '^filter' /proc/net/ip_tables_names && have iptables-legacy; then
        briefly iptables-legacy -S INPUT | grep -q '^-P INPUT DROP' && put firewall iptables
    fi
    if [ -d /etc/NetworkManager ]; then
        if grep -rqs '^unmanaged-devices=.*\(cali\|flannel\|cilium\)' /etc/NetworkManager; then
            put networkmanager-leaves-cni yes
        else
            put networkmanager-leaves-cni no
        fi
    fi
}

units() {
    have systemctl || return 0
    id=
    briefly systemctl show --no-pager -p Id -p LoadState -p ActiveState -p UnitFileState NetworkManager.service \
        nm-cloud-setup.service nm-cloud-setup.timer firewalld.service ufw.service multipathd.service docker.service \
        containerd.service crio.service kubelet.service rke2-server.service rke2-agent.service k3s.service \
        k3s-agent.service iscsid.service unattended-upgrades.service systemd-resolved.service |
        while IFS='=' read -r key value || [ -n "$id" ]; do
            case $key in
            Id) id=$value ;;
            LoadState) load=$value ;;
            ActiveState) active=$value ;;
            UnitFileState) file=$value ;;
            '')
                [ "$load" = not-found ] || put unit "$id" "$active" "$file"
                id=
                ;;
            esac
        done
}

leftovers() {
    for path in /etc/rancher /var/lib/rancher /etc/kubernetes /var/lib/kubelet /var/lib/etcd /etc/cni/net.d /var/lib/cni \
        /var/lib/calico /opt/rke2 "$@"; do
        # An empty folder is nobody's, and what lies below the others is told with them.
        case $path in '' | /var/lib/rancher/*) continue ;; esac
        [ -d "$path" ] && [ -n "$(find "$path" -mindepth 1 -maxdepth 1 2>/dev/null | head -n 1)" ] && put leftover "$path"
    done
    for path in /run/docker.sock /run/containerd/containerd.sock /run/crio/crio.sock /run/k3s/containerd/containerd.sock; do
        [ -S "$path" ] && put leftover "$path"
    done
    for name in cni0 flannel.1 vxlan.calico cilium_host cilium_vxlan kube-ipvs0; do
        [ -e "/sys/class/net/$name" ] && put leftover "link $name"
    done
    if [ -r /var/lib/airgap-node/site ] && read -r site cluster </var/lib/airgap-node/site; then put claim "$site" "$cluster"; fi
    for program in /usr/local/bin/rke2 /opt/rke2/bin/rke2 /usr/bin/rke2 /usr/local/bin/k3s /usr/bin/k3s; do
        [ -x "$program" ] && put installed "$program" "$(briefly "$program" --version | head -n 1)"
    done
}

packages() {
    if [ -e /run/reboot-required ]; then put reboot-required yes; else put reboot-required no; fi
    have dpkg || return 0
    put dpkg-audit "$(briefly dpkg --audit | sed -n 's/^ \([^ ]*\).*/\1/p' | head -n 20 | tr '\n' ' ')"
    # shellcheck disable=SC2016
    briefly dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^h. *//p' | head -n 100 |
        while read -r name; do put held "$name"; done
    put foreign-architectures "$(briefly dpkg --print-foreign-architectures | tr '\n' ' ')"
    # The kernel lists locks by the number of the file.
    for file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock; do
        number=$(stat -c %i "$file" 2>/dev/null) || continue
        process=$(sed -n "s/^[0-9]*: [A-Z]* *[A-Z]* *[A-Z]* *\([0-9]*\) [0-9a-f]*:[0-9a-f]*:$number .*/\1/p" /proc/locks | head -n 1)
        [ -z "$process" ] || put dpkg-lock "$file" "$(cat "/proc/$process/comm" 2>/dev/null)"
    done
}

here() {
    identity
    machine
    kernel
    number=0
    for path; do
        folder "$number" "$path"
        number=$((number + 1))
    done
    network
    sockets
    firewall
    leftovers "${1:-}" "${2:-}"
}

# These wait for services and read long lists. What they tell comes after the rest, and is found out meanwhile.
{
    clock
    units
    packages
    put end yes
} | {
    here "$@"
    cat
}
exit 0
