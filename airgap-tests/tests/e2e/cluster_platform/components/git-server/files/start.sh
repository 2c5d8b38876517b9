#!/bin/sh
# Makes the repositories that are named and not there yet, and serves all: nginx with git's own program behind it.
set -eu
for name; do
  [ -e "/srv/git/$name.git" ] || git init --quiet --bare --initial-branch=main "/srv/git/$name.git"
done
fcgiwrap -s unix:/tmp/git.sock &
exec nginx -e stderr -c /etc/git-server/nginx.conf
