# Sourced by the scripts beside it: what they need of Debian, and how they install it.

command_packages=(g++ cmake ninja-build libeigen3-dev libsleef-dev libboost-dev libboost-program-options-dev
                  nlohmann-json3-dev libxbyak-dev gnuplot-nox)
test_packages=("${command_packages[@]}" ccache libboost-test-dev libbenchmark-dev)
full_packages=("${test_packages[@]}" clang libcolpack-dev)
# Other libraries for derivatives, for the benches alone: ADOL-C, CppAD and TMBad, Stan Math, Sacado, Ceres.
peer_packages=(libadolc-dev r-cran-tmb r-cran-stanheaders libtbb-dev libtrilinos-sacado-dev libtrilinos-kokkos-dev
               libceres-dev)

# install_packages NAME..: installs those that are missing, as root or by sudo. Does nothing if none is.
install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian: taking for granted that these are installed: $*"
    return 0
  fi
  local missing=() package
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || { echo "Missing, and neither root nor sudo to install them: ${missing[*]}" >&2; return 1; }
    as_root=(sudo)
  fi
  echo "Installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update -q &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
           -o DPkg::Lock::Timeout=300 "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    echo "Could not install ${missing[*]}" >&2
    return 1
  fi
  rm -f "$log"
}

# quietly COMMAND..: prints what the command prints only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  ((status == 0)) || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

jobs=$(nproc 2>/dev/null || echo 2)
