#!/bin/sh
# Makes a Cluster of the servers that are named: the first half are primaries, each of the others is a replica of one. If there is one,
# tells its servers their addresses, which may have changed while all were stopped. Ends once each serves, knows all names, and all
# agree who has which slots: one that was a primary before a failover would else take messages that nobody reads.
set -eu
. "${0%/*}/password.sh"
cli=$(command -v valkey-cli || command -v redis-cli)
[ -z "$REDIS_PASSWORD" ] || export REDISCLI_AUTH="$REDIS_PASSWORD"
ask() { host=$1; shift; "$cli" -h "$host" ${REDIS_USERNAME:+--user "$REDIS_USERNAME"} "$@"; }
address() { getent hosts "$1" | while read -r ip _; do echo "$ip"; break; done; }
owners() { ask "$1" cluster nodes | awk '$3 ~ /master/ && NF > 8 { $2 = $3 = $4 = $5 = $6 = $7 = $8 = ""; print }' | sort; }
serves() { ask "$1" cluster info | grep -q '^cluster_state:ok' && ! ask "$1" cluster slots | grep -q '^?\{0,1\}$'; }

make() {
  first=$1
  for name; do set -- "$@" "$(address "$name"):6379"; shift; done
  ask "$first" --cluster create "$@" --cluster-replicas 1 --cluster-yes
}

if ask "$1" cluster info | grep -q '^cluster_known_nodes:1[^0-9]*$'; then
  make "$@"
else
  for from; do for to; do ask "$from" cluster meet "$(address "$to")" 6379 >/dev/null; done; done
fi

tries=120
for name; do
  until serves "$name" && [ "$(owners "$name")" = "$(owners "$1")" ]; do
    tries=$((tries - 1))
    if [ $tries = 0 ]; then
      echo "The Cluster is not complete: $name does not serve, or does not know all names" >&2
      exit 1
    fi
    sleep 0.5
  done
done
echo 'The Cluster is there'
