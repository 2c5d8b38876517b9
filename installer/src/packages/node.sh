#!/bin/sh
# Brings the packages of a bundle to this node, from the site's server and from nowhere else.
# Written by `airgap-install packages install-script`; run it as root. It may be run again at any time.
#
#   sh THIS-FILE            install what is missing
#   sh THIS-FILE check      say what would be installed, and change nothing
#   sh THIS-FILE unneeded   list what an earlier bundle brought and nobody wants any more; remove nothing
#
# It uses none of this machine's own sources, pins and proxies and leaves them as they are. It removes no package, takes
# none back to an older version and keeps changed configuration files. An installation that was stopped half-way it brings
# to an end.
#
# It ends with 0 when all is as it shall be, with 1 when something failed, with 2 when it was called wrongly, and with 3
# when something on this node has to be put right first.
set -eu
umask 022

# @values@
# Where this node remembers which packages this script brought.
record=/var/lib/airgap-packages
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
    for tool in apt-get apt-mark dpkg dpkg-query flock; do
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
    # What runs of this script left that were killed. None lives: the one that lives holds the lock, and this is it.
    find /var/tmp -maxdepth 1 -name 'airgap-packages.*' -user root ! -path "$work" -exec rm -rf {} +
}

# Whether dpkg was stopped in the middle of something. Fills `mess` with its own words about packages that are not whole.
unfinished() {
    mess=$(dpkg --audit 2>&1 || true)
    # apt refuses to do anything while there are notes of dpkg's that it did not get round to file.
    [ -n "$mess" ] || find /var/lib/dpkg/updates -name '[0-9]*' | grep -q .
}

# Goes on with an installation that was stopped half-way, by whomever, with what the bundle carries and nothing else.
resume() {
    unfinished || return 0
    say "an installation on this node was interrupted: going on with it"
    # What lacks something that is unpacked only later fails here, and is configured after it.
    dpkg --force-confdef --force-confold --configure -a </dev/null >"$work/resumed" 2>&1 9>&- || true
    unfinished || { say "it has come to an end" && return 0; }
    tell "can't read the packages of the site's server" update --error-on=any
    fix
    again=$(broken)
    if [ -n "$again" ]; then
        # One word for each package.
        # shellcheck disable=SC2086
        fix --reinstall $again
        fix
    fi
    unfinished || { say "it has come to an end" && return 0; }
    cat "$work/resumed" >&2
    fail 3 "$mess" "the bundle can't bring these to an end: put them right (\`dpkg --configure -a\` and" \
        "\`apt-get --fix-broken install\` with the node's own sources, or \`dpkg --purge PACKAGE\`), then run this again"
}

# Lets apt mend what it can; of these packages it unpacks the same version once more.
fix() { apt --fix-broken --no-install-recommends install "$@" >>"$work/resumed" 2>&1 || true; }

# The packages that were stopped while they were being unpacked, of those that the bundle carries.
broken() {
    dpkg-query -W -f '${db:Status-Eflag} ${db:Status-Status} ${Package} ${Architecture}\n' |
        sed -n 's/^\(reinstreq [a-z-]*\|[a-z]* half-installed\) //p' | sort >"$work/broken"
    carried | while read -r package architecture _; do
        # One that was new has no architecture yet.
        if grep -qx "$package \($architecture\|all\|$native\)\{0,1\}" "$work/broken"; then
            [ "$architecture" = all ] || package=$package:$architecture
            echo "$package"
        fi
    done
}

# What the site's index lists, which was read before: name, architecture and version of each package.
carried() {
    cat "$work"/lists/*_Packages 2>/dev/null | awk '
        /^Package: / { package = $2 }
        /^Architecture: / { architecture = $2 }
        /^Version: / { version = $2 }
        /^$/ { if (package) print package, architecture, version; package = "" }
        END { if (package) print package, architecture, version }' | sort -u
}

# Waits for others who install something now; what they are in the middle of is nothing to put right.
wait_for_others() {
    waited=0
    until apt -o DPkg::Lock::Timeout=0 check >"$work/log" 2>&1; do
        # Whatever else is wrong shows later, and better.
        case $(cat "$work/log") in *" lock "*) ;; *) return 0 ;; esac
        if [ "$waited" -ge "$patience" ]; then
            cat "$work/log" >&2
            fail 3 "others install something on this node, for longer than $patience seconds by now: run this again later"
        fi
        sleep 1
        waited=$((waited + 1))
    done
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
    staying=
    known=
    missing=
    # Only earlier bundles had some.
    [ -n "$wanted" ] || return 0
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
                staying="$staying $package"
                continue
            elif dpkg --compare-versions "$current" gt "$version"; then
                say "$package $current is newer than the bundle's $version: it stays"
                staying="$staying $package"
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
    # One run at a time. The kernel lets the lock go with this process, however it ends; no child has it.
    exec 9>/run/airgap-packages.lock
    flock --wait "$patience" 9 ||
        fail 3 "this script runs on this node already, for longer than $patience seconds by now: run it again later"
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
Acquire::GzipIndexes "false";
Acquire::Retries "3";
Acquire::http::Timeout "60";
Acquire::https::Timeout "60";
Acquire::http::Proxy "DIRECT";
Acquire::https::Proxy "DIRECT";
Acquire::http::Proxy::$host "DIRECT";
Acquire::https::Proxy::$host "DIRECT";
APT::Default-Release "";
APT::Install-Suggests "false";
APT::Get::AutomaticRemove "false";
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

apt() { apt-get --config-file="$work/apt.conf" -q --yes --no-remove "$@" </dev/null 9>&-; }

# Runs apt quietly; when it fails, says what it said.
tell() {
    why=$1
    shift
    apt "$@" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        case " $* " in *" --simulate "*) hindrances ;; esac
        fail 1 "$why"
    }
}

# What on this node may be why apt finds no way: packages that are carried in another version, and can't change to that.
hindrances() {
    compare_all
    if [ -n "$held" ]; then
        fail 3 "$why" "these are held back on this node and may have to change:$held" \
            "\`apt-mark unhold PACKAGE\` lets them go, if that is meant"
    elif [ -n "$newer" ]; then
        fail 1 "$why" "these are newer on this node than in the bundle:$newer" \
            "build a newer bundle, or one with a profile of this node (\`airgap-bundle profile from-status\`)"
    fi
}

# Compares what is installed with all that is carried. Fills `held` with what is older here and on hold, and `newer` with
# what is newer here.
compare_all() {
    held=
    newer=
    carried >"$work/carried"
    dpkg-query -W -f '${Package} ${Architecture} ${Version} ${db:Status-Want} ${db:Status-Status}\n' |
        awk 'NR == FNR { carried[$1, $2] = carried[$1, $2] " " $3; next }
            $5 == "installed" && ($1, $2) in carried { print $1, $2, $3, $4 carried[$1, $2] }' \
            "$work/carried" - >"$work/common"
    while read -r package architecture version want versions; do
        case $architecture in "$native" | all) ;; *) package=$package:$architecture ;; esac
        # Usually there is one version only; none is in the way where this very one is among them.
        case " $versions " in *" $version "*) continue ;; esac
        if dpkg --compare-versions "$version" gt "${versions##* }"; then
            newer="$newer $package"
        elif [ "$want" = hold ]; then
            held="$held $package"
        fi
    done <"$work/common"
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

# Remembers what is about to come to this node for the first time; only that is ever listed as not needed any more.
remember() {
    mkdir -p "$record"
    [ ! -e "$record/brought" ] || cp "$record/brought" "$work/brought"
    awk 'NF == 2 { print $1 }' "$work/changes" >>"$work/brought"
    sort -u "$work/brought" >"$record/brought.new"
    mv "$record/brought.new" "$record/brought"
}

# What was there before as somebody's dependency is wanted for itself now: it must not go with the other.
keep() {
    for package in $staying; do
        [ -z "$(apt-mark showauto "$package")" ] || apt-mark -qq manual "$package"
    done
}

idle() {
    if [ -n "$wanted" ]; then
        say "nothing to do: all packages are there"
    else
        say "nothing to do: the latest bundle has no packages for $series any more"
    fi
}

install_missing() {
    look
    resume
    compare
    if [ -z "$missing" ]; then
        keep
        idle
    else
        plan
        remember
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
    ! unfinished ||
        fail 3 "$mess" "an installation on this node was interrupted: without \`check\`, this script goes on with it"
    compare
    if [ -z "$missing" ]; then
        idle
    else
        say "would install:"
        plan
    fi
}

# Lists what an earlier bundle brought and this node did not have before. apt itself tells what would go with it.
unneeded() {
    left=
    while read -r architecture package; do
        [ "$architecture" = "$native" ] || continue
        grep -qxF "$package" "$record/brought" 2>/dev/null || continue
        case $(installed "$package") in ?i*) ;; *) continue ;; esac
        # What a system can't do without is wanted for itself.
        case $(dpkg-query -W -f ' ${Essential} ${Protected} ${Priority} ' "$package") in
        *" yes "* | *" required "*) ;;
        *) left="$left $package" ;;
        esac
    done <<END
$former
END
    [ -n "$left" ] || return 0
    say "no bundle wants these any more; they stay until somebody removes them:$left"
    # shellcheck disable=SC2086
    also=$(apt-get -s -q autoremove $left </dev/null 2>/dev/null | sed -n 's/^Remv \([^ ]*\).*/\1/p' | tr '\n' ' ')
    [ -z "$also" ] || say "\`apt-get autoremove$left\` would remove: $also"
}

[ $# -le 1 ] || fail 2 "one word at most: install, check or unneeded"
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
