#!/bin/sh
# In the image Promontory listens on all interfaces. Off loopback a credential is needed: GF_SECURITY_ADMIN_PASSWORD or
# --access.admin-password-file gives one; without one, the log shows a token for this start.
# PROMONTORY_PORT, PROMONTORY_CONFIG (folder) and PROMONTORY_DATA replace what the image has by itself.
set -e
config=${PROMONTORY_CONFIG:-/etc/promontory}
if [ -f "$config/prometheus.yml" ]; then set -- "--config.file=$config/prometheus.yml" "$@"; fi
if [ -f "$config/alertmanager.yml" ]; then set -- "--alertmanager.config.file=$config/alertmanager.yml" "$@"; fi
exec "$(dirname -- "$0")/bin/promontory" serve "--web.listen-address=0.0.0.0:${PROMONTORY_PORT:-9090}" "--storage.tsdb.path=${PROMONTORY_DATA:-/data}" "$@"
