// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compare/measure.hpp: figures against values worked out by hand, and the same digits for any number of threads.
#include "compare/measure.hpp"

#include "compare/evaluate.hpp"
#include "compare/synthetic.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive::compare;
using Catch::Approx;
using matrix = skive::matrix_view<float const>;

// Keeps the sign alone: every number becomes +step or -step, in one byte; 8 bits and a scale per tensor.
struct one_step : format {
  float step = 0.02f;
  struct coded : fitted {
    explicit coded(float s) : step{s} {}
    std::size_t bytes(tensor_shape s) const override { return s.rows * s.cols; }
    void encode_rows(matrix rows, std::byte* out) const override {
      for (std::size_t r = 0; r < rows.rows; ++r)
        for (float const v : rows.row(r)) *out++ = std::byte{v < 0};
    }
    void decode_rows(std::byte const* in, skive::matrix_view<float> rows) const override {
      for (std::size_t r = 0; r < rows.rows; ++r)
        for (float& v : rows.row(r)) v = *in++ == std::byte{0} ? step : -step;
    }
    float step;
  };
  std::string name() const override { return "one_step"; }
  double total_bits(tensor_shape s) const override { return 8.0 * static_cast<double>(s.rows * s.cols) + 32; }
  std::unique_ptr<fitted> fit(matrix) const override { return std::make_unique<coded>(step); }
  std::unique_ptr<fitted> restore(std::span<float const>, std::size_t) const override { return std::make_unique<coded>(step); }
};

}  // namespace

TEST_CASE("errors of a 2 x 2 matrix by hand", "[compare]") {
  float const w[] = {3, 4, 0, 0};
  float const d[] = {3, 5, 0, -1};
  tally s;
  add_errors({w, 2, 2}, {d, 2, 2}, s);
  s.bits = 8;                     // 2 bits each
  s.bound = 4 * 3.1875 * 0.0625;  // variance 25/4 - (7/4)^2 = 3.1875, times 2^-4
  auto const f = figures_of(s);
  CHECK(f.bits_per_weight == 2);
  CHECK(f.relative_mse == Approx(2.0 / 25));
  CHECK(f.sqnr_db == Approx(10 * std::log10(12.5)));
  CHECK(f.max_error == 1);
  CHECK(f.cosine == Approx(29 / std::sqrt(25.0 * 35)));
  CHECK(f.rd_gap_db.value() == Approx(10 * std::log10(2 / (4 * 3.1875 * 0.0625))));
  CHECK_FALSE(f.output_error);
  CHECK_FALSE(f.encode_ns);
}

TEST_CASE("statistics of a tensor by hand", "[compare]") {
  float const w[] = {3, 4, 0, 0};
  auto const s = sums_of({w, 2, 2}, 2);
  CHECK(s.squares == 25);
  CHECK(s.variance() == Approx(3.1875));
  CHECK_FALSE(s.first_not_finite);
  float const bad[] = {1, 2, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
  CHECK(sums_of({bad, 2, 2}, 1).first_not_finite.value() == 2);
}

TEST_CASE("output error by hand", "[compare]") {
  float const w[] = {1, 2, 3, 4};        // two outputs
  float const x[] = {1, 0, 0, 1, 1, 1};  // three tokens
  // W X^T: row 1: 1, 2, 3; row 2: 3, 4, 7.
  CHECK(output_squares({w, 2, 2}, {x, 3, 2}) == 1 + 4 + 9 + 9 + 16 + 49);
  tally s;
  s.has_output = true;
  s.output_squares = 88;
  s.output_error_squares = 22;
  CHECK(figures_of(s).output_error.value() == 0.5);
}

TEST_CASE("nothing lost and zero tensors have defined figures", "[compare]") {
  float const w[] = {1, -2};
  float const zero[] = {0, 0};
  tally same;
  add_errors({w, 1, 2}, {w, 1, 2}, same);
  CHECK(figures_of(same).relative_mse == 0);
  CHECK(std::isinf(figures_of(same).sqnr_db));
  CHECK(figures_of(same).cosine == Approx(1));
  tally nothing;
  add_errors({zero, 1, 2}, {zero, 1, 2}, nothing);
  CHECK(figures_of(nothing).relative_mse == 0);
  CHECK(figures_of(nothing).cosine == 1);
  CHECK_FALSE(figures_of(nothing).rd_gap_db);
}

TEST_CASE("a codec that decodes to NaN cannot hide it", "[compare]") {
  float const w[] = {1, 2};
  float const d[] = {std::numeric_limits<float>::quiet_NaN(), 2};
  tally s;
  add_errors({w, 1, 2}, {d, 1, 2}, s);
  tally all;
  all += s;
  all += tally{};
  CHECK(std::isnan(figures_of(all).relative_mse));
  CHECK(std::isnan(figures_of(all).max_error));
  CHECK(std::isnan(figures_of(all).cosine));
}

TEST_CASE("sums of two tensors join by weight", "[compare]") {
  tally a;
  a.elements = 1;
  a.bits = 8;
  a.squares = 10;
  a.error_squares = 1;
  tally b;
  b.elements = 3;
  b.bits = 6;
  b.squares = 30;
  b.error_squares = 1;
  a += b;
  CHECK(figures_of(a).bits_per_weight == 3.5);
  CHECK(figures_of(a).relative_mse == Approx(0.05));
}

TEST_CASE("the number of threads changes no digit", "[compare]") {
  auto const checkpoint = synthetic_checkpoint();
  float_matrix const m{checkpoint[1]};
  subject s{m.view(), sums_of(m.view(), 1), matrix{m.view().data, 3, m.view().cols}, 0};
  s.output_squares = output_squares_of(s.weights, *s.inputs, 1);
  auto const reference = evaluate(one_step{}, s, {1, 0});
  for (unsigned const threads : {2u, 3u, 16u}) {
    CAPTURE(threads);
    CHECK(sums_of(m.view(), threads).squares == s.sums.squares);
    auto const again = evaluate(one_step{}, s, {threads, 0});
    CHECK(std::memcmp(&again, &reference, sizeof again) == 0);
  }
  CHECK(reference.elements == 512 * 1024);
  CHECK(reference.bits == 8.0 * 512 * 1024 + 32);
}

TEST_CASE("the synthetic checkpoint has the spread that its header states", "[compare]") {
  auto const checkpoint = synthetic_checkpoint();
  REQUIRE(checkpoint.size() == 5);
  double const expected[] = {1, 1, 1, 1 + 8 * 399.0 / 1024, 1.09};  // variance in units of 0.02^2
  double const kurtosis[] = {3, 6, 9, 0, 0};                        // Gaussian, Laplace, t with 5 degrees; 0: not checked
  for (std::size_t i = 0; i < 5; ++i) {
    CAPTURE(checkpoint[i].name);
    float_matrix const m{checkpoint[i]};
    auto const s = sums_of(m.view(), 1);
    CHECK(s.variance() / 4e-4 == Approx(expected[i]).epsilon(0.06));
    double fourth = 0;
    for (std::size_t r = 0; r < m.view().rows; ++r)
      for (float const v : m.view().row(r)) fourth += std::pow(static_cast<double>(v), 4);
    if (kurtosis[i] != 0) CHECK(fourth / s.elements / std::pow(s.variance(), 2) == Approx(kurtosis[i]).epsilon(0.25));
  }
}
