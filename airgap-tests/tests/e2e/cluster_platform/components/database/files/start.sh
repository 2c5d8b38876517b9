#!/bin/sh
# Makes the database where there is none yet, and serves it, as the user that owns it.
set -eu
data=/var/lib/database/data
as_owner() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }

install -d -m 0700 -o postgres -g postgres "$data"
if [ ! -s "$data/PG_VERSION" ]; then
  install -m 0400 -o postgres /etc/database-password/password /tmp/password
  as_owner initdb --pgdata="$data" --encoding=UTF8 --auth=scram-sha-256 --pwfile=/tmp/password
  rm /tmp/password
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups -- postgres -D "$data" \
  -c listen_addresses='*' -c unix_socket_directories=/tmp -c hba_file=/etc/database/pg_hba.conf
