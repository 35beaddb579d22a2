# Sourced: a container engine of the caller's own, in the folder `scratch`, at DOCKER_HOST. Needs root.
# shellcheck shell=bash

export DOCKER_HOST="unix://$scratch/docker.sock"
bridge="my$$"

start_engine() {
  # Folders, socket and network of its own: another engine on this machine is left alone, and so are
  # the machine's packet filters. Containers are asked through the engine's own proxy, and ask nobody;
  # what they publish is on loopback.
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

# The first three numbers of a network that this machine has not: another run may have one of these.
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

# Ends the process whose id the file holds, if there is one.
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

# Installs what a program of which is missing: PROGRAM:PACKAGE…
install_what_is_missing() {
  local pair missing=()
  for pair; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  apt-get update -qq
  # A machine of CI starts no services; where one would, this script's own engine is used anyway.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

fail() { printf 'CI: %s\n' "$1" >&2; exit 1; }
