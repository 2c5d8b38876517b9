#!/bin/sh
# Makes a machine one of the balancers before the API of a cluster: HAProxy spreads connections over the servers, keepalived
# has one machine hold the address. Run it as root on each balancer, with the same arguments but for the priority:
#
#     sh balancer.sh ADDRESS INTERFACE ROUTER PRIORITY SERVER...
#
# ADDRESS    what site.yaml says as `endpoint: {balancer: …}`, or what that name means: an unused address of this network
# INTERFACE  where it is held
# ROUTER     1 to 255: a number that no other keepalived in this network has
# PRIORITY   1 to 254: of the machines that work, the one with the highest holds the address
# SERVER     the addresses of the cluster's servers
#
# Run again, it changes nothing; with other arguments, what they say.
set -eu

fail() {
  echo "balancer.sh: $1" >&2
  exit 2
}

is_address() {
  case $1 in
    '' | *[!0-9a-fA-F.:]*) return 1 ;;
    *[.:]*) return 0 ;;
    *) return 1 ;;
  esac
}

is_between() {
  case $1 in
    '' | *[!0-9]*) return 1 ;;
  esac
  [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

# An address with a port, as HAProxy reads it.
at() {
  case $1 in
    *:*) printf '[%s]:%s' "$1" "$2" ;;
    *) printf '%s:%s' "$1" "$2" ;;
  esac
}

[ $# -ge 5 ] || fail 'usage: sh balancer.sh ADDRESS INTERFACE ROUTER PRIORITY SERVER...'
address=$1 interface=$2 router=$3 priority=$4
shift 4
is_address "$address" || fail "$address is not an address"
[ -e "/sys/class/net/$interface" ] || fail "there is no interface $interface"
is_between "$router" 1 255 || fail "$router is not a number from 1 to 255"
is_between "$priority" 1 254 || fail "$priority is not a number from 1 to 254"
for server; do
  is_address "$server" || fail "$server is not an address"
  [ "$server" != "$address" ] || fail "$server is the address of the balancers themselves"
done

# A way to the servers: its name, its port, and what a server that is well answers; then the servers.
way() {
  name=$1 port=$2 check=$3
  shift 3
  printf '\nlisten %s\n  bind %s\n' "$name" "$(at "$address" "$port")"
  printf '%s' "$check"
  number=0
  for server; do
    number=$((number + 1))
    printf '  server server-%s %s check check-ssl verify none\n' "$number" "$(at "$server" "$port")"
  done
}

haproxy_cfg() {
  cat <<'END'
# Written by balancer.sh.
global
  log /dev/log local0
  user haproxy
  group haproxy

defaults
  log global
  mode tcp
  option tcplog
  option dontlognull
  # Watches and `kubectl exec` are silent for long.
  timeout connect 5s
  timeout client 4h
  timeout server 4h
  default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
END
  # Without a login both distributions answer 401 here, and that is a server that works.
  way api 6443 '  option httpchk GET /readyz
  http-check expect status 200,401
' "$@"
  # Where nodes of RKE2 join; nothing listens there with k3s.
  way join 9345 '' "$@"
}

keepalived_conf() {
  cat <<END
# Written by balancer.sh.
global_defs {
  enable_script_security
  script_user root
}

vrrp_script haproxy {
  script "/bin/systemctl is-active --quiet haproxy.service"
  interval 2
  fall 2
  rise 2
}

vrrp_instance api {
  state BACKUP
  interface $interface
  virtual_router_id $router
  priority $priority
  advert_int 1
  virtual_ipaddress {
    $address
  }
  track_script {
    haproxy
  }
}
END
}

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
haproxy_cfg "$@" >"$new/haproxy.cfg"
keepalived_conf >"$new/keepalived.conf"
# The one that has not got the address listens on it all the same.
printf 'net.ipv4.ip_nonlocal_bind = 1\nnet.ipv6.ip_nonlocal_bind = 1\n' >"$new/sysctl.conf"

/usr/sbin/haproxy -c -q -f "$new/haproxy.cfg" || fail 'HAProxy does not take what was written for it'
/usr/sbin/keepalived -t -f "$new/keepalived.conf" || fail 'keepalived does not take what was written for it'

# Puts a file in its place if it differs; says whether it did.
place() {
  cmp -s "$1" "$2" && return 1
  install -D -m 0644 "$1" "$2.new"
  mv "$2.new" "$2"
}

if place "$new/sysctl.conf" /etc/sysctl.d/60-balancer.conf; then
  sysctl -q -p /etc/sysctl.d/60-balancer.conf
fi
for service in haproxy keepalived; do
  extension=cfg
  [ "$service" = haproxy ] || extension=conf
  systemctl -q enable "$service.service"
  if place "$new/$service.$extension" "/etc/$service/$service.$extension"; then
    systemctl restart "$service.service"
  else
    systemctl start "$service.service"
  fi
done
echo "$address is held by the balancer with the highest priority that works; here it is $priority"
