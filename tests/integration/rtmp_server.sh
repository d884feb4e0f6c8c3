# shellcheck shell=bash
# nginx with its RTMP module as an independent RTMP server, for tests that source lib.sh before.

# rtmp_server [DIRECTIVE]: application "live" on 127.0.0.1:1935; pid in $last_pid. Recordings, when the
# directive asks for them, go to $work/record.
rtmp_server() {
  mkdir -p "$work/nginx" "$work/record"
  cat >"$work/nginx.conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
master_process off;
user root;
pid $work/nginx/pid;
error_log $work/nginx/error.log info;
events {}
rtmp {
  server {
    listen 127.0.0.1:1935;
    application live { live on; record_path $work/record; ${1:-} }
  }
}
CONF
  background nginx -p "$work/nginx" -c "$work/nginx.conf"
}
