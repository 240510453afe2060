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
using row = std::vector<double>;

constexpr double unit = 0x1p-53;
constexpr std::size_t model_lengths[]{576,  768,  896,   1536,  2560,  2816,  3072,  5120, 5632,
                                      6144, 7168, 11008, 13824, 14336, 18944, 27648, 28672};

row gaussian(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<double> normal;
  row x(n);
  for (auto& v : x) v = normal(random);
  return x;
}
long double norm_of(row const& x) {  // with digits to spare
  long double sum = 0;
  for (double const v : x) sum += static_cast<long double>(v) * static_cast<long double>(v);
  return std::sqrt(sum);
}
long double distance(row const& x, row const& y) {
  auto d = x;
  for (std::size_t i = 0; i < d.size(); ++i) d[i] -= y[i];
  return norm_of(d);
}

template <class Arch, class T>
row turned(T const& t, row x, bool back = false) {
  test::scratch_memory scratch{t.scratch_bytes()};
  auto const s =
      back ? t.template inverse<Arch>(std::span{x}, scratch.get()) : t.template forward<Arch>(std::span{x}, scratch.get());
  REQUIRE(s.error() == errc::ok);
  return x;
}
// Back again and isometry; the result is that of floats to their precision; the scalar rule has the same bits.
template <class T>
void check(T const& t, double relative, unsigned seed = 1) {
  auto const bound = static_cast<long double>(relative);
  CAPTURE(t.size());
  auto const n = t.size();
  auto const x = gaussian(n, seed);
  auto const y = turned<arch>(t, x);
  REQUIRE(distance(turned<arch>(t, y, true), x) <= 2.05L * bound * norm_of(x));
  if constexpr (skive::orthogonal_transform<T>) REQUIRE(std::fabs(norm_of(y) - norm_of(x)) <= 1.05L * bound * norm_of(x));
  REQUIRE(turned<skive::scalar_arch>(t, x) == y);
  REQUIRE(turned<skive::scalar_arch>(t, x, true) == turned<arch>(t, x, true));
  std::vector<float> narrow(n);
  row wide(n);
  for (std::size_t i = 0; i < n; ++i) wide[i] = static_cast<double>(narrow[i] = static_cast<float>(x[i]));
  auto const of_floats = test::transformed<arch>(t, narrow);
  REQUIRE(test::distance(turned<arch>(t, wide), of_floats) <= 1e-5 * static_cast<double>(norm_of(x)));
}
template <class T>
void check_refusals(T const& t, bool refuses = true) {
  auto const n = t.size();
  auto const need = t.scratch_bytes();
  auto const expect = [&](row const& x, std::size_t bytes, errc why) {
    test::scratch_memory scratch{bytes};
    for (bool const back : {false, true}) {
      auto y = x;
      auto const s = back ? t.inverse(std::span{y}, scratch.get()) : t.forward(std::span{y}, scratch.get());
      CHECK(s.error() == why);
      CHECK(std::memcmp(y.data(), x.data(), y.size() * sizeof(double)) == 0);
    }
  };
  auto x = gaussian(n, 2);
  auto longer = x;
  longer.push_back(1);
  expect(longer, need, errc::size_mismatch);
  if (need != 0) {
    expect(x, need - 1, errc::workspace_too_small);
    row memory(need / sizeof(double) + n + 64, 1.0);
    auto const bytes = std::as_writable_bytes(std::span{memory}).first(need);
    CHECK(t.forward(std::span{memory}.subspan(8, n), skive::workspace{bytes}).error() == errc::overlap);
    CHECK(memory == row(memory.size(), 1.0));
  }
  if (!refuses) return;
  for (double const bad : {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity(), 0x1p1023}) {
    x[n / 2] = bad;
    expect(x, need, errc::not_finite);
  }
}
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
    check(h, bound_of(h), static_cast<unsigned>(n));
    row x(n);
    auto const j = n / 3;
    x[j] = 1;
    auto const column = turned<arch>(h, x);
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
    if (k < 15 || k % 2 == 0) check(t, (k + 4) * unit);
    if (k < 12) check(*skive::plain_walsh_hadamard::make(n), (k + 4) * unit * std::sqrt(static_cast<double>(n)));
  }
  test::for_each(test::few_arches{}, []<class Arch>() {
    for (std::size_t n = 1; n <= 16384; n *= 2) {
      auto const x = gaussian(n, 6);
      auto const t = *walsh_hadamard::make(n);
      REQUIRE(turned<Arch>(t, x) == turned<skive::scalar_arch>(t, x));
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
  check(*random_hadamard::make(768, 3), bound_of(*hadamard::make(768)));
  check(*random_hadamard::make_blocked(640, 128, 3, skive::sign_places::both), 20 * unit);
  check(skive::random_signs{777, 5}, 0);
  check(*skive::haar_wavelet::make(96, 5), 9 * unit);

  std::vector<std::uint32_t> order(97);
  for (std::uint32_t i = 0; i < 97; ++i) order[i] = i * 35 % 97;
  test::scratch_memory scratch{skive::permutation::check_bytes(97)};
  auto const p = *skive::permutation::make(order, scratch.get());
  check(p, unit);
  check_refusals(p, false);

  std::vector<float> factors(64);
  for (std::size_t i = 0; i < 64; ++i) factors[i] = 0.01f + 3.0f * static_cast<float>(i);
  auto const scaling = *skive::channel_scaling::make(factors);
  check(scaling, 2 * unit);
  check_refusals(scaling);

  auto const v = test::gaussian_vector(5 * 48, 9);
  auto const reflections = *skive::householder_product::make({v.data(), 5, 48});
  check(reflections, 5 * 2 * 48 * unit);
  check_refusals(reflections);

  auto const h = *hadamard::make(24);
  auto const r = *random_hadamard::make(40, 8);
  check(skive::chain{r, skive::inverse_of{*hadamard::make(40)}}, 2 * bound_of(*hadamard::make(40)));
  check(skive::inverse_of{p}, unit);
  check(skive::block_diagonal{h, 5}, bound_of(h));
  check(skive::kronecker{h, r}, bound_of(h) + bound_of(*hadamard::make(40)));
  check_refusals(skive::kronecker{h, r});
  check_refusals(skive::block_diagonal{h, 5});
  check_refusals(*hadamard::make(45));
  check_refusals(*skive::haar_wavelet::make(96, 5));

  // A dense matrix of doubles: the one that the Hadamard transform makes of unit vectors.
  row q(24 * 24);
  for (std::size_t i = 0; i < 24; ++i) q[i * 24 + i] = 1;
  for (std::size_t i = 0; i < 24; ++i)
    REQUIRE(h.inverse(std::span{q}.subspan(24 * i, 24), test::scratch_memory{h.scratch_bytes()}.get()));
  auto const dense = *skive::basic_dense_rotation<double>::make({q.data(), 24, 24});
  check(dense, 24 * unit);
  check_refusals(dense);
  auto const x = gaussian(24, 4);
  CHECK(distance(turned<arch>(dense, x), turned<arch>(h, x)) <= 40 * static_cast<long double>(unit) * norm_of(x));
  q[3] = 1e-310;
  CHECK(skive::basic_dense_rotation<double>::make({q.data(), 24, 24}).error() == errc::invalid_argument);
}
