// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// transform/hadamard.hpp: the matrix of the plan, every length to 512 and those of models, equal bits, refusals.
#include "skive/transform/hadamard.hpp"

#include "laws/transform.hpp"
#include "support/simd_arches.hpp"

#include <numbers>

namespace {

namespace test = skive::test;
using skive::errc;
using skive::hadamard;

constexpr std::size_t model_lengths[]{576,   768,   896,   1536,  2560,  2816,  2880,  3072,  3584,  4864,
                                      5120,  5632,  6144,  7168,  8960,  9728,  10944, 11008, 13696, 13824,
                                      14336, 17408, 18944, 25600, 27648, 28672, 29568, 53248};

// One factor of the Kronecker product applied by its definition, in double: order m, blocks of `width`, entry(i, j).
template <class Entry>
std::vector<double> times_factor(std::vector<double> const& x, std::size_t m, std::size_t width, Entry entry) {
  std::vector<double> y(x.size());
  for (std::size_t block = 0; block < x.size(); block += m * width)
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < m; ++j) {
        auto const e = entry(i, j);
        for (std::size_t c = 0; c < width; ++c) y[block + i * width + c] += e * x[block + j * width + c];
      }
  return y;
}

std::vector<double> by_definition(hadamard const& h, std::vector<float> const& x, bool back) {
  std::vector<double> y(x.begin(), x.end());
  std::size_t width = 1;
  for (int s = 0; s < h.plan().stages; ++s, width *= 2)
    y = times_factor(y, 2, width, [](std::size_t i, std::size_t j) { return (i & j) != 0 ? -std::sqrt(0.5) : std::sqrt(0.5); });
  for (std::size_t k = 0; k < h.plan().count; ++k) {
    auto const m = h.plan().cores[k];
    auto const& core = h.core(k);
    auto const size = 1 / std::sqrt(static_cast<double>(m));
    y = times_factor(y, m, width, [&](std::size_t i, std::size_t j) {
      auto const r = static_cast<std::uint32_t>(back ? j : i);
      auto const c = static_cast<std::uint32_t>(back ? i : j);
      return core.negative(r, c) ? -size : size;
    });
    width *= m;
  }
  auto rest = h.plan().odd;
  for (std::uint64_t p = 3; rest > 1; p += 2)
    for (; rest % p == 0; rest /= p, width *= p)
      y = times_factor(y, p, width, [p](std::size_t i, std::size_t j) {
        auto const angle = 2 * std::numbers::pi * static_cast<double>(i * j % p) / static_cast<double>(p);
        return (std::cos(angle) + std::sin(angle)) / std::sqrt(static_cast<double>(p));
      });
  return y;
}

double bound(hadamard const& h) { return h.roundings() * 0x1p-24; }

}  // namespace

TEST_CASE("hadamard: every length up to 512 and those of models", "[transform]") {
  test::for_each(test::first_arch{}, []<class Arch>() {
    auto const check = [](std::size_t n) {
      CAPTURE(n);
      auto const h = *hadamard::make(n);
      REQUIRE(h.size() == n);
      auto const x = test::gaussian_vector(n, static_cast<unsigned>(n));
      for (bool const back : {false, true})
        REQUIRE(test::distance(test::transformed<Arch>(h, x, back), by_definition(h, x, back)) <= bound(h) * test::norm(x));
      test::check_transform<Arch>(h, bound(h), static_cast<unsigned>(n));
      REQUIRE(h.plan().hadamard_order() * h.plan().odd == n);
    };
    for (std::size_t n = 1; n <= 512; ++n) check(n);
    for (auto const n : model_lengths) check(n);
    for (auto const n : model_lengths) REQUIRE(hadamard::make(n)->is_hadamard());
  });
}

TEST_CASE("hadamard: the bits of the scalar rule on every architecture", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {1U,  2U,   3U,   6U,   9U,   12U,  20U,  24U,  28U,  40U,  45U,  56U,   60U,   80U,   96U,   97U,
                                99U, 112U, 160U, 172U, 188U, 192U, 236U, 260U, 360U, 428U, 532U, 1000U, 1536U, 2880U, 13696U})
      test::check_bits<Arch>(*hadamard::make(n), static_cast<unsigned>(n), n < 200);
  });
}

TEST_CASE("hadamard: refusals leave the row alone", "[transform]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t const n : {12U, 14U, 45U, 80U, 768U}) test::check_refusals<Arch>(*hadamard::make(n));
  });
  CHECK(hadamard::make(0).error() == errc::invalid_argument);
  CHECK(hadamard::make((std::size_t{1} << 26) + 1).error() == errc::invalid_argument);
  CHECK(hadamard::make((std::size_t{1} << 26)));
  CHECK(hadamard::make((std::size_t{1} << 26) - 5));
}
