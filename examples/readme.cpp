// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The example of the README.
#include <skive/block/mx.hpp>

#include <array>
#include <cstdio>

int main() {
  constexpr skive::mx<skive::e2m1> mxfp4;  // OCP MXFP4: groups of 32, 4.25 bits a number
  std::array<float, 100> x{}, y{};         // the last group is partial
  for (int i = 0; i < 100; ++i) x[i] = static_cast<float>(i % 13 - 6) / 8;

  std::array<std::byte, 54> memory;  // yours: skive never allocates
  skive::planes<std::byte, 2> planes;
  if (!skive::planar(mxfp4, x.size(), std::span{memory}, planes)) return 1;  // codes, then scales

  if (auto s = mxfp4.encode(x, planes); !s) return std::puts(s.message()), 1;
  if (auto s = mxfp4.decode(planes, std::span{y}); !s) return std::puts(s.message()), 1;
  std::printf("%g became %g\n", x[5], y[5]);
  return y[5] == x[5] ? 0 : 1;
}
