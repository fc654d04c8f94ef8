#!/bin/sh
# Whether the server answers, with or without a password, with or without TLS.
set -eu
. "${0%/*}/password.sh"
cli=$(command -v valkey-cli || command -v redis-cli)
set -- -p "${REDIS_PORT:-6379}"
[ ! -e /run/secrets/ca.crt ] || set -- "$@" --tls --cacert /run/secrets/ca.crt
if [ -n "$REDIS_PASSWORD" ]; then
  export REDISCLI_AUTH="$REDIS_PASSWORD"
  [ -z "${REDIS_USERNAME:-}" ] || set -- "$@" --user "$REDIS_USERNAME"
fi
[ "$("$cli" "$@" ping)" = PONG ]
