# Copies a file so that it is whole under its last name.
#   $1  from
#   $2  to
#   $3  the permissions
set -eu
# What one that was killed has left is written over.
new=$2.airgap-new
cp -f "$1" "$new"
chown 0:0 "$new"
chmod "$3" "$new"
sync "$new"
mv -fT "$new" "$2"
