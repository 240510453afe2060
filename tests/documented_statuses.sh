#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: documented_statuses.sh ROOT     Each errc that a header's comments name must be expected (errc::name) in a test that includes
# the header, or in the laws that such a test includes. Prints "header errc" for each that isn't; exit code 1 if there is one.
# What laws provoke for every model counts for the header of a model whose test calls them.
set -u
cd "${1:?usage: documented_statuses.sh ROOT}" || exit 2
names=$(sed -n '/^enum class errc/,/^};/s/^  \([a-z_]*\)[ ,=].*/\1/p; /^enum class errc/,/^};/s/^  \([a-z_]*\)$/\1/p' include/skive/core/status.hpp | grep -v '^ok$' | sort -u)

# What no test can provoke, and why.
excused() {
  case $1 in
    "skive/linalg/jacobi_svd.hpp no_convergence") ;;      # no matrix is known that needs most_sweeps
    "skive/compose/outliers_above.hpp unsupported") ;;    # a row of 2^32 numbers
    "skive/linalg/svd_common.hpp not_finite") ;;          # tests/support/svd_checks.hpp, through each decomposition
    *) return 1 ;;
  esac
}

missing=$(
  find include/skive -mindepth 2 -name '*.hpp' | sort | while read -r header; do
    own=${header#include/}
    # Sentences that say how an operation fails.
    comments=$(sed -n 's#^ *///* *\(.*\)#\1#p' "$header" | tr '\n' ' ' | sed 's/\. /.\n/g' | sed "s/blocks overlap//; s/an overflow was//" | grep -E "[Ff]ails? (with|as)|errc::")
    tests=
    for name in $names; do
      echo "$comments" | grep -qE "\b$name\b" || continue
      # Tests that include the header; for one that no test includes, those of the headers that include it.
      if [ -z "$tests" ]; then
        tests=$(grep -rlE "\"$own\"" tests --include='*.test.cpp')
        [ -n "$tests" ] || for user in $(grep -rlE "\"$own\"" include/skive | grep -v 'skive/skive.hpp'); do
          tests="$tests $(grep -rlE "\"${user#include/}\"" tests --include='*.test.cpp' | tr '\n' ' ')"
        done
        for test in $tests; do
          for law in $(sed -n 's/^#include "\(laws\|support\)\/\(.*\)"$/\1\/\2/p' "$test"); do tests="$tests tests/$law"; done
        done
        case "$tests" in *laws/*) tests="$tests $(ls tests/laws/*.hpp | grep -F "$(echo "$tests" | tr ' ' '\n' | grep laws/ | sort -u)" | tr '\n' ' ') tests/laws/block_codec.hpp" ;; esac
      fi
      # shellcheck disable=SC2086  # file names without blanks
      [ -n "$tests" ] && grep -qE "errc::$name\b" $tests || excused "$own $name" || echo "$own $name"
    done
  done
)
[ -z "$missing" ] && { echo "documented statuses: each is provoked by a test"; exit 0; }
echo "$missing"
exit 1
