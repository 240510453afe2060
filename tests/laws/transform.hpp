// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The laws of transform and orthogonal_transform: back again, isometry, refusals that leave the row alone, equal bits on every
// arch.

#include "skive/core/concepts.hpp"
#include "skive/simd/arch.hpp"
#include "support/allocations.hpp"
#include "support/packed_row.hpp"
#include "support/processor_modes.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

inline std::vector<float> gaussian_vector(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (auto& v : x) v = normal(random);
  return x;
}
inline double norm(std::vector<float> const& x) {
  double sum = 0;
  for (auto const v : x) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}
template <class A, class B>
double distance(A const& x, B const& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    sum += d * d;
  }
  return std::sqrt(sum);
}
inline bool same_bits(std::vector<float> const& x, std::vector<float> const& y) {
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::bit_cast<std::uint32_t>(x[i]) != std::bit_cast<std::uint32_t>(y[i])) return false;
  return x.size() == y.size();
}

// forward() or inverse() of a copy, `shift` floats past an aligned address, in exactly the scratch that was asked for.
template <class Arch, class T>
std::vector<float> transformed(T const& t, std::vector<float> const& x, bool back = false, std::size_t shift = 0) {
  std::vector<float> memory(x.size() + 32 + shift, -77.0f);
  auto const first = (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64) % 64 / sizeof(float) + shift;
  auto const row = std::span{memory}.subspan(first, x.size());
  for (std::size_t i = 0; i < x.size(); ++i) row[i] = x[i];
  scratch_memory scratch{t.scratch_bytes()};
  auto const lent = scratch.get();
  auto const before = allocations();
  auto const s = back ? t.template inverse<Arch>(row, lent) : t.template forward<Arch>(row, lent);
  auto const after = allocations();
  REQUIRE(s.error() == errc::ok);
  REQUIRE(after == before);
  for (std::size_t i = 0; i < memory.size(); ++i)
    if (i < first || i >= first + x.size()) REQUIRE(memory[i] == -77.0f);
  return {row.begin(), row.end()};
}

namespace detail {

template <class Arch, class T>
void expect_refusal(T const& t, std::vector<float> const& x, std::size_t scratch_size, errc why) {
  scratch_memory scratch{scratch_size};
  for (bool const back : {false, true}) {
    auto row = x;
    auto const s =
        back ? t.template inverse<Arch>(std::span{row}, scratch.get()) : t.template forward<Arch>(std::span{row}, scratch.get());
    CAPTURE(back, x.size());
    REQUIRE(s.error() == why);
    REQUIRE(same_bits(row, x));
  }
}

}  // namespace detail

// `refuses`: entries that are not finite are refused, because they would spread.
template <class Arch, class T>
void check_refusals(T const& t, bool refuses = true) {
  auto const n = t.size();
  auto const x = gaussian_vector(n, 5);
  auto const need = t.scratch_bytes();
  auto longer = x;
  longer.push_back(1.0f);
  detail::expect_refusal<Arch>(t, longer, need, errc::size_mismatch);
  if (n != 0) detail::expect_refusal<Arch>(t, std::vector<float>(x.begin() + 1, x.end()), need, errc::size_mismatch);
  if (need != 0) detail::expect_refusal<Arch>(t, x, need - 1, errc::workspace_too_small);
  if (need != 0 && n != 0) {  // the row lies in the scratch, past what alignment may skip
    std::vector<float> memory(need / sizeof(float) + n + 64, 1.0f);
    auto const bytes = std::as_writable_bytes(std::span{memory});
    for (auto const at : {std::size_t{16}, (need - 64) / sizeof(float)}) {
      auto const row = std::span{memory}.subspan(at, n);
      REQUIRE(t.template forward<Arch>(row, workspace{bytes.first(need)}).error() == errc::overlap);
      REQUIRE(t.template inverse<Arch>(row, workspace{bytes.first(need)}).error() == errc::overlap);
    }
    REQUIRE(memory == std::vector<float>(memory.size(), 1.0f));
  }
  if (!refuses) return;
  for (auto const bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()})
    for (auto const at : {std::size_t{0}, n / 2, n - 1}) {
      auto dirty = x;
      dirty[at] = bad;
      detail::expect_refusal<Arch>(t, dirty, need, errc::not_finite);
    }
}

/// `bound`: error of one direction relative to ||x||.
template <class Arch, transform T>
void check_transform(T const& t, double bound, unsigned seed = 1) {
  CAPTURE(t.size());
  auto const x = gaussian_vector(t.size(), seed);
  auto const y = transformed<Arch>(t, x);
  auto const back = transformed<Arch>(t, y, true);
  REQUIRE(distance(back, x) <= 2.05 * bound * norm(x));
  if constexpr (orthogonal_transform<T>) REQUIRE(std::fabs(norm(y) - norm(x)) <= 1.05 * bound * norm(x));
}

/// The bits of the scalar rule, at every alignment, in every processor mode; rows of every scale.
template <class Arch, class T>
void check_bits(T const& t, unsigned seed = 1, bool all_scales = true) {
  CAPTURE(t.size());
  for (int kind = 0; kind < (all_scales ? 5 : 2); ++kind) {
    CAPTURE(kind);
    auto x = kind == 0 ? gaussian_vector(t.size(), seed) : mixed_row(t.size(), seed);
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (kind == 2) x[i] = std::ldexp(x[i], -130);
      if (kind == 3) x[i] = std::ldexp(x[i], -static_cast<int>(i % 140));
      if (kind == 4) x[i] = std::ldexp(x[i], i % 3 == 0 ? -85 : 40);
    }
    auto const expected = transformed<scalar_arch>(t, x);
    auto const back = transformed<scalar_arch>(t, x, true);
    REQUIRE(same_bits(transformed<Arch>(t, x, false, static_cast<std::size_t>(kind)), expected));
    REQUIRE(same_bits(transformed<Arch>(t, x, true, 1), back));
    if (!flush_subnormals::effective()) continue;
    std::vector<float> flushed;
    std::vector<float> flushed_scalar;
    {
      flush_subnormals const on;
      flushed = transformed<Arch>(t, x);
      flushed_scalar = transformed<scalar_arch>(t, x);
    }
    REQUIRE(same_bits(flushed, expected));
    REQUIRE(same_bits(flushed_scalar, expected));
  }
}

using double_row = std::vector<double>;

inline double_row gaussian(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<double> normal;
  double_row x(n);
  for (auto& v : x) v = normal(random);
  return x;
}
inline long double norm_of(double_row const& x) {  // with digits to spare
  long double sum = 0;
  for (double const v : x) sum += static_cast<long double>(v) * static_cast<long double>(v);
  return std::sqrt(sum);
}
inline long double distance(double_row const& x, double_row const& y) {
  auto d = x;
  for (std::size_t i = 0; i < d.size(); ++i) d[i] -= y[i];
  return norm_of(d);
}

template <class Arch, class T>
double_row turned(T const& t, double_row x, bool back = false) {
  scratch_memory scratch{t.scratch_bytes()};
  auto const s =
      back ? t.template inverse<Arch>(std::span{x}, scratch.get()) : t.template forward<Arch>(std::span{x}, scratch.get());
  REQUIRE(s.error() == errc::ok);
  return x;
}
/// Doubles: back again and isometry; the result is that of floats to their precision; the scalar rule has the same bits.
template <class Arch, class T>
void check_doubles(T const& t, double relative, unsigned seed = 1) {
  auto const bound = static_cast<long double>(relative);
  CAPTURE(t.size());
  auto const n = t.size();
  auto const x = gaussian(n, seed);
  auto const y = turned<Arch>(t, x);
  REQUIRE(distance(turned<Arch>(t, y, true), x) <= 2.05L * bound * norm_of(x));
  if constexpr (orthogonal_transform<T>) REQUIRE(std::fabs(norm_of(y) - norm_of(x)) <= 1.05L * bound * norm_of(x));
  REQUIRE(turned<scalar_arch>(t, x) == y);
  REQUIRE(turned<scalar_arch>(t, x, true) == turned<Arch>(t, x, true));
  std::vector<float> narrow(n);
  double_row wide(n);
  for (std::size_t i = 0; i < n; ++i) wide[i] = static_cast<double>(narrow[i] = static_cast<float>(x[i]));
  auto const of_floats = transformed<Arch>(t, narrow);
  REQUIRE(distance(turned<Arch>(t, wide), of_floats) <= 1e-5 * static_cast<double>(norm_of(x)));
}
template <class T>
void check_double_refusals(T const& t, bool refuses = true) {
  auto const n = t.size();
  auto const need = t.scratch_bytes();
  auto const expect = [&](double_row const& x, std::size_t bytes, errc why) {
    scratch_memory scratch{bytes};
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
    double_row memory(need / sizeof(double) + n + 64, 1.0);
    auto const bytes = std::as_writable_bytes(std::span{memory}).first(need);
    CHECK(t.forward(std::span{memory}.subspan(8, n), workspace{bytes}).error() == errc::overlap);
    CHECK(memory == double_row(memory.size(), 1.0));
  }
  if (!refuses) return;
  for (double const bad : {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity(), 0x1p1023}) {
    x[n / 2] = bad;
    expect(x, need, errc::not_finite);
  }
}

}  // namespace skive::test
