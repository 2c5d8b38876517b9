# nginx's servers for the Ingresses of the class `nginx`.
def address($namespace; $backend):
  $services[0].items[] | select(.metadata.namespace == $namespace and .metadata.name == $backend.name) | .spec
  | "\(.clusterIP):\(.ports[] | select(.port == $backend.port.number or (.name // "") == $backend.port.name).port)";

$ingresses[0].items[] | select(.spec.ingressClassName == "nginx") | .metadata.namespace as $namespace | .spec
| (.tls // []) as $tls | .rules[] | .host as $host
| ([$tls[] | select(.hosts | index($host)) | "/tmp/ingress/now/\($namespace).\(.secretName)"][0]) as $own
| (if $own then {certificate: "\($own).crt", key: "\($own).key"}
   else {certificate: "/etc/ingress-tls/tls.crt", key: "/etc/ingress-tls/tls.key"} end) as $pair
| "server {",
  "  listen 8443 ssl;",
  "  server_name \($host);",
  "  ssl_certificate \($pair.certificate);",
  "  ssl_certificate_key \($pair.key);",
  (.http.paths[] | "  location \(.path) { proxy_pass http://\(address($namespace; .backend.service)); }"),
  "}"
