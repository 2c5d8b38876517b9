#!/bin/sh
# The job of a HelmChart: what the helm controller starts. `install …` or `delete …`, the rest by the environment.
set -eu

fail() {
    echo "$*" | tee /dev/termination-log >&2
    exit 1
}

mode=$1
shift
namespace=${TARGET_NAMESPACE:-${CHART_NAMESPACE:-default}}
[ -z "${HELM_DRIVER:-}" ] || export HELM_DRIVER

helm() {
    /usr/bin/helm --namespace "$namespace" "$@"
}

status() {
    helm status "$NAME" 2>/dev/null | grep '^STATUS: ' || echo 'STATUS: absent'
}

if [ "$mode" = delete ]; then
    [ "$(status)" = 'STATUS: absent' ] || helm uninstall "$NAME" || fail "helm can't uninstall $NAME"
    exit 0
fi

chart=${CHART:-}
if [ -e "/chart/$NAME.tgz.base64" ]; then
    chart=/tmp/$NAME.tgz
    base64 -d "/chart/$NAME.tgz.base64" >"$chart"
elif [ -n "${REPO:-}" ]; then
    set -- "$@" --repo "$REPO"
fi
[ "${PLAIN_HTTP:-}" != true ] || set -- "$@" --plain-http
[ "${INSECURE_SKIP_TLS_VERIFY:-}" != true ] || set -- "$@" --insecure-skip-tls-verify
[ -z "${TIMEOUT:-}" ] || set -- "$@" --timeout "$TIMEOUT"
for values in /config/*.yaml; do
    [ ! -e "$values" ] || set -- "$@" --values "$values"
done

# A run that was cut off leaves a release that helm does not upgrade; one that failed is as the policy says.
case $(status) in
*pending* | *uninstalling*) helm uninstall "$NAME" || fail "helm can't remove what was left half-way" ;;
*failed*)
    [ "${FAILURE_POLICY:-reinstall}" != abort ] || fail "$NAME failed before, and its policy is to abort"
    helm uninstall "$NAME" || fail "helm can't remove what failed"
    ;;
esac
said=$(helm upgrade --install "$NAME" "$chart" "$@" 2>&1) || fail "$said"
echo "$said"
