# Writes a file in small pieces, each of them brought to the disk, and tells how long each took in seconds, a line each.
# shellcheck shell=sh
# Arguments: a folder, how many pieces, their size in bytes. The file goes at the end, however that comes.
set -u
LC_ALL=C
export LC_ALL
at=$1
# A folder that is yet to be made is on the file system of the one above it.
while [ ! -d "$at" ] && [ "$at" != / ]; do at=$(dirname "$at"); done
file=$(mktemp "$at/.airgap-probe.XXXXXX") || exit 1
trap 'rm -f "$file"' EXIT
trap 'exit 1' HUP INT TERM
left=$2
# What a disk can't do in this time is slow enough to tell.
until=$(($(date +%s) + 15))
while [ "$left" -gt 0 ]; do
    # To ask for the time takes as long as a write does: now and then is enough.
    [ $((left % 5)) -ne 0 ] || [ "$(date +%s)" -lt "$until" ] || break
    dd if=/dev/zero of="$file" bs="$3" count=1 oflag=append conv=notrunc,fdatasync
    left=$((left - 1))
done 2>&1 | sed -n 's/.*copied, \([0-9.e-]*\) s.*/\1/p'
