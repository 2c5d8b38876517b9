#!/bin/sh
# Brings the packages of a bundle to this node, from the site's server and from nowhere else.
# Written by `airgap-install packages install-script`; run it as root. It may be run again at any time.
#
#   sh THIS-FILE            install what is missing
#   sh THIS-FILE check      say what would be installed, and change nothing
#   sh THIS-FILE unneeded   list what an earlier bundle brought and nobody wants any more; remove nothing
#
# It uses none of this machine's own sources, pins and proxies and leaves them as they are. It removes no package, takes
# none back to an older version and keeps changed configuration files.
#
# It ends with 0 when all is as it shall be, with 1 when something failed, with 2 when it was called wrongly, and with 3
# when something on this node has to be put right first.
set -eu
umask 022

# @values@
# How many seconds to wait for others who install something.
patience=${AIRGAP_LOCK_TIMEOUT:-600}

say() { printf 'packages: %s\n' "$*"; }
complain() { printf 'packages: %s\n' "$*" >&2; }
fail() {
    status=$1
    shift
    for line in "$@"; do complain "$line"; done
    exit "$status"
}

# Things that have to be so before anything is tried.
look() {
    [ "$(id -u)" -eq 0 ] || fail 3 "this needs root: run it with sudo"
    for tool in apt-get apt-mark dpkg dpkg-query; do
        command -v "$tool" >/dev/null || fail 3 "this machine has no $tool: the packages are for Debian and Ubuntu"
    done
    names=$(sed -n 's/^\(VERSION\|UBUNTU\)_CODENAME=//p' /etc/os-release | tr -d '"')
    case " $(printf '%s' "$names" | tr '\n' ' ') " in
    *" $series "*) ;;
    *) fail 3 "these packages are for $series, and this node runs ${names:-something else}" ;;
    esac
    version=$(apt-get --version | sed -n '1s/^apt \([^ ]*\).*/\1/p')
    dpkg --compare-versions "$version" ge 2.3.10 ||
        fail 3 "apt $version of this node can't read a key in a source: that takes 2.3.10"
    native=$(dpkg --print-architecture)
    [ "$(date +%s)" -ge "$created" ] ||
        complain "the clock of this node is behind ($(date -u)): set it, or certificates will not be accepted"
    isolate
    wait_for_others
    unfinished=$(dpkg --audit 2>&1 || true)
    [ -z "$unfinished" ] ||
        fail 3 "$unfinished" "dpkg has not finished with these packages: try \`dpkg --configure -a\`, then run this again"
}

# Waits for others who install something now; what they are in the middle of is nothing to put right.
wait_for_others() {
    apt check >"$work/log" 2>&1 && return
    # Whatever else is wrong shows later, and better.
    case $(cat "$work/log") in *" lock "*) ;; *) return 0 ;; esac
    cat "$work/log" >&2
    fail 3 "others install something on this node, for longer than $patience seconds by now: run this again later"
}

# The versions of a package that are installed, with their state: "ii 1.2-3". `name:i386` is one of a foreign architecture.
installed() {
    case $1 in
    *:*) own=${1#*:} ;;
    *) own="$native\|all" ;;
    esac
    dpkg-query -W -f '${Architecture} ${db:Status-Abbrev} ${Version}\n' "$1" 2>/dev/null |
        sed -n "s/^\($own\) *\([a-z]*\) *\(.*\)/\2 \3/p"
}

# Fails unless this node takes packages of a foreign architecture.
takes() {
    case " $(dpkg --print-foreign-architectures | tr '\n' ' ') " in
    *" $1 "*) ;;
    *) fail 3 "this node takes no packages of $1: \`dpkg --add-architecture $1\` lets it, if that is meant" ;;
    esac
}

# Asks for each wanted package: is it there? Fills `alone` and `recommending` with what is not, as apt wants it: what is
# installed by itself, and what is installed with everything that it recommends.
compare() {
    alone=
    recommending=
    held=
    automatic=
    known=
    while read -r architecture package version recommends; do
        [ "$architecture" = "$native" ] || continue
        known=yes
        case $package in *:*) takes "${package#*:}" ;; esac
        found=$(installed "$package")
        state=${found%% *}
        current=${found#* }
        case $state in
        ?i)
            if [ "$current" = "$version" ]; then
                automatic="$automatic $package"
                continue
            elif dpkg --compare-versions "$current" gt "$version"; then
                say "$package $current is newer than the bundle's $version: it stays"
                continue
            fi
            ;;
        esac
        case $state in
        h*) held="$held $package" ;;
        *)
            if [ "$recommends" = yes ]; then
                recommending="$recommending $package=$version"
            else
                alone="$alone $package=$version"
            fi
            ;;
        esac
    done <<END
$wanted
END
    [ -n "$known" ] || fail 3 "the bundle has no packages for $native"
    missing=$alone$recommending
    [ -z "$held" ] || fail 3 "these are held back on this node and would have to change:$held" \
        "\`apt-mark unhold PACKAGE\` lets them go, if that is meant"
}

# A world of its own for apt: the site's source, lists, downloads and settings, in a folder that goes at the end.
isolate() {
    work=$(mktemp -d /var/tmp/airgap-packages.XXXXXX)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    # apt downloads as a user of its own.
    chmod 755 "$work"
    mkdir "$work/empty" "$work/lists" "$work/archives"
    printf '%s' "$source" >"$work/site.sources"
    printf '%s\n' "$authority" >"$work/ca.crt"
    (umask 077 && printf '%s\n' "$login" >"$work/auth.conf")
    cat >"$work/apt.conf" <<END
Dir::Etc::SourceList "$work/site.sources";
Dir::Etc::SourceParts "$work/empty";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "$work/empty";
Dir::Etc::Netrc "$work/auth.conf";
Dir::Etc::NetrcParts "$work/empty";
Dir::State::Lists "$work/lists";
Dir::Cache::Archives "$work/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "60";
Acquire::https::Timeout "60";
Acquire::http::Proxy "DIRECT";
Acquire::https::Proxy "DIRECT";
Acquire::http::Proxy::$host "DIRECT";
Acquire::https::Proxy::$host "DIRECT";
APT::Default-Release "";
APT::Install-Suggests "false";
APT::Get::AllowUnauthenticated "false";
APT::Get::Always-Include-Phased-Updates "true";
Acquire::AllowInsecureRepositories "false";
DPkg::Lock::Timeout "$patience";
#clear DPkg::Options;
DPkg::Options { "--force-confdef"; "--force-confold"; };
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
END
    [ -z "$authority" ] || printf 'Acquire::https::CAInfo "%s";\n' "$work/ca.crt" >>"$work/apt.conf"
    unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
    # No questions, no restarts of services that nobody asked for.
    export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical UCF_FORCE_CONFFOLD=1 LC_ALL=C.UTF-8
    export NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none
}

apt() { apt-get --config-file="$work/apt.conf" -q --yes --no-remove "$@" </dev/null; }

# Runs apt quietly; when it fails, says what it said.
tell() {
    why=$1
    shift
    apt "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        fail 1 "$why"
    }
}

# Reads the site's index and works out what would happen.
plan() {
    tell "can't read the packages of the site's server" update --error-on=any
    change --simulate "apt finds no way to install"
    sed -n 's/^Inst \([^ ]*\) \(\[\([^]]*\)\] \)\{0,1\}(\([^ ]*\).*/\1 \3 \4/p' "$work/plan" | sort -u >"$work/changes"
    while read -r package from to; do
        if [ -n "$to" ]; then say "$package $from -> $to"; else say "$package $from"; fi
    done <"$work/changes"
}

# Lets apt install what is missing, for real or not, in the same two runs in which the bundle was proved.
change() {
    : >"$work/plan"
    # One word for each package: names and versions have no blanks.
    if [ -n "$alone" ]; then
        # shellcheck disable=SC2086
        tell "$2$alone" --no-install-recommends "$1" install $alone
        cat "$work/log" >>"$work/plan"
    fi
    if [ -n "$recommending" ]; then
        # shellcheck disable=SC2086
        tell "$2$recommending" --install-recommends "$1" install $recommending
        cat "$work/log" >>"$work/plan"
    fi
}

# What was there before as somebody's dependency is wanted for itself now: it must not go with the other.
keep() {
    for package in $automatic; do
        [ -z "$(apt-mark showauto "$package")" ] || apt-mark -qq manual "$package"
    done
}

install_missing() {
    look
    compare
    if [ -z "$missing" ]; then
        keep
        say "nothing to do: all packages are there"
    else
        plan
        change --yes "the installation failed:"
        compare
        [ -z "$missing" ] || fail 1 "apt ended without an error, but these are not there:$missing"
        keep
        say "installed"
    fi
    unneeded
}

check() {
    look
    compare
    if [ -z "$missing" ]; then
        say "nothing to do: all packages are there"
    else
        say "would install:"
        plan
    fi
}

# Lists what an earlier bundle brought. apt itself tells what would go with it.
unneeded() {
    left=
    for package in $former; do
        case $(installed "$package") in ?i*) left="$left $package" ;; esac
    done
    [ -n "$left" ] || return 0
    say "no bundle wants these any more; they stay until somebody removes them:$left"
    # shellcheck disable=SC2086
    also=$(apt-get -s -q autoremove $left </dev/null 2>/dev/null | sed -n 's/^Remv \([^ ]*\).*/\1/p' | tr '\n' ' ')
    [ -z "$also" ] || say "\`apt-get autoremove$left\` would remove: $also"
}

case ${1:-install} in
install) install_missing ;;
check) check ;;
unneeded)
    look
    unneeded
    ;;
*)
    fail 2 "unknown word \`$1\`: install, check or unneeded"
    ;;
esac
