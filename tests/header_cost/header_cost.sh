#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: header_cost.sh [--check] [COMPILER [PREFIX]]     PREFIX: where xsimd lies, build/deps unless named.
# A table for each header alone: preprocessed lines, seconds of processor time to parse it, with or without xsimd. docs/compile_cost.tsv
# is what it printed for g++ 12.
# With --check, no table but: lines against the ceilings below and, with the compiler of docs/compile_cost.tsv, a quarter and 1500 lines
# above what stands there; no xsimd behind scalar headers; the umbrella within a multiple of xsimd's own time, as seconds alone say as
# much of the machine and its other work. A header that has good reason to grow gets a new line there.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
check=
if [ "${1:-}" = --check ]; then check=yes; shift; fi
compiler=${1:-c++}
prefix=${2:-$root/build/deps}
flags="-std=c++20 -I$root/include -isystem $prefix/include"

# The umbrella's ceiling in times of xsimd's own.
umbrella_ceiling=4.5

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

# Headers of single numbers and of the vocabulary, which stay usable without xsimd.
scalar() {
  case $1 in
    *lanes.hpp | format/rows.hpp) return 1 ;;
    core/* | format/* | metric/rate_distortion.hpp | codebook/distribution.hpp | codebook/lloyd_max.hpp | codebook/kmeans_1d.hpp) return 0 ;;
    *) return 1 ;;
  esac
}

# Preprocessed lines of a header, and whether xsimd is among them.
size() {
  # shellcheck disable=SC2086
  echo "#include <skive/$1>" | $compiler $flags -E -x c++ - |
    awk 'BEGIN { with = "no" } /^#/ { if (index($0, "/xsimd/")) with = "yes"; next } !/^ *$/ { ++lines } END { print lines + 0, with }'
}

# Seconds of processor time to compile a unit of one header, as users compile it, for this machine.
seconds() {
  echo "#include <$1>" > "$unit"
  # shellcheck disable=SC2086  # flags are words
  bash -c 'TIMEFORMAT=%U; time "$@"' seconds $compiler $flags -w -march=native -fsyntax-only "$unit" 2>&1
}

recorded=$root/docs/compile_cost.tsv
[ "$(echo __GNUC__ | $compiler -E -P -)-$(echo __clang__ | $compiler -E -P -)" = 12-__clang__ ] || recorded=/dev/null
# What the budget of a header is by the table; nothing if it isn't there.
budget() { awk -F '\t' -v header="$1" '$1 == header { print int($2 * 1.25) + 1500 }' "$recorded"; }

bad=0
unit=$(mktemp --suffix=.cpp)
trap 'rm -f "$unit"' EXIT
[ -n "$check" ] || printf 'header\tlines\tseconds\txsimd\n'
for header in $(cd "$root/include/skive" && find . -name '*.hpp' | sed 's#^\./##' | sort); do
  measured=$(size "$header")
  lines=${measured% *}
  with=${measured#* }
  if [ -n "$check" ]; then
    if [ "$lines" -gt "$(ceiling "$header")" ]; then echo "$header: $lines preprocessed lines, ceiling $(ceiling "$header")"; bad=1; fi
    most=$(budget "$header")
    if [ -n "$most" ] && [ "$lines" -gt "$most" ]; then echo "$header: $lines preprocessed lines, $most by docs/compile_cost.tsv"; bad=1; fi
    if scalar "$header" && [ "$with" = yes ]; then echo "$header: includes xsimd"; bad=1; fi
  else
    printf '%s\t%s\t%s\t%s\n' "$header" "$lines" "$(seconds "skive/$header")" "$with"
  fi
done
if [ -n "$check" ]; then
  least_umbrella=1000 least_xsimd=1000
  for _ in 1 2 3; do  # side by side, the least of each
    least_umbrella=$({ echo "$least_umbrella"; seconds skive/skive.hpp; } | sort -n | head -1)
    least_xsimd=$({ echo "$least_xsimd"; seconds xsimd/xsimd.hpp; } | sort -n | head -1)
  done
  awk "BEGIN { exit !($least_umbrella > $umbrella_ceiling * $least_xsimd) }" &&
    { echo "skive.hpp: $least_umbrella s of processor time, xsimd.hpp $least_xsimd s, ceiling $umbrella_ceiling times that"; bad=1; }
fi
exit "$bad"
