# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# awk -f documented_statuses.awk include/skive/core/status.hpp HEADER... TEST...     See documented_statuses.sh.

# A sentence of the header `own`: which statuses does it name? Names of one word count in sentences about failing only.
function end_sentence(   n, w, i, fails) {
  gsub(/blocks overlap|an overflow was|may overflow|not overflow|finds rows corrupt|find bytes corrupt/, "", sentence)
  fails = sentence ~ /[Ff]ails? (with|as)|errc::|[Rr]efuse/
  n = split(sentence, w, /[^a-z_]+/)
  for (i = 1; i <= n; ++i)
    if (w[i] in known && (fails || w[i] ~ /_/)) says[own, w[i]] = 1
  sentence = ""
}

# What a test and the laws and support code that it includes expect; support code that other support code needs is not its own.
function gather(file,   i, next_file) {
  if (file in seen) return
  seen[file] = 1
  for (i in known) if ((file, i) in expects) found[i] = 1
  for (i = 1; i <= includes[file]; ++i) {
    next_file = "tests/" include[file, i]
    if (next_file in includes && (next_file ~ /^tests\/laws/ || file ~ /\.test\.cpp$/)) gather(next_file)
  }
}

# Does the test `t`, which includes the header h, stand for it? The test of its name does; another one if it says so at its top; any
# if there is none of its name.
function stands_for(t, h,   own_test, stem) {
  own_test = stem = h
  sub(/^skive/, "tests", own_test)
  sub(/\.hpp$/, ".test.cpp", own_test)
  sub(/.*\//, "", stem)
  sub(/\.hpp$/, "", stem)
  return t == own_test || !(own_test in includes) || top[t] ~ ("[ ,{/]" stem "[,.}]")
}

FNR == 1 {
  end_sentence()
  own = FILENAME
  sub(/^include\//, "", own)
  includes[own] = 0
  is_header = own ~ /^skive/
  if (is_header) headers[own] = 1
}
FILENAME ~ /core\/status\.hpp$/ {
  if (/^enum class errc/) inside = 1
  if (/^};/) inside = 0
  if (inside && match($0, /^  [a-z_]+/) && $1 !~ /^ok/) known[substr($0, 3, RLENGTH - 2)] = 1
  next
}
/^#include "/ {
  split($0, quoted, "\"")
  include[own, ++includes[own]] = quoted[2]
}
!is_header {
  if (/^\/\// && includes[own] == 0) top[own] = top[own] " " $0
  for (rest = $0; match(rest, /errc::[a-z_]+/); rest = substr(rest, RSTART + RLENGTH))
    expects[own, substr(rest, RSTART + 6, RLENGTH - 6)] = 1
  next
}
match($0, /^ *\/\/\/? ?/) {
  for (rest = substr($0, RLENGTH + 1) " "; (at = index(rest, ". ")) > 0; rest = substr(rest, at + 1)) {
    sentence = sentence " " substr(rest, 1, at)
    end_sentence()
  }
  sentence = sentence " " rest
  next
}
{ end_sentence() }

END {
  end_sentence()
  for (file in includes)
    for (i = 1; i <= includes[file]; ++i) {
      if (file ~ /\.test\.cpp$/) users[include[file, i]] = users[include[file, i]] " " file
      else if (file in headers) above[include[file, i]] = above[include[file, i]] " " file
    }
  for (h in headers) {
    list = users[h]
    if (list == "") {  # tested through those that include it
      n = split(above[h], up, " ")
      for (i = 1; i <= n; ++i) list = list users[up[i]]
    }
    split("", seen)
    split("", found)
    n = split(list, t, " ")
    for (i = 1; i <= n; ++i)
      if (stands_for(t[i], h)) gather(t[i])
    for (s in known)
      if ((h, s) in says) {
        ++count
        if (!(s in found)) print h, s
      }
  }
  print count + 0, "statuses"
}
