# How a unit does.
#   $1  the unit
# First a line `state STATE RESTARTS`, then its last words.
set -u
echo "state $(systemctl show -p ActiveState --value "$1") $(systemctl show -p NRestarts --value "$1")"
journalctl --unit "$1" --lines 20 --output cat --no-pager 2>/dev/null | tail -c 4000
