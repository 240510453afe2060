// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/walsh_hadamard.hpp: meaning, order of sums, laws, equal bits, cache blocks and tiles, refusals, constant expressions.
#include "skive/transform/walsh_hadamard.hpp"

#include "laws/transform.hpp"
#include "support/simd_arches.hpp"

#include <array>

namespace {

namespace test = skive::test;
using skive::errc;
using skive::plain_walsh_hadamard;
using skive::walsh_hadamard;

constexpr std::array<float, 4> of_four(std::array<float, 4> x) {
  return (*walsh_hadamard::make(4)).forward(x) ? x : std::array<float, 4>{};
}
static_assert(of_four({1, 0, 0, 0}) == std::array{0.5f, 0.5f, 0.5f, 0.5f});
static_assert(of_four({1, 2, 3, 4}) == std::array{5.0f, -1.0f, -2.0f, 0.0f});

double bound(std::size_t n) { return (std::countr_zero(n) + 2) * 0x1p-24; }  // as the header states it

std::vector<double> by_definition(std::vector<float> const& x) {  // O(n^2), in double, not normalised
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < x.size(); ++j)
      y[i] += std::popcount(i & j) % 2 == 0 ? static_cast<double>(x[j]) : -static_cast<double>(x[j]);
  return y;
}

std::vector<float> by_textbook(std::vector<float> x, float scale) {  // the order that the header promises
  for (std::size_t h = 1; h < x.size(); h *= 2)
    for (std::size_t j = 0; j < x.size(); ++j)
      if ((j & h) == 0) {
        auto const a = x[j];
        auto const b = x[j + h];
        x[j] = a + b;
        x[j + h] = a - b;
      }
  for (float& v : x) v *= scale;
  return x;
}

}  // namespace

TEST_CASE("walsh_hadamard on every architecture", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t n = 1; n <= 2048; n *= 2) {
      auto const t = *walsh_hadamard::make(n);
      test::check_transform<Arch>(t, bound(n), 7);
      test::check_transform<Arch>(*plain_walsh_hadamard::make(n), bound(n) * std::sqrt(static_cast<double>(n)), 7);
      test::check_bits<Arch>(t, 8);
      auto const x = test::gaussian_vector(n, 9);
      auto const exact = by_definition(x);
      auto y = test::transformed<Arch>(t, x);
      auto scaled = exact;
      for (auto& v : scaled) v /= std::sqrt(static_cast<double>(n));
      REQUIRE(test::distance(y, scaled) <= bound(n) * test::norm(x));
      REQUIRE(test::same_bits(y, by_textbook(x, static_cast<float>(1 / std::sqrt(static_cast<double>(n))))));
      REQUIRE(test::same_bits(test::transformed<Arch>(*plain_walsh_hadamard::make(n), x), by_textbook(x, 1.0f)));
    }
    test::check_refusals<Arch>(*walsh_hadamard::make(1));
    test::check_refusals<Arch>(*walsh_hadamard::make(64));
    test::check_refusals<Arch>(*plain_walsh_hadamard::make(128));
  });
}

TEST_CASE("walsh_hadamard: blocks of caches and tiles change no bit", "[transform]") {
  test::for_each(test::first_arch{}, []<class Arch>() {
    for (int const k : {12, 13, 14, 15, 17, 20, 21, 23}) {
      CAPTURE(k);
      auto const n = std::size_t{1} << k;
      auto const t = *walsh_hadamard::make(n);
      auto const x = test::gaussian_vector(n, static_cast<unsigned>(k));
      auto const y = test::transformed<Arch>(t, x);
      REQUIRE(test::same_bits(y, by_textbook(x, static_cast<float>(1 / std::sqrt(static_cast<double>(n))))));
      REQUIRE(std::fabs(test::norm(y) - test::norm(x)) <= bound(n) * test::norm(x));
      REQUIRE((t.scratch_bytes() != 0) == (k > 19));
      if (k == 20) test::check_refusals<Arch>(t);
    }
  });
}

TEST_CASE("walsh_hadamard: lengths and magnitudes that are refused", "[transform]") {
  for (auto const n : {std::size_t{0}, std::size_t{3}, std::size_t{12}, std::size_t{1023}})
    CHECK(walsh_hadamard::make(n).error() == errc::not_power_of_two);
  CHECK(walsh_hadamard::make(std::size_t{1} << 26));
  CHECK(walsh_hadamard::make(std::size_t{1} << 27).error() == errc::invalid_argument);
  CHECK(plain_walsh_hadamard::make(std::size_t{1} << 40).error() == errc::invalid_argument);
  auto const t = *walsh_hadamard::make(32);
  std::vector<float> x(32, 0x1.fffffep121f);  // below 2^(127 - 5): no sum overflows
  CHECK(t.forward(x));
  x.assign(32, 0x1p122f);
  CHECK(t.forward(x).error() == errc::not_finite);
  CHECK(x == std::vector<float>(32, 0x1p122f));
}

TEST_CASE("walsh_hadamard: small numbers beside large ones count as zero, small rows are exact", "[transform]") {
  auto const t = *walsh_hadamard::make(4);
  std::vector<float> x{1.0f, -1.0f, 0x1p-81f, 0.0f};
  REQUIRE(t.forward(x));
  CHECK(x == std::vector<float>{0.0f, 1.0f, 0.0f, 1.0f});
  x = {0x1p-148f, -0x1p-149f, 0x1p-149f, 0.0f};
  REQUIRE(t.forward(x));
  CHECK(x == std::vector<float>{0x1p-149f, 0x1p-148f, 0.0f, 0x1p-149f});  // 2, 4, 0, 2 halves of 2^-149
}

TEST_CASE("inverse_root is the float nearest to 1 / sqrt(n)", "[transform]") {
  for (std::uint64_t n = 1; n < 5000; ++n) {
    auto const f = static_cast<double>(skive::detail::inverse_root(n));
    auto const exact = 1.0L / std::sqrt(static_cast<long double>(n));
    REQUIRE(std::fabs(static_cast<long double>(f) - exact) <= 0x1p-24L * std::exp2(std::floor(std::log2(exact))));
  }
  CHECK(skive::detail::inverse_root(std::uint64_t{1} << 26) == 0x1p-13f);
  CHECK(skive::detail::inverse_root((std::uint64_t{1} << 43) + 12345) ==
        static_cast<float>(1 / std::sqrt(static_cast<double>((std::uint64_t{1} << 43) + 12345))));
}
