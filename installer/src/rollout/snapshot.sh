# Takes a snapshot of etcd by the program that runs. The file that it was started from may have been exchanged already, and one
# version's program need not understand another version's server.
#   $1  the unit
#   $2  the distribution's program, where the unit does not say which runs
#   $3  the name of the snapshot
set -eu
program=$2
process=$(systemctl show --property=MainPID --value "$1")
[ "${process:-0}" = 0 ] || program=/proc/$process/exe
exec "$program" etcd-snapshot save --name "$3"
