// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/haar_wavelet.hpp - the orthonormal Haar wavelet transform of some levels.
///
///   level l = 1, 2, ...: sums s = a + b and differences d = a - b of neighbours; d is stored times 2^(-l/2), at the end the sums
///   too order: sums of the last level, differences of the last level, ..., differences of level 1
///
/// Model of : orthogonal_transform
/// Cost     : 2 additions and one product a number and level, half as many numbers each level; scratch for the row.
/// Accuracy : ||error|| <= (levels + 2) u ||x|| to first order, of doubles (levels + 4) 2^-53.
/// Promise  : sums in this order, one product each: the same bits for every Arch, under FTZ, DAZ and contraction.
/// Source   : A. Haar, "Zur Theorie der orthogonalen Funktionensysteme", Math. Ann. 69, 1910.

#include "skive/core/concepts.hpp"
#include "skive/core/separate.hpp"
#include "skive/transform/direction.hpp"
#include "skive/transform/inverse_root.hpp"

namespace skive {

class haar_wavelet : public detail::both_ways<haar_wavelet> {
 public:
  static constexpr bool is_orthogonal = true;

  /// 2^levels divides n; at most 26 levels. Fails with invalid_argument.
  static constexpr result<haar_wavelet> make(std::size_t n, int levels) noexcept {
    if (levels < 0 || levels > 26 || n == 0 || n % (std::size_t{1} << levels) != 0) return errc::invalid_argument;
    haar_wavelet t;
    t.size_ = n;
    t.levels_ = levels;
    return t;
  }

  constexpr haar_wavelet() noexcept = default;  ///< of one number
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr int levels() const noexcept { return levels_; }
  constexpr std::size_t scratch_bytes() const noexcept { return workspace::bytes<double>(size_); }
  constexpr int growth() const noexcept { return levels_; }
  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D, std::floating_point Real>
  constexpr void apply(Real* x, workspace w) const noexcept {
    auto* const other = w.take<Real>(size_).data();
    if constexpr (D == direction::forward) {
      auto sums = size_;
      for (int level = 1; level <= levels_; ++level) {
        sums /= 2;
        auto const scale = scale_of<Arch, Real>(level);
        for (std::size_t i = 0; i < sums; ++i) {
          auto const a = x[2 * i];
          auto const b = x[2 * i + 1];
          other[i] = a + b;
          other[sums + i] = detail::separate((a - b) * scale);
        }
        for (std::size_t i = 0; i < 2 * sums; ++i) x[i] = other[i];
      }
      scale_sums<Arch, Real>(x);
    } else {
      scale_sums<Arch, Real>(x);  // then a = s + d, b = s - d, both without a factor
      auto sums = size_ >> levels_;
      for (int level = levels_; level >= 1; --level, sums *= 2) {
        auto const scale = scale_of<Arch, Real>(level);
        for (std::size_t i = 0; i < sums; ++i) {
          auto const s = x[i];
          auto const d = detail::separate(x[sums + i] * scale);
          other[2 * i] = s + d;
          other[2 * i + 1] = s - d;
        }
        for (std::size_t i = 0; i < 2 * sums; ++i) x[i] = other[i];
      }
    }
  }

 private:
  template <class Arch, class Real>
  static constexpr Real scale_of(int level) noexcept {
    if constexpr (std::is_same_v<Real, float>)
      return detail::inverse_root(std::uint64_t{1} << level);
    else
      return detail::inverse_root_double<Arch>(std::uint64_t{1} << level);
  }
  template <class Arch, class Real>
  constexpr void scale_sums(Real* x) const noexcept {
    auto const scale = scale_of<Arch, Real>(levels_);
    for (std::size_t i = 0; i < size_ >> levels_; ++i) x[i] = detail::separate(x[i] * scale);
  }

  std::size_t size_ = 1;
  int levels_ = 0;
};

static_assert(orthogonal_transform<haar_wavelet>);

}  // namespace skive
