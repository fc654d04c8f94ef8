#!/bin/sh
# Starts the server of whichever image this is (Redis or Valkey), configured through its standard input: a password must
# not stand among a process's arguments.
set -eu
server=$(command -v valkey-server || command -v redis-server)
name=$(basename "$server")
[ -n "${REDIS_PASSWORD:-}" ] || REDIS_PASSWORD=$(cat /run/secrets/redis_password 2>/dev/null || true)
quote() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

set -- "$name" -
# As root, the official images' entry point changes to the image's own user first.
if [ "$(id -u)" = 0 ] && command -v docker-entrypoint.sh >/dev/null; then set -- docker-entrypoint.sh "$@"; fi

exec "$@" <<EOF
port ${REDIS_PORT:-6379}
protected-mode no
dir /data
appendonly yes
appenddirname $name
save ""
$(if [ -n "$REDIS_PASSWORD" ] && [ -z "${REDIS_USERNAME:-}" ]; then echo "requirepass $(quote "$REDIS_PASSWORD")"; fi)
$(if [ -n "$REDIS_PASSWORD" ] && [ -n "${REDIS_USERNAME:-}" ]; then
  echo "user $(quote "$REDIS_USERNAME") on $(quote ">$REDIS_PASSWORD") ~* &* +@all"
  echo 'user default off'
fi)
EOF
