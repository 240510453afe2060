#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: matrix.sh PREFIX BUILD [TARGET...]     PREFIX: what cmake/bookworm-deps.sh made. Builds tests/golden and some test programs for
# instruction sets, compilers and machines, runs them under qemu where this machine cannot, and prints a table; exit code 1 if anything
# fails that can be built. One compile job at a time. SKIVE_MATRIX_TESTS=no leaves out the test programs (a quarter of the time).
#
#   built    yes, or why not: no-COMPILER, no-EMULATOR, no (BUILD/TARGET/log)
#   tests    passed test cases, or FAILED and the programs
#   golden   same: every codec wrote the bytes of tests/golden/codecs.tsv, by its scalar rule and by the vectors of the target
# Rows called consumer-...: the package as find_package, add_subdirectory, pkg-config and plain headers have it, in C++20 and C++23.
set -u
home=$(cd "$(dirname "$0")/.." && pwd -P)
prefix=$(cd "${1:?usage: matrix.sh PREFIX BUILD [TARGET...]}" && pwd -P)
mkdir -p "${2:?usage: matrix.sh PREFIX BUILD [TARGET...]}"
build=$(cd "$2" && pwd -P)
shift 2
newer=${SKIVE_XSIMD14:-$prefix/../deps14}  # a prefix with xsimd 14: cmake/bookworm-deps.sh PREFIX sid
arm='qemu-aarch64 -L /usr/aarch64-linux-gnu'
wasm='-isystem /usr/lib/llvm-19/include/wasm32-wasi/c++/v1 -isystem /usr/include/wasm32-wasi/c++/v1 -isystem /usr/include/wasm32-wasi'

# The programs that a target runs: what its registers touch, or, where there are none, what packs bytes.
lanes='simd/bits simd/dot simd/half simd/lookup kv/key_scores linalg/lane_block'
bytes='core/bits core/planes core/relayout core/random block/name block/affine block/nvfp4 sparse/combinadic transform/walsh_hadamard'
few='core/bits core/random'
none=

# name | compiler | flags | emulator, native or none | programs; "only ...": and no golden bytes, which no instruction of it touches
targets() {
  cat <<TEXT
sse2|g++|-O1 -march=x86-64|qemu-x86_64 -cpu qemu64|$lanes
sse4.2|g++|-O1 -march=x86-64-v2|qemu-x86_64 -cpu Westmere|$lanes
avx|g++|-O1 -mavx|qemu-x86_64 -cpu SandyBridge|$lanes
avx2+fma|g++|-O2 -march=x86-64-v3 -ffp-contract=fast|qemu-x86_64 -cpu Haswell|$lanes
avx512bw|g++|-O1 -march=x86-64-v4|native|$lanes
avx512vnni|g++|-O1 -march=cascadelake|native|$lanes
avx512vbmi|g++|-O1 -march=icelake-client|native|$lanes
xsimd14|g++|-O1 -march=x86-64-v3 -isystem $newer/include|native|$lanes
native-O3|g++|-O3 -march=native -ffp-contract=fast|native|$none
native-Os|g++|-Os -march=native|native|$none
native-O0|g++|-O0 -march=native|native|$none
clang-avx2|clang++-19|-O1 -march=x86-64-v3 -ffp-contract=fast|qemu-x86_64 -cpu Haswell|$lanes
clang-native|clang++-19|-O2 -march=native|native|$none
emulated128|g++|-O1 -march=x86-64 -DXSIMD_WITH_EMULATED=1 -DXSIMD_DEFAULT_ARCH=emulated<128>||$lanes
emulated256|g++|-O1 -march=x86-64 -DXSIMD_WITH_EMULATED=1 -DXSIMD_DEFAULT_ARCH=emulated<256>||$none
emulated512|g++|-O1 -march=x86-64 -DXSIMD_WITH_EMULATED=1 -DXSIMD_DEFAULT_ARCH=emulated<512>||$none
neon64|aarch64-linux-gnu-g++|-O1 -Wno-psabi|$arm|$lanes
neon64-dotprod|aarch64-linux-gnu-g++|-O1 -Wno-psabi -march=armv8.2-a+dotprod|$arm|only simd/dot
neon64-i8mm|aarch64-linux-gnu-g++|-O1 -Wno-psabi -march=armv8.6-a+i8mm|$arm|only simd/dot
sve256|aarch64-linux-gnu-g++|-O1 -Wno-psabi -march=armv8.2-a+sve -msve-vector-bits=256|qemu-aarch64 -cpu max,sve256=on -L /usr/aarch64-linux-gnu|simd/bits simd/dot
riscv64|riscv64-linux-gnu-g++|-O1|qemu-riscv64 -L /usr/riscv64-linux-gnu|$few
big-endian|s390x-linux-gnu-g++|-O1|qemu-s390x -L /usr/s390x-linux-gnu|$bytes
rvv128|clang++-19|-O1 --target=riscv64-linux-gnu -march=rv64gcv_zvl128b -mrvv-vector-bits=zvl|qemu-riscv64 -cpu rv64,v=true,vlen=128,vext_spec=v1.0 -L /usr/riscv64-linux-gnu|$none
wasm|clang++-19|-O1 --target=wasm32-wasi -msimd128 -fno-exceptions -nostdinc++ $wasm|node --no-warnings $home/tests/support/wasi.mjs|$none
consumer-g++|g++|$prefix|consumer|
consumer-clang|clang++-19|$prefix|consumer|
consumer-xsimd14|g++|$newer|consumer|
consumer-xsimd14-clang|clang++-19|$newer|consumer|
TEXT
}

has() { command -v "$1" >/dev/null 2>&1; }

# Catch2 and Boost for a cross compiler: objects and headers in BUILD, made once.
prepare_cross() {
  compiler=$1
  mkdir -p "$build/headers" && ln -sfn /usr/include/boost "$build/headers/boost"
  [ -e "$build/$compiler-catch.o" ] && return
  source=$prefix/.work/src/catch2/up/extras
  [ -e "$source/catch_amalgamated.cpp" ] || return 1
  $compiler -std=c++20 -O0 -w -c "$source/catch_amalgamated.cpp" -o "$build/$compiler-catch.o"
}

# compile SOURCE OBJECT: with $compiler and $flags, unless the object is newer than all sources.
compile() {
  if [ -e "$2" ] && [ -z "$(find "$home/include" "$home/tests" -newer "$2" -name '*.[ch]pp' | head -n 1)" ]; then return; fi
  # shellcheck disable=SC2086  # flags are words
  $compiler -std=c++20 $flags -w -I"$home/include" -I"$home/tests" -isystem "$prefix/include" $extra -c "$1" -o "$2" >> "$build/$name/log" 2>&1
}

# Prints how many cases pass, or which programs fail.
run_tests() {
  [ -n "$programs" ] && [ "${SKIVE_MATRIX_TESTS:-yes}" != no ] || { echo "-"; return 0; }
  case $compiler in
    g++ | clang++-19) catch="-L$prefix/lib -lCatch2Main -lCatch2" ;;
    *) catch=$build/$compiler-catch.o; prepare_cross "$compiler" >> "$build/$name/log" 2>&1 || { echo no-catch2; return 0; } ;;
  esac
  passed=0 failed=
  for program in $programs; do
    binary=$build/$name/$(echo "$program" | tr / -)
    # qemu 7.2 lets DAZ flush subnormal halves in F16C's conversions; processors don't.
    runner=$emulator
    case $program,$emulator in simd/half,qemu-x86_64*) runner= ;; esac
    # shellcheck disable=SC2086
    if compile "$home/tests/$program.test.cpp" "$binary.o" &&
       $compiler $flags "$binary.o" $catch -o "$binary" >> "$build/$name/log" 2>&1 &&
       $runner "$binary" > "$binary.log" 2>&1; then
      cases=$(sed -n 's/^All tests passed (.* in \([0-9]*\) test cases*)$/\1/p' "$binary.log")
      passed=$((passed + ${cases:-0}))
    else
      failed="$failed,$program"
    fi
  done
  [ -z "$failed" ] && { echo "$passed-passed"; return 0; }
  echo "FAILED:${failed#,}"
  return 1
}

# The exit code of the golden program. A processor of an x86 kind is emulated only where this machine lacks its instructions: the tests
# show that there are no others, and the emulator takes a hundred times as long.
run_golden() {
  case $emulator in
    qemu-x86_64*)
      "$build/$name/golden" "$home/tests/golden/codecs.tsv" >> "$build/$name/log" 2>&1
      code=$?
      [ "$code" = 132 ] || return "$code"
      ;;
  esac
  # shellcheck disable=SC2086  # an emulator and its options
  $emulator "$build/$name/golden" "$home/tests/golden/codecs.tsv" >> "$build/$name/log" 2>&1
}

# The package as others have it. $flags: the prefix that it finds xsimd in.
consume() {
  tree=$build/$name
  passed=0
  failed=
  # shellcheck disable=SC2086  # an empty list of options
  cmake -S "$home" -B "$tree/package" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$flags" -DSKIVE_BUILD_TESTING=OFF \
    -DSKIVE_BUILD_EXAMPLES=OFF -DSKIVE_BUILD_BENCHMARKS=OFF >> "$tree/log" 2>&1 || { echo "no - -"; return 1; }
  for way in find_package add_subdirectory pkg_config copied; do
    if cmake -D WAY="$way" -D SOURCE="$home" -D BUILD="$tree/package" -D SCRATCH="$tree/$way" -D COMPILER="$compiler" -D GENERATOR=Ninja \
      -D INCLUDES="$flags/include" -D PREFIXES="$flags" -D XSIMD_DIR="$flags/share/cmake/xsimd" -D "STANDARDS=20;23" \
      -P "$home/tests/consumer/run.cmake" >> "$tree/log" 2>&1; then
      passed=$((passed + 2))
    else
      failed="$failed,$way"
    fi
  done
  [ -z "$failed" ] && { echo "yes $passed-passed -"; return 0; }
  echo "yes FAILED:${failed#,} -"
  return 1
}

# Prints "built tests golden" of one target.
try() {
  name=$1 compiler=$2 flags=$3 emulator=$4 programs=$5
  has "$compiler" || { echo "no-$compiler - -"; return 0; }
  mkdir -p "$build/$name"
  : > "$build/$name/log"
  case "$flags" in *"$newer"*) [ -e "$newer/include/xsimd" ] || { echo "no-xsimd14 - -"; return 0; } ;; esac
  [ "$emulator" = consumer ] && { consume; return; }
  extra=
  case $compiler in g++ | clang++-19) ;; *) extra="-isystem $build/headers" ;; esac
  [ "$emulator" = native ] && emulator=
  if [ -n "$emulator" ] && ! has "${emulator%% *}"; then echo "no-${emulator%% *} - -"; return 0; fi
  case $programs in
    "only "*) programs=${programs#only } && tests=$(run_tests); code=$?; echo "yes $tests -"; return "$code" ;;
  esac
  objects=
  for file in "$home"/tests/golden/*.cpp; do
    object=$build/$name/$(basename "$file" .cpp).o
    compile "$file" "$object" || { echo "no - -"; return 1; }
    objects="$objects $object"
  done
  # shellcheck disable=SC2086
  $compiler $flags $objects -o "$build/$name/golden" >> "$build/$name/log" 2>&1 || { echo "no - -"; return 1; }
  run_golden
  code=$?
  if [ "$code" = 132 ]; then echo "yes - no-such-processor"; return 0; fi  # SIGILL
  golden=same
  [ "$code" = 0 ] || golden=DIFFERENT
  tests=$(run_tests) || code=1
  echo "yes $tests $golden"
  return "$code"
}

bad=0
targets > "$build/targets"
for t in "$@"; do
  grep -q "^$t|" "$build/targets" || { echo "matrix.sh: no target is called $t" >&2; exit 2; }
done
printf '%-16s %-24s %-20s %s\n' target built tests golden
while IFS='|' read -r name compiler flags emulator programs <&3; do
  wanted=$#
  for t in "$@"; do [ "$t" = "$name" ] && wanted=0; done
  [ "$wanted" = 0 ] || continue
  row=$(try "$name" "$compiler" "$flags" "$emulator" "$programs") || bad=1
  # shellcheck disable=SC2086  # three words
  set_row() { printf '%-16s %-24s %-20s %s\n' "$name" "$1" "$2" "$3"; }; set_row $row
done 3< "$build/targets"
exit "$bad"
