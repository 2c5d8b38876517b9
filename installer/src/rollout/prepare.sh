# Makes ready what a hardened distribution looks for before it starts. What is there already is left alone.
#   $1  the file with the kernel's settings
#   $2  a user of the system that has to be there, with a group of its own; empty: none
set -eu
PATH=$PATH:/usr/sbin:/sbin
sysctl --quiet --load="$1"
[ -n "$2" ] || exit 0
# It looks into the files alone, whatever else the system asks for users.
grep -q "^$2:" /etc/group || groupadd --system "$2"
grep -q "^$2:" /etc/passwd ||
    useradd --system --gid "$2" --comment "$2 user" --shell /sbin/nologin --no-create-home "$2"
