#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: matrix.sh XSIMD_INCLUDE BUILD [TARGET...]     Builds tests/golden for instruction sets, compilers and machines and runs it,
# under qemu where this machine cannot; prints a table, exit code 1 if a codec wrote other bytes than tests/golden/codecs.tsv says.
# One compile job at a time. Targets that lack a compiler or an emulator are told, and are no failure.
set -u
home=$(cd "$(dirname "$0")/.." && pwd -P)
xsimd=${1:?usage: matrix.sh XSIMD_INCLUDE BUILD [TARGET...]}
build=${2:?usage: matrix.sh XSIMD_INCLUDE BUILD [TARGET...]}
shift 2

# name | compiler | flags | emulator
targets() {
  cat <<'TEXT'
sse2|g++|-O1 -march=x86-64|
sse4.2|g++|-O1 -march=x86-64-v2|qemu-x86_64 -cpu Westmere
avx|g++|-O1 -mavx|qemu-x86_64 -cpu SandyBridge
avx2+fma|g++|-O2 -march=x86-64-v3 -ffp-contract=fast|qemu-x86_64 -cpu Haswell
avx512bw|g++|-O1 -march=x86-64-v4|native
avx512|g++|-O3 -march=native -ffp-contract=fast|native
clang-avx2|clang++-19|-O2 -march=x86-64-v3 -ffp-contract=fast|qemu-x86_64 -cpu Haswell
clang-avx512|clang++-19|-O3 -march=native|native
O0|g++|-O0 -march=native|native
Os|g++|-Os -march=native|native
emulated|g++|-O1 -march=x86-64 -DXSIMD_WITH_EMULATED=1 -DXSIMD_DEFAULT_ARCH=emulated<256>|
neon64|aarch64-linux-gnu-g++|-O1|qemu-aarch64 -L /usr/aarch64-linux-gnu
neon64-dotprod|aarch64-linux-gnu-g++|-O1 -march=armv8.2-a+dotprod|qemu-aarch64 -L /usr/aarch64-linux-gnu
neon64-i8mm|aarch64-linux-gnu-g++|-O1 -march=armv8.6-a+i8mm|qemu-aarch64 -L /usr/aarch64-linux-gnu
big-endian|s390x-linux-gnu-g++|-O1|qemu-s390x -L /usr/s390x-linux-gnu
TEXT
}

has() { command -v "$1" >/dev/null 2>&1; }

# Prints "built golden" of one target.
try() {
  name=$1 compiler=$2 flags=$3 emulator=$4
  has "$compiler" || { echo "no-$compiler -"; return 0; }
  [ -z "$emulator" ] || [ "$emulator" = native ] || has "${emulator%% *}" || { echo "no-${emulator%% *} -"; return 0; }
  mkdir -p "$build/$name"
  objects=
  for file in "$home"/tests/golden/*.cpp; do
    object=$build/$name/$(basename "$file" .cpp).o
    # shellcheck disable=SC2086  # flags are words
    $compiler -std=c++20 $flags -w -I"$home/include" -isystem "$xsimd" -c "$file" -o "$object" > "$build/$name/log" 2>&1 ||
      { echo "no -"; return 1; }
    objects="$objects $object"
  done
  # shellcheck disable=SC2086
  $compiler $objects -o "$build/$name/golden" > "$build/$name/log" 2>&1 || { echo "no -"; return 1; }
  [ "$emulator" = native ] && emulator=
  # shellcheck disable=SC2086
  $emulator "$build/$name/golden" "$home/tests/golden/codecs.tsv" > "$build/$name/log" 2>&1
  code=$?
  [ "$code" = 0 ] && { echo "yes same"; return 0; }
  [ "$code" = 132 ] && [ -z "$emulator" ] && { echo "yes no-such-processor"; return 0; }  # SIGILL
  echo "yes DIFFERENT"
  return 1
}

bad=0
printf '%-16s %-28s %s\n' target built golden
targets > "$build.targets"
for t in "$@"; do
  grep -q "^$t|" "$build.targets" || { echo "matrix.sh: no target is called $t" >&2; exit 2; }
done
while IFS='|' read -r name compiler flags emulator; do
  wanted=$#
  for t in "$@"; do [ "$t" = "$name" ] && wanted=0; done
  [ "$wanted" = 0 ] || continue
  row=$(try "$name" "$compiler" "$flags" "$emulator") || bad=1
  printf '%-16s %-28s %s\n' "$name" "${row% *}" "${row#* }"
done < "$build.targets"
exit "$bad"
