// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/product_quantizer.hpp: every part by trying all codewords, coupled channels against single ones, corrupt codes,
// refusals.
#include "skive/codebook/product_quantizer.hpp"

#include "support/simd_arches.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

std::vector<float> gaussians(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{4, stream}.fill_gaussian(x);
  return x;
}

double squared_error(std::vector<float> const& x, std::vector<float> const& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    sum += d * d;
  }
  return sum;
}

TEST_CASE("Codes of a product quantizer are the nearest codewords of each part", "[codebook]") {
  constexpr std::size_t n = 37;
  constexpr std::size_t d = 12;
  for (std::size_t const parts : {1U, 3U, 6U, 12U})
    for (std::size_t const k : {1U, 16U, 256U}) {
      CAPTURE(parts, k);
      auto const x = gaussians(n * d, 1);
      auto const books = gaussians(k * d, 2);
      auto const q = product_quantizer::make(d, parts, k, books);
      REQUIRE(q);
      std::vector<std::byte> memory(q->scratch_bytes());
      std::vector<std::uint8_t> codes(n * parts);
      std::vector<float> out(n * d);
      matrix_view<std::uint8_t> const code_rows{codes.data(), n, parts};
      auto const check = [&]<class Arch>() {
        REQUIRE(q->encode<Arch>({x.data(), n, d}, code_rows, workspace{memory}));
        REQUIRE(q->decode(code_rows, {out.data(), n, d}));
        double least = 0;
        auto const size = d / parts;
        for (std::size_t i = 0; i < n * parts; ++i) {
          double best = 1e300;
          for (std::size_t c = 0; c < k; ++c) {
            double e = 0;
            for (std::size_t j = 0; j < size; ++j) {
              auto const t = static_cast<double>(x[i * size + j]) - static_cast<double>(books[(i % parts * k + c) * size + j]);
              e += t * t;
            }
            best = std::min(best, e);
          }
          least += best;
        }
        auto const error = squared_error(x, out);
        REQUIRE(error >= least * (1 - 1e-6));
        REQUIRE(error <= least * (1 + 1e-5));
      };
      check.template operator()<scalar_arch>();
      check.template operator()<native_arch>();
    }
}

TEST_CASE("An odd number of parts of two numbers, in rows with room between them", "[codebook]") {
  constexpr std::size_t n = 21, parts = 5, k = 16, pitch = 13, code_pitch = 7;
  auto const x = gaussians(n * pitch, 5);
  auto const books = gaussians(k * 2 * parts, 6);
  auto const q = *product_quantizer::make(2 * parts, parts, k, books);
  std::vector<std::byte> memory(q.scratch_bytes());
  std::vector<std::uint8_t> codes(n * code_pitch, 0xEE);
  REQUIRE(q.encode({x.data(), n, 2 * parts, pitch}, {codes.data(), n, parts, code_pitch}, workspace{memory}));
  std::vector<std::uint8_t> expected(n * code_pitch, 0xEE);
  std::vector<std::uint32_t> index(n);
  std::vector<std::byte> scratch(nearest_codewords_bytes(k, 2));
  for (std::size_t m = 0; m < parts; ++m) {
    REQUIRE(nearest_codewords<scalar_arch>({x.data() + 2 * m, n, 2, pitch}, q.codebook(m), index, workspace{scratch}));
    for (std::size_t i = 0; i < n; ++i) expected[i * code_pitch + m] = static_cast<std::uint8_t>(index[i]);
  }
  REQUIRE(codes == expected);
}

// Channels that go together: 4 of them in one index of 8 bits beat 2 bits each, and weights move the error where it costs least.
TEST_CASE("Coupled quantization of channels", "[codebook]") {
  constexpr std::size_t n = 3000;
  constexpr std::size_t d = 8;
  auto x = gaussians(n * d, 3);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < d; ++j)
      if (j % 4 != 0) x[i * d + j] = 0.8f * x[i * d + j - j % 4] + 0.6f * x[i * d + j];
  std::vector<std::byte> memory(kmeans_bytes(n, 4, 256, true));
  auto const trained = [&](std::size_t parts, std::size_t k, kmeans_weights const& w) {
    std::vector<float> books(k * d);
    REQUIRE(train_product_quantizer({x.data(), n, d}, parts, k, books, w, {kmeans_seeding::plus_plus, 20}, workspace{memory}));
    auto const q = *product_quantizer::make(d, parts, k, books);
    std::vector<std::uint8_t> codes(n * parts);
    std::vector<float> out(n * d);
    REQUIRE(q.encode({x.data(), n, d}, {codes.data(), n, parts}, workspace{memory}));
    REQUIRE(q.decode({codes.data(), n, parts}, {out.data(), n, d}));
    return out;
  };
  auto const coupled = trained(2, 256, {});
  REQUIRE(squared_error(x, coupled) < 0.8 * squared_error(x, trained(8, 4, {})));
  std::vector<float> weights(n * d, 1.0f);
  for (std::size_t i = 0; i < n * d; i += 4) weights[i] = 20.0f;
  auto const weighed = trained(2, 256, {{}, {weights.data(), n, d}});
  double before = 0;
  double after = 0;
  for (std::size_t i = 0; i < n * d; i += 4) {
    before += static_cast<double>((x[i] - coupled[i]) * (x[i] - coupled[i]));
    after += static_cast<double>((x[i] - weighed[i]) * (x[i] - weighed[i]));
  }
  REQUIRE(after < 0.9 * before);
}

TEST_CASE("Product quantizers: refusals and corrupt codes", "[codebook]") {
  std::vector<float> books(4 * 6, 1.0f);
  using make_type = product_quantizer;
  REQUIRE(make_type::make(6, 4, 4, books).error() == errc::invalid_argument);
  REQUIRE(make_type::make(6, 0, 4, books).error() == errc::invalid_argument);
  REQUIRE(make_type::make(6, 3, 257, books).error() == errc::invalid_argument);
  REQUIRE(make_type::make(6, 3, 5, books).error() == errc::size_mismatch);
  auto const q = *make_type::make(6, 3, 4, books);
  std::vector<float> x(12, 7.0f);
  std::vector<std::uint8_t> codes{0, 1, 2, 3, 4, 0};
  std::vector<std::byte> memory(q.scratch_bytes());
  matrix_view<std::uint8_t> const rows{codes.data(), 2, 3};
  REQUIRE(q.decode(rows, {x.data(), 2, 6}).error() == errc::corrupt);
  REQUIRE(x == std::vector<float>(12, 7.0f));
  REQUIRE(q.decode(rows, {x.data(), 2, 5}).error() == errc::size_mismatch);
  REQUIRE(q.decode(rows, {nullptr, 2, 6}).error() == errc::invalid_argument);
  REQUIRE(q.encode({x.data(), 1, 6}, rows, workspace{memory}).error() == errc::size_mismatch);
  REQUIRE(q.encode({nullptr, 2, 6}, rows, workspace{memory}).error() == errc::invalid_argument);
  REQUIRE(q.encode({x.data(), 2, 6}, rows, workspace{std::span{memory}.first(memory.size() - 1)}).error() ==
          errc::workspace_too_small);
  auto const seeds = books;
  books.back() = std::numeric_limits<float>::infinity();  // of the last part: the first is not begun
  REQUIRE(train_product_quantizer({x.data(), 2, 6}, 3, 4, books, {}, {kmeans_seeding::given, 5}, workspace{memory}).error() ==
          errc::not_finite);
  books.back() = seeds.back();
  REQUIRE(books == seeds);
  x[5] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(train_product_quantizer({x.data(), 2, 6}, 3, 4, books, {}, {}, workspace{memory}).error() == errc::not_finite);
  REQUIRE(q.encode({x.data(), 2, 6}, rows, workspace{memory}));  // any number gets an index
  REQUIRE(q.check(rows));
}

}  // namespace
}  // namespace skive
