// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The example of the README.
#include <skive/block/mx.hpp>

#include <array>
#include <cstdio>

int main() {
  constexpr skive::mx<skive::e2m1> mxfp4;  // OCP MXFP4: groups of 32, 4.25 bits a number
  std::array<float, 100> x{}, y{};         // the last group is partial
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) / 8 - 0.75f;

  std::array<std::byte, 54> memory;  // yours: skive never allocates
  skive::planes<std::byte, 2> planes;
  if (!skive::planar(mxfp4, x.size(), std::span{memory}, planes)) return 1;  // codes, then scales

  if (auto s = mxfp4.encode(x, planes); !s) return std::puts(s.message()), 1;
  if (auto s = mxfp4.decode(planes, std::span{y}); !s) return std::puts(s.message()), 1;
  std::printf("%g became %g\n", static_cast<double>(x[5]), static_cast<double>(y[5]));
  return y[5] == x[5] ? 0 : 1;
}
