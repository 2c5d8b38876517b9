#!/bin/sh
# Gives an unsealed Vault the login of pods, an engine for what External Secrets reads, a PKI and the database engine. What is
# there already is left alone.
#
#   enable-engines.sh DOMAIN
#
# needs the program vault, as its image has it, and VAULT_ADDR, VAULT_CACERT and VAULT_TOKEN.
# DOMAIN is that whose names the PKI may sign, such as plant.example.org.
set -eu

if [ "$#" -ne 1 ]; then
    echo "usage: enable-engines.sh DOMAIN" >&2
    exit 2
fi
domain=$1

# has auth|secrets PATH
has() {
    vault "$1" list -format=json | grep -q "^  \"$2/\":"
}

if ! has auth kubernetes; then
    vault auth enable kubernetes
    vault write auth/kubernetes/config kubernetes_host=https://kubernetes.default.svc
fi

if ! has secrets secret; then
    vault secrets enable -path=secret kv-v2
    vault policy write external-secrets - <<'POLICY'
path "secret/data/*" { capabilities = ["read"] }
path "secret/metadata/*" { capabilities = ["read", "list"] }
POLICY
    vault write auth/kubernetes/role/external-secrets policies=external-secrets ttl=1h \
        bound_service_account_names=external-secrets bound_service_account_namespaces=external-secrets
fi

if ! has secrets pki; then
    vault secrets enable -max-lease-ttl=87600h pki
    vault write pki/root/generate/internal common_name="Authority of $domain" ttl=87600h key_type=ec key_bits=256
    vault write pki/roles/servers allowed_domains="$domain" allow_subdomains=true max_ttl=2160h key_type=ec key_bits=256
fi

if ! has secrets database; then
    vault secrets enable database
fi
