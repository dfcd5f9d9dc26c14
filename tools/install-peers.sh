#!/usr/bin/env bash
# Unpacks the newest Debian builds of the programs that we compare with into a folder, without touching the system:
#   tools/install-peers.sh [DIR=.peers]
# Prometheus with promtool, Alertmanager with amtool, node_exporter, Pushgateway, VictoriaMetrics. Needs apt-get with a
# Debian mirror among its sources. SUITE=trixie takes stable's versions instead of sid's.
set -euo pipefail
target=$(mkdir -p "${1:-.peers}" && cd "${1:-.peers}" && pwd)
suite=${SUITE:-sid}
packages=(prometheus promtool prometheus-alertmanager prometheus-node-exporter prometheus-pushgateway victoria-metrics)

if [ -x "$target/usr/bin/prometheus" ] && [ -x "$target/usr/bin/victoria-metrics" ]; then
  echo "peers are in $target/usr/bin already"
  exit 0
fi
mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/ 2>/dev/null | head -n 1 | tr -d ' ' || true)
if [ -z "$mirror" ]; then
  echo "no Debian mirror among the apt sources" >&2
  exit 1
fi
work=$target/.apt
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
options=(
  -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
)
apt-get "${options[@]}" -qq update
cd "$work"
for package in "${packages[@]}"; do apt-get "${options[@]}" -qq download "$package/$suite"; done
for archive in ./*.deb; do
  dpkg -x "$archive" "$target"
  rm "$archive"
done
echo "unpacked into $target/usr/bin"
