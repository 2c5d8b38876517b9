#!/bin/sh
# Shows the name of the practice, as long as it has no records.
set -eu
printf '%s\n' "$CLINIC_NAME" >"$DATA_DIRECTORY/index.html"
exec nginx -e stderr -c /opt/vet-clinic/nginx.conf
