#!/bin/sh
# Runs ctk with the libraries beside it, C library included: of this machine it needs the kernel, and certificates.
self=$0
[ ! -L "$self" ] || self=$(readlink -f "$self")
here=${self%/*}/../lib/ctk
if [ -z "$SSL_CERT_FILE" ] && [ -z "$AWS_CA_BUNDLE" ] && [ ! -e /etc/ssl/certs/ca-certificates.crt ]; then
  for bundle in /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    if [ -e "$bundle" ]; then
      export SSL_CERT_FILE="$bundle"
      break
    fi
  done
fi
export MARIADB_PLUGIN_DIR="${MARIADB_PLUGIN_DIR:-$here/plugin}"
exec "$here/LOADER" --inhibit-cache --argv0 "$0" --library-path "$here" "$here/ctk" "$@"
