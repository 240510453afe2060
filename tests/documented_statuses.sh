#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: documented_statuses.sh ROOT     Each errc that a header's comments name must be expected (errc::name) in a test of the header
# or in the laws and support code that it includes. Prints "header errc" for each that isn't; exit code 1 if there is one.
# A test of a header: that of its name, and others that include it and name it in their first comment; where no test has its name, each
# that includes it, or else those of the headers that include it.
set -u
cd "${1:?usage: documented_statuses.sh ROOT}" || exit 2

# shellcheck disable=SC2046  # file names without blanks
all=$(awk -f tests/documented_statuses.awk include/skive/core/status.hpp \
  $(find include/skive -mindepth 2 -name '*.hpp' ! -path '*/core/status.hpp') \
  $(find tests -name '*.test.cpp') tests/laws/*.hpp tests/support/*.hpp) || exit 2

# What no test can provoke, and why: rows of 2^32 numbers; 2^32 samples.
missing=$(echo "$all" | grep -v -e ' statuses$' -e '^skive/compose/outliers_above.hpp unsupported$' \
  -e '^skive/sparse/sparse_activations.hpp unsupported$' -e '^skive/codebook/kmeans_1d.hpp overflow$' | sort)
count=$(echo "$all" | sed -n 's/ statuses$//p')
[ "${count:-0}" -ge 400 ] || { echo "documented_statuses.sh: found $count statuses: the comments have another form"; exit 2; }
[ -z "$missing" ] && { echo "documented statuses: each of $count is provoked by a test"; exit 0; }
echo "$missing"
exit 1
