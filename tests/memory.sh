#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: memory.sh PREFIX BUILD [uninitialised|threads|valgrind]...     PREFIX: what cmake/bookworm-deps.sh made. Without names: all.
#   uninitialised   tests/memory/uninitialised.cpp under the memory sanitizer of clang
#   threads         the tests of a cache that a writer and readers share, under the thread sanitizer of clang
#   valgrind        the fuzzers' corpora (memory of exactly the right size) under valgrind, for AVX2
set -eu
home=$(cd "$(dirname "$0")/.." && pwd -P)
prefix=$(cd "${1:?usage: memory.sh PREFIX BUILD [NAME...]}" && pwd -P)
mkdir -p "${2:?usage: memory.sh PREFIX BUILD [NAME...]}"
build=$(cd "$2" && pwd -P)
shift 2
[ $# -gt 0 ] || set -- uninitialised threads valgrind
common="-std=c++20 -O1 -g1 -w -I$home/include -I$home/tests -isystem $prefix/include"

# shellcheck disable=SC2086  # flags are words
for name in "$@"; do
  case $name in
    uninitialised)
      clang++-19 $common -march=x86-64 -fsanitize=memory "$home/tests/memory/uninitialised.cpp" -o "$build/uninitialised"
      "$build/uninitialised"
      ;;
    threads)
      clang++-19 $common -march=native -fsanitize=thread "$home/tests/kv/head_cache.test.cpp" -L"$prefix/lib" -lCatch2Main -lCatch2 \
        -o "$build/threads"
      "$build/threads"
      ;;
    valgrind)
      for corpus in stateful codec; do
        g++ $common -march=x86-64-v3 "$home/tests/fuzz/$corpus.fuzz.cpp" "$home/tests/fuzz/replay.cpp" -o "$build/$corpus"
        valgrind --quiet --error-exitcode=3 "$build/$corpus" "$home/tests/fuzz/corpus/$corpus" > "$build/$corpus.log"
      done
      ;;
    *) echo "memory.sh: no check is called $name" >&2; exit 2 ;;
  esac
  echo "$name: passed"
done
