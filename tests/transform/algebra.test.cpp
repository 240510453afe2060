// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/algebra.hpp: compositions by definition, laws, equal bits, rows that a part refuses.
#include "skive/transform/algebra.hpp"

#include "laws/transform.hpp"
#include "skive/transform/random_hadamard.hpp"
#include "skive/transform/rows.hpp"
#include "skive/transform/scaling.hpp"
#include "support/simd_arches.hpp"

#include <cstring>
#include <limits>

namespace {

namespace test = skive::test;
using skive::errc;
using skive::hadamard;
using skive::matrix_view;
using skive::random_hadamard;
using skive::random_signs;
using arch = skive::native_arch;

// Another project's transform, with nothing but what the concept asks: refuses negative first numbers, reverses.
struct reversal {
  std::size_t length = 0;
  std::size_t size() const noexcept { return length; }
  std::size_t scratch_bytes() const noexcept { return 0; }
  skive::status forward(std::span<float> x, skive::workspace = {}) const noexcept {
    if (x.size() != length) return errc::size_mismatch;
    if (x[0] < 0) return errc::invalid_argument;
    for (std::size_t i = 0; i < length / 2; ++i) std::swap(x[i], x[length - 1 - i]);
    return errc::ok;
  }
  skive::status inverse(std::span<float> x, skive::workspace w = {}) const noexcept { return forward(x, w); }
};
static_assert(skive::transform<reversal> && !skive::orthogonal_transform<skive::chain<reversal, hadamard>>);
static_assert(skive::transform<skive::chain<reversal, hadamard>>);
static_assert(skive::orthogonal_transform<skive::chain<random_signs, hadamard>>);
static_assert(skive::orthogonal_transform<skive::kronecker<hadamard, random_hadamard>>);
static_assert(skive::orthogonal_transform<skive::block_diagonal<skive::inverse_of<hadamard>>>);

}  // namespace

TEST_CASE("chain, inverse_of, block_diagonal", "[transform]") {
  auto const h = *hadamard::make(80);
  random_signs const s{80, 3};
  skive::chain const both{s, h};
  auto const x = test::gaussian_vector(80, 1);
  CHECK(test::same_bits(test::transformed<arch>(both, x), test::transformed<arch>(h, test::transformed<arch>(s, x))));
  test::check_transform<arch>(both, h.roundings() * 0x1p-24);
  test::check_bits<arch>(both);
  test::check_refusals<arch>(both);
  skive::chain const twice{both, skive::inverse_of{*hadamard::make(80)}};
  CHECK(test::distance(test::transformed<arch>(twice, x), test::transformed<arch>(s, x)) < 1e-5);
  test::check_bits<arch>(twice);
  std::vector<float> large(80, 0x1p115f);  // both parts alone would take it, the second after the first would not
  CHECK(twice.forward(large, test::scratch_memory{twice.scratch_bytes()}.get()).error() == errc::not_finite);
  CHECK(large == std::vector<float>(80, 0x1p115f));

  skive::block_diagonal const blocks{h, 3};
  test::check_transform<arch>(blocks, h.roundings() * 0x1p-24);
  test::check_bits<arch>(blocks);
  test::check_refusals<arch>(blocks);
  auto const wide = test::gaussian_vector(240, 2);
  auto const y = test::transformed<arch>(blocks, wide);
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<float> const part(wide.begin() + static_cast<long>(80 * k), wide.begin() + static_cast<long>(80 * k + 80));
    std::vector<float> const got(y.begin() + static_cast<long>(80 * k), y.begin() + static_cast<long>(80 * k + 80));
    CHECK(test::same_bits(got, test::transformed<arch>(h, part)));
  }
  skive::block_diagonal const endless{h, std::numeric_limits<std::size_t>::max() / 2};
  CHECK(endless.size() == std::numeric_limits<std::size_t>::max());
  auto row = x;
  CHECK(endless.forward(row).error() == errc::size_mismatch);

  skive::chain const uneven{h, *hadamard::make(81)};
  CHECK(uneven.forward(row, test::scratch_memory{uneven.scratch_bytes()}.get()).error() == errc::size_mismatch);
  CHECK(test::same_bits(row, x));
  skive::chain const foreign{reversal{80}, h};
  row[0] = -1;
  CHECK(foreign.forward(row, test::scratch_memory{foreign.scratch_bytes()}.get()).error() == errc::invalid_argument);
  row[0] = 1;
  auto const kept = row;
  test::scratch_memory scratch{foreign.scratch_bytes()};
  REQUIRE(foreign.forward(row, scratch.get()));
  std::vector<float> turned(kept.rbegin(), kept.rend());
  CHECK(test::same_bits(row, test::transformed<arch>(h, turned)));
}

TEST_CASE("chain: a row that the second part refuses comes back as it was", "[transform]") {
  constexpr std::size_t n = 40;
  auto const offsets = test::gaussian_vector(n, 7);
  auto const check = [&]<class Real>(auto const& t, std::vector<Real> const& row, bool back, errc why) {
    test::scratch_memory scratch{t.scratch_bytes()};
    auto x = row;
    CHECK((back ? t.inverse(std::span{x}, scratch.get()) : t.forward(std::span{x}, scratch.get())).error() == why);
    CHECK(std::memcmp(x.data(), row.data(), n * sizeof(Real)) == 0);
  };
  skive::chain const shifted{*skive::channel_shift::make(offsets),
                             *hadamard::make(n)};  // the shift takes NaN, the rotation does not
  skive::chain const turned{*hadamard::make(n), *skive::channel_shift::make(offsets)};
  auto const x = test::gaussian_vector(n, 8);
  test::check_transform<arch>(shifted, 1e-5);
  test::check_bits<arch>(shifted, 3, false);
  test::check_refusals<arch>(shifted);
  test::check_refusals<arch>(turned);
  for (auto const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 0x1p127f}) {
    auto row = x;
    row[17] = bad;
    check(shifted, row, false, errc::not_finite);
    check(turned, row, true, errc::not_finite);
    check(skive::inverse_of{turned}, row, false, errc::not_finite);
    std::vector<double> wide(x.begin(), x.end());
    wide[17] = bad == 0x1p127f ? 0x1p1023 : static_cast<double>(bad);
    check(shifted, wide, false, errc::not_finite);
    check(turned, wide, true, errc::not_finite);
  }
  skive::chain const signs{random_signs{n, 3}, reversal{n}};
  auto row = x;
  row[0] = random_signs{n, 3}.negative(0) ? 1.0f : -1.0f;
  check(signs, row, false, errc::invalid_argument);
  test::scratch_memory small{signs.scratch_bytes() - 1};
  CHECK(signs.forward(row, small.get()).error() == errc::workspace_too_small);
}

TEST_CASE("kronecker: rows by the second part, columns by the first", "[transform]") {
  auto const a = *random_hadamard::make(12, 4);
  auto const b = *hadamard::make(40);
  skive::kronecker const t{a, b};
  test::check_transform<arch>(t, (a.roundings() + b.roundings()) * 0x1p-24);
  test::for_each(test::few_arches{}, [&]<class Arch>() { test::check_bits<Arch>(t); });
  test::check_refusals<arch>(t);
  auto const x = test::gaussian_vector(480, 1);
  auto y = x;
  test::scratch_memory scratch{skive::column_bytes(a) + b.scratch_bytes()};
  matrix_view<float> const m{y.data(), 12, 40};
  REQUIRE(skive::transform_rows(b, m, scratch.get()));
  REQUIRE(skive::transform_columns(a, m, scratch.get()));
  CHECK(test::same_bits(test::transformed<arch>(t, x), y));
}
