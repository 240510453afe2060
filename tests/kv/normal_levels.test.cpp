// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/kv/normal_levels.hpp"

#include "skive/kv/per_token_keys.hpp"

#include "laws/key_quantizer.hpp"
#include "support/simd_arches.hpp"

#include <bit>

namespace {

using skive::errc;
using skive::page_shape;
namespace test = skive::test;

}  // namespace

TEST_CASE("normal_levels: laws, the loss of normal numbers, inner products that do not shrink", "[kv]") {
  using skive::level_scale;
  auto const mean = test::mean_of({64, 64, 1});
  std::vector<std::byte> bytes;
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    auto const codec = *skive::normal_keys<2>::make({64, 64}, 16, mean);
    test::check_key_quantizer<Arch>(codec, 3e-4);
    test::guarded_page page{codec.page_bytes()};  // the same bytes on every instruction set
    test::scratch_bytes_of scratch{codec.scratch_bytes(1)};
    REQUIRE(codec.template append<Arch>(test::number_rows{64, 64, 8}.view(), 0, page.span(), scratch.get()));
    if (bytes.empty()) bytes = page.memory;
    REQUIRE((bytes == page.memory));
  });
  static_assert(skive::normal_keys<2>::make({128, 128})->page_bytes() == 128 * (32 + 2));

  test::check_key_quantizer<skive::native_arch>(*skive::normal_keys<3>::make({72, 64}), 3e-4);

  // Normal numbers: the squared error that Lloyd-Max levels leave, and inner products that do not shrink.
  test::number_rows rows{256, 1024};
  std::mt19937 random{3};
  std::normal_distribution<float> normal;
  for (auto& x : rows.values) x = normal(random);
  auto const check = [&]<int Bits>(std::integral_constant<int, Bits>, double loss) {
    auto const out = test::through(*skive::normal_keys<Bits>::make({1024, 256}), rows);
    auto const fair =
        test::through(*skive::normal_keys<Bits, skive::no_rotation, level_scale::unbiased>::make({1024, 256}), rows);
    double square = 0;
    for (auto const x : rows.values) square += static_cast<double>(x) * static_cast<double>(x);
    INFO("bits " << Bits);
    CHECK(std::fabs(test::squared_error(rows, out) / square - loss) < 0.03 * loss);
    double along = 0;
    for (std::size_t i = 0; i < rows.values.size(); ++i)
      along += static_cast<double>(rows.values[i]) * static_cast<double>(fair.values[i]);
    CHECK(std::fabs(along / square - 1) < 1e-3);
  };
  check(std::integral_constant<int, 1>{}, 0.3634);
  check(std::integral_constant<int, 2>{}, 0.1175);
  check(std::integral_constant<int, 3>{}, 0.03455);
  check(std::integral_constant<int, 4>{}, 0.00950);
}
