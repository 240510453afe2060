// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/algebra.hpp, rows.hpp: compositions by definition, rows and columns of matrices, halves, folding, refusals.
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
using skive::matrix_side;
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

TEST_CASE("transform_rows and transform_columns: strides, refusals", "[transform]") {
  auto const h = *hadamard::make(20);
  auto const memory = test::gaussian_vector(25 * 33, 1);
  test::scratch_memory scratch{skive::column_bytes(h)};
  auto x = memory;
  REQUIRE(skive::transform_rows(h, matrix_view<float>{x.data(), 25, 20, 33}, scratch.get()));
  for (std::size_t r = 0; r < 25; ++r) {
    auto const at = memory.begin() + static_cast<long>(33 * r);
    auto const expected = test::transformed<arch>(h, {at, at + 20});
    for (std::size_t c = 0; c < 33; ++c) REQUIRE(x[33 * r + c] == (c < 20 ? expected[c] : memory[33 * r + c]));
  }
  REQUIRE(skive::transform_rows<skive::direction::inverse>(h, matrix_view<float>{x.data(), 25, 20, 33}, scratch.get()));
  CHECK(test::distance(x, memory) < 1e-5);
  x = memory;
  REQUIRE(skive::transform_columns(h, matrix_view<float>{x.data(), 20, 30, 33}, scratch.get()));
  for (std::size_t c = 0; c < 33; ++c) {
    std::vector<float> column(20);
    for (std::size_t r = 0; r < 20; ++r) column[r] = memory[33 * r + c];
    auto const expected = c < 30 ? test::transformed<arch>(h, column) : column;
    for (std::size_t r = 0; r < 25; ++r) REQUIRE(x[33 * r + c] == (r < 20 ? expected[r] : memory[33 * r + c]));
  }
  x = memory;
  x[33 * 24 + 19] = std::numeric_limits<float>::infinity();
  auto const dirty = x;
  CHECK(skive::transform_rows(h, matrix_view<float>{x.data(), 25, 20, 33}, scratch.get()).error() == errc::not_finite);
  CHECK(skive::transform_rows(h, matrix_view<float>{x.data(), 25, 21, 33}, scratch.get()).error() == errc::size_mismatch);
  CHECK(skive::transform_rows(h, matrix_view<float>{x.data(), 25, 20, 19}, scratch.get()).error() == errc::size_mismatch);
  CHECK(skive::transform_columns(h, matrix_view<float>{x.data(), 25, 20, 33}, scratch.get()).error() == errc::size_mismatch);
  CHECK(skive::transform_columns(h, matrix_view<float>{x.data(), 20, 20, 33}, {}).error() == errc::workspace_too_small);
  x[19] = std::numeric_limits<float>::infinity();
  CHECK(skive::transform_columns(h, matrix_view<float>{x.data(), 20, 20, 33}, scratch.get()).error() == errc::not_finite);
  x[19] = dirty[19];
  CHECK(test::same_bits(x, dirty));
}

TEST_CASE("transform_row on halves: one rounding, refusal where the result does not fit", "[transform]") {
  auto const check = []<class Half>(Half) {
    for (std::size_t const n : {20U, 64U}) {
      auto const h = *random_hadamard::make(n, 2);
      test::scratch_memory scratch{skive::half_row_bytes(h)};
      std::vector<Half> x;
      std::vector<float> wide;
      for (auto const v : test::gaussian_vector(n, 4)) {
        x.push_back(Half::from(v));
        wide.push_back(Half::decode(x.back().code));
      }
      REQUIRE(skive::transform_row(h, std::span<Half>{x}, scratch.get()));
      auto const expected = test::transformed<arch>(h, wide);
      for (std::size_t i = 0; i < n; ++i) REQUIRE(x[i].code == Half::from(expected[i]).code);
      auto const before = x;
      CHECK(skive::transform_row(h, std::span<Half>{x}, {}).error() == errc::workspace_too_small);
      CHECK(skive::transform_row(h, std::span<Half>{x}.first(n - 1), scratch.get()).error() == errc::size_mismatch);
      for (std::size_t i = 0; i < n; ++i) REQUIRE(x[i].code == before[i].code);
    }
  };
  check(skive::bfloat16{});
  check(skive::float16{});
  auto const h = *hadamard::make(4);
  test::scratch_memory scratch{skive::half_row_bytes(h)};
  for (float const each : {32768.0f, 32752.0f}) {  // twice the first is past 65520, from where on float16 has infinity
    std::vector<skive::float16> x(4, skive::float16::from(each));
    auto const s = skive::transform_row(h, std::span<skive::float16>{x}, scratch.get());
    CHECK(s.error() == (each > 32755.0f ? errc::not_finite : errc::ok));
    CHECK(skive::float16::decode(x[3].code) == (each > 32755.0f ? 32768.0f : 0.0f));
  }
}

TEST_CASE("fold and two_sided keep what the matrix computes", "[transform]") {
  constexpr std::size_t rows = 24;
  constexpr std::size_t cols = 40;
  auto const weights = test::gaussian_vector(rows * cols, 1);
  auto const x = test::gaussian_vector(cols, 2);
  auto const product = [&](std::vector<float> const& w, std::vector<float> const& v) {
    std::vector<double> y(rows);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < cols; ++c) y[r] += static_cast<double>(w[r * cols + c]) * static_cast<double>(v[c]);
    return y;
  };
  auto const in = *random_hadamard::make(cols, 3);
  auto const out = *random_hadamard::make(rows, 4);
  test::scratch_memory scratch{skive::column_bytes(in) + skive::column_bytes(out)};
  auto w = weights;
  matrix_view<float> const view{w.data(), rows, cols};
  REQUIRE(skive::fold(in, view, matrix_side::rows, scratch.get()));
  CHECK(test::distance(product(w, test::transformed<arch>(in, x)), product(weights, x)) < 1e-4);
  REQUIRE(skive::fold(out, view, matrix_side::columns, scratch.get()));
  auto const turned = product(w, test::transformed<arch>(in, x));
  std::vector<float> y;
  for (auto const v : turned) y.push_back(static_cast<float>(v));
  CHECK(test::distance(test::transformed<arch>(out, y, true), product(weights, x)) < 1e-4);

  skive::two_sided const both{out, in};
  auto z = weights;
  test::scratch_memory room{both.scratch_bytes()};
  REQUIRE(both.forward(matrix_view<float>{z.data(), rows, cols}, room.get()));
  CHECK(test::distance(z, w) < 1e-4);
  REQUIRE(both.inverse(matrix_view<float>{z.data(), rows, cols}, room.get()));
  CHECK(test::distance(z, weights) < 1e-4);
  CHECK(both.forward(matrix_view<float>{z.data(), cols, rows}, room.get()).error() == errc::size_mismatch);
  CHECK(both.forward(matrix_view<float>{z.data(), rows, cols}, {}).error() == errc::workspace_too_small);
}
