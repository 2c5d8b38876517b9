# Sets parameters of the kernel, now and at every boot. Its arguments are NAME=VALUE. Tells what it changed, a line each.
# shellcheck shell=sh
set -eu
umask 022
kept=/etc/sysctl.d/90-airgap.conf
for setting; do
    name=${setting%%=*}
    value=${setting#*=}
    if ! grep -qsxF "$name = $value" "$kept"; then
        mkdir -p "${kept%/*}"
        {
            printf '# Parameters that the cluster needs.\n'
            # A former value of the same name goes.
            [ ! -e "$kept" ] || grep -v '^#' "$kept" | grep -vF "$name = " || true
            printf '%s = %s\n' "$name" "$value"
        } >"$kept.new"
        mv "$kept.new" "$kept"
        printf 'wrote %s = %s into %s\n' "$name" "$value" "$kept"
    fi
    file=/proc/sys/$(printf '%s' "$name" | tr . /)
    # Not by `read`, which takes single bytes: after the first of them the kernel says that there are no more.
    now=$(cat "$file")
    if [ "$now" != "$value" ]; then
        printf '%s\n' "$value" >"$file"
        printf 'set %s from %s to %s\n' "$name" "$now" "$value"
    fi
done
