#!/bin/sh
# Runs nginx with what the cluster's Ingresses say, and tells it whenever they say something else.
set -eu
account=/var/run/secrets/kubernetes.io/serviceaccount
work=/tmp/ingress

ask() {
  curl -sSf --cacert "$account/ca.crt" -H "Authorization: Bearer $(cat "$account/token")" \
    "https://kubernetes.default.svc$1" >"$2"
}

# Brings a certificate and its key; where there is no such Secret, the one for all takes its place.
certificate() {
  if ask "/api/v1/namespaces/$1/secrets/$2" secret.json; then
    jq -r '.data["tls.crt"]' secret.json | base64 -d >"$1.$2.crt"
    jq -r '.data["tls.key"]' secret.json | base64 -d >"$1.$2.key"
  else
    cp /etc/ingress-tls/tls.crt "$1.$2.crt"
    cp /etc/ingress-tls/tls.key "$1.$2.key"
  fi
}

# Writes all of it into the folder that it is in.
look() {
  ask /apis/networking.k8s.io/v1/ingresses ingresses.json
  ask /api/v1/services services.json
  jq -r '.items[] | .metadata.namespace as $in | .spec.tls[]? | "\($in) \(.secretName)"' ingresses.json >certificates
  while read -r namespace secret; do
    certificate "$namespace" "$secret"
  done <certificates
  rm -f secret.json
  jq -n -r --slurpfile ingresses ingresses.json --slurpfile services services.json \
    -f /etc/ingress/routes.jq >routes.conf
  rm ingresses.json services.json
}

umask 077
mkdir -p "$work/now"
cd "$work/now" && look
nginx -e stderr -c /etc/ingress/nginx.conf &
nginx=$!
trap 'kill "$nginx"' TERM
while kill -0 "$nginx" 2>/dev/null; do
  sleep 2 &
  wait $! || true
  rm -rf "$work/new" && mkdir "$work/new"
  if (cd "$work/new" && look) && ! diff -r "$work/now" "$work/new" >/dev/null; then
    rm -rf "$work/now" && mv "$work/new" "$work/now"
    kill -HUP "$nginx"
  fi
done
wait "$nginx"
