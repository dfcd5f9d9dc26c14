#!/bin/sh
# In the image Promontory listens on all interfaces. Off loopback a credential is needed: GF_SECURITY_ADMIN_PASSWORD or
# --access.admin-password-file gives one; without one, the log shows a token for this start.
set -e
config=/etc/promontory/prometheus.yml
if [ -f "$config" ]; then set -- "--config.file=$config" "$@"; fi
if [ -f /etc/promontory/alertmanager.yml ]; then set -- --alertmanager.config.file=/etc/promontory/alertmanager.yml "$@"; fi
exec "$(dirname -- "$0")/bin/promontory" serve --web.listen-address=0.0.0.0:9090 --storage.tsdb.path=/data "$@"
