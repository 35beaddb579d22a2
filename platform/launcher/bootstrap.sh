#!/usr/bin/env bash
# Prepares Pants and its Pex tool in the given folder; called by ./pants if its fast path cannot
# continue.
#
# Writes to the folder: venv/ (Pants on CPython 3.9), pex (the tool that Pants would otherwise
# download) and state (read by ./pants on every later call). Exit code 2 means that nothing
# usable was written; the one sentence on stderr says why and what to do next.
set -euo pipefail
umask 022 # The Pex tool records permissions, and must be the same for everyone.

readonly PANTS_VERSION=2.17.1
readonly PEX_VERSION=2.1.137
# measure.py's output for the Pex tool. The file itself is 3563509 bytes with sha256
# e5777b50dadb5ac011f976d432cd7e48a0eb5d135a291c952e10aef0c4ccc782 if Python uses zlib;
# with zlib-ng, which some systems use instead, the same contents give a different file.
readonly PEX_CONTENTS=0de3ed949b46f42e4ecf671ea752b9099a264e06a5ed5c8f6d6dc9ba87817561
# The wheel that 3rdparty/python/repack.py makes, as locked in 3rdparty/python/detectron2.
readonly DETECTRON2_WHEEL=142cf9d1d252e940d74eaaa3360ee77b1fa36ddd8345c3dc29a52061df51f266

here=$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)
readonly here prepared=$1

say() { printf 'modelyard: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 2
}

check_platform() {
  local system
  system=$(uname -s)-$(uname -m)
  case $system-$OSTYPE in
    Linux-*-linux-musl*) fail "Pants has no build for musl Linux; use a distribution with glibc (Debian, Ubuntu, Fedora, …)." ;;
    Linux-x86_64-* | Linux-aarch64-* | Darwin-x86_64-* | Darwin-arm64-*) ;;
    *) fail "unsupported platform $system: Pants runs on Linux (x86_64, aarch64) and macOS; use one of these, a container or WSL." ;;
  esac
}

make_cache() {
  local problem
  problem=$({ mkdir -p "$prepared" && touch "$prepared/lock"; } 2>&1) ||
    fail "cannot write the cache folder $prepared (${problem##*: }); make it writable or name another in MODELYARD_CACHE."
}

# Of two concurrent first calls one prepares, and the other waits and finds everything done.
take_lock() {
  if command -v flock >/dev/null; then
    exec 9>"$prepared/lock"
    flock -n 9 && return
    say "waiting for another call that is preparing Pants …"
    flock 9
    return
  fi
  local waiting=no owner # macOS has no flock; a symlink is created atomically, with the owner in it.
  until ln -s "$$" "$prepared/owner" 2>/dev/null; do
    if [[ $waiting == no ]]; then
      say "waiting for another call that is preparing Pants …"
      waiting=yes
    fi
    owner=$(readlink "$prepared/owner") || continue
    if ! kill -0 "$owner" 2>/dev/null; then
      rm -f "$prepared/owner" # It died without cleaning up.
    else
      sleep 0.2
    fi
  done
}

# Sets REPLY to the interpreter's real path (behind a shim or a virtual environment) and
# succeeds, or to the problem with it and fails.
probe_python() {
  local candidate=$1 version=$2
  REPLY='no executable file of that name'
  type -P "$candidate" >/dev/null || return 1
  if REPLY=$("$candidate" -I "$here/probe.py" "$version" 2>&1); then
    REPLY=${REPLY##*$'\n'}
    return 0
  fi
  REPLY=$(grep -m1 . <<<"$REPLY") || REPLY='it does not run'
  return 1
}

# One path per line, likeliest first.
python_candidates() {
  local version=$1 folder
  type -aP "python$version" || true
  for folder in ${PYENV_ROOT:+"$PYENV_ROOT"} "${HOME:-~}/.pyenv"; do
    (cd -- "$folder/versions" 2>/dev/null && printf '%s\n' "$version".*) | sort -t. -k3,3nr |
      sed "s|.*|$folder/versions/&/bin/python$version|" || true
  done
  ! command -v uv >/dev/null || uv python find "$version" 2>/dev/null || true
}

try_candidates() {
  local version=$1 candidate
  while read -r candidate; do
    [[ -x $candidate ]] || continue
    ! probe_python "$candidate" "$version" || return 0
    refused+="${refused:+; }$candidate: $REPLY"
  done < <(python_candidates "$version")
  return 1
}

# Sets REPLY to a working interpreter, or fails with a sentence that says how to get one.
find_python() {
  local version=$1 purpose=$2 variable=MODELYARD_PYTHON${1/./} refused='' problem
  if [[ -n ${!variable:-} ]]; then
    probe_python "${!variable}" "$version" ||
      fail "$variable names ${!variable}, which is not a usable CPython $version ($REPLY); name another or unset it."
    return 0
  fi
  ! try_candidates "$version" || return 0
  if command -v uv >/dev/null; then
    say "no CPython $version found, asking uv to install it (once, about 20 s) …"
    if problem=$(UV_PYTHON_INSTALL_BIN=0 uv python install "$version" 2>&1); then
      ! try_candidates "$version" || return 0
    else
      refused+="${refused:+; }uv: $(sed -n 's/^error: //p' <<<"$problem" | head -n1)"
    fi
  fi
  fail "no CPython $version found, which $purpose${refused:+ (refused: $refused)};" \
    "install one (pyenv install $version, uv python install $version, or your system's packages)" \
    "or name one in $variable."
}

# Sets REPLY to the folders, as a Pants list, that build tools need besides those in pants.toml:
# for example that of the compiler that an sdist needs.
find_search_paths() {
  local tool found folders='' standard
  standard=$(sed -n 's/^executable_search_paths = \[\(.*\)\]$/\1/p' "$here/../../pants.toml")
  standard=${standard//[\" ]/}
  standard=${standard//,/:}
  for tool in bash env cc c++ make npm node; do
    [[ -z $(PATH=$standard type -P "$tool") ]] || continue
    found=$(type -P "$tool") && [[ $found == /* ]] || continue
    [[ $folders == *"\"${found%/*}\""* ]] || folders+="${folders:+, }\"${found%/*}\""
  done
  REPLY="[$folders]"
}

# pip for builds: with the user's index, certificate and proxy, but without the rest of a
# machine-wide configuration, where a constraint would change what is installed.
configure_pip() {
  local python=$1 line name value
  index_url=''
  while IFS= read -r line; do
    [[ $line == global.* ]] || continue
    name=${line%%=*}
    value=${line#*=\'}
    value=${value%\'}
    case $name in
      global.index-url) index_url=$value ;;
      global.cert) : "${PIP_CERT:=$value}" ;;
      global.client-cert) : "${PIP_CLIENT_CERT:=$value}" ;;
      global.proxy) : "${PIP_PROXY:=$value}" ;;
      global.trusted-host) : "${PIP_TRUSTED_HOST:=$value}" ;;
    esac
  done < <("$python" -m pip config list 2>/dev/null || true)
  export PIP_CONFIG_FILE=/dev/null PIP_DISABLE_PIP_VERSION_CHECK=1
  [[ -z $index_url ]] || export PIP_INDEX_URL="${PIP_INDEX_URL:-$index_url}"
  : "${PIP_CERT:=${SSL_CERT_FILE:-}}"
  export PIP_CERT
  [[ -f $PIP_CERT ]] || unset PIP_CERT
  for name in PIP_CLIENT_CERT PIP_PROXY PIP_TRUSTED_HOST; do
    [[ -z ${!name:-} ]] || export "${name?}"
  done
  unset PIP_CONSTRAINT PIP_REQUIREMENT PIP_TARGET PIP_PREFIX PIP_ROOT PIP_USER PIP_DRY_RUN
}

# One sentence for a failed pip step; its full output stays in a log.
explain_pip() {
  local log=$prepared/failed.log
  mv -f "$1" "$log"
  if grep -qiE 'do not match the hashes|hashes are required' "$log"; then
    fail "a downloaded package differs from its digest in platform/launcher/pants.lock; check the package index in use (PIP_INDEX_URL), details in $log."
  elif grep -qiE 'CERTIFICATE_VERIFY_FAILED|SSLError' "$log"; then
    fail "the package index's certificate is not trusted; name your CA bundle in SSL_CERT_FILE and run again, details in $log."
  elif grep -qiE 'No space left' "$log"; then
    fail "no space left for $prepared; free about 500 MB or name another folder in MODELYARD_CACHE, details in $log."
  elif grep -qiE 'connection|timed out|getaddrinfo|name resolution|unreachable|proxy' "$log"; then
    fail "no network: the package index cannot be reached, and the first call needs it once; check the connection, proxy or PIP_INDEX_URL and run again, details in $log."
  fi
  fail "could not prepare Pants ($(grep -m1 -iE '^error' "$log" || tail -n1 "$log")); see $log and run again."
}

make_venv() {
  local python=$1 wheels=$work/wheels lock=$here/pants.lock log=$work/pip.log
  say "preparing Pants $PANTS_VERSION in $prepared (once, about 40 s) …"
  "$python" -m venv "$work/venv" >"$log" 2>&1 || explain_pip "$log"
  printf '%s\n' "$python" >"$work/venv/made-with"
  configure_pip "$work/venv/bin/python"
  say "  1/3 downloading it from the package index …"
  "$work/venv/bin/python" -m pip download --no-deps --require-hashes --requirement "$lock" \
    --dest "$wheels" >"$log" 2>&1 || explain_pip "$log"
  say "  2/3 installing it …"
  "$work/venv/bin/python" -m pip install --no-deps --require-hashes --requirement "$lock" \
    --no-index --find-links "$wheels" >"$log" 2>&1 || explain_pip "$log"
  make_client "$work/venv"
  say "  3/3 building the Pex tool …"
  make_pex "$work/venv/bin/python" "$wheels"
  make_wheels "$work/venv/bin/python"
  rm -rf "$prepared/venv" "$prepared/pex"
  mv "$work/pex" "$prepared/pex"
  mv "$work/venv" "$prepared/venv"
}

# The parts that Pants' own launcher uses: its client, which pip installs without execute permission,
# and the program that the client becomes if there is no daemon.
make_client() {
  local venv=$1 client=lib/python3.9/site-packages/pants/bin/native_client
  chmod +x "$venv/$client"
  ln -s "../$client" "$venv/bin/pants-client"
  printf '%s\n' '#!/bin/sh' 'exec "${0%/*}/python" "${0%/*}/pants" "$@"' >"$venv/bin/pants-server"
  chmod +x "$venv/bin/pants-server"
}

# The same wheel gives the same tool on every machine; anything else is rejected.
make_pex() {
  local python=$1 wheels=$2 contents
  SOURCE_DATE_EPOCH=315532800 PEX_IGNORE_RCFILES=true "$python" "${python%/*}/pex" "pex==$PEX_VERSION" \
    --script pex --output-file "$work/pex" --python-shebang '/usr/bin/env python' \
    --disable-cache --no-pypi --find-links "$wheels" >"$work/pip.log" 2>&1 || explain_pip "$work/pip.log"
  read -r _ _ contents < <("$python" -I "$here/measure.py" "$work/pex")
  [[ $contents == "$PEX_CONTENTS" ]] ||
    fail "the Pex tool was built with contents ${contents:0:12} instead of ${PEX_CONTENTS:0:12}; remove $prepared and run again, and report it if it happens again."
}

# A wheel that Pants could not build itself. Only some functions need it, so a failure is not fatal.
make_wheels() {
  local python=$1 made=$work/made sum=''
  mkdir "$made"
  if "$python" "$here/../../3rdparty/python/repack.py" "$made" >"$work/pip.log" 2>&1; then
    read -r sum _ < <("$python" -I "$here/measure.py" "$made"/*.whl)
  fi
  rm -rf "$prepared/wheels"
  if [[ $sum == "$DETECTRON2_WHEEL" ]]; then
    mv "$made" "$prepared/wheels"
  else
    mv -f "$work/pip.log" "$prepared/wheels.log"
    say "could not make the wheel of detectron2, so functions that need it cannot be built; see $prepared/wheels.log, and remove $prepared to try again."
  fi
}

# Pants opens a file URL without decoding it, so the tool's path must not need URL encoding.
place_pex() {
  pex=$prepared/pex
  if [[ $pex == *[!A-Za-z0-9/._~+@,=-]* ]]; then
    pex=/var/tmp/modelyard-$UID-pex-${sum:0:16}
    { cp "$prepared/pex" "$pex.$$" && mv -f "$pex.$$" "$pex"; } || fail "cannot write $pex, needed as $prepared has a special character in its name; name another folder in MODELYARD_CACHE."
  fi
}

write_state() {
  local python39=$1 python311=$2 platform known='' pex sum size search_paths
  read -r sum size _ < <("$prepared/venv/bin/python" -I "$here/measure.py" "$prepared/pex")
  place_pex
  find_search_paths
  search_paths=$REPLY
  for platform in linux_x86_64 linux_arm64 macos_x86_64 macos_arm64; do
    known+="${known:+, }\"v$PEX_VERSION|$platform|$sum|$size\""
  done
  (
    umask 077 # An index URL may contain a password.
    cat >"$prepared/state.new" <<STATE
python39=$python39
python311=$python311
asked39=${MODELYARD_PYTHON39:-}
asked311=${MODELYARD_PYTHON311:-}
index_url=$index_url
pex=$pex
PANTS_PEX_CLI_URL_TEMPLATE=file://$pex
PANTS_PEX_CLI_KNOWN_VERSIONS=[$known]
PANTS_PYTHON_BOOTSTRAP_SEARCH_PATH=["$python311", "$python39"]
PANTS_PYTHON_BOOTSTRAP_NAMES=["${python311##*/}", "${python39##*/}"]
STATE
    [[ $search_paths == '[]' ]] ||
      printf 'PANTS_PEX_EXECUTABLE_SEARCH_PATHS=+%s\n' "$search_paths" >>"$prepared/state.new"
  )
  mv -f "$prepared/state.new" "$prepared/state"
}

check_platform
make_cache
take_lock
work=$prepared/work
rm -rf "$work" # Left by an interrupted call.
mkdir "$work"
trap 'rm -rf "$work" "$prepared/owner"' EXIT

find_python 3.9 "runs Pants $PANTS_VERSION"
python39=$REPLY
find_python 3.11 "builds and runs the functions"
python311=$REPLY
made_with=$(cat "$prepared/venv/made-with" 2>/dev/null || true)
if [[ ! -x $prepared/venv/bin/python || ! -f $prepared/pex || (-n ${MODELYARD_PYTHON39:-} && $made_with != "$python39") ]]; then
  make_venv "$python39"
  say "Pants $PANTS_VERSION is ready."
else
  configure_pip "$prepared/venv/bin/python"
fi
write_state "$python39" "$python311"
