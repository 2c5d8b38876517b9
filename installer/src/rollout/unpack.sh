# Unpacks an archive over a folder, each file whole or not at all.
#   $1  the archive, a tar with gzip; it is removed afterwards
#   $2  the folder
set -eu
archive=$1 folder=$2
mkdir -p "$folder"
# What one that was killed has left. A name begins with its writer's number: who is gone does not come back to it.
for half in "$folder"/.airgap.[0-9]*.*; do
    writer=${half##*/.airgap.}
    [ -d "/proc/${writer%%.*}" ] || rm -rf -- "$half"
done
new=$(mktemp -d "$folder/.airgap.$$.XXXXXXXX")
# Whoever ends this may say so more than once, and what cleans up has to live on.
trap 'trap "" HUP INT TERM; rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM
umask 022
tar -xzf "$archive" -C "$new" --no-same-owner
# These files and no others: to sync the whole file system would wait for all that is being brought beside it.
find "$new" -type f -exec sync -- {} +
(cd "$new" && find . -type f) | while IFS= read -r file; do
    mkdir -p "$folder/$(dirname "$file")"
    chmod go-w "$new/$file"
    mv -fT "$new/$file" "$folder/$file"
    sync -- "$folder/$(dirname "$file")"
done
rm -f "$archive"
