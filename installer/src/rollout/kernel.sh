# Brings into force what components need of the kernel.
#   $1  modules, a line each, as in modules-load.d(5)
#   $2  settings, as in sysctl.d(5)
# Modules come first: some settings are there only with theirs.
set -eu
PATH=$PATH:/usr/sbin:/sbin
# there MODULE: whether it is loaded, built in, or a file system that the kernel knows.
there() {
    [ -d "/sys/module/$1" ] || grep -qs "^$1 " /proc/modules || grep -qs "[[:space:]]$1\$" /proc/filesystems
}
missing=$(printf '%s\n' "$1" | while IFS= read -r module; do
    case $module in '#'* | '') continue ;; esac
    # What the host of a container has is there, and can't be loaded.
    there "$module" || modprobe -- "$module" >&2 || printf ' %s' "$module"
done)
if [ -n "$missing" ]; then
    echo "modules that can't be loaded:$missing (packages linux-modules-extra of the running kernel have more)" >&2
    exit 1
fi
printf '%s\n' "$2" | while IFS= read -r line; do
    case $line in '#'* | '') continue ;; esac
    name=${line%% = *} value=${line#* = }
    # One that is so already is left alone; the kernel shows several values with tabs between them.
    now=$(sysctl -n "$name" | tr '\t' ' ')
    [ "$now" = "$value" ] || sysctl --quiet --write "$name=$value"
done
