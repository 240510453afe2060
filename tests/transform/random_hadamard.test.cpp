// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/random_hadamard.hpp: definition, laws, blocks, heavy-tailed rows.
#include "skive/transform/random_hadamard.hpp"

#include "laws/transform.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::random_hadamard;
using skive::random_signs;
using skive::sign_places;

// Fourth moment over the squared second: 3 for Gaussian numbers.
double kurtosis(std::vector<float> const& x) {
  double second = 0;
  double fourth = 0;
  for (auto const v : x) {
    auto const square = static_cast<double>(v) * static_cast<double>(v);
    second += square;
    fourth += square * square;
  }
  return fourth * static_cast<double>(x.size()) / (second * second);
}
double largest_over_rms(std::vector<float> const& x) {
  double largest = 0;
  for (auto const v : x) largest = std::max(largest, std::fabs(static_cast<double>(v)));
  return largest * std::sqrt(static_cast<double>(x.size())) / test::norm(x);
}

}  // namespace

TEST_CASE("random_hadamard: signs, then Hadamard, then signs where asked for", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {1U, 12U, 64U, 80U, 512U, 768U})
      for (auto const places : {sign_places::before, sign_places::both}) {
        auto const t = *random_hadamard::make(n, 11, places);
        auto const x = test::gaussian_vector(n, 3);
        auto y = test::transformed<Arch>(random_signs{n, 11, 0}, x);
        y = test::transformed<Arch>(*skive::hadamard::make(n), y);
        if (places == sign_places::both) y = test::transformed<Arch>(random_signs{n, 11, 1}, y);
        REQUIRE(test::same_bits(test::transformed<Arch>(t, x), y));
        test::check_transform<Arch>(t, t.roundings() * 0x1p-24, 5);
        test::check_bits<Arch>(t, 6, n < 100);
        test::check_refusals<Arch>(t);
      }
    auto const blocked = *random_hadamard::make_blocked(512, 64, 9, sign_places::both);
    test::check_transform<Arch>(blocked, blocked.roundings() * 0x1p-24);
    test::check_bits<Arch>(blocked);
    std::vector<float> x(512);
    x[70] = 8.0f;
    auto const y = test::transformed<Arch>(blocked, x);
    for (std::size_t i = 0; i < 512; ++i) REQUIRE(std::fabs(y[i]) == (i / 64 == 1 ? 1.0f : 0.0f));
  });
  CHECK(random_hadamard::make(0, 1).error() == skive::errc::invalid_argument);
  CHECK(random_hadamard::make_blocked(100, 64, 1).error() == skive::errc::invalid_argument);
  CHECK(random_hadamard::make_blocked(100, 0, 1).error() == skive::errc::invalid_argument);
  CHECK(random_hadamard{}.size() == 1);
  std::vector<float> one{3.0f};
  CHECK(random_hadamard{}.forward(one));
  CHECK(one[0] == 3.0f);
}

TEST_CASE("random_hadamard: signs inside the first pass are those of a pass before", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    auto const check = [](std::size_t n, std::size_t block, sign_places places) {
      CAPTURE(n, block);
      auto const t = *random_hadamard::make_blocked(n, block, 13, places);
      auto const x = test::gaussian_vector(n, 4);
      auto y = test::transformed<Arch>(random_signs{n, 13, 0}, x);
      for (std::size_t i = 0; i < n; i += block) {
        auto const at = y.begin() + static_cast<std::ptrdiff_t>(i);
        auto const part = test::transformed<Arch>(*skive::hadamard::make(block), {at, at + static_cast<std::ptrdiff_t>(block)});
        std::copy(part.begin(), part.end(), at);
      }
      if (places == sign_places::both) y = test::transformed<Arch>(random_signs{n, 13, 1}, y);
      REQUIRE(test::same_bits(test::transformed<Arch>(t, x), y));
      REQUIRE(test::distance(test::transformed<Arch>(t, y, true), x) <= 2 * t.roundings() * 0x1p-24 * test::norm(x));
    };
    for (std::size_t const n : {1024U, 2048U, 4096U, 8192U, 32768U, 65536U, 131072U, 24576U}) check(n, n, sign_places::before);
    check(1U << 20, 1U << 20, sign_places::before);
    check(8192, 2048, sign_places::both);
    check(12288, 4096, sign_places::both);
    test::check_bits<Arch>(*random_hadamard::make(4096, 2, sign_places::both), 3, false);
  });
}

TEST_CASE("random_hadamard: heavy tails become Gaussian", "[transform]") {
  for (std::size_t const n : {4096U, 14336U, 11008U, 5120U}) {
    CAPTURE(n);
    auto x = test::gaussian_vector(n, 17);
    for (std::size_t i = 0; i < n; i += 97) x[i] *= 30.0f;  // one in a hundred
    x[n / 2] = 60.0f;
    auto const t = *random_hadamard::make(n, 5);
    auto const y = test::transformed<skive::native_arch>(t, x);
    REQUIRE(kurtosis(x) > 20);
    REQUIRE(std::fabs(kurtosis(y) - 3) < 8 * std::sqrt(24.0 / static_cast<double>(n)));
    REQUIRE(largest_over_rms(x) > 15);
    REQUIRE(largest_over_rms(y) < std::sqrt(2 * std::log(static_cast<double>(n))) + 1.5);
    auto const other = test::transformed<skive::native_arch>(*random_hadamard::make(n, 6), x);
    REQUIRE(test::distance(y, other) > 1.2 * test::norm(x));  // seeds give unrelated rotations
  }
}
