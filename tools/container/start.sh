#!/bin/sh
# What docker-compose.yml starts the program by. After a boot of the host Docker starts all containers at the same
# time, so what the service "prepare" does may come a moment later. It is waited for, but not for long: with its folder
# alone missing the program works too, and says that XDP is not pinned.
trap 'exit 0' TERM INT # the first process of a container does not end by them otherwise
tries=0
until [ -w /sys/fs/bpf/medialive-distributor ] && [ -w "$DISTRIBUTOR_CONFIG_DIR" ]; do
  [ "$tries" -lt 100 ] || break
  sleep 0.1
  tries=$((tries + 1))
done
exec /usr/bin/medialive-distributor "$@"
