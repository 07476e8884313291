# The verbs of ./dev, one function each. Sourced by ./dev.

configure() { cmake --preset "$1" >&2; }
compile() { cmake --build --preset "$1" --target "${@:2}" >&2; }

verb_build() {
  need_packages "${build_packages[@]}"
  configure release
  compile release ctk ctk_pages
  echo "$PWD/build/ctk"
}

verb_demo() {
  verb_build >/dev/null
  build/ctk demo "$@"
}

verb_test() {
  need_packages "${build_packages[@]}" "${test_packages[@]}"
  need_tools "${test_tools[@]}"
  need_npm
  configure release
  compile release programs
  beside build/suites.log run_suites build_sanitized
  beside build/lives.log run_lives_and_threads test_memory
  python3 tools/dev/skipped.py build-sanitize build-tsan build
}

# They wait more than they compute.
run_suites() { ctest --preset release; }

# A life has one thread; relays on real threads wait for most of their time, and so do the tests that have servers.
run_lives_and_threads() {
  build/tests/simulate --seed 1 --runs 2000
  test_threads
}

# For the inner loop: format, imports, build, and the quick tests of the programs that have changed since they last passed.
verb_check() {
  need_packages "${build_packages[@]}" clang-format-19
  need_tools "${lint_tools[@]}"
  configure release
  tests/lint/format.sh
  python3 tests/lint/imports.py
  compile release unit_tests ctk
  python3 tools/dev/check.py build
}

# The unit tests under AddressSanitizer and UndefinedBehaviorSanitizer; whole relays on real threads under ThreadSanitizer.
verb_sanitize() {
  need_packages "${build_packages[@]}" "${test_packages[@]}"
  need_tools "${test_tools[@]}"
  build_sanitized
  test_memory
  test_threads
}

build_sanitized() {
  configure sanitize
  compile sanitize unit_tests
  configure tsan
  compile tsan teardown_test
}

test_memory() { ctest --preset sanitize; }

test_threads() { ctest --preset tsan; }

verb_lint() {
  need_packages "${build_packages[@]}" "${lint_packages[@]}"
  need_tools "${lint_tools[@]}"
  configure lint
  ctest --preset lint "$@"
}

verb_format() {
  need_packages "${lint_packages[@]}"
  git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc' | xargs -0 clang-format-19 -i
}

verb_bench() {
  if [[ ! -x bench/run ]]; then
    say "there are no benchmarks yet"
    exit 2
  fi
  need_packages "${build_packages[@]}" "${test_packages[@]}"
  need_tools "${test_tools[@]}"
  configure release
  compile release all
  case "${1:-}" in
    compare) shift && bench/against_reference "$@" ;;
    kcl) need_packages "${maven_packages[@]}" && need_npm && bench/against_kcl ;;
    *) bench/run "$@" ;;
  esac
}

verb_fuzz() {
  need_packages "${build_packages[@]}" "${fuzz_packages[@]}"
  configure fuzz
  compile fuzz fuzzers
  local fuzzer name
  for fuzzer in build-fuzz/fuzz/*_fuzz; do
    name=$(basename "$fuzzer")
    say "$name, ${1:-30} seconds"
    mkdir -p "build-fuzz/corpus/$name"
    "$fuzzer" -max_total_time="${1:-30}" -print_final_stats=1 -artifact_prefix=build-fuzz/ "build-fuzz/corpus/$name" \
      "tests/fuzz/corpus/$name"
  done
}

verb_simulate() {
  need_packages "${build_packages[@]}" "${test_packages[@]}"
  configure release
  compile release simulate
  build/tests/simulate "$@"
}

verb_interop() {
  if [[ ${1:-} == examples ]]; then  # of which no program is a part
    need_packages python3-venv
    tests/interop/examples "${@:2}"
    return
  fi
  verb_build >/dev/null
  need_packages "${interop_packages[@]}"
  need_tools "${test_tools[@]}"
  need_npm
  case "${1:-}" in
    lambda) need_packages "${package_packages[@]}" && tests/interop/lambda "${@:2}" ;;
    screenshots) need_packages chromium && python3 -m unittest -v tests/interop/test_screenshots.py ;;
    kcl) need_packages mariadb-server "${maven_packages[@]}" && tests/interop/kcl "${@:2}" ;;
    mysql)
      need_packages mariadb-server python3 "${maven_packages[@]}"
      compile release sink_test sim_server fake_cratedb
      tests/interop/mysql "${@:2}"
      ;;
    *) tests/interop/run "$@" ;;
  esac
}

verb_package() {
  case "${1:-}" in
    deb | wheel | archive | lambda) ;;
    *) say "package deb, wheel, archive or lambda?" && exit 2 ;;
  esac
  need_packages "${build_packages[@]}" "${package_packages[@]}"
  need_tools python3:python3
  case "${2:-}" in
    '') ;;
    arm64)
      package_for_arm64 "$1"
      return
      ;;
    *) say "package $1 for this machine, or for arm64?" && exit 2 ;;
  esac
  configure package
  compile package ctk
  python3 packaging/package.py "$1" build-package/ctk build-package/packages
}

package_for_arm64() {
  if [[ $1 == deb ]]; then
    say "a Debian package is made on a machine of its own kind; archive, wheel and lambda can be made for arm64"
    exit 2
  fi
  need_packages "${arm64_tools[@]}"
  python3 packaging/sysroot.py arm64 build-package-arm64/sysroot "${arm64_libraries[@]}"
  configure package-arm64
  compile package-arm64 ctk
  python3 packaging/package.py "$1" build-package-arm64/ctk build-package-arm64/packages build-package-arm64/sysroot
}

verb_docs() {
  need_packages "${docs_packages[@]}"
  mkdocs build --strict --quiet >&2
  echo "$PWD/build-docs/index.html"
}

verb_clean() {
  rm -rf build build-lint build-sanitize build-tsan build-fuzz build-docs build-package build-package-arm64 tests/node_modules
}
