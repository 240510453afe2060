// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Products of a packed row with a vector of bytes.

#include "laws/dot_codec.hpp"
#include "skive/block/grouped.hpp"
#include "support/simd_arches.hpp"

#include <vector>

namespace skive::test {

inline constexpr activation_scale kinds[]{activation_scale::per_block, activation_scale::per_token};

// prepare_int8() and dot().
template <class Arch, class Codec>
float integer_product(Codec const& codec, packed_row<Codec>& packed, std::vector<float> const& x, activation_scale kind) {
  scratch_memory scratch{codec.int8_query_bytes(x.size(), kind)};
  auto const q = codec.template prepare_int8<Arch>(x, kind, scratch.get());
  REQUIRE(q);
  auto const y = codec.template dot<Arch>(packed.from(), *q);
  REQUIRE(y);
  return *y;
}

using one_arch = arches<scalar_arch, native_arch>;

// Integers of at most 127, which every block of 32 reaches: they are their own bytes.
inline std::vector<float> whole_numbers(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = i % 32 == 0 ? -127.0f : static_cast<float>(static_cast<int>(random() % 255) - 127);
  return x;
}

// `levels`: numbers that the codec keeps as they are at the scale of the first two. All sums are multiples of 1/2 below 2^23.
template <class Arches = one_arch, class Codec>
void check_exact(Codec const& codec, std::vector<float> const& levels, unsigned seed) {
  std::mt19937 random{seed};
  for (std::size_t const n : {2U, 31U, 64U, 66U, 128U, 300U, 1024U, 1100U}) {
    std::vector<float> row(n);
    auto const group = codec.group_size() == 0 ? n : codec.group_size();
    for (std::size_t i = 0; i < n; ++i) row[i] = i % group < levels.size() ? levels[i % group] : levels[random() % levels.size()];
    auto const x = whole_numbers(n, seed + static_cast<unsigned>(n));
    std::int64_t sum = 0;  // of the numbers themselves: no code takes part
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<std::int64_t>(2 * row[i]) * static_cast<std::int64_t>(x[i]);
    for (auto const l : layouts) {
      packed_row packed{codec, n, l, 1};
      fill_codes<scalar_arch>(codec, packed, row);
      for_each(Arches{}, [&]<class Arch>() {
        for (auto const kind : kinds) {
          CAPTURE(n, group, l);
          REQUIRE(integer_product<Arch>(codec, packed, x, kind) == static_cast<float>(sum) / 2);
        }
      });
    }
  }
}

}  // namespace skive::test
