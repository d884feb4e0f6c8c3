#!/bin/sh
# The image's HEALTHCHECK: does /api/health answer, where the program listens? Its arguments go before the environment,
# as they do for the program itself.
address=${DISTRIBUTOR_HTTP:-127.0.0.1:8000} certificate=${DISTRIBUTOR_TLS_CERT:-} option=''
while IFS= read -r word; do
  case $option in
    --http) address=$word ;;
    --tls-cert) certificate=$word ;;
  esac
  case $word in
    --http=*) address=${word#*=} ;;
    --tls-cert=*) certificate=${word#*=} ;;
  esac
  option=$word
done <<ARGUMENTS
$(tr '\0' '\n' </proc/1/cmdline)
ARGUMENTS
case $address in
  0.0.0.0:*) address=127.0.0.1:${address##*:} ;;
  "[::]:"*) address="[::1]:${address##*:}" ;;
esac
scheme=http
[ -z "$certificate" ] || scheme=https
# The certificate is of the name that clients use, not of this address.
exec curl -fsS -k -m 4 -o /dev/null "$scheme://$address/api/health"
