// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transforms of doubles: the laws for every length up to 512 and those of models, against the definition, equal bits, refusals.
#include "skive/transform/hadamard.hpp"

#include "laws/transform.hpp"
#include "skive/transform/algebra.hpp"
#include "skive/transform/dense.hpp"
#include "skive/transform/haar_wavelet.hpp"
#include "skive/transform/permutation.hpp"
#include "skive/transform/random_hadamard.hpp"
#include "skive/transform/reflections.hpp"
#include "skive/transform/scaling.hpp"
#include "support/simd_arches.hpp"

namespace {

namespace test = skive::test;
using skive::errc;
using skive::hadamard;
using skive::random_hadamard;
using skive::walsh_hadamard;
using arch = skive::native_arch;
using row = test::double_row;

constexpr double unit = 0x1p-53;
constexpr std::size_t model_lengths[]{576,  768,  896,   1536,  2560,  2816,  3072,  5120, 5632,
                                      6144, 7168, 11008, 13824, 14336, 18944, 27648, 28672};

double bound_of(hadamard const& h) {
  double sum = h.roundings() + 2;
  auto rest = h.plan().odd;
  for (std::uint64_t p = 3; rest > 1; p += 2)
    for (; rest % p == 0; rest /= p) sum += static_cast<double>(p) + 8;
  return sum * unit;
}
// One row of the orthonormal matrix, in long double: the answer to a unit vector.
long double entry(hadamard const& h, std::size_t i, std::size_t j) {
  auto const s = std::size_t{1} << h.plan().stages;
  bool negative = std::popcount(i % s & j % s) % 2 != 0;
  i /= s;
  j /= s;
  for (std::size_t k = 0; k < h.plan().count; ++k) {
    auto const m = h.plan().cores[k];
    negative ^= h.core(k).negative(static_cast<std::uint32_t>(i % m), static_cast<std::uint32_t>(j % m));
    i /= m;
    j /= m;
  }
  auto value = 1 / std::sqrt(static_cast<long double>(h.plan().hadamard_order()));
  auto rest = h.plan().odd;
  for (std::uint64_t p = 3; rest > 1; p += 2)
    for (; rest % p == 0; rest /= p) {
      auto const angle = 2 * 3.14159265358979323846264338327950288L * static_cast<long double>(i % p * (j % p) % p) /
          static_cast<long double>(p);
      value *= (std::cos(angle) + std::sin(angle)) / std::sqrt(static_cast<long double>(p));
      i /= p;
      j /= p;
    }
  return negative ? -value : value;
}

}  // namespace

TEST_CASE("doubles: Hadamard transforms of every length up to 512 and those of models", "[transform]") {
  auto const each = [](std::size_t n) {
    auto const h = *hadamard::make(n);
    test::check_doubles<arch>(h, bound_of(h), static_cast<unsigned>(n));
    row x(n);
    auto const j = n / 3;
    x[j] = 1;
    auto const column = test::turned<arch>(h, x);
    for (std::size_t i = 0; i < n; i += 1 + n / 64)
      REQUIRE(std::fabs(static_cast<double>(static_cast<long double>(column[i]) - entry(h, i, j))) <=
              8 * bound_of(h) / std::sqrt(static_cast<double>(n)) + 1e-17);
  };
  for (std::size_t n = 1; n <= 512; ++n) each(n);
  for (auto const n : model_lengths) each(n);
}

TEST_CASE("doubles: powers of two through all caches", "[transform]") {
  for (int k = 0; k <= 20; ++k) {
    auto const n = std::size_t{1} << k;
    auto const t = *walsh_hadamard::make(n);
    if (k < 15 || k % 2 == 0) test::check_doubles<arch>(t, (k + 4) * unit);
    if (k < 12)
      test::check_doubles<arch>(*skive::plain_walsh_hadamard::make(n), (k + 4) * unit * std::sqrt(static_cast<double>(n)));
  }
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t n = 1; n <= 16384; n *= 2) {
      auto const x = test::gaussian(n, 6);
      auto const t = *walsh_hadamard::make(n);
      REQUIRE(test::turned<Arch>(t, x) == test::turned<skive::scalar_arch>(t, x));
    }
  });
  for (std::uint64_t n = 1; n < 3000; ++n) {
    auto const exact = 1 / std::sqrt(static_cast<long double>(n));
    REQUIRE(std::fabs(static_cast<long double>(skive::detail::inverse_root_double<arch>(n)) - exact) <= 2 * 0x1p-52L * exact);
  }
  row x{1e300, -1e300, 0x1p-901, 0};  // below 2^-900: counts as zero
  REQUIRE(walsh_hadamard::make(4)->forward(std::span{x}));
  CHECK(x == row{0, 1e300, 0, 1e300});
}

TEST_CASE("doubles: the other transforms and their algebra", "[transform]") {
  test::check_doubles<arch>(*random_hadamard::make(768, 3), bound_of(*hadamard::make(768)));
  test::check_doubles<arch>(*random_hadamard::make_blocked(640, 128, 3, skive::sign_places::both), 20 * unit);
  test::check_doubles<arch>(skive::random_signs{777, 5}, 0);
  test::check_doubles<arch>(*skive::haar_wavelet::make(96, 5), 9 * unit);

  std::vector<std::uint32_t> order(97);
  for (std::uint32_t i = 0; i < 97; ++i) order[i] = i * 35 % 97;
  test::scratch_memory scratch{skive::permutation::check_bytes(97)};
  auto const p = *skive::permutation::make(order, scratch.get());
  test::check_doubles<arch>(p, unit);
  test::check_double_refusals(p, false);

  std::vector<float> factors(64);
  for (std::size_t i = 0; i < 64; ++i) factors[i] = 0.01f + 3.0f * static_cast<float>(i);
  auto const scaling = *skive::channel_scaling::make(factors);
  test::check_doubles<arch>(scaling, 2 * unit);
  test::check_double_refusals(scaling);

  auto const v = test::gaussian_vector(5 * 48, 9);
  auto const reflections = *skive::householder_product::make({v.data(), 5, 48});
  test::check_doubles<arch>(reflections, 5 * 2 * 48 * unit);
  test::check_double_refusals(reflections);

  auto const h = *hadamard::make(24);
  auto const r = *random_hadamard::make(40, 8);
  test::check_doubles<arch>(skive::chain{r, skive::inverse_of{*hadamard::make(40)}}, 2 * bound_of(*hadamard::make(40)));
  test::check_doubles<arch>(skive::inverse_of{p}, unit);
  test::check_doubles<arch>(skive::block_diagonal{h, 5}, bound_of(h));
  test::check_doubles<arch>(skive::kronecker{h, r}, bound_of(h) + bound_of(*hadamard::make(40)));
  test::check_double_refusals(skive::kronecker{h, r});
  test::check_double_refusals(skive::block_diagonal{h, 5});
  test::check_double_refusals(*hadamard::make(45));
  test::check_double_refusals(*skive::haar_wavelet::make(96, 5));

  // A dense matrix of doubles: the one that the Hadamard transform makes of unit vectors.
  row q(24 * 24);
  for (std::size_t i = 0; i < 24; ++i) q[i * 24 + i] = 1;
  for (std::size_t i = 0; i < 24; ++i)
    REQUIRE(h.inverse(std::span{q}.subspan(24 * i, 24), test::scratch_memory{h.scratch_bytes()}.get()));
  auto const dense = *skive::basic_dense_rotation<double>::make({q.data(), 24, 24});
  test::check_doubles<arch>(dense, 24 * unit);
  test::check_double_refusals(dense);
  auto const x = test::gaussian(24, 4);
  CHECK(test::distance(test::turned<arch>(dense, x), test::turned<arch>(h, x)) <=
        40 * static_cast<long double>(unit) * test::norm_of(x));
  q[3] = 1e-310;
  CHECK(skive::basic_dense_rotation<double>::make({q.data(), 24, 24}).error() == errc::invalid_argument);
}
