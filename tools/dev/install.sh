# What each verb needs, and how it gets here. Sourced by ./dev.

# Debian packages: to build the program and its unit tests, to check the sources, to run the black-box tests.
library_packages=(libcurl4-openssl-dev libssl-dev libsimdjson-dev libfmt-dev libspdlog-dev libcli11-dev libpq-dev libmariadb-dev
  libsqlite3-dev unixodbc-dev libcpp-httplib-dev libnghttp2-dev libpugixml-dev libtomlplusplus-dev libzstd-dev zlib1g-dev
  libedit-dev libncurses-dev libjemalloc-dev libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev)
build_packages=(g++ cmake ninja-build pkg-config python3 "${library_packages[@]}")
lint_packages=(clang-format-19 clang-tidy-19)
fuzz_packages=(clang-19 libclang-rt-19-dev)
test_packages=(postgresql-15 pgbouncer mariadb-server odbc-postgresql odbc-mariadb libsqliteodbc zstd tmux debhelper lintian mkdocs)
# Tools that may have come from elsewhere: COMMAND:PACKAGE.
lint_tools=(python3:python3)
test_tools=(python3:python3 node:nodejs java:default-jre-headless promtool:prometheus curl:curl openssl:openssl nghttpx:nghttp2-proxy)
npm_tools=(npm:npm)
docs_packages=(mkdocs)
package_packages=(debhelper dpkg-dev libmariadb3)
# For arm64: a compiler, what runs it here, and the libraries, which are unpacked (packaging/sysroot.py) and not installed.
arm64_tools=(g++-aarch64-linux-gnu qemu-user-static)
arm64_libraries=(libc6-dev libstdc++-12-dev libmariadb3 "${library_packages[@]}")
interop_packages=(postgresql-15 python3-venv)
maven_packages=(maven default-jdk-headless)

say() { echo "./dev: $*" >&2; }

is_installed() { [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

# The package that gives a tool, unless the tool is there.
missing_tool() { command -v "${1%%:*}" >/dev/null || echo "${1#*:}"; }

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "installing needs root: run as root, or install sudo"
    exit 1
  fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

# What surprises by its size is said before it comes.
say_cost() {
  local package
  for package in "$@"; do
    [[ $package != npm ]] || say "Debian's npm brings 370 packages, 174 MB on disk, to fetch two emulators; any other npm on the PATH serves"
  done
}

# need_packages PACKAGE... : installs those that are missing; does nothing when all are there.
need_packages() {
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if ! command -v apt-get >/dev/null; then
    say "this is no Debian: install what corresponds to ${missing[*]}, then run this again"
    exit 1
  fi
  say "installing from Debian: ${missing[*]}"
  say_cost "${missing[@]}"
  # A bare machine's index is empty. apt-cache would answer for it, but takes a name such as g++ for a pattern.
  if ! apt-get install --simulate -qq "${missing[@]}" >/dev/null 2>&1; then
    as_root apt-get update -q >&2
  fi
  # A stale index names versions that are gone: refresh it once and try again.
  apt_install "${missing[@]}" || { as_root apt-get update -q >&2 && apt_install "${missing[@]}"; }
}

# need_tools COMMAND:PACKAGE... : the same, for what only has to be on the PATH.
need_tools() {
  local missing=() tool package
  for tool in "$@"; do
    package=$(missing_tool "$tool")
    [[ -z $package ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] || need_packages "${missing[@]}"
}

# The emulators of tests/package.json, in exactly the versions of its lock.
need_npm() {
  local stamp=tests/node_modules/.installed wanted
  wanted=$(sha256sum tests/package-lock.json | cut -d' ' -f1)
  [[ -f $stamp && "$(cat "$stamp")" == "$wanted" ]] && return 0
  need_tools "${npm_tools[@]}"
  say "installing from npm: the emulators of tests/package.json"
  npm ci --prefix tests --no-audit --no-fund --loglevel=error >&2
  echo "$wanted" >"$stamp"
}
