// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/mapped_pages.hpp with the maps of kv/channel_map.hpp and what kv/channel_fit.hpp finds.
#include "skive/kv/mapped_pages.hpp"

#include "skive/kv/channel_fit.hpp"
#include "skive/kv/channel_map.hpp"
#include "skive/kv/float_pages.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"
#include "skive/transform/random_hadamard.hpp"

#include "laws/key_quantizer.hpp"

namespace {

using skive::channel_map;
using skive::errc;
using skive::native_arch;
using skive::projection_map;
using skive::random_hadamard;
using skive::rotation_map;
namespace test = skive::test;

using keys4 = skive::per_token_keys<4>;
using values4 = skive::per_token_values<4>;
template <class Map>
using mapped = skive::mapped_keys<keys4, Map>;
static_assert(skive::head_map<channel_map> && skive::head_map<projection_map> && skive::head_map<rotation_map<random_hadamard>>);

// What rows lose through a quantizer, ||x' - x||^2.
double lost(auto const& keys, test::number_rows const& rows) { return test::squared_error(test::through(keys, rows), rows); }

struct fitted {
  test::number_rows rows{64, 64, 1};
  std::vector<float> mean = test::mean_of(rows);
  std::vector<float> scales = std::vector<float>(64);
  std::vector<float> ranges = std::vector<float>(64);
  std::vector<std::uint16_t> order = std::vector<std::uint16_t>(64);
  fitted() {
    REQUIRE(skive::separable_scales(rows.view(), mean, scales));
    REQUIRE(skive::range_order(rows.view(), ranges, order));
  }
};

}  // namespace

TEST_CASE("mapped_pages: laws with channels moved, scaled and reordered", "[kv]") {
  fitted const f;
  auto const map = *channel_map::make(64, f.mean, f.scales, f.order);
  test::check_key_quantizer<native_arch>(*mapped<channel_map>::make(*keys4::make({64, 64}, 32), map), 1e-3);
  test::check_value_quantizer<native_arch>(*skive::mapped_values<values4, channel_map>::make(*values4::make({64, 64}, 32), map),
                                           1e-3);
}

TEST_CASE("mapped_pages: P18: laws of a rotation after a reordering, and of a projection", "[kv]") {
  fitted const f;
  auto const order = *channel_map::make(64, {}, {}, f.order);
  using rotation = rotation_map<random_hadamard>;
  auto const turned = *rotation::make(*random_hadamard::make_blocked(64, 16, 5));
  auto const inner = *mapped<rotation>::make(*keys4::make({64, 64}, 16), turned);
  test::check_key_quantizer<native_arch>(*skive::mapped_keys<mapped<rotation>, channel_map>::make(inner, order), 1e-3);

  test::number_rows basis{24, 64};
  test::scratch_bytes_of scratch{skive::principal_rows_scratch_bytes(64, 24)};
  REQUIRE(skive::principal_rows(f.rows.view(), f.mean, basis.view(), scratch.get()));
  auto const map = *projection_map::make(basis.view(), f.mean);
  auto const low = *mapped<projection_map>::make(*keys4::make({24, 64}), map);
  CHECK(low.page_bytes() < keys4::make({64, 64})->page_bytes() / 2);
  test::check_key_quantizer<native_arch>(low, 1e-3);
  test::check_value_quantizer<native_arch>(*skive::mapped_values<values4, projection_map>::make(*values4::make({24, 64}), map),
                                           1e-3);
}

TEST_CASE("mapped_pages: smoothing, separable scales and reordering lose less where channels differ", "[kv]") {
  test::number_rows rows{64, 64, 3};
  for (std::size_t t = 0; t < 64; ++t)
    for (std::size_t d = 0; d < 64; d += 2) rows(t, d) *= 12.0f;  // every other channel is wide
  auto const mean = test::mean_of(rows);
  std::vector<float> scales(64);
  std::vector<float> ranges(64);
  std::vector<std::uint16_t> order(64);
  REQUIRE(skive::separable_scales(rows.view(), mean, scales));
  REQUIRE(skive::range_order(rows.view(), ranges, order));
  for (std::size_t i = 1; i < 64; ++i) REQUIRE(ranges[order[i - 1]] <= ranges[order[i]]);
  auto const inner = *keys4::make({64, 64}, 16);
  auto const with = [&](channel_map const& map) { return lost(*mapped<channel_map>::make(inner, map), rows); };
  auto const plain = lost(inner, rows);
  auto const smoothed = with(*channel_map::make(64, mean));
  CHECK(smoothed < 0.5 * plain);
  CHECK(with(*channel_map::make(64, mean, scales)) < 0.8 * smoothed);
  CHECK(with(*channel_map::make(64, mean, {}, order)) < 0.8 * smoothed);
}

TEST_CASE("mapped_pages: refusals", "[kv]") {
  std::vector<float> const zeros(64);
  std::vector<float> const bad(64, std::numeric_limits<float>::infinity());
  std::vector<std::uint16_t> const twice(64, 3);
  CHECK(channel_map::make(64, std::span{zeros}.first(63)).error() == errc::size_mismatch);
  CHECK(channel_map::make(64, bad).error() == errc::not_finite);
  CHECK(channel_map::make(64, {}, zeros).error() == errc::invalid_argument);
  CHECK(channel_map::make(64, {}, {}, twice).error() == errc::invalid_argument);
  CHECK(channel_map::make(0, {}).error() == errc::invalid_argument);
  CHECK(projection_map::make(test::number_rows{9, 8, 1}.view()).error() == errc::invalid_argument);
  CHECK(projection_map::make({bad.data(), 1, 64}).error() == errc::not_finite);
  CHECK(rotation_map<random_hadamard>::make(*random_hadamard::make(32, 1), zeros).error() == errc::size_mismatch);
  CHECK(mapped<channel_map>::make(*keys4::make({72, 32}), *channel_map::make(64, {})).error() == errc::invalid_argument);
  // A scale so small that a mapped row leaves what pages hold: the page is left alone.
  std::vector<float> const tiny(64, 1e-6f);
  auto const keys = *mapped<channel_map>::make(*keys4::make({64, 32}), *channel_map::make(64, {}, tiny));
  test::guarded_page page{keys.page_bytes()};
  auto const before = page.memory;
  test::scratch_bytes_of scratch{keys.scratch_bytes(1)};
  test::number_rows const rows{32, 64, 1};
  CHECK(keys.append(rows.view(), 0, page.span(), scratch.get()).error() == errc::not_finite);
  CHECK((page.memory == before));
  CHECK(keys.append(rows.view(), 0, page.span(), {}).error() == errc::workspace_too_small);
  CHECK(keys.prepare(rows.part(0, 2), {}).error() == errc::workspace_too_small);
  test::number_rows out{1, 64};
  CHECK(keys.decode(page.span(), 0, out.view(), {}).error() == errc::workspace_too_small);
  std::vector<float> scales(63);
  CHECK(skive::separable_scales(rows.view(), {}, scales).error() == errc::size_mismatch);
  CHECK(skive::range_order(rows.view(), scales, {}).error() == errc::size_mismatch);
  CHECK(skive::principal_rows(rows.view(), {}, test::number_rows{65, 64}.view(), {}).error() == errc::size_mismatch);
  CHECK(skive::principal_rows(rows.view(), {}, out.view(), {}).error() == errc::workspace_too_small);
  CHECK(skive::principal_rows({bad.data(), 1, 64}, {}, out.view(), {}).error() == errc::not_finite);
}
