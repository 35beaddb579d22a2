# Sourced: starts a private container engine in the folder `scratch`, at DOCKER_HOST. Needs root.
# shellcheck shell=bash

export DOCKER_HOST="unix://$scratch/docker.sock"
bridge="my$$"

start_engine() {
  # It has its own folders, socket and network: any other engine on this machine is left alone, and
  # so are the machine's packet filters. Containers are reached through the engine's own
  # proxy and have no outbound access; published ports are on loopback.
  ip link add name "$bridge" type bridge
  ip addr add "$(free_network).1/24" dev "$bridge"
  ip link set "$bridge" up
  dockerd --data-root "$scratch/data" --exec-root "$scratch/exec" --pidfile "$scratch/engine.pid" \
    --host "$DOCKER_HOST" --bridge "$bridge" --ip 127.0.0.1 --iptables=false --ip6tables=false \
    --ip-forward=false --ip-masq=false >"$scratch/engine.log" 2>&1 &
  for _ in $(seq 300); do
    docker version >/dev/null 2>&1 && return
    sleep 0.2
  done
  tail -n 20 "$scratch/engine.log" >&2
  fail 'the engine does not start'
}

# The first three octets of a network that is unused on this machine: another run may have one of
# these.
free_network() {
  local number
  for number in $(seq 0 255); do
    ip route show "172.29.$number.0/24" | grep -q . || break
  done
  printf '172.29.%s\n' "$number"
}

stop_engine() {
  stop_process "$scratch/engine.pid"
  ip link delete "$bridge" 2>/dev/null || true
}

# Ends the process whose id is in the file, if it runs.
stop_process() {
  local pid
  [ -s "$1" ] || return 0
  pid=$(cat "$1")
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 150); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.2
  done
  kill -KILL "$pid" 2>/dev/null || true
}

# Installs the packages of missing programs: PROGRAM:PACKAGE…
install_what_is_missing() {
  local pair missing=()
  for pair; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  apt-get update -qq
  # CI machines do not start services; if one does, this script still uses its own engine.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

fail() { printf 'CI: %s\n' "$1" >&2; exit 1; }
