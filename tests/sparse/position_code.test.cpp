// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/position_code.hpp: codes of every set, in both layouts, by rule and by table; codes that no set has.
#include "skive/sparse/position_code.hpp"

#include "skive/simd/arch.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using namespace skive::detail;

// The code of a set in a list of places, written down here once more.
std::uint64_t listed(std::uint32_t mask, int width) {
  std::uint64_t code = 0;
  for (int place = 0, i = 0; place < 32; ++place)
    if ((mask >> place & 1) != 0) code |= static_cast<std::uint64_t>(place) << (width * i++);
  return code;
}

template <int N, int M, position_layout Layout>
void check() {
  using code = position_code<N, M, Layout>;
  std::set<std::uint64_t> seen;
  for (std::uint32_t mask = 0; mask < (1U << M); ++mask) {
    if (std::popcount(mask) != N) continue;
    auto const c = code::code(mask);
    REQUIRE(c < (std::uint64_t{1} << code::bits));
    REQUIRE(code::mask(c) == mask);
    REQUIRE(code_of_mask<N, M, Layout, native_arch>(mask) == c);
    REQUIRE(mask_of_code<N, M, Layout, native_arch>(c) == mask);
    if (Layout == position_layout::index_list) REQUIRE(c == listed(mask, code::bits / N));
    seen.insert(c);
  }
  REQUIRE(seen.size() == binomial(M, N));
  if (Layout == position_layout::combinadic) REQUIRE(*seen.rbegin() == seen.size() - 1);
  if constexpr (code::bits <= 16)
    for (std::uint64_t c = 0; c < (std::uint64_t{1} << code::bits); ++c)
      if (!seen.contains(c)) REQUIRE((code::mask(c) == 0 && mask_of_code<N, M, Layout, native_arch>(c) == 0));
}

}  // namespace

TEST_CASE("position_code: every set has its code, other codes none", "[sparse]") {
  check<2, 4, position_layout::combinadic>();
  check<2, 4, position_layout::index_list>();
  check<1, 4, position_layout::combinadic>();
  check<1, 4, position_layout::index_list>();
  check<3, 4, position_layout::combinadic>();
  check<4, 8, position_layout::combinadic>();
  check<4, 8, position_layout::index_list>();
  check<3, 7, position_layout::combinadic>();
  check<5, 9, position_layout::combinadic>();
  check<8, 16, position_layout::combinadic>();
  check<4, 16, position_layout::index_list>();
}
