// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/lane_rotation.hpp: what is left of the product, lengths, squares, order, lanes that stay, four turns as one by one.
#include "skive/linalg/lane_rotation.hpp"

#include "support/matrices.hpp"
#include "support/simd_arches.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

template <class T>
using lanes = std::array<T, 16>;

template <class Arch, class T>
skive::detail::lane_block<T, Arch> block_of(lanes<T> const& x) {
  return skive::detail::lane_block<T, Arch>::load(x.data());
}
template <class T, class Block>
lanes<T> lanes_of(Block const& x) {
  lanes<T> to{};
  x.store(to.data());
  return to;
}

// Columns of lengths up to 2^20 apart, at angles down to 2^-22.
template <class T, class Arch, bool Exchanges>
void makes_orthogonal(double part_left) {
  std::mt19937 random{51};
  auto const eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  T const tolerance = T(4) * std::numeric_limits<T>::epsilon();
  bool good = true;
  for (int round = 0; round < 2000; ++round) {
    lanes<T> a{}, b{}, g{};
    for (std::size_t l = 0; l < 16; ++l) {
      a[l] = std::ldexp(T(1) + std::abs(skive::test::uniform<T>(random)), static_cast<int>(random() % 41) - 20);
      b[l] = random() % 4 == 0 ? a[l] : std::ldexp(a[l], static_cast<int>(random() % 41) - 20);
      g[l] = std::sqrt(a[l]) * std::sqrt(b[l]) * std::ldexp(skive::test::uniform<T>(random), -static_cast<int>(random() % 22));
      if (l % 5 == 0) g[l] = l == 0 ? T(0) : std::sqrt(a[l]) * std::sqrt(b[l]) * tolerance / 2;
    }
    auto alpha = block_of<Arch>(a), beta = block_of<Arch>(b);
    auto const r = skive::detail::lane_rotation<T, Arch>::template choose<Exchanges>(alpha, beta, block_of<Arch>(g), tolerance);
    auto const c = lanes_of<T>(r.cosine), s = lanes_of<T>(r.sine), x = lanes_of<T>(alpha), y = lanes_of<T>(beta);
    for (std::size_t l = 0; l < 16; ++l) {
      auto const wide = [l](lanes<T> const& v) { return static_cast<double>(v[l]); };
      auto const rest = wide(c) * wide(s) * (wide(a) - wide(b)) + (wide(c) * wide(c) - wide(s) * wide(s)) * wide(g);
      auto const sum = wide(a) + wide(b);
      auto const expected = wide(c) * wide(c) * wide(a) - 2 * wide(c) * wide(s) * wide(g) + wide(s) * wide(s) * wide(b);
      good &= std::abs(wide(c) * wide(c) + wide(s) * wide(s) - 1) <= 2 * eps;
      good &= std::abs(rest) <= part_left * std::abs(wide(g)) + 4 * eps * sum;
      good &= std::abs(wide(x) - expected) <= 4 * eps * sum && std::abs(wide(y) - (sum - expected)) <= 4 * eps * sum;
      if (Exchanges && std::abs(g[l]) > 2 * tolerance * std::sqrt(a[l]) * std::sqrt(b[l]))
        good &= x[l] >= y[l] * (1 - 4 * std::numeric_limits<T>::epsilon());
      if (l % 5 == 0) good &= c[l] == 1 && s[l] == 0 && x[l] == a[l] && y[l] == b[l];
    }
    REQUIRE(good);
  }
}

template <class T, class Arch>
void four_turns_are_one_by_one() {
  using rotation = skive::detail::lane_rotation<T, Arch>;
  std::mt19937 random{52};
  auto const draw = [&] {
    lanes<T> x{};
    for (T& v : x) v = skive::test::uniform<T>(random);
    return block_of<Arch>(x);
  };
  auto const turned = [&](bool exchanges) {
    auto alpha = draw(), beta = draw();
    alpha = alpha * alpha;
    beta = beta * beta;
    auto const gamma = draw() * root(alpha) * root(beta);
    return exchanges ? rotation::template choose<true>(alpha, beta, gamma, T(0))
                     : rotation::template choose<false>(alpha, beta, gamma, T(0));
  };
  for (int round = 0; round < 50; ++round) {
    rotation const r[4] = {turned(false), turned(false), turned(true), turned(true)};
    skive::detail::lane_block<T, Arch> v[4] = {draw(), draw(), draw(), draw()};
    auto x0 = v[0], x1 = v[1], y0 = v[2], y1 = v[3];
    r[0].turn(x0, y0);
    r[1].turn(x1, y1);
    r[2].turn(x0, y1);
    r[3].turn(x1, y0);
    skive::detail::lane_turns<T, Arch>{r[0], r[1], r[2], r[3]}.turn(v);
    auto const same = [](auto const& a, auto const& b) {
      auto const p = lanes_of<T>(a), q = lanes_of<T>(b);
      for (std::size_t l = 0; l < 16; ++l)
        if (!(std::abs(p[l] - q[l]) <= 16 * std::numeric_limits<T>::epsilon())) return false;
      return true;
    };
    REQUIRE((same(v[0], x0) && same(v[1], x1) && same(v[2], y0) && same(v[3], y1)));
  }
}

}  // namespace

TEST_CASE("lane_rotation: orthogonal columns, the longer one first where that is asked for", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    makes_orthogonal<float, Arch, true>(2.5e-3);
    makes_orthogonal<float, Arch, false>(2.5e-3);
    makes_orthogonal<double, Arch, true>(0);
  });
  makes_orthogonal<float, skive::scalar_arch, true>(0);
}

TEST_CASE("lane_turns: four rotations at once", "[linalg]") {
  skive::test::for_each(skive::test::few_arches{}, []<class Arch>() {
    four_turns_are_one_by_one<float, Arch>();
    four_turns_are_one_by_one<double, Arch>();
  });
}

TEST_CASE("lane_rotation: a product without digits is none", "[linalg]") {
  using rotation = skive::detail::lane_rotation<float, skive::native_arch>;
  using block = skive::detail::lane_block<float, skive::native_arch>;
  auto alpha = block::broadcast(1e-22f), beta = block::broadcast(2e-22f);
  CHECK(!rotation::choose<true>(alpha, beta, block::broadcast(1e-22f), 1e-6f).turns);
  alpha = beta = block::broadcast(1e-18f);
  CHECK(rotation::choose<true>(alpha, beta, block::broadcast(5e-19f), 1e-6f).turns);
}
