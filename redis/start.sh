#!/bin/sh
# Starts the server of whichever image this is (Redis or Valkey), configured through its standard input: a password must
# not stand among a process's arguments. With docker-compose.secure.yml: TLS only, and the users of a file. With docker-compose.cluster.yml: a
# server of a Cluster, which others reach by its name.
set -eu
case $(readlink -f "$(command -v redis-server || command -v valkey-server)") in
  *valkey*) server=valkey-server ;; # where redis-server is but another name for it
  *) server=redis-server ;;
esac
. "${0%/*}/password.sh"
quote() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }
access() {
  if [ -e /run/secrets/users.acl ]; then printf 'aclfile /run/secrets/users.acl\n'; return; fi
  if [ -z "$REDIS_PASSWORD" ]; then return; fi
  if [ -z "${REDIS_USERNAME:-}" ]; then printf 'requirepass %s\n' "$(quote "$REDIS_PASSWORD")"; return; fi
  printf 'user %s on %s ~* &* +@all\n' "$(quote "$REDIS_USERNAME")" "$(quote ">$REDIS_PASSWORD")"
  printf 'user default off\n'
}
listen() {
  if [ ! -e /run/secrets/redis.crt ]; then printf 'port %s\n' "$1"; return; fi
  printf 'port 0\ntls-port %s\ntls-auth-clients no\n' "$1" # clients prove who they are by their passwords
  printf 'tls-cert-file /run/secrets/redis.crt\ntls-key-file /run/secrets/redis.key\n'
}
cluster() {
  if [ -z "${CLUSTER_NAME:-}" ]; then return; fi
  printf 'cluster-enabled yes\ncluster-node-timeout 2000\ncluster-require-full-coverage no\nrepl-diskless-sync-delay 0\n'
  printf 'cluster-announce-hostname %s\ncluster-preferred-endpoint-type hostname\n' "$CLUSTER_NAME"
  if [ -n "$REDIS_PASSWORD" ]; then printf 'masterauth %s\n' "$(quote "$REDIS_PASSWORD")"; fi
  if [ -n "${REDIS_USERNAME:-}" ]; then printf 'masteruser %s\n' "$(quote "$REDIS_USERNAME")"; fi
}

# Messages get a third of what the container may use; when that is full, Redis refuses more. The rest is for what it does not count:
# memory that a rewrite of its file copies, and large messages on their way.
limit=$(cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null | head -n 1)
case $limit in max | '') maxmemory=0 ;; *) maxmemory=$((limit / 3)) ;; esac

set -- "$server" -
# As root, the official images' entry point changes to the image's own user first.
if [ "$(id -u)" = 0 ] && command -v docker-entrypoint.sh >/dev/null; then set -- docker-entrypoint.sh "$@"; fi

exec "$@" <<EOF
$(listen "${REDIS_PORT:-6379}")
protected-mode no
dir /data
appendonly yes
appenddirname $server
save ""
maxmemory $maxmemory
maxmemory-policy noeviction
$(access)
$(cluster)
EOF
