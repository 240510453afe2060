// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// block/integer_rule.hpp: the rule and the lanes within the bound against decode-then-dot; refusals, those of grouped.hpp and of
// int8_query.hpp too.
#include "skive/block/integer_rule.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/grouped.hpp"
#include "skive/block/int8_query.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/format/lookup.hpp"
#include "support/integer_products.hpp"

namespace {

namespace test = skive::test;
using skive::activation_scale;
using test::integer_product;
using test::kinds;
using test::one_arch;

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
  test::fill_codes<skive::scalar_arch>(codec, packed, row);
  auto const exact = test::decode_then_dot<skive::scalar_arch>(codec, packed.from(), x);
  std::vector<float> w(n);
  REQUIRE(codec.template decode<skive::scalar_arch>(packed.from(), std::span<float>{w}));
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

}  // namespace

TEST_CASE("integer_rule: within the bound of decode-then-dot", "[block]") {
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

TEST_CASE("integer_rule: what is refused", "[block]") {
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
