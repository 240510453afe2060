#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Put xsimd >= 13 and Catch2 v3 into a local prefix on a Debian machine whose own packages are older.
# The mirror is read from the machine's apt sources. Needs no root; writes nothing outside PREFIX.
# Needs: apt, cmake, a C++20 compiler, ninja or make.
# usage: bookworm-deps.sh PREFIX [SUITE]      SUITE of xsimd: trixie (13.2, default) or sid (14.x)
set -eu
unset APT_CONFIG
prefix=${1:?usage: bookworm-deps.sh PREFIX [SUITE]}; suite=${2:-trixie}
mkdir -p "$prefix"; prefix=$(cd "$prefix" && pwd)
work=$prefix/.work; apt=$work/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$work/deb" "$work/src"
if [ -z "${CMAKE_GENERATOR:-}" ] && command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
codename=$(. /etc/os-release; echo "${VERSION_CODENAME:-stable}")
# --print-uris lists what "apt-get update" would fetch, from the sources alone: no network, no lists, no root.
uri=$(apt-get update --print-uris 2>/dev/null |
      sed -n "s#^'\(.*\)/dists/\($codename\|stable\)/InRelease'.*#\1#p" | head -n 1)
[ -n "$uri" ] || { echo "bookworm-deps.sh: no Debian mirror among this machine's apt sources" >&2; exit 1; }

for s in "$suite" trixie; do
  printf 'deb [signed-by=%s] %s %s main\ndeb-src [signed-by=%s] %s %s main\n' \
         "$keyring" "$uri" "$s" "$keyring" "$uri" "$s"
done | sort -u > "$apt/sources.list"
: > "$apt/status"
# Check-*: a frozen or stale mirror still serves signed, hence usable, indexes.
cat > "$apt/apt.conf" <<C
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::State::extended_states "$apt/extended_states";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
C
export APT_CONFIG="$apt/apt.conf"
apt-get -qq update

# xsimd: headers only, so the binary package is safe on any release. Debian's CMake target links xtl.
rm -rf "$work/x" "$work/deb"; mkdir -p "$work/deb" "$prefix/include" "$prefix/share"
( cd "$work/deb" && apt-get -qq download "libxsimd-dev/$suite" "xtl-dev/$suite" )
for d in "$work"/deb/*.deb; do dpkg-deb -x "$d" "$work/x"; done
rm -rf "$prefix/include/xsimd" "$prefix/include/xtl" "$prefix/share/cmake/xsimd" "$prefix/share/cmake/xtl"
cp -R "$work/x/usr/include/." "$prefix/include/"
cp -R "$work/x/usr/share/cmake" "$prefix/share/"
# The packages' .pc files name /usr and, for xsimd, a folder of one architecture: move them to where the headers are.
mkdir -p "$prefix/share/pkgconfig"
find "$work/x/usr" -name '*.pc' | while read -r file; do
  sed 's#^prefix=.*#prefix=${pcfiledir}/../..#; s#^\(includedir\)=/usr/#\1=${prefix}/#' "$file" > "$prefix/share/pkgconfig/${file##*/}"
done

# Catch2: built from the source package; trixie's static library needs a newer glibc and libstdc++.
if [ ! -f "$prefix/lib/cmake/Catch2/Catch2Config.cmake" ]; then
  rm -rf "$work/src/catch2"; mkdir -p "$work/src/catch2/up"; cd "$work/src/catch2"
  apt-get -qq source --download-only --only-source catch2/trixie
  tar -xf ./catch2_*.orig.tar.* -C up --strip-components=1
  cmake -S up -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_CXX_STANDARD=20 -DCMAKE_CXX_STANDARD_REQUIRED=ON -DBUILD_TESTING=OFF -DCATCH_INSTALL_DOCS=OFF > log.txt
  cmake --build build -j "${JOBS:-2}" >> log.txt
  cmake --install build >> log.txt
fi
echo "bookworm-deps.sh: use -DCMAKE_PREFIX_PATH=$prefix"
