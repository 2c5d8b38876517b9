# Tries to reach ports of other machines and tells a line for each: the target, and `open`, `refused`, `silent`,
# `blocked` or `unknown`. Its arguments are targets: PROTOCOL/HOST/PORT.
# shellcheck shell=sh
set -u
LC_ALL=C
export LC_ALL
# How long an answer may take, in seconds, and how many targets are tried at a time.
patience=3
together=32

have() { command -v "$1" >/dev/null 2>&1; }

# What the words of a failed attempt mean.
meaning() {
    case $1 in
    *refused*) echo refused ;;
    *) echo blocked ;;
    esac
}

try_tcp() {
    if have bash && have timeout; then
        # shellcheck disable=SC2016
        said=$(timeout "$patience" bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2" 2>&1 </dev/null) && echo open && return
        meaning "$said"
    elif have curl; then
        case $1 in *:*) host="[$1]" ;; *) host=$1 ;; esac
        said=$(curl -sS --noproxy '*' --connect-timeout "$patience" --max-time "$patience" "telnet://$host:$2" 2>&1 </dev/null)
        case $?:$said in
        0:* | 28:*Operation*) echo open ;;
        *) meaning "$said" ;;
        esac
    else
        echo unknown
    fi
}

# Nobody has to answer a datagram. But a machine where nobody listens says so, and the next one is not sent then.
try_udp() {
    if ! have bash || ! have timeout; then
        echo unknown
        return
    fi
    # shellcheck disable=SC2016
    said=$(timeout "$patience" bash -c \
        'exec 3<>"/dev/udp/$1/$2" && printf . >&3 && sleep 0.5 && printf . >&3' bash "$1" "$2" 2>&1 </dev/null) &&
        echo silent && return
    meaning "$said"
}

try() {
    protocol=${1%%/*}
    port=${1##*/}
    host=${1#*/}
    host=${host%/*}
    case $protocol in
    tcp) state=$(try_tcp "$host" "$port") ;;
    udp) state=$(try_udp "$host" "$port") ;;
    *) state=unknown ;;
    esac
    printf '%s\t%s\n' "$1" "$state"
}

running=0
for target; do
    try "$target" &
    running=$((running + 1))
    if [ "$running" -ge "$together" ]; then
        wait
        running=0
    fi
done
wait
