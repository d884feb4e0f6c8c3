#!/bin/sh
# The image's HEALTHCHECK: does /api/health answer, where the environment says that the API is?
address=${DISTRIBUTOR_HTTP:-127.0.0.1:8000}
case $address in
  0.0.0.0:*) address=127.0.0.1:${address##*:} ;;
  "[::]:"*) address="[::1]:${address##*:}" ;;
esac
scheme=http
[ -z "${DISTRIBUTOR_TLS_CERT:-}" ] || scheme=https
# The certificate is of the name that clients use, not of this address.
exec curl -fsS -k -m 4 -o /dev/null "$scheme://$address/api/health"
