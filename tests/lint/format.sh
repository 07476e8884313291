#!/usr/bin/env bash
# Every source file is as clang-format 19 writes it; `./dev format` makes it so.
set -euo pipefail
cd "$(dirname "$0")/../.."
find . -name '.?*' -prune -o -name 'build*' -prune -o -name node_modules -prune -o \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 clang-format-19 --dry-run --Werror
