#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: tree_rules.sh ROOT     Checks what no compiler checks; prints every breach, exit code 1 if there is one.
set -u
cd "${1:?usage: tree_rules.sh ROOT}" || exit 2
# breach TEXT: every line on standard input, a file name or a line of grep, is a breach of the rule TEXT.
breach() { sed "s#^#tree rules: $1: #"; }
files() { find . \( -path ./build -o -path ./.git \) -prune -o -type f -print; }

check() {
  # The floors from the ground up: a header includes only its own floor and lower ones.
  floors="core simd format metric block linalg transform codebook lowrank sparse compose solve kernel kv"
  grep -rn '^#include "skive/' include/skive | awk -F'[:"]' -v floors="$floors" '
    BEGIN { n = split(floors, name, " "); for (i = 1; i <= n; ++i) height[name[i]] = i }
    { split($1, from, "/"); split($4, to, "/")
      own = from[3]; other = to[2]
      if (own ~ /\.hpp$/ || other == "version.hpp") next          # the umbrella stands above the floors, version.hpp below
      if (!(own in height)) { print $1 ": unknown floor"; next }
      if (!(other in height) || height[other] > height[own]) print $1 ":" $2 ": includes " $4 }' | breach "wrong floor"

  grep -rnE '^#include <(vector|string|memory|iostream|ostream|sstream|algorithm|functional|map|locale|stdexcept|new|ranges|cstdio)>' \
    include/skive | breach "header too heavy, or it allocates or prints"
  grep -rnE '^# *(if|ifdef|ifndef|define)\b' include/skive | grep -vE '^include/skive/(simd/|version\.hpp)' | breach "preprocessor"
  grep -rnE '\b(throw|dynamic_cast|typeid|malloc|printf|try)\b *[^a-z]' include/skive | grep -vE ':[0-9]+: *(//|\*)|//.*\b(throw|try|printf)' |
    breach "exceptions, RTTI, allocation or printing"
  # One exception: linalg/real.hpp starts lifetimes in the caller's memory by an operator new that returns the address it is given.
  grep -rnE '\boperator new\b|\bnew\b *[({[:alpha:]]|\bnew\b *\[' include/skive | grep -vE ':[0-9]+: *//|//.*\bnew\b' |
    grep -vE '^include/skive/linalg/real\.hpp:[0-9]+:.*(std::size_t, void\* at\) noexcept \{ return at; \}|new \(memory\.data\(\) \+ )' |
    breach "new"
  grep -rlE 'include <xsimd' include/skive/core include/skive/format include/skive/metric 2>/dev/null | breach "scalar code includes xsimd"
  find include/skive -name '*.hpp' ! -name '*_table.hpp' ! -name skive.hpp -exec wc -l {} + | awk '$1 > 400 && $2 != "total"' | breach "over 400 lines"
  for header in $(find include/skive -mindepth 2 -name '*.hpp' ! -name '*_table.hpp' | sort); do
    grep -q "\"${header#include/}\"" include/skive/skive.hpp || echo "$header"
  done | breach "not in skive.hpp"

  # What the documents name is there: paths of the repository, verbs of ./run, labels of ctest; each promise names what holds it.
  grep -on '`[^` ]*`\|`\./run [^`]*`\|`ctest [^`]*`' README.md docs/*.md | sed 's/`//g' | while IFS=: read -r file line name; do
    case $name in
      "./run "*) verb=${name#./run } && grep -q "^  ${verb%% *}[ |)]" run ;;
      "ctest -L "*) grep -q "LABELS ${name#ctest -L }\b" tests/CMakeLists.txt || [ -d "tests/${name#ctest -L }" ] ;;
      tests/*[!a-z0-9_/.*]* | docs/*[!a-z0-9_/.*]*) ;;  # a pattern, not a path
      tests/* | docs/* | cmake/* | scripts/* | ports/* | .ci/* | examples/* | include/* | bench/*) ls -d $name >/dev/null 2>&1 ;;
    esac || echo "$file:$line: $name"
  done | breach "named, but not there"
  grep '^| \*\*' docs/promises.md | grep -vE '`(tests|cmake|\.ci)/[^`]+`|`(\./run|ctest) ' | breach "a promise that nothing holds"
  grep -o '`[a-z]*_[a-z_]*`' docs/promises.md | tr -d '`' | sort -u | while read -r name; do
    grep -rqw "$name" tests cmake bench include || echo "$name"
  done | breach "named in docs/promises.md, but not there"

  # First lines, and nothing that reaches outside the repository.
  files | grep -vE '\.(json|svg|png|npy|bin|tsv|safetensors)$|/\.codespell-ignore$' | while read -r f; do
    head -n 2 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception' || echo "$f"
  done | breach "no SPDX line"
  files | xargs grep -nIE '\.\./[s]hared/|/[w]ork/' 2>/dev/null | breach "names a folder outside the repository"
}

breaches=$(check)
if [ -n "$breaches" ]; then
  printf '%s\n' "$breaches"
  exit 1
fi
echo "tree rules: kept"
