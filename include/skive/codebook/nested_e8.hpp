// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/nested_e8.hpp - E8 modulo q at the best of several scales: 8 numbers in one code.
///
///   nested_e8<q, B...>: x' = b / 256 point(u), b of B..., point as in codebook/voronoi_code.hpp
///
/// It tries every scale and keeps the one of least error, so that overload needs no test. NestQuant's own scales for weights are
/// 73 101 128 329 at q = 14; nest14 has smaller ones, which are better for Gaussian numbers.
///
/// Model of : point_code (codebook/lattice_codec.hpp)
/// Cost     : two nearest points for each scale, on sixteen points at once where there are registers.
/// Accuracy : nest14, 33 bits for 8 numbers: mean square error of N(0, 1) 0.0063.
/// Promise  : integer arithmetic, the same bytes everywhere; codes past the last one decode as if reduced modulo their number.
/// Source   : J. H. Conway, N. J. A. Sloane, "A fast encoding method for lattice codes and quantizers", 1983; S. Savkin et al.,
///            "NestQuant", 2025.

#include "skive/codebook/e8_points.hpp"

#include <array>
#include <bit>
#include <utility>

namespace skive {

/// E8 modulo Q with scales B / 256.
template <std::uint32_t Q, int... B>
struct nested_e8 {
  static_assert(Q >= 2 && Q <= 16 && sizeof...(B) >= 1 && ((B >= 16 && B <= 512) && ...));
  static constexpr std::size_t dimension = 8;
  static constexpr std::uint64_t scales = sizeof...(B);
  static constexpr std::uint64_t size = scales * (std::uint64_t{Q} * Q * Q * Q) * (std::uint64_t{Q} * Q * Q * Q);
  static constexpr std::size_t code_bits = static_cast<std::size_t>(64 - std::countl_zero(size - 1));
  static constexpr int unit_bits = 9;  // twice a coordinate, times B
  static constexpr float source_scale = 1.0f;
  static constexpr bool repeatable = true;

  static constexpr void levels(std::uint64_t code, std::int16_t* out) noexcept {
    std::uint64_t const codes[1]{code};
    detail::single_lane level[8]{};
    decode(codes, level);
    for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::int16_t>(level[i].lane);
  }
  /// The levels of one code in each lane.
  template <class V>
  static constexpr void decode(std::uint64_t const (&codes)[detail::lane_count<V>], V (&level)[8]) noexcept {
    table<V> u{};
    row<V> by{};
    for (std::size_t l = 0; l < detail::lane_count<V>; ++l) {
      auto const code = codes[l] % size;
      by.of[l] = scale[code % scales];
      auto rest = code / scales;
      for (std::size_t i = 0; i < 8; ++i) u.of[i][l] = static_cast<std::int32_t>(rest % Q), rest /= Q;
    }
    table<V> twice{};
    points(u, twice);
    for (std::size_t i = 0; i < 8; ++i) {
      for (std::size_t l = 0; l < detail::lane_count<V>; ++l) twice.of[i][l] *= by.of[l];
      level[i] = V::load(twice.of[i]);
    }
  }

  template <class V>
  static constexpr void encode(V const (&y)[8], std::uint64_t* codes) noexcept {
    constexpr auto lanes = detail::lane_count<V>;
    table<V> x{};
    for (std::size_t i = 0; i < 8; ++i) y[i].store(x.of[i]);
    table<V> best{};
    row<V> at{};
    double least[lanes]{};
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      (try_scale<K, V>(x, best, at, least), ...);
    }(std::make_index_sequence<scales>{});
    for (std::size_t l = 0; l < lanes; ++l) {
      std::uint64_t code = 0;
      for (std::size_t i = 8; i-- > 0;) code = code * Q + static_cast<std::uint64_t>(best.of[i][l]);
      codes[l] = code * scales + static_cast<std::uint64_t>(at.of[l]);
    }
  }

 private:
  static constexpr std::array<std::int32_t, scales> scale{B...};
  static constexpr auto q = static_cast<std::int32_t>(Q);
  // Numbers in lanes, in memory: compilers turn loops over lanes into instructions for quotients too, which lanes do not have.
  template <class V>
  struct row {
    alignas(64) std::int32_t of[detail::lane_count<V>]{};
  };
  template <class V>
  struct table {
    alignas(64) std::int32_t of[8][detail::lane_count<V>]{};
  };
  template <int S, class V>
  static constexpr void nearest(table<V> const& from, table<V>& twice) noexcept {
    V y[8]{};
    V found[8]{};
    for (std::size_t i = 0; i < 8; ++i) y[i] = V::load(from.of[i]);
    detail::e8_nearest<S>(y, found);
    for (std::size_t i = 0; i < 8; ++i) found[i].store(twice.of[i]);
  }

  // Basis, twice: 4 e_0; 2 (e_i + e_0), 0 < i < 7; all ones.
  template <class V>
  static constexpr void coordinates(table<V> const& twice, table<V>& u) noexcept {
    constexpr auto lanes = detail::lane_count<V>;
    row<V> first{};
    for (std::size_t l = 0; l < lanes; ++l) first.of[l] = twice.of[0][l] - twice.of[7][l];
    for (std::size_t i = 1; i < 7; ++i)
      for (std::size_t l = 0; l < lanes; ++l) {
        auto const c = twice.of[i][l] - twice.of[7][l];
        u.of[i][l] = c / 2;
        first.of[l] -= c;
      }
    for (std::size_t l = 0; l < lanes; ++l) u.of[7][l] = twice.of[7][l], u.of[0][l] = first.of[l] / 4;
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t l = 0; l < lanes; ++l) {
        auto const rest = u.of[i][l] % q;
        u.of[i][l] = rest + (rest >> 31 & q);
      }
  }
  template <class V>
  static constexpr void points(table<V> const& u, table<V>& twice) noexcept {
    constexpr auto lanes = detail::lane_count<V>;
    for (std::size_t l = 0; l < lanes; ++l) twice.of[0][l] = u.of[7][l] + 4 * u.of[0][l];
    for (std::size_t i = 1; i < 7; ++i)
      for (std::size_t l = 0; l < lanes; ++l) {
        twice.of[i][l] = u.of[7][l] + 2 * u.of[i][l];
        twice.of[0][l] += 2 * u.of[i][l];
      }
    for (std::size_t l = 0; l < lanes; ++l) twice.of[7][l] = u.of[7][l];
    table<V> y{};
    for (std::size_t i = 0; i < 8; ++i)  // in 2^-22; shifts of 2^(i - 15), which no sum of multiples of 1 / (2 q) makes up for
      for (std::size_t l = 0; l < lanes; ++l) y.of[i][l] = (twice.of[i][l] << 21) / q - (128 << i);  // twice < 17 q < 2^9
    table<V> far{};
    nearest<22>(y, far);
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t l = 0; l < lanes; ++l) twice.of[i][l] -= q * far.of[i][l];
  }
  // The points at scale K, where they are nearer than at the scales before.
  template <std::size_t K, class V>
  static constexpr void try_scale(table<V> const& x, table<V>& best, row<V>& at,
                                  double (&least)[detail::lane_count<V>]) noexcept {
    constexpr auto lanes = detail::lane_count<V>;
    table<V> y{};
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t l = 0; l < lanes; ++l) y.of[i][l] = x.of[i][l] * 256 / scale[K];  // |x| <= 2^22
    table<V> twice{};
    nearest<16>(y, twice);
    table<V> u{};
    coordinates(twice, u);
    points(u, twice);
    double error[lanes]{};  // of integers below 2^24: exact
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t l = 0; l < lanes; ++l) {
        auto const d = static_cast<double>(x.of[i][l] - twice.of[i][l] * (scale[K] * 128));
        error[l] += d * d;
      }
    row<V> keep{};
    for (std::size_t l = 0; l < lanes; ++l) {
      auto const better = K == 0 || error[l] < least[l];
      keep.of[l] = better ? -1 : 0;
      least[l] = better ? error[l] : least[l];
      at.of[l] = better ? static_cast<std::int32_t>(K) : at.of[l];
    }
    for (std::size_t i = 0; i < 8; ++i)
      for (std::size_t l = 0; l < lanes; ++l) best.of[i][l] = (u.of[i][l] & keep.of[l]) | (best.of[i][l] & ~keep.of[l]);
  }
};

using nest14 = nested_e8<14, 64, 82, 110, 265>;

}  // namespace skive
