#!/bin/sh
# Copies what is new, each server's below its own name, and removes what is older than `KEEP`.
set -eu
mc alias set site "$ENDPOINT" "$ACCESS_KEY" "$SECRET_KEY" >/dev/null
mc mb --ignore-existing "site/$BUCKET"
mc mirror --overwrite /snapshots "site/$BUCKET/$NODE"
mc rm --recursive --force --older-than "$KEEP" "site/$BUCKET"
