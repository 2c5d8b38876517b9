#!/bin/sh
# Writes into a folder what nginx needs of the cluster's Ingresses: its servers, and their certificates.
set -eu
umask 077
account=/var/run/secrets/kubernetes.io/serviceaccount

ask() {
  curl -sSf --max-time 10 --cacert "$account/ca.crt" -H "Authorization: Bearer $(cat "$account/token")" \
    "https://kubernetes.default.svc$1"
}

default() {
  jq -n --rawfile certificate /etc/ingress-tls/tls.crt --rawfile key /etc/ingress-tls/tls.key \
    '{data: {"tls.crt": $certificate | @base64, "tls.key": $key | @base64}}'
}

mkdir -p "$1"
cd "$1"
asked=$(mktemp -d)
trap 'rm -rf "$asked"' EXIT
ask /apis/networking.k8s.io/v1/ingresses >"$asked/ingresses"
ask /api/v1/services >"$asked/services"
jq -n -r --slurpfile ingresses "$asked/ingresses" --slurpfile services "$asked/services" \
  -f /etc/ingress/routes.jq >routes.conf
jq -r '.items[] | .metadata.namespace as $in | .spec.tls[]? | "\($in) \(.secretName)"' "$asked/ingresses" >certificates
while read -r namespace name; do
  # Where there is no such Secret, the certificate for all takes its place.
  secret=$(ask "/api/v1/namespaces/$namespace/secrets/$name" || default)
  for part in crt key; do
    printf '%s' "$secret" | jq -r ".data[\"tls.$part\"] | @base64d" >"$namespace.$name.$part"
  done
done <certificates
