# Puts a file in its place, whole or not at all, and leaves one alone that is as it should be.
# Arguments: stream PATH MODE OWNER:GROUP SHA256, and the content on standard input; or
#            fetch PATH MODE OWNER:GROUP SHA256 URL AUTHORITY LENGTH, and user and password as lines on standard input.
# Says `unchanged` or `changed`. Ends with 75 where fetching is not possible and the content has to be streamed.
set -eu
way=$1 path=$2 mode=$3 owner=$4 digest=$5
folder=$(dirname -- "$path")
new='' settings='' other=''
mebibyte=1048576

# has_content FILE
has_content() {
    [ "$(sha256 <"$1")" = "$digest" ]
}

fail() {
    printf '%s\n' "$2" >&2
    exit "$1"
}

# fetch URL AUTHORITY LENGTH
fetch() {
    user='' password=''
    read -r user || true
    read -r password || true
    if command -v curl >/dev/null; then
        if [ "$3" -ge $((64 * mebibyte)) ]; then
            halves "$@"
        else
            login | get "$1" "$2" '' >"$new"
        fi
    elif command -v wget >/dev/null; then
        # It takes no pipe for a file of settings. What mktemp makes is for its owner alone.
        settings=$(mktemp -- "$folder/.airgap-$$-XXXXXXXX")
        [ -z "$user" ] || printf 'user = %s\npassword = %s\n' "$user" "$password" >"$settings"
        wget --config="$settings" --no-verbose --no-proxy --tries=1 --timeout=60 \
            ${2:+--ca-certificate="$2"} --output-document="$new" -- "$1"
    else
        fail 75 'neither curl nor wget is there'
    fi
}

# What curl reads of the login, which is not among the arguments: those everybody on the machine can read.
login() {
    [ -z "$user" ] || printf 'user = "%s:%s"\n' "$(quoted "$user")" "$(quoted "$password")"
}

# get URL AUTHORITY RANGE: to standard output. The shell that it is called in becomes curl, so that it can be ended.
get() {
    exec curl --config - --fail --silent --show-error --noproxy '*' --connect-timeout 10 \
        --speed-limit 1 --speed-time 60 ${2:+--cacert "$2"} ${3:+--range "$3"} -- "$1"
}

# halves URL AUTHORITY LENGTH: both at the same time, for one connection alone keeps neither processors nor a fast network busy.
halves() {
    middle=$(($3 / 2 / mebibyte))
    # What dd leaves out, curl, which has the same file as its output, leaves out with it.
    login | {
        dd if=/dev/null bs=$mebibyte seek="$middle" conv=notrunc status=none
        get "$1" "$2" $((middle * mebibyte))-
    } 1<>"$new" &
    other=$!
    login | get "$1" "$2" 0-$((middle * mebibyte - 1)) 1<>"$new" && wait "$other"
}

# Has what arrives go to the disk meanwhile, so that not all of it has to be waited for at the end. It ends by itself when this ends.
write_out() {
    while sleep 1 && [ -d "/proc/$$" ] && sync -- "$new"; do :; done >/dev/null 2>&1 &
    writer=$!
}

# A text between the quotes of curl's configuration.
quoted() {
    printf '%s' "$1" | sed 's/[\\"]/\\&/g'
}

if [ -f "$path" ] && [ ! -L "$path" ] && has_content "$path"; then
    if [ "$(stat -c '%a %U:%G' -- "$path")" = "$mode $owner" ]; then
        echo unchanged
        exit 0
    fi
    chown -- "$owner" "$path"
    chmod -- "$mode" "$path"
    sync -- "$path"
    echo changed
    exit 0
fi

# Whoever ends this may say so more than once, and what cleans up has to live on.
trap 'trap "" HUP INT TERM; [ -z "$other" ] || kill "$other" 2>/dev/null || true; rm -f -- "$new" "$settings"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p -- "$folder"
# What one that was killed has left. A name begins with its writer's number: who is gone does not come back to it.
for half in "$folder"/.airgap-[0-9]*-*; do
    writer=${half##*/.airgap-}
    [ -d "/proc/${writer%%-*}" ] || rm -f -- "$half"
done
new=$(mktemp -- "$folder/.airgap-$$-XXXXXXXX")
case $way in
stream)
    cat >"$new"
    has_content "$new" || fail 1 'what arrived is not what was sent'
    ;;
fetch)
    write_out
    fetch "$6" "$7" "$8" || fail 75 "$6 can't be fetched"
    other=''
    kill "$writer" 2>/dev/null || true
    # The rest goes there while it is read once more. To hash what arrives on its way through a pipe takes longer than both.
    sync -- "$new" &
    syncing=$!
    has_content "$new" || fail 75 "what $6 serves is something else"
    # For that alone: one that is told to end before it can listen goes on until this ends.
    wait "$syncing"
    ;;
esac
chown -- "$owner" "$new"
chmod -- "$mode" "$new"
sync -- "$new"
mv -fT -- "$new" "$path"
sync -- "$folder"
echo changed
