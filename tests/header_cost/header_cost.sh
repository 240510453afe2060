#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: header_cost.sh [--check] [COMPILER]
# Preprocessed lines and seconds to compile each header alone. With --check: lines only, against the ceilings below.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
check=
if [ "${1:-}" = --check ]; then check=yes; shift; fi
compiler=${1:-c++}
flags="-std=c++20 -I$root/include -isystem $root/build/deps/include"

# Ceilings in preprocessed lines; with g++ 12 the vocabulary (core/concepts.hpp) has 13 000, a format of single numbers 4 000.
ceiling() {
  case $1 in
    *lanes.hpp | format/rows.hpp) echo 120000 ;;  # with xsimd
    core/primitive.hpp | core/real_bits.hpp | core/rounding.hpp | core/ieee.hpp | core/scalar_format.hpp) echo 8000 ;;
    format/lookup*.hpp | format/power_of_two.hpp) echo 40000 ;;
    format/*) echo 8000 ;;
    core/*) echo 40000 ;;
    *) echo 120000 ;;
  esac
}

bad=0
[ -n "$check" ] || printf 'header\tlines\tseconds\n'
for header in $(cd "$root/include/skive" && find . -name '*.hpp' | sed 's#^\./##' | sort); do
  # shellcheck disable=SC2086  # flags are words
  lines=$(echo "#include <skive/$header>" | $compiler $flags -E -P -x c++ - | wc -l)
  if [ -n "$check" ]; then
    if [ "$lines" -gt "$(ceiling "$header")" ]; then echo "$header: $lines preprocessed lines, ceiling $(ceiling "$header")"; bad=1; fi
  else
    start=$(date +%s%N)
    # shellcheck disable=SC2086
    echo "#include <skive/$header>" | $compiler $flags -fsyntax-only -x c++ - || bad=1
    printf '%s\t%s\t%s\n' "$header" "$lines" "$(awk "BEGIN { printf \"%.2f\", ($(date +%s%N) - $start) / 1e9 }")"
  fi
done
exit "$bad"
