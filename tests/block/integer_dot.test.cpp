// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/integer_dot.hpp: exact integer sums, the bound against decode-then-dot, and refusals, those of grouped.hpp and of
// int8_query.hpp too; on every instruction set of this unit.
#include "skive/block/integer_dot.hpp"

#include "laws/dot_codec.hpp"
#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/grouped.hpp"
#include "skive/block/int8_query.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/format/lookup.hpp"
#include "support/simd_arches.hpp"

#include <type_traits>

namespace {

namespace test = skive::test;
using skive::activation_scale;
constexpr activation_scale kinds[]{activation_scale::per_block, activation_scale::per_token};
using one_arch = test::arches<skive::scalar_arch, skive::native_arch>;
using every_arch = test::joined<test::arches<skive::scalar_arch>, test::all_arches>::type;

// prepare_int8() and dot().
template <class Arch, class Codec>
float integer_product(Codec const& codec, test::packed_row<Codec>& packed, std::vector<float> const& x, activation_scale kind) {
  test::scratch_memory scratch{codec.int8_query_bytes(x.size(), kind)};
  auto const q = codec.template prepare_int8<Arch>(x, kind, scratch.get());
  REQUIRE(q);
  auto const y = codec.template dot<Arch>(packed.from(), *q);
  REQUIRE(y);
  return *y;
}

// Integers of at most 127, which every block of 32 reaches: they are their own bytes.
std::vector<float> whole_numbers(std::size_t n, unsigned seed) {
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
    for (auto const l : test::layouts) {
      test::packed_row packed{codec, n, l, 1};
      test::fill_codes(codec, packed, row);
      test::for_each(Arches{}, [&]<class Arch>() {
        for (auto const kind : kinds) {
          CAPTURE(n, group, l);
          REQUIRE(integer_product<Arch>(codec, packed, x, kind) == static_cast<float>(sum) / 2);
        }
      });
    }
  }
}

// sum |w_i| s_i, s_i the scale of x_i.
double scaled_numbers(std::vector<float> const& w, std::vector<float> const& x, activation_scale kind) {
  double sum = 0;
  auto const size = kind == activation_scale::per_block ? 32 : x.size();
  for (std::size_t first = 0; first < x.size(); first += size) {
    double largest = 0;
    for (std::size_t i = first; i < first + size && i < x.size(); ++i)
      largest = std::max(largest, std::fabs(static_cast<double>(x[i])));
    for (std::size_t i = first; i < first + size && i < x.size(); ++i)
      sum += std::fabs(static_cast<double>(w[i])) * largest / 127;
  }
  return sum;
}

// `table_error`: what a rounded table takes from sum |s_i q_i| scale_g.
template <class Arch, class Codec>
void check_bound(Codec const& codec, std::size_t n, unsigned seed) {
  auto const row = test::gaussian_row(n, seed);
  auto const x = test::gaussian_row(n, seed + 7);
  test::packed_row packed{codec, n};
  test::fill_codes(codec, packed, row);
  auto const exact = test::decode_then_dot(codec, packed.from(), x);
  std::vector<float> w(n);
  REQUIRE(codec.decode(packed.from(), std::span<float>{w}));
  double table = 0;
  using element = typename Codec::scheme_type::element;
  if constexpr (!skive::detail::integer_levels<element>::exact) {
    auto const group = codec.group_size() == 0 ? n : codec.group_size();
    for (std::size_t first = 0; first < n; first += group) {
      double largest = 0;  // of the group: at least the scale times the least of the two ends
      for (std::size_t i = first; i < first + group && i < n; ++i)
        largest = std::max(largest, std::fabs(static_cast<double>(w[i])));
      for (std::size_t i = first; i < first + group && i < n; ++i)
        table += largest / 254 * 1.3 * std::fabs(static_cast<double>(x[i]));
    }
  }
  for (auto const kind : kinds) {
    auto const y = integer_product<Arch>(codec, packed, x, kind);
    auto const bound =
        0.5001 * scaled_numbers(w, x, kind) + table + static_cast<double>(n / 64 + 13) * 0x1p-24 * 1.1 * exact.magnitude;
    CAPTURE(n, y, exact.sum, bound);
    REQUIRE(std::fabs(static_cast<double>(y) - exact.sum) <= bound);
  }
}

template <class Arches = one_arch, class Codec>
void check_bounds(Codec const& codec) {
  for (std::size_t const n : {0U, 1U, 33U, 127U, 512U, 777U, 2048U})
    test::for_each(Arches{}, [&]<class Arch>() { check_bound<Arch>(codec, n, static_cast<unsigned>(n) + 1); });
}

// The ends first.
std::vector<float> integers(int low, int high) {
  std::vector<float> out{static_cast<float>(low), static_cast<float>(high)};
  for (int i = low + 1; i < high; ++i) out.push_back(static_cast<float>(i));
  return out;
}

}  // namespace

TEST_CASE("integer_dot: sums of products of integers are exact", "[block]") {
  for (std::size_t const group : {32U, 48U, 128U, 0U}) {
    check_exact<every_arch>(skive::absmax<skive::int4>{group}, integers(-7, 7), 1);
    check_exact(skive::absmax<skive::int4>{group, {}, skive::bit_order::high_first}, integers(-7, 7), 2);
    check_exact(skive::affine_int<4>{group}, integers(-5, 10), 3);
  }
  check_exact(skive::absmax<skive::int4>{6}, {7, -7, 1, -3}, 4);  // groups end inside lanes
  check_exact(skive::absmax<skive::int2>{32}, integers(-1, 1), 5);
  check_exact(skive::absmax<skive::int3>{32}, integers(-3, 3), 6);
  check_exact(skive::absmax<skive::int8>{256}, integers(-127, 127), 7);
  check_exact(skive::absmax<skive::int8>{20}, {127, -127, 126, 1, 0, -3}, 8);
}

TEST_CASE("integer_dot: tables of integers are exact", "[block]") {
  check_exact(skive::mx<skive::e2m1>{32}, {6, -6, 0.5f, 1, 1.5f, 2, 3, 4, -0.5f, -1, -1.5f, -2, -3, -4, 0}, 1);
  check_exact(skive::mx<skive::e2m1>{16, {}, skive::bit_order::high_first}, {6, -6, 0.5f, -1, 1.5f, 2}, 2);
  check_exact(skive::binary{128}, {1, -1}, 3);
  check_exact(skive::ternary{128}, {1, -1, 1, 1, -1}, 4);
  check_exact(skive::binary{64, {}, skive::bit_order::high_first}, {1, -1, -1}, 5);
}

TEST_CASE("integer_dot: within the bound of decode-then-dot", "[block]") {
  check_bounds(skive::absmax<skive::int4>{32});
  check_bounds(skive::absmax<skive::int5>{40});
  check_bounds(skive::absmax<skive::nf4>{64});
  check_bounds(skive::affine_int<4>{32});
  check_bounds(skive::affine_int<8>{64});
  check_bounds(skive::mx<skive::e2m3>{32});
  check_bounds(skive::nvfp4{16, *skive::nvfp4_scheme::make(5.0f)});
  check_bounds(skive::ternary{128});
  check_bounds(skive::static_scale<skive::int8>{64, {0.03f, {}}});
}

TEST_CASE("integer_dot: any bytes, and groups of NaN", "[block]") {
  skive::absmax<skive::int4> const codec{32};
  test::packed_row packed{codec, 200};
  std::mt19937 random{3};
  auto const x = test::gaussian_row(200, 4);
  for (int trial = 0; trial < 100; ++trial) {
    for (auto& m : packed.memory()) m = static_cast<std::byte>(random());
    auto const exact = test::decode_then_dot(codec, packed.from(), x);
    auto const y = integer_product<skive::native_arch>(codec, packed, x, activation_scale::per_block);
    CAPTURE(trial, y, exact.sum);
    if (exact.nan) REQUIRE(!std::isfinite(y));
  }
  auto row = test::gaussian_row(200, 5);
  row[199] = std::numeric_limits<float>::quiet_NaN();
  test::fill_codes(codec, packed, row);
  for (auto const kind : kinds) CHECK(std::isnan(integer_product<skive::native_arch>(codec, packed, x, kind)));
}

TEST_CASE("integer_dot: what is refused", "[block]") {
  skive::absmax<skive::int4> const codec{32};
  auto x = test::gaussian_row(100, 1);
  for (auto const kind : kinds) {
    test::scratch_memory less{codec.int8_query_bytes(100, kind) - 64};
    CHECK(codec.prepare_int8(x, kind, less.get()).error() == skive::errc::workspace_too_small);
  }
  test::scratch_memory scratch{codec.int8_query_bytes(100)};
  auto const q = codec.prepare_int8(x, activation_scale::per_block, scratch.get());
  REQUIRE(q);
  test::packed_row packed{codec, 100};
  auto from = packed.from();
  --from[1].size;
  CHECK(codec.dot(from, *q).error() == skive::errc::size_mismatch);
  skive::absmax<skive::int8> const other{32};
  test::packed_row wide{other, 100};
  CHECK(other.dot(wide.from(), *q).error() == skive::errc::invalid_argument);
  skive::absmax<skive::int4> const reversed{32, {}, skive::bit_order::high_first};
  CHECK(reversed.dot(packed.from(), *q).error() == skive::errc::invalid_argument);
  x[99] = std::numeric_limits<float>::infinity();
  CHECK(codec.prepare_int8(x, activation_scale::per_block, scratch.get()).error() == skive::errc::not_finite);
  static_assert(!skive::detail::integer_scheme<skive::absmax_scheme<skive::e4m3fn>>);
  CHECK(codec.int8_query_bytes(std::numeric_limits<std::size_t>::max()) == std::numeric_limits<std::size_t>::max());
}
