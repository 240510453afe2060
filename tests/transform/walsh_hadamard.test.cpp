// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/walsh_hadamard.hpp: meaning, laws, equal bits, refusals, rows with zeros and small numbers, constant expressions.
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
    }
    test::check_refusals<Arch>(*walsh_hadamard::make(1));
    test::check_refusals<Arch>(*walsh_hadamard::make(64));
    test::check_refusals<Arch>(*plain_walsh_hadamard::make(128));
  });
}

TEST_CASE("walsh_hadamard: one number of a short row sends it past the quick check, or refuses it", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {4U, 8U, 16U, 32U, 64U, 128U, 256U, 512U}) {
      auto const t = *walsh_hadamard::make(n);
      for (std::size_t at = 0; at < n; at += n < 32 ? 1 : 7) {
        auto x = test::gaussian_vector(n, static_cast<unsigned>(at));
        for (float const special : {0.0f, -0.0f, 0x1p-70f, 0x1p-100f, 0x1p70f}) {
          x[at] = special;
          REQUIRE(test::same_bits(test::transformed<Arch>(t, x), test::transformed<skive::scalar_arch>(t, x)));
        }
        for (float const bad : {INFINITY, -INFINITY, NAN, 0x1p127f}) {
          x[at] = bad;
          auto row = x;
          REQUIRE(t.template forward<Arch>(std::span{row}).error() == errc::not_finite);
          REQUIRE(test::same_bits(row, x));
        }
      }
    }
  });
}

TEST_CASE("walsh_hadamard: apply() without the check has the bits of forward() and inverse()", "[transform]") {
  using enum skive::direction;
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {1U, 8U, 64U, 512U, 8192U, 131072U}) {
      auto const x = test::gaussian_vector(n, 11);
      auto y = x;
      walsh_hadamard::make(n)->template apply<Arch, forward>(y.data(), {});
      REQUIRE(test::same_bits(y, test::transformed<Arch>(*walsh_hadamard::make(n), x)));
      auto back = x;
      auto const plain = *plain_walsh_hadamard::make(n);
      plain.template apply<Arch, inverse>(back.data(), {});
      y = x;
      REQUIRE(plain.template inverse<Arch>(std::span{y}));
      REQUIRE(test::same_bits(back, y));
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
