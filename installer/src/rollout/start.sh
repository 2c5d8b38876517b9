# Starts a unit anew, so that it runs with what is there now. Does not wait until it is up.
#   $1  the unit
set -eu
systemctl daemon-reload
systemctl enable --quiet "$1"
systemctl stop "$1"
systemctl reset-failed "$1" 2>/dev/null || true
systemctl start --no-block "$1"
