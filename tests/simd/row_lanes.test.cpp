// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/row_lanes.hpp: every number at its place, none beside them touched.
#include "skive/simd/row_lanes.hpp"

#include "support/simd_arches.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

template <class Arch, std::size_t N>
void check(std::size_t stride) {
  std::size_t const size = 15 * stride + N;
  std::vector<float> from(size + 1);  // read and written from the second on: misaligned
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<float>(i);
  simd::floats<Arch> x[N];
  simd::rows_to_lanes(from.data() + 1, stride, x);
  for (std::size_t j = 0; j < N; ++j) {
    float lane[16];
    x[j].store(lane);
    for (std::size_t l = 0; l < 16; ++l) REQUIRE(lane[l] == from[1 + l * stride + j]);
  }
  std::vector<float> to(size + 1, -1.0f);
  simd::lanes_to_rows(x, to.data() + 1, stride);
  for (std::size_t i = 0; i < to.size(); ++i) REQUIRE(to[i] == (i > 0 && (i - 1) % stride < N ? from[i] : -1.0f));
}

TEST_CASE("Sixteen rows to lanes and back", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    for (std::size_t const beside : {0U, 1U, 5U}) {
      check<Arch, 3>(3 + beside);
      check<Arch, 4>(4 + beside);
      check<Arch, 8>(8 + beside);
      check<Arch, 24>(24 + beside);
    }
  });
}

}  // namespace
}  // namespace skive
