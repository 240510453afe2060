// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/compose/low_rank_plus.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/residual.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "support/processor_modes.hpp"

#include <cmath>

namespace {

using namespace skive;
using codec_type = low_rank_plus<absmax<int4>>;
static_assert(block_codec<codec_type> && dot_codec<codec_type> && !stepwise_codec<codec_type>);

// Orthonormal rows (Gram-Schmidt in double), as a truncated SVD has them.
struct factors {
  std::vector<float> v;
  std::size_t rank;
  std::size_t cols;
  factors(std::size_t r, std::size_t n, unsigned seed) : v(r * n), rank{r}, cols{n} {
    std::vector<std::vector<double>> rows;
    for (std::size_t k = 0; k < r; ++k) {
      auto const g = test::gaussian_row(n, seed + static_cast<unsigned>(k));
      std::vector<double> x(g.begin(), g.end());
      for (auto const& y : rows) {
        double dot = 0;
        for (std::size_t j = 0; j < n; ++j) dot += x[j] * y[j];
        for (std::size_t j = 0; j < n; ++j) x[j] -= dot * y[j];
      }
      double norm = 0;
      for (double const a : x) norm += a * a;
      for (double& a : x) a /= std::sqrt(norm);
      rows.push_back(x);
      for (std::size_t j = 0; j < n; ++j) v[k * n + j] = static_cast<float>(x[j]);
    }
  }
  low_rank_factors views() const { return {{v.data(), rank, cols}, {v.data(), rank, cols}}; }
};

// A strong part in the subspace and noise.
std::vector<float> row_near(factors const& f, float strength, unsigned seed) {
  auto row = test::gaussian_row(f.cols, seed);
  auto const c = test::gaussian_row(f.rank, seed + 1);
  for (std::size_t k = 0; k < f.rank; ++k)
    for (std::size_t j = 0; j < f.cols; ++j) row[j] += strength * c[k] * f.v[k * f.cols + j];
  return row;
}

double relative(std::vector<float> const& y, std::vector<float> const& x) {
  double error = 0;
  double power = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += std::pow(static_cast<double>(y[i]) - static_cast<double>(x[i]), 2);
    power += std::pow(static_cast<double>(x[i]), 2);
  }
  return error / power;
}

}  // namespace

TEST_CASE("low rank plus: laws of block_codec", "[compose]") {
  factors const f{5, 96, 1};
  for (auto const order : {low_rank_order::subspace_first, low_rank_order::residual_first}) {
    auto const codec = *codec_type::make(f.views(), absmax<int4>{32}, order);
    for (std::size_t const n : {0U, 96U}) {
      auto const row = test::mixed_row(n, 3);
      test::detail::check_layouts(codec, row);
      test::detail::check_refusals(codec, row);
      test::detail::check_random_bytes(codec, n, 1);
    }
  }
  auto const bytes = codec_type::make(f.views(), absmax<int4>{32})->plane_bytes(96);
  CHECK(bytes[0] == 10);
  CHECK(bytes[1] == 48);
}

TEST_CASE("low rank plus: a row of the subspace comes back to the precision of its coefficients", "[compose]") {
  factors const f{4, 256, 2};
  auto row = row_near(f, 100.0f, 3);
  auto const noise = test::gaussian_row(256, 3);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] -= noise[j];
  CHECK(relative(test::through(*codec_type::make(f.views(), absmax<int4>{64}), row), row) < 1e-6);
}

TEST_CASE("low rank plus: the codec sees only what the subspace leaves", "[compose]") {
  factors const f{4, 512, 4};
  auto const row = row_near(f, 60.0f, 5);
  auto const plain = relative(test::through(absmax<int4>{64}, row), row);
  auto const codec = *low_rank_plus<absmax<int4>, float32>::make(f.views(), absmax<int4>{64});
  auto const both = relative(test::through(codec, row), row);
  CHECK(both < plain / 4);
  // By the formula, in double.
  std::vector<float> rest(row.size());
  std::vector<double> low(row.size());
  for (std::size_t k = 0; k < f.rank; ++k) {
    double c = 0;
    for (std::size_t j = 0; j < row.size(); ++j) c += static_cast<double>(f.v[k * 512 + j]) * static_cast<double>(row[j]);
    for (std::size_t j = 0; j < row.size(); ++j)
      low[j] += static_cast<double>(static_cast<float>(c)) * static_cast<double>(f.v[k * 512 + j]);
  }
  for (std::size_t j = 0; j < row.size(); ++j) rest[j] = static_cast<float>(static_cast<double>(row[j]) - low[j]);
  auto const e = test::through(absmax<int4>{64}, rest);
  auto const y = test::through(codec, row);
  for (std::size_t j = 0; j < row.size(); ++j)
    CHECK(std::fabs(static_cast<double>(y[j]) - low[j] - static_cast<double>(e[j])) < 1e-5);
}

TEST_CASE("low rank plus: a rest in the subspace of the error is repaired", "[compose]") {
  factors const f{32, 64, 6};
  auto const row = test::gaussian_row(64, 7);
  auto const plain = relative(test::through(absmax<int3>{64}, row), row);
  auto const codec = *low_rank_plus<absmax<int3>, float32>::make(f.views(), absmax<int3>{64}, low_rank_order::residual_first);
  auto const repaired = relative(test::through(codec, row), row);
  CHECK(repaired < plain * 0.75);
  CHECK(repaired > plain * 0.25);
}

TEST_CASE("low rank plus: bad factors and rows are refused", "[compose]") {
  factors const f{2, 64, 8};
  auto const views = f.views();
  CHECK(codec_type::make({views.projection, {f.v.data(), 1, 64}}, absmax<int4>{32}).error() == errc::size_mismatch);
  auto broken = f.v;
  broken[70] = std::numeric_limits<float>::infinity();
  CHECK(codec_type::make({views.projection, {broken.data(), 2, 64}}, absmax<int4>{32}).error() == errc::not_finite);
  auto const codec = *codec_type::make(views, absmax<int4>{32});
  auto row = test::gaussian_row(64, 9);
  row[5] = std::numeric_limits<float>::quiet_NaN();
  test::packed_row packed{codec, row.size()};
  test::scratch_memory scratch{codec.scratch_bytes(64)};
  CHECK(codec.encode(row, packed.to(), scratch.get()).error() == errc::not_finite);
  CHECK(packed.untouched());
}

TEST_CASE("low rank plus: the bytes do not depend on the processor's mode", "[compose]") {
  if (!test::flush_subnormals::effective()) SKIP("this processor has no mode that flushes");
  factors f{3, 96, 10};
  for (std::size_t j = 0; j < 96; j += 3) f.v[j] = std::ldexp(f.v[j], -125);
  auto row = test::mixed_row(96, 11);
  for (auto& x : row) x = std::ldexp(x, -120);
  auto const codec = *low_rank_plus<absmax<int4>, float32>::make(f.views(), absmax<int4>{32});
  auto const expected = test::encoded(codec, row);
  auto const numbers = test::through(codec, row);
  test::flush_subnormals const mode;
  CHECK((test::encoded(codec, row) == expected));
  CHECK((test::bits_of(test::through(codec, row)) == test::bits_of(numbers)));
}

TEST_CASE("low rank plus: products", "[compose]") {
  factors const f{5, 96, 12};
  auto const terms = [](std::size_t) { return 400.0; };  // the parts may cancel: their magnitudes are a few times the sum's
  auto const codec = *codec_type::make(f.views(), absmax<int4>{32});
  for (unsigned seed = 1; seed < 20; ++seed) {
    test::detail::check_products<scalar_arch>(codec, 96, terms(96), seed);
    test::detail::check_products<native_arch>(codec, 96, terms(96), seed);
  }
  test::detail::check_product_refusals<native_arch>(codec, 96);
  test::scratch_memory scratch{1000};
  CHECK(codec.prepare(test::gaussian_row(95, 1), scratch.get()).error() == errc::size_mismatch);
  CHECK(codec.prepare(test::gaussian_row(96, 1), workspace{}).error() == errc::workspace_too_small);
}
