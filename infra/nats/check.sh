#!/usr/bin/env bash
# Checks the configuration with the server itself (`nats-server -t`), in both shapes, with made-up passwords, and that every
# variable the files name is one that they explain. What each user may do is tested against a running server in
# shared/jetstream/tests/permissions.
set -euo pipefail
cd "$(dirname "$0")"
server=${TWOFOLD_NATS_SERVER:-nats-server}

export NATS_STORE_DIR=/nonexistent NATS_MAX_FILE_STORE=50G
export NATS_NODE=nats-0 NATS_ROUTE_PASSWORD=word NATS_MONITOR=127.0.0.1:8222
export NATS_ROUTES="[nats://route:word@nats-1:6222, nats://route:word@nats-2:6222]"
for user in SYS ADMIN API DELIVER PROJECT; do export "NATS_${user}_PASSWORD=word"; done

for shape in single cluster; do
  "$server" -t --config "$shape.conf"
  # The sections that are there to be switched on are valid too, short of the certificates.
  sed 's/^\( *\)#\(tls\|  [a-z]\|}\)/\1\2/' "$shape.conf" >".$shape.tls.conf"
  trap 'rm -f .single.tls.conf .cluster.tls.conf' EXIT
  said=$("$server" -t --config ".$shape.tls.conf" 2>&1) && { echo "$shape.conf: TLS without certificates was accepted"; exit 1; }
  case $said in
    *"error parsing X509 certificate"* | *"no such file"*) ;;
    *) echo "$shape.conf with TLS: $said"; exit 1 ;;
  esac
  while read -r variable; do
    grep -q "# .*$variable" "$shape.conf" accounts.conf || { echo "$shape.conf does not explain $variable"; exit 1; }
  done < <(cat "$shape.conf" jetstream.conf accounts.conf | grep -v '^ *#' | grep -o '[$]NATS_[A-Z_]*' | tr -d '$' | sort -u)
done
