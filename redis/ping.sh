#!/bin/sh
# Whether the server answers, with or without a password.
set -eu
[ -n "${REDIS_PASSWORD:-}" ] || REDIS_PASSWORD=$(cat /run/secrets/redis_password) # fails if it may not be read: no password is not a choice
cli=$(command -v valkey-cli || command -v redis-cli)
set -- -p "${REDIS_PORT:-6379}"
if [ -n "$REDIS_PASSWORD" ]; then
  export REDISCLI_AUTH="$REDIS_PASSWORD"
  [ -z "${REDIS_USERNAME:-}" ] || set -- "$@" --user "$REDIS_USERNAME"
fi
[ "$("$cli" "$@" ping)" = PONG ]
