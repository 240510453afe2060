// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/compact_wy.hpp against the same reflections one by one, in long double; rows by matrix products; refusals.
#include "skive/transform/compact_wy.hpp"

#include "laws/transform.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::compact_wy;
using skive::errc;
using skive::matrix_view;

struct product_of_reflections {
  product_of_reflections(std::size_t count, std::size_t length, unsigned seed)
      : k{count}, n{length}, v{test::gaussian_vector(count * length, seed)}, l(count * count, 7.0) {}
  matrix_view<float const> rows() const { return {v.data(), k, n}; }
  compact_wy wy() { return *compact_wy::make(rows(), {l.data(), k, k}); }
  std::size_t k, n;
  std::vector<float> v;
  std::vector<double> l;
};
// One reflection after another, in long double.
std::vector<double> by_definition(product_of_reflections const& p, std::vector<float> const& x, bool back) {
  std::vector<long double> y(x.begin(), x.end());
  for (std::size_t step = 0; step < p.k; ++step) {
    auto const* const v = p.v.data() + (back ? p.k - 1 - step : step) * p.n;
    long double dot = 0;
    long double norm = 0;
    for (std::size_t i = 0; i < p.n; ++i) {
      dot += static_cast<long double>(v[i]) * y[i];
      norm += static_cast<long double>(v[i]) * static_cast<long double>(v[i]);
    }
    for (std::size_t i = 0; i < p.n; ++i) y[i] -= 2 * dot / norm * static_cast<long double>(v[i]);
  }
  return {y.begin(), y.end()};
}

}  // namespace

TEST_CASE("compact_wy: the product of its reflections", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (auto const& [k, n] : {std::pair<std::size_t, std::size_t>{1, 1}, {1, 17}, {3, 64}, {8, 40}, {40, 64}, {33, 200}}) {
      CAPTURE(k, n);
      product_of_reflections p{k, n, static_cast<unsigned>(n)};
      auto const t = p.wy();
      auto const x = test::gaussian_vector(n, 3);
      for (bool const back : {false, true})
        REQUIRE(test::distance(test::transformed<Arch>(t, x, back), by_definition(p, x, back)) <= 2 * 0x1p-24 * test::norm(x));
      test::check_transform<Arch>(t, 2 * 0x1p-24);
      test::check_bits<Arch>(t);
    }
    test::check_refusals<Arch>(product_of_reflections{3, 20, 2}.wy());
  });
}

TEST_CASE("compact_wy: doubles, and rows by matrix products", "[transform]") {
  std::size_t const n = 96;
  product_of_reflections p{24, n, 5};
  auto const t = p.wy();
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = std::sin(static_cast<double>(i * i));
  auto y = x;
  test::scratch_memory scratch{t.scratch_bytes()};
  REQUIRE(t.forward(std::span{y}, scratch.get()));
  auto one_by_one = x;
  REQUIRE(skive::householder_product::make(p.rows())->forward(std::span{one_by_one}));
  CHECK(test::distance(y, one_by_one) <= 24 * 96 * 0x1p-53L);
  REQUIRE(t.inverse(std::span{y}, scratch.get()));
  CHECK(test::distance(y, x) <= 2 * 24 * 96 * 0x1p-53L);

  std::size_t const rows = 37;
  auto const m = test::gaussian_vector(rows * n, 8);
  auto turned = m;
  test::scratch_memory room{skive::reflect_rows_bytes(rows, n, 24)};
  REQUIRE(skive::reflect_rows(t, matrix_view<float>{turned.data(), rows, n}, room.get()));
  for (std::size_t r = 0; r < rows; ++r) {
    auto const at = static_cast<std::ptrdiff_t>(r * n);
    std::vector<float> const row(m.begin() + at, m.begin() + at + 96);
    std::vector<float> const got(turned.begin() + at, turned.begin() + at + 96);
    REQUIRE(test::distance(got, by_definition(p, row, false)) <= (96 + 3 * 24) * 0x1p-24 * test::norm(row));
  }
  auto const kept = turned;
  REQUIRE(skive::reflect_rows<skive::direction::inverse>(t, matrix_view<float>{turned.data(), rows, n}, room.get()));
  CHECK(test::distance(turned, m) <= 2 * (96 + 3 * 24) * 0x1p-24 * test::norm(m));

  turned = kept;
  matrix_view<float> const all{turned.data(), rows, n};
  CHECK(skive::reflect_rows(t, all, skive::workspace{}).error() == errc::workspace_too_small);
  CHECK(skive::reflect_rows(t, {turned.data(), rows, n - 1}, room.get()).error() == errc::size_mismatch);
  CHECK(skive::reflect_rows(t, {turned.data(), 2, n, n - 1}, room.get()).error() == errc::invalid_argument);
  turned[99] = 0x1p60f;
  CHECK(skive::reflect_rows(t, all, room.get()).error() == errc::not_finite);
  turned[99] = kept[99];
  CHECK(turned == kept);
  CHECK(skive::reflect_rows(t, {p.v.data(), 24, n}, room.get()).error() == errc::overlap);
  CHECK(compact_wy::make(p.rows(), {p.l.data(), 23, 23}).error() == errc::size_mismatch);
  CHECK(compact_wy::make({p.v.data(), 24, 20, n}, {p.l.data(), 24, 24}).error() == errc::size_mismatch);  // more than n
  CHECK(compact_wy::make(p.rows(), {reinterpret_cast<double*>(p.v.data()), 24, 24}).error() == errc::overlap);
  p.v[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(compact_wy::make(p.rows(), {p.l.data(), 24, 24}).error() == errc::invalid_argument);
}
