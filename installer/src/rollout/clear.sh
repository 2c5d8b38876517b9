# Removes files that were brought to a node and that nothing asks for any more.
#   stdin  their paths, a line each; one that is not written down as ours is left
set -eu
folder=/var/lib/airgap-node
exec 9>"$folder/.files.lock"
flock 9
rm -f "$folder"/.files.new.*
gone=$(mktemp "$folder/.files.new.XXXXXXXX")
cat >"$gone"
while IFS= read -r path; do
    if grep -Fqx -e "$path" "$folder/files"; then rm -f -- "$path"; fi
done <"$gone"
# What was removed is forgotten then: whoever is killed in between removes it again.
new=$(mktemp "$folder/.files.new.XXXXXXXX")
grep -Fvx -f "$gone" "$folder/files" >"$new" || true
sync "$new"
mv -fT "$new" "$folder/files"
rm -f "$gone"
sync "$folder"
systemctl daemon-reload
