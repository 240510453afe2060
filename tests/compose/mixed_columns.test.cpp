// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/compose/mixed_columns.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/stored_as.hpp"
#include "skive/transform/permutation.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"

namespace {

using namespace skive;

using halves_and_fours = mixed_columns<stored_as<float16>, absmax<int4>>;
using eights_and_fours = mixed_columns<absmax<int8>, absmax<int4>>;
static_assert(block_codec<halves_and_fours> && dot_codec<eights_and_fours> && !stepwise_codec<eights_and_fours>);

std::vector<float> part(std::vector<float> const& row, std::size_t first, std::size_t size) {
  return {row.begin() + static_cast<std::ptrdiff_t>(first), row.begin() + static_cast<std::ptrdiff_t>(first + size)};
}

}  // namespace

TEST_CASE("mixed_columns: laws of block_codec", "[compose]") {
  test::check_block_codec(*eights_and_fours::make(40, absmax<int8>{32}, absmax<int4>{64}), {0, 1, 39, 40, 41, 105, 300});
  test::check_block_codec(*halves_and_fours::make(3, {}, absmax<int4>{32}), {0, 2, 3, 4, 200});
  test::check_block_codec(*halves_and_fours::make(0, {}, absmax<int4>{32}), {0, 100});
  auto const nested = *mixed_columns<absmax<int8>, halves_and_fours>::make(16, absmax<int8>{32},
                                                                           *halves_and_fours::make(8, {}, absmax<int4>{32}));
  test::check_block_codec(nested, {0, 16, 24, 25, 90});
}

TEST_CASE("mixed_columns: each part codes its own numbers", "[compose]") {
  absmax<int8> const a{32};
  absmax<int4> const b{64};
  auto const codec = *mixed_columns<absmax<int8>, absmax<int4>>::make(40, a, b);
  auto const row = test::mixed_row(1000, 5);
  auto both = test::through(a, part(row, 0, 40));
  auto const tail = test::through(b, part(row, 40, 960));
  both.insert(both.end(), tail.begin(), tail.end());
  CHECK(test::bits_of(test::through(codec, row)) == test::bits_of(both));
  auto bytes = test::encoded(a, part(row, 0, 40));
  for (auto const& plane : test::encoded(b, part(row, 40, 960))) bytes.push_back(plane);
  CHECK((test::encoded(codec, row) == bytes));
}

TEST_CASE("mixed_columns: a permutation brings the columns that need bits to the front", "[compose]") {
  std::vector<std::uint32_t> order(256);
  for (std::uint32_t i = 0; i < 256; ++i) order[i] = (i * 7 + 3) % 256;  // source of place i
  std::vector<std::byte> memory(permutation::check_bytes(order.size()));
  auto const p = *permutation::make(order, workspace{memory});
  auto const row = test::mixed_row(256, 8);
  skive::rotated const codec{p, *halves_and_fours::make(8, {}, absmax<int4>{64})};
  auto const out = test::through(codec, row);
  std::vector<std::byte> scratch(p.scratch_bytes());
  auto turned = row;
  auto decoded = out;
  REQUIRE(p.forward(turned, workspace{scratch}));
  REQUIRE(p.forward(decoded, workspace{scratch}));
  for (std::size_t i = 0; i < 8; ++i) CHECK(decoded[i] == float16::decode(float16::encode(turned[i])));
}

TEST_CASE("mixed_columns: what it refuses", "[compose]") {
  using pairs = sparse_codec<n_of_m<2, 4>, absmax<int4>>;
  CHECK(pairs{{}, absmax<int4>{32}}.row_multiple() == 4);
  using sparse = mixed_columns<stored_as<float16>, pairs>;
  CHECK(sparse::make(6, {}, pairs{{}, absmax<int4>{32}}).error() == errc::size_mismatch);
  auto const even = *sparse::make(8, {}, pairs{{}, absmax<int4>{32}});
  test::check_block_codec(even, {0, 4, 8, 12, 200});

  auto const codec =
      *mixed_columns<absmax<int8>, double_quantized<nf4>>::make(40, absmax<int8>{32}, *double_quantized<nf4>::make(64, 0.1f));
  auto row = test::mixed_row(200, 7);
  row[70] = std::numeric_limits<float>::infinity();
  test::packed_row packed{codec, row.size()};
  test::scratch_memory scratch{codec.scratch_bytes(row.size())};
  CHECK(codec.encode(row, packed.to(), scratch.get()).error() == errc::not_finite);
  CHECK(packed.untouched());
}

TEST_CASE("mixed_columns: products", "[compose]") {
  auto const terms = [](std::size_t n) { return 2.0 * static_cast<double>(n) + 16; };
  auto const codec = *eights_and_fours::make(40, absmax<int8>{32}, absmax<int4>{64});
  test::check_dot_codec<scalar_arch>(codec, {0, 1, 40, 77}, terms);
  test::check_dot_codec<native_arch>(codec, {0, 1, 40, 77, 512}, terms);
  std::vector<float> const x(77, 1.0f);
  CHECK(codec.prepare(x, workspace{}).error() == errc::workspace_too_small);
}
