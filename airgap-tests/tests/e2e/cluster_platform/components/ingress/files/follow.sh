#!/bin/sh
# Runs nginx with what the cluster's Ingresses say, and tells it whenever they say something else.
set -eu
work=/tmp/ingress
sh /etc/ingress/look.sh "$work/now"
nginx -e stderr -c /etc/ingress/nginx.conf &
nginx=$!
trap 'kill "$nginx"' TERM
while kill -0 "$nginx" 2>/dev/null; do
  sleep 2 &
  wait $! || true
  rm -rf "$work/new"
  if sh /etc/ingress/look.sh "$work/new" && ! diff -r "$work/now" "$work/new" >/dev/null; then
    rm -rf "$work/now"
    mv "$work/new" "$work/now"
    kill -HUP "$nginx"
  fi
done
wait "$nginx"
