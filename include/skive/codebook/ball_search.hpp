// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/ball_search.hpp - points of a lattice near to others and of at most a given norm, many at once.
///
/// The nearest point of the lattice where it is in the ball; else those of shorter and shorter multiples of y are looked at, and of
/// the first eight in the ball the one nearest to y stays: not always the nearest of the ball. Where there are lanes each goes its
/// own way, until the last has found its eight.
///
/// Model of : -
/// Cost     : the lattice's nearest points, up to some twelve times.
/// Promise  : integers; a lane has the point of the single lane.
/// Source   : -

#include "skive/codebook/lattice_words.hpp"

#include <limits>

namespace skive::detail {

/// Words: codebook/lattice_words.hpp; V: single_lane or simd::integers<Arch>. best[i][l]: coordinate i for lane l.
template <class Words, class V>
class ball_search {
  static constexpr std::size_t lanes = lane_count<V>;
  static constexpr std::size_t dimension = Words::dimension;

 public:
  alignas(64) std::int32_t best[dimension][lanes]{};

  /// y in 2^-16, |y| <= 2^22; |x|^2 <= norm.
  constexpr ball_search(V const (&y)[dimension], int norm) noexcept {
    for (std::size_t i = 0; i < dimension; ++i) y[i].store(from_[i]);
    for (auto& s : share_) s = 64;
    near(~std::uint32_t{0});
    std::uint32_t outside = 0;
    std::int64_t least[lanes]{};
    int found[lanes]{};
    for (std::size_t l = 0; l < lanes; ++l) {
      if (norm_[l] <= norm) {
        keep(l);
        continue;
      }
      outside |= std::uint32_t{1} << l;
      least[l] = std::numeric_limits<std::int64_t>::max();
      share_[l] = first_share(l, norm);
    }
    while (outside != 0) {
      near(outside);
      for (auto rest = outside; rest != 0; rest &= rest - 1) {
        auto const l = static_cast<std::size_t>(std::countr_zero(rest));
        if (norm_[l] <= norm) {
          ++found[l];
          if (auto const d = distance(l); d < least[l]) {
            least[l] = d;
            keep(l);
          }
        }
        if (--share_[l] <= 0 || found[l] == 8) outside &= ~(std::uint32_t{1} << l);
      }
    }
  }

 private:
  // The nearest points to share / 64 of y, where they are wanted, and their norms. Numbers lie in memory: compilers turn loops over
  // lanes into instructions.
  constexpr void near(std::uint32_t wanted) noexcept {
    V scaled[dimension]{};
    V found[dimension]{};
    alignas(64) std::int32_t own[lanes]{};
    alignas(64) std::int32_t sum[lanes]{};
    for (std::size_t i = 0; i < dimension; ++i) {
      for (std::size_t l = 0; l < lanes; ++l) own[l] = from_[i][l] * share_[l] >> 6;
      scaled[i] = V::load(own);
    }
    Words::nearest(scaled, wanted, found);
    for (std::size_t i = 0; i < dimension; ++i) {
      found[i].store(own);
      for (std::size_t l = 0; l < lanes; ++l) sum[l] += own[l] * own[l];
      for (std::size_t l = 0; l < lanes; ++l) point_[i][l] = own[l];
    }
    for (std::size_t l = 0; l < lanes; ++l) norm_[l] = sum[l];
  }
  constexpr void keep(std::size_t l) noexcept {
    for (std::size_t i = 0; i < dimension; ++i) best[i][l] = point_[i][l];
  }
  // In 2^-24.
  constexpr std::int64_t distance(std::size_t l) const noexcept {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < dimension; ++i) {
      auto const d = std::int64_t{from_[i][l]} - std::int64_t{point_[i][l]} * 65536;
      sum += d * d >> 8;
    }
    return sum;
  }
  // The first multiple of y, in 64ths, that is looked at: a little longer than the ball.
  constexpr std::int32_t first_share(std::size_t l, int norm) const noexcept {
    std::int64_t square = 0;  // in 2^-16
    for (std::size_t i = 0; i < dimension; ++i) square += std::int64_t{from_[i][l]} * from_[i][l] >> 16;
    std::int32_t share = 63;
    while (share > 1 && square * share * share >> 12 > std::int64_t{norm} << 16) --share;
    return share + 3 < 63 ? share + 3 : 63;
  }

  alignas(64) std::int32_t from_[dimension][lanes]{};
  alignas(64) std::int32_t point_[dimension][lanes]{};
  alignas(64) std::int32_t share_[lanes]{};
  alignas(64) std::int32_t norm_[lanes]{};
};

}  // namespace skive::detail
