# Ends swapping, now and for every boot by fstab. Tells what it changed, a line each.
# shellcheck shell=sh
set -eu
umask 022
used=0
while read -r file _ _ kilobytes _; do
    [ "$file" = Filename ] || used=$((used + kilobytes))
done </proc/swaps
free=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
# What is swapped out has to find room in memory; with none to spare, programs would be killed.
if [ $((used * 2)) -gt "${free:-0}" ]; then
    printf '%s\n' "too much is swapped out ($used kB, with $free kB of memory available): end programs first" >&2
    exit 1
fi
if [ "$(wc -l </proc/swaps)" -gt 1 ]; then
    swapoff -a
    printf 'ended swapping\n'
fi
if grep -Eqs '^[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)' /etc/fstab; then
    # A copy first: it has the mode and the owner.
    cp -p /etc/fstab /etc/fstab.airgap-new
    sed -E 's/^[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)/# without swap, for the cluster: &/' \
        /etc/fstab >/etc/fstab.airgap-new
    mv /etc/fstab.airgap-new /etc/fstab
    printf 'commented out the swap in /etc/fstab\n'
fi
