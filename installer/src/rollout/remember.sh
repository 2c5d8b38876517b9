# Writes down which files are brought to a node, before they are: so what nothing asks for any more is known to be ours.
#   stdin  their paths, a line each
set -eu
folder=/var/lib/airgap-node
mkdir -p "$folder"
# Several steps bring files at the same time.
exec 9>"$folder/.files.lock"
flock 9
rm -f "$folder"/.files.new.*
new=$(mktemp "$folder/.files.new.XXXXXXXX")
{
    [ ! -e "$folder/files" ] || cat "$folder/files"
    cat
} | LC_ALL=C sort -u >"$new"
sync "$new"
mv -fT "$new" "$folder/files"
sync "$folder"
