# Loads modules of the kernel, now and at every boot. Its arguments are their names. Tells what it changed, a line each.
# shellcheck shell=sh
set -eu
umask 022
kept=/etc/modules-load.d/airgap.conf
for name; do
    path=$(printf '%s' "$name" | tr - _)
    if [ ! -d "/sys/module/$path" ]; then
        modprobe "$name"
        printf 'loaded the module %s\n' "$name"
    fi
    if ! grep -qsx "$name" "$kept"; then
        mkdir -p "${kept%/*}"
        [ -e "$kept" ] || printf '# Modules that the cluster needs.\n' >"$kept"
        printf '%s\n' "$name" >>"$kept"
        printf 'wrote %s into %s\n' "$name" "$kept"
    fi
done
