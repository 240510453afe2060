// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linalg/lane_block.hpp, and divide() of linalg/vector.hpp: quotients and roots rounded once on every instruction set, sums of lanes,
// estimates.
#include "skive/linalg/lane_block.hpp"

#include "skive/core/random.hpp"
#include "skive/linalg/vector.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::detail::lane_block;

// Numbers of every size: each bit pattern is as likely as any other, every eighth is a special one.
template <class T>
T number(skive::counter_random const& random, std::size_t i) {
  using limits = std::numeric_limits<T>;
  constexpr std::array<T, 8> special{T(0), T(1),          limits::min(),      limits::denorm_min(),
                                     T(3), limits::max(), limits::infinity(), limits::epsilon()};
  auto const bits = random.bits(i);
  if (i % 8 == 0) return special[bits % 8];
  if constexpr (sizeof(T) == 4)
    return std::bit_cast<float>(bits);
  else
    return std::bit_cast<double>(std::uint64_t{bits} << 32 | random.bits(i + (std::uint64_t{1} << 40)));
}

template <class T>
bool same(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

template <class T, class Arch>
void quotients_and_roots_round_once() {
  using block = lane_block<T, Arch>;
  skive::counter_random const random{31};
  std::size_t wrong = 0;
  for (std::size_t turn = 0; turn < 4000; ++turn) {
    std::array<T, 16> a{};
    std::array<T, 16> b{};
    for (std::size_t i = 0; i < 16; ++i) {
      a[i] = number<T>(random, 32 * turn + i);
      b[i] = number<T>(random, 32 * turn + 16 + (i + turn) % 16);
    }
    std::array<T, 16> quotient{};
    std::array<T, 16> root_of_a{};
    (block::load(a.data()) / block::load(b.data())).store(quotient.data());
    root(absolute(block::load(a.data()))).store(root_of_a.data());
    for (std::size_t i = 0; i < 16; ++i) {
      wrong += same<T>(quotient[i], a[i] / b[i]) ? 0U : 1U;
      wrong += same<T>(root_of_a[i], std::sqrt(std::abs(a[i]))) ? 0U : 1U;
    }
    auto divided = a;
    skive::detail::divide<Arch>(b[1], divided.data(), turn % 17);
    for (std::size_t i = 0; i < 16; ++i) wrong += same<T>(divided[i], i < turn % 17 ? a[i] / b[1] : a[i]) ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

template <class T, class Arch>
void sums_of_sixteen_are_sums() {
  using piece = skive::detail::lane_part<T, Arch>;
  typename piece::type x[16];
  std::array<T, 16> lanes{};
  for (std::size_t r = 0; r < 16; ++r) {
    for (std::size_t i = 0; i < piece::size; ++i) lanes[i] = static_cast<T>(100 * r + i);
    x[r] = piece::load(lanes.data());
  }
  std::array<T, 16> sums{};
  piece::sums_of_sixteen(x, sums.data());
  auto const n = piece::size;
  for (std::size_t r = 0; r < 16; ++r) CHECK(sums[r] == static_cast<T>(100 * r * n + n * (n - 1) / 2));
}

// Every mantissa in steps of 64, under each exponent of normal numbers in turn.
template <class Arch>
void estimates_keep_three_digits() {
  using block = lane_block<float, Arch>;
  static_assert(block::estimates && !lane_block<double, Arch>::estimates);
  double worst = 0;
  for (std::uint32_t first = 0; first < 0x01000000U; first += 1024) {
    std::array<float, 16> x{};
    for (std::uint32_t i = 0; i < 16; ++i)
      x[i] = std::bit_cast<float>((first + 64 * i) % 0x01000000U + 0x00800000U * (1 + (first / 1024) % 252));
    auto r = x;
    inverse_root_estimate(block::load(x.data())).store(r.data());
    for (std::size_t i = 0; i < 16; ++i)
      worst = std::max(worst, std::abs(static_cast<double>(r[i]) * std::sqrt(static_cast<double>(x[i])) - 1));
  }
  CHECK(worst < 7e-4);
}

template <class T, class Arch>
void products_are_taken_off() {
  using block = lane_block<T, Arch>;
  std::array<T, 16> a{}, b{}, c{}, r{};
  for (std::size_t i = 0; i < 16; ++i) {
    a[i] = static_cast<T>(i + 1);
    b[i] = static_cast<T>(3 * i) - 20;
    c[i] = static_cast<T>(7 * i);
  }
  reduced(block::load(a.data()), block::load(b.data()), block::load(c.data())).store(r.data());
  for (std::size_t i = 0; i < 16; ++i) CHECK(r[i] == c[i] - a[i] * b[i]);
}

}  // namespace

TEST_CASE("blocks of lanes round as plain numbers do", "[linalg]") {
  skive::test::for_each_arch([]<class Arch>() {
    quotients_and_roots_round_once<float, Arch>();
    quotients_and_roots_round_once<double, Arch>();
    sums_of_sixteen_are_sums<float, Arch>();
    sums_of_sixteen_are_sums<double, Arch>();
    estimates_keep_three_digits<Arch>();
    products_are_taken_off<float, Arch>();
    products_are_taken_off<double, Arch>();
  });
}

TEST_CASE("blocks of plain numbers", "[linalg]") {
  quotients_and_roots_round_once<float, skive::scalar_arch>();
  sums_of_sixteen_are_sums<double, skive::scalar_arch>();
  products_are_taken_off<double, skive::scalar_arch>();
  static_assert(!lane_block<float, skive::scalar_arch>::estimates);
}
