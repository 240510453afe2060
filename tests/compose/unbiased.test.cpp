// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/unbiased.hpp and codebook/sign_sketch.hpp: mean and variance of products over random rotations, and the laws.
#include "skive/compose/unbiased.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "skive/codebook/lloyd_codec.hpp"
#include "skive/codebook/sign_sketch.hpp"
#include "skive/compose/turbo_quant.hpp"
#include "skive/core/random.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

constexpr std::size_t length = 128;
constexpr std::size_t trials = 4000;

struct pair_of_vectors {
  std::vector<float> x = std::vector<float>(length);
  std::vector<float> y = std::vector<float>(length);
  double product = 0;
  double scale = 0;  // |x| |y|
};

// Where y leans towards x a shrunken product shows as a bias; where it does not the error of the length of x' does not count.
pair_of_vectors vectors(float lean) {
  pair_of_vectors p;
  counter_random{3, 1}.fill_gaussian(p.x);
  counter_random{3, 2}.fill_gaussian(p.y);
  double xx = 0;
  double yy = 0;
  for (std::size_t i = 0; i < length; ++i) {
    p.x[i] *= i % 16 == 0 ? 3.0f : 0.5f;
    p.y[i] += lean * p.x[i];
    xx += static_cast<double>(p.x[i]) * static_cast<double>(p.x[i]);
    yy += static_cast<double>(p.y[i]) * static_cast<double>(p.y[i]);
    p.product += static_cast<double>(p.x[i]) * static_cast<double>(p.y[i]);
  }
  p.scale = std::sqrt(xx * yy);
  return p;
}

struct statistics {
  double bias;      // mean error over |x| |y|
  double error;     // standard error of it
  double variance;  // of the error over |x|^2 |y|^2, times n / sin^2
};

// make(trial): a codec under the rotation of that trial.
template <class Make>
statistics products(float lean, Make make) {
  auto const p = vectors(lean);
  double sum = 0;
  double square = 0;
  for (std::uint64_t t = 0; t < trials; ++t) {
    auto const codec = make(t);
    using codec_type = std::remove_cvref_t<decltype(codec)>;
    test::packed_row<codec_type> packed{codec, length};
    test::fill_codes(codec, packed, p.x);
    test::scratch_memory scratch{codec.query_bytes(length)};
    auto const q = codec.prepare(std::span<float const>{p.y}, scratch.get());
    auto const e = (static_cast<double>(*codec.dot(packed.from(), *q)) - p.product) / p.scale;
    sum += e;
    square += e * e;
  }
  auto const n = static_cast<double>(trials);
  auto const bias = sum / n;
  auto const variance = square / n - bias * bias;
  auto const cosine = p.product / p.scale;
  return {bias, std::sqrt(variance / n), variance * static_cast<double>(length) / (1 - cosine * cosine)};
}

// Two rounds of signs and transforms: one alone is no random rotation for every vector.
struct two_rounds {
  static constexpr bool is_orthogonal = true;
  random_hadamard first;
  random_hadamard second;
  explicit two_rounds(std::uint64_t seed = 0)
      : first{*random_hadamard::make(length, 2 * seed)}, second{*random_hadamard::make(length, 2 * seed + 1)} {}
  std::size_t size() const noexcept { return first.size(); }
  std::size_t scratch_bytes() const noexcept { return first.scratch_bytes(); }
  int growth() const noexcept { return 2 * first.growth(); }
  template <class Arch, direction D>
  void apply(float* x, workspace w) const noexcept {
    if (D == direction::forward) first.apply<Arch, D>(x, w);
    second.apply<Arch, D>(x, w);
    if (D == direction::inverse) first.apply<Arch, D>(x, w);
  }
  status forward(std::span<float> x, workspace w) const noexcept {
    if (auto const s = first.forward(x, w); !s) return s;
    return second.forward(x, w);
  }
  status inverse(std::span<float> x, workspace w) const noexcept {
    if (auto const s = second.inverse(x, w); !s) return s;
    return first.inverse(x, w);
  }
};

template <int Bits>
void check_rescaled(double known) {
  auto const s = products(1.0f, [](std::uint64_t t) { return rotated{two_rounds{t}, unbiased{lloyd<Bits, float32>{}}}; });
  CAPTURE(Bits, s.bias, s.error, s.variance);
  REQUIRE(std::fabs(s.bias) < 4 * s.error);
  REQUIRE(s.variance > 0.9 * known);  // 4000 trials: 2.2 % of standard error
  REQUIRE(s.variance < 1.1 * known);
}

TEST_CASE("A stored factor makes products right on average", "[compose]") {
  check_rescaled<1>(0.568);
  check_rescaled<2>(0.133);
  check_rescaled<3>(0.0350);
  check_rescaled<4>(0.0094);
  // Without it they shrink by the relative squared error.
  auto const s = products(1.0f, [](std::uint64_t t) { return rotated{two_rounds{t}, lloyd<2, float32>{}}; });
  auto const p = vectors(1.0f);
  REQUIRE(s.bias < -0.1 * p.product / p.scale);
  REQUIRE(std::fabs(s.bias) > 10 * s.error);
}

std::vector<float> gaussian_rows(std::uint64_t trial) {
  std::vector<float> rows(length * length);
  counter_random{77, trial}.fill_gaussian(rows);
  return rows;
}

template <class Make>
void check_sketch(Make make, double known) {
  auto const leaning = products(1.0f, make);
  auto const s = products(0.0f, make);
  CAPTURE(leaning.bias, leaning.error, s.variance);
  REQUIRE(std::fabs(leaning.bias) < 4 * leaning.error);
  REQUIRE(s.variance > 0.9 * known);
  REQUIRE(s.variance < 1.1 * known);
}

TEST_CASE("Products of sign sketches are right on average", "[compose]") {
  check_sketch([](std::uint64_t t) { return sign_sketch{orthogonal_projection{two_rounds{t}}}; }, 0.563);
}

TEST_CASE("TurboQuant", "[compose]") {
  auto const product = [](std::uint64_t t) {
    return turbo_quant_product<2, two_rounds, two_rounds>{
        two_rounds{2 * t}, residual{lloyd<1, float32>{}, sign_sketch{orthogonal_projection{two_rounds{2 * t + 1}}}}};
  };
  check_sketch(product, 0.205);
  auto const plain =
      products(1.0f, [](std::uint64_t t) { return turbo_quant<2, two_rounds>{two_rounds{t}, lloyd<2, float32>{}}; });
  REQUIRE(plain.bias < -20 * plain.error);  // for squared error, not for products
}

TEST_CASE("Products of Gaussian sign sketches are right on average", "[compose]") {
  auto const p = vectors(1.0f);
  double sum = 0;
  double square = 0;
  constexpr std::size_t count = 400;
  for (std::uint64_t t = 0; t < count; ++t) {
    auto const rows = gaussian_rows(t);
    sign_sketch const codec{gaussian_projection{{rows.data(), length, length, length}}};
    test::packed_row<sign_sketch<gaussian_projection>> packed{codec, length};
    test::fill_codes(codec, packed, p.x);
    auto const e = (static_cast<double>(test::product_of<native_arch>(codec, packed, p.y)) - p.product) / p.scale;
    sum += e;
    square += e * e;
  }
  auto const cosine = p.product / p.scale;
  auto const bias = sum / count;
  auto const variance = square / count - bias * bias;
  auto const known = (1.5707963 - cosine * cosine) / static_cast<double>(length);  // E (<y, s> sign)^2 is |y|^2
  CAPTURE(bias, variance, known);
  REQUIRE(std::fabs(bias) < 4 * std::sqrt(variance / count));
  REQUIRE(variance > 0.75 * known);  // 7 % of standard error
  REQUIRE(variance < 1.25 * known);
}

TEST_CASE("Unbiased codecs keep the laws", "[compose]") {
  auto const terms = [](std::size_t n) { return 64.0 + static_cast<double>(n); };
  unbiased const codec{lloyd<2>{64}};
  test::check_block_codec(codec, {0, 1, 64, 200});
  test::check_dot_codec<native_arch>(codec, {0, 1, 200}, terms);
  std::vector<float> const zeros(64);
  for (auto const x : test::through(codec, zeros)) REQUIRE(x == 0.0f);
}

TEST_CASE("Sign sketches keep the laws", "[compose]") {
  sign_sketch const turned{orthogonal_projection{two_rounds{9}}};
  test::check_block_codec(turned, {0, length});
  auto const rows = gaussian_rows(1);
  sign_sketch const gaussian{gaussian_projection{{rows.data(), 100, 24, 128}}};  // 100 bits of 24 numbers
  test::check_block_codec(gaussian, {0, 24});
  for (std::size_t const n : {0U, 24U, 72U}) {  // rows with NaN are refused: the law of those has no use here
    test::detail::check_products<native_arch>(gaussian, n, 4096.0, 5);
    test::detail::check_product_of_any_bytes<native_arch>(gaussian, n, 4096.0, 6);
    test::detail::check_product_refusals<native_arch>(gaussian, n);
  }
  REQUIRE(gaussian.plane_bytes(48)[0] == 26);
  std::vector<float> row(2 * length, 1.0f);
  REQUIRE((test::encoded(turned, row)[0].size() == 2 * length / 8));
  for (auto const bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 0x1p100f}) {
    row[length + 3] = bad;  // in the second block: nothing of the first is written
    test::packed_row<decltype(turned)> packed{turned, row.size()};
    test::scratch_memory scratch{turned.scratch_bytes(row.size())};
    REQUIRE(turned.encode(std::span<float const>{row}, packed.to(), scratch.get()).error() == errc::not_finite);
    REQUIRE(packed.untouched());
  }
}

// E |t| over the sphere by Simpson's rule against the closed form.
TEST_CASE("Mean coordinates of unit vectors", "[compose]") {
  for (std::size_t const n : {3U, 8U, 128U, 1000U}) {
    double above = 0;
    double below = 0;
    constexpr int steps = 20000;
    for (int i = 0; i <= steps; ++i) {
      auto const t = static_cast<double>(i) / steps;
      auto const weight = i == 0 || i == steps ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
      auto const density = std::pow(1 - t * t, (static_cast<double>(n) - 3) / 2);
      above += weight * t * density;
      below += weight * density;
    }
    REQUIRE(std::fabs(detail::mean_unit_coordinate(n) / (above / below) - 1) < 1e-7);
  }
}

}  // namespace
}  // namespace skive
