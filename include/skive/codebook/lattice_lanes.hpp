// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/lattice_lanes.hpp - nearest points of a lattice to many points: sixteen of floats or eight of doubles at once.
///
///   nearest_points(lattice, x, out)     x: points of lattice.coordinates() numbers one after another; x may be out
///
/// Of codebook/lattice.hpp, binary_lattices.hpp and eisenstein_lattices.hpp, by the rule that serves one point.
///
/// Model of : -
/// Cost     : the lattice's operations on registers, and two transpositions.
/// Promise  : the bits of lattice.nearest() on every instruction set. Refuses points of 0 or more than 64 coordinates with
///            invalid_argument, lengths that differ or are no whole points with size_mismatch, NaN and infinity with not_finite,
///            magnitudes of 2^22 (float), 2^51 (double) and more with invalid_argument.
/// Source   : -

#include "skive/codebook/lattice.hpp"
#include "skive/core/real_bits.hpp"
#include "skive/core/status.hpp"
#include "skive/simd/doubles.hpp"
#include "skive/simd/row_lanes.hpp"

namespace skive {

namespace detail {

/// Of registers of T, of which V has some.
template <class V, class T>
struct register_lane {
  using mask = typename V::mask;
  [[gnu::always_inline]] static V of(double constant) noexcept { return V::broadcast(static_cast<T>(constant)); }
  [[gnu::always_inline]] static V floor(V x) noexcept {
#pragma GCC unroll 4
    for (auto& p : x.part) p = xsimd::floor(p);
    return x;
  }
  [[gnu::always_inline]] static V magnitude(V x) noexcept {
#pragma GCC unroll 4
    for (auto& p : x.part) p = xsimd::abs(p);
    return x;
  }
  [[gnu::always_inline]] static V smaller(V const& a, V const& b) noexcept { return min(a, b); }
  [[gnu::always_inline]] static V larger(V const& a, V const& b) noexcept { return max(a, b); }
  [[gnu::always_inline]] static V choose(mask const& m, V const& yes, V const& no) noexcept { return select(m, yes, no); }
  [[gnu::always_inline]] static V half(V const& x) noexcept { return product(x, of(0.5)); }
  [[gnu::always_inline]] static bool any(mask const& m) noexcept { return m.bits() != 0; }
  [[gnu::always_inline]] static V root(double constant) noexcept { return V::broadcast(real_lane<T>::root(constant)); }
  [[gnu::always_inline]] static V product(V const& a, V const& b) noexcept { return simd::product(a, b); }
};
template <class Arch>
struct real_lane<simd::sixteen<float, Arch>> : register_lane<simd::floats<Arch>, float> {};
template <class Arch>
struct real_lane<simd::doubles<Arch>> : register_lane<simd::doubles<Arch>, double> {};

template <class T, class Arch>
using lanes_of = std::conditional_t<std::is_same_v<T, float>, simd::floats<Arch>, simd::doubles<Arch>>;
template <class T>
inline constexpr std::size_t points_at_once = std::is_same_v<T, float> ? 16 : 8;

/// y[j] lane l = coordinate j of point l of n numbers; lanes from `count` on are 0.
template <class Arch, class T>
void points_to_lanes(T const* x, std::size_t n, std::size_t count, lanes_of<T, Arch>* y) noexcept {
  constexpr auto lanes = points_at_once<T>;
  constexpr auto width = std::is_same_v<T, float> ? 4 : xsimd::batch<double, Arch>::size;
  std::size_t j = 0;
  while (count == lanes && n >= width && j < n) {
    j = j + width < n ? j : n - width;  // the last columns, some of them again
    if constexpr (std::is_same_v<T, float>) {
      simd::floats<Arch> four[4];
      simd::rows_to_lanes(x + j, n, four);
#pragma GCC unroll 4
      for (std::size_t k = 0; k < 4; ++k) y[j + k] = four[k];
    } else {
      simd::rows_to_lanes(x + j, n, y + j);
    }
    j += width;
  }
  for (; j < n; ++j) {
    alignas(64) T lane[lanes]{};
    for (std::size_t l = 0; l < count; ++l) lane[l] = x[l * n + j];
    y[j] = lanes_of<T, Arch>::load(lane);
  }
}
template <class Arch, class T>
void lanes_to_points(lanes_of<T, Arch> const* y, std::size_t n, std::size_t count, T* out) noexcept {
  constexpr auto lanes = points_at_once<T>;
  constexpr auto width = std::is_same_v<T, float> ? 4 : xsimd::batch<double, Arch>::size;
  std::size_t j = 0;
  while (count == lanes && n >= width && j < n) {
    j = j + width < n ? j : n - width;
    if constexpr (std::is_same_v<T, float>) {
      simd::floats<Arch> const four[4]{y[j], y[j + 1], y[j + 2], y[j + 3]};
      simd::lanes_to_rows(four, out + j, n);
    } else {
      simd::lanes_to_rows(y + j, out + j, n);
    }
    j += width;
  }
  for (; j < n; ++j) {
    alignas(64) T lane[lanes];
    y[j].store(lane);
    for (std::size_t l = 0; l < count; ++l) out[l * n + j] = lane[l];
  }
}

/// Whether all magnitudes are below `limit`.
template <class Arch, class T>
bool all_below(std::span<T const> x, T limit) noexcept {
  std::size_t i = 0;
  bool below = true;
  if constexpr (simd::vector_arch<Arch>) {
    using numbers = lanes_of<T, Arch>;
    constexpr auto lanes = points_at_once<T>;
    auto const most = numbers::broadcast(limit);
    auto all = numbers::broadcast(T(0)) < most;
    for (; i + lanes <= x.size(); i += lanes) all = all & (real_lane<numbers>::magnitude(numbers::load(x.data() + i)) < most);
    below = all.bits() == (std::uint32_t{1} << lanes) - 1;
  }
  for (; i < x.size(); ++i) below = below && (x[i] < T(0) ? -x[i] : x[i]) < limit;
  return below;
}

/// Whether nearest_points takes points of n numbers, and those of x.
template <class Arch, class T>
status check_points(std::size_t n, std::span<T const> x) noexcept {
  if (n == 0 || n > 64) return errc::invalid_argument;
  if (x.size() % n != 0) return errc::size_mismatch;
  if (all_below<Arch>(x, std::is_same_v<T, float> ? T(0x1p22) : T(0x1p51))) return errc::ok;
  for (auto const v : x)
    if (real_magnitude(v) >= real_layout<T>::infinity) return errc::not_finite;
  return errc::invalid_argument;
}

template <class Arch, class Lattice, class T>
status nearest_points(Lattice const& lattice, std::span<T const> x, std::span<T> out) noexcept {
  auto const n = lattice.coordinates();
  if (x.size() != out.size()) return errc::size_mismatch;
  if (auto const s = check_points<Arch>(n, x); !s) return s;
  auto const points = x.size() / n;
  std::size_t done = 0;
  if constexpr (simd::vector_arch<Arch>) {
    constexpr auto lanes = points_at_once<T>;
    for (; done + 1 < points; done += lanes) {
      auto const count = points - done < lanes ? points - done : lanes;
      lanes_of<T, Arch> y[64];
      points_to_lanes<Arch, T>(x.data() + done * n, n, count, y);
      lattice.nearest_lanes(y, y);
      lanes_to_points<Arch, T>(y, n, count, out.data() + done * n);
    }
  }
  for (; done < points; ++done) lattice.nearest(x.subspan(done * n, n), out.subspan(done * n, n));
  return errc::ok;
}

}  // namespace detail

template <class Arch = native_arch, lattice Lattice>
status nearest_points(Lattice const& lattice, std::span<float const> x, std::span<float> out) noexcept {
  return detail::nearest_points<Arch, Lattice, float>(lattice, x, out);
}
template <class Arch = native_arch, lattice Lattice>
status nearest_points(Lattice const& lattice, std::span<double const> x, std::span<double> out) noexcept {
  return detail::nearest_points<Arch, Lattice, double>(lattice, x, out);
}

}  // namespace skive
