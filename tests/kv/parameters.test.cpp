// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/parameters.hpp: E4M3 steps and minima in quantizers of single tokens: size, error, products, refusals, corrupt bytes.
#include "skive/kv/parameters.hpp"

#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"

#include "laws/key_quantizer.hpp"
#include "support/simd_arches.hpp"

namespace {

using skive::affine_fit;
using skive::errc;
namespace test = skive::test;
template <int Bits>
using keys = skive::per_token_keys<Bits, skive::no_rotation, skive::even_levels, skive::e4m3_parameters>;
template <int Bits>
using values = skive::per_token_values<Bits, skive::e4m3_parameters>;

double e4m3(double x) { return static_cast<double>(skive::e4m3fn::decode(skive::e4m3fn::encode(static_cast<float>(x)))); }

}  // namespace

TEST_CASE("parameters: laws of quantizers with E4M3 steps and minima", "[kv]") {
  test::check_key_quantizer<skive::native_arch>(*keys<4>::make({72, 64}, 32), 3e-4);
  test::check_value_quantizer<skive::native_arch>(*values<4>::make({72, 64}, 32), 6.5e-5);
}

TEST_CASE("parameters: bytes, and numbers as the definition gives them", "[kv]") {
  auto const v = *values<2>::make({64, 64}, 32);
  CHECK(v.page_bytes() == 64 * (64 * 2 / 8 + 2 * 2));  // 2 bits and 16 / 32 for each number
  CHECK(keys<2>::make({64, 64}, 32)->page_bytes() == v.page_bytes());
  test::number_rows const rows{64, 64, 8};
  std::vector<std::byte> bytes;
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    test::guarded_page page{v.page_bytes()};
    REQUIRE(v.append<Arch>(rows.view(), 0, page.span()));
    if (bytes.empty()) bytes = page.memory;
    REQUIRE((bytes == page.memory));
  });
  test::guarded_page page{v.page_bytes()};
  REQUIRE(v.append(rows.view(), 0, page.span()));
  test::number_rows decoded{64, 64};
  REQUIRE(v.decode(page.span(), 0, decoded.view()));
  for (std::size_t t = 0; t < 64; ++t)
    for (std::size_t g = 0; g < 64; g += 32) {
      auto const* const x = &rows.values[t * 64 + g];
      auto const [low, high] = std::minmax_element(x, x + 32);
      auto const minimum = e4m3(static_cast<double>(*low));
      auto const step = e4m3(std::max(0.0, static_cast<double>(*high) - minimum) / 3);
      for (std::size_t d = 0; d < 32; ++d) {
        auto const code = std::clamp(std::nearbyint((static_cast<double>(x[d]) - minimum) / step), 0.0, 3.0);
        INFO("token " << t << " channel " << g + d);
        REQUIRE(std::fabs(static_cast<double>(decoded(t, g + d)) - (minimum + step * code)) <= 1e-5);
      }
    }
}

TEST_CASE("parameters: the search makes up for coarse parameters", "[kv]") {
  test::number_rows const rows{64, 64, 8};
  auto const error = [&](affine_fit fit) {
    return test::squared_error(rows, test::through(*values<2>::make({64, 64}, 32, fit), rows));
  };
  CHECK(error(affine_fit::searched) < 0.85 * error(affine_fit::min_max));
}

TEST_CASE("parameters: what E4M3 cannot hold is refused, NaN is corrupt", "[kv]") {
  auto const k = *keys<4>::make({64, 32});
  auto const v = *values<4>::make({64, 32});
  auto rows = test::number_rows{32, 64, 8};
  test::guarded_page page{k.page_bytes()};
  test::scratch_bytes_of scratch{k.scratch_bytes(1)};
  rows(3, 5) = 449.0f;
  CHECK(k.append(rows.view(), 0, page.span(), scratch.get()).error() == errc::not_finite);
  CHECK(v.append(rows.view(), 0, page.span()).error() == errc::not_finite);
  rows(3, 5) = 440.0f;
  REQUIRE(k.append(rows.view(), 0, page.span(), scratch.get()));
  page.span()[32 * 64 / 2 + 7] = std::byte{0x7F};  // the step of token 7
  test::number_rows const q{1, 64, 2};
  test::scratch_bytes_of prepared{k.query_bytes(1)};
  auto const query = *k.prepare(q.view(), prepared.get());
  test::number_rows logits{1, 32};
  CHECK(k.dot(page.span(), 0, query, logits.view(), scratch.get()).error() == errc::corrupt);
  REQUIRE(v.append(rows.view(), 0, page.span()));
  page.span()[32 * 64 / 2 + 7] = std::byte{0x7F};
  test::number_rows sums{1, 64};
  CHECK(v.accumulate(page.span(), 0, test::number_rows{1, 32, 3}.view(), sums.view()).error() == errc::corrupt);
}
