// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/lane_sums.hpp: sums of lanes, scaled, added to and at the end of a row of logits.
#include "skive/kv/lane_sums.hpp"

#include "support/simd_arches.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

// Integers, whose sums are exact in any order, from lane 0 of part 0 on.
float number(std::size_t i) { return static_cast<float>(i * i % 97) - 48.0f; }

template <class Arch, std::size_t Rows>
void check(bool scaled, bool more, std::size_t tokens) {
  using batch = xsimd::batch<float, Arch>;
  constexpr std::size_t h = 1, heads = 6, columns = 8, t = 2;
  batch part[16];
  std::vector<float> lanes(16 * batch::size);
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = number(i);
  for (std::size_t p = 0; p < 16; ++p) part[p] = batch::load_unaligned(lanes.data() + p * batch::size);
  float const scales[4]{0.3f, -1.7f, 11.0f, 0.001f};
  std::vector<float> logits(heads * columns);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = number(i + 1000);
  auto expected = logits;
  for (std::size_t row = 0; row < Rows; ++row)
    for (std::size_t k = 0; k < 4 && t + k < tokens; ++k) {
      double sum = 0;
      for (std::size_t l = 0; l < batch::size; ++l) sum += static_cast<double>(lanes[(4 * row + k) * batch::size + l]);
      auto const one = scaled ? static_cast<float>(sum * static_cast<double>(scales[k])) : static_cast<float>(sum);
      auto& to = expected[(h + row) * columns + t + k];
      to = more ? to + one : one;
    }
  detail::store_lane_sums<Rows, Arch>(part, scaled ? scales : nullptr, more, t, h,
                                      matrix_view<float>{logits.data(), heads, tokens, columns});
  CHECK(logits == expected);
}

template <class Arch>
void check_rows() {
  for (bool const scaled : {false, true})
    for (bool const more : {false, true})
      for (std::size_t const tokens : {3U, 4U, 5U, 6U, 8U}) {
        check<Arch, 4>(scaled, more, tokens);
        check<Arch, 1>(scaled, more, tokens);
      }
}

}  // namespace

TEST_CASE("lane_sums: logits of four tokens", "[kv]") {
  test::for_each_arch([]<class Arch>() { check_rows<Arch>(); });
}
