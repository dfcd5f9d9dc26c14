#!/usr/bin/env bash
# Unpacks the newest Debian builds of the programs that we compare with into a folder, without touching the system:
#   tools/install-peers.sh [DIR=.peers]
# Prometheus with promtool, Alertmanager with amtool, node_exporter, Pushgateway, VictoriaMetrics. Needs apt-get with a
# Debian mirror among its sources. SUITE=trixie takes stable's versions instead of sid's. Debian 12's Prometheus 2.42 comes into
# DIR/2.42 besides, where the mirror has it.
set -euo pipefail
target=$(mkdir -p "${1:-.peers}" && cd "${1:-.peers}" && pwd)
suite=${SUITE:-sid}
older_suite=bookworm
packages=(prometheus promtool prometheus-alertmanager prometheus-node-exporter prometheus-pushgateway victoria-metrics)

if [ -x "$target/usr/bin/prometheus" ] && [ -x "$target/usr/bin/victoria-metrics" ] && [ -x "$target/2.42/usr/bin/prometheus" ]; then
  echo "peers are in $target/usr/bin already"
  exit 0
fi
mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/ 2>/dev/null | head -n 1 | tr -d ' ' || true)
if [ -z "$mirror" ]; then
  echo "no Debian mirror among the apt sources" >&2
  exit 1
fi

install() { # folder, suite, package…
  local into=$1 suite=$2 work=$1/.apt options
  shift 2
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
  options=(
    -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
  )
  apt-get "${options[@]}" -qq update
  for package in "$@"; do (cd "$work" && apt-get "${options[@]}" -qq download "$package/$suite"); done
  for archive in "$work"/*.deb; do
    dpkg -x "$archive" "$into"
    rm "$archive"
  done
}

if [ ! -x "$target/usr/bin/prometheus" ] || [ ! -x "$target/usr/bin/victoria-metrics" ]; then install "$target" "$suite" "${packages[@]}"; fi
# Tests that want it say that they are skipped without it.
install "$target/2.42" "$older_suite" prometheus || echo "no Prometheus of $older_suite on the mirror" >&2
echo "unpacked into $target/usr/bin"
