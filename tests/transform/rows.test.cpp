// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/rows.hpp: rows and columns of matrices by way of single rows, halves, folding, both sides, refusals.
#include "skive/transform/rows.hpp"

#include "laws/transform.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <limits>

namespace {

namespace test = skive::test;
using skive::errc;
using skive::hadamard;
using skive::matrix_side;
using skive::matrix_view;
using skive::random_hadamard;
using arch = skive::native_arch;

}  // namespace

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
  CHECK(test::distance(product(w, test::transformed<arch>(in, x)), product(weights, x)) < 1e-4L);
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
