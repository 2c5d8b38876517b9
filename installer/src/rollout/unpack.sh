# Unpacks an archive over a folder, each file whole or not at all.
#   $1  the archive, a tar with gzip; it is removed afterwards
#   $2  the folder
set -eu
archive=$1 folder=$2
mkdir -p "$folder"
new=$(mktemp -d "$folder/.airgap.XXXXXXXX")
trap 'rm -rf "$new"' EXIT
umask 022
tar -xzf "$archive" -C "$new" --no-same-owner
(cd "$new" && find . -type f) | while IFS= read -r file; do
    mkdir -p "$folder/$(dirname "$file")"
    chmod go-w "$new/$file"
    mv -fT "$new/$file" "$folder/$file"
done
sync -f "$folder"
rm -f "$archive"
systemctl daemon-reload
