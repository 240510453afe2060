// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/walsh_hadamard.hpp - in-place Walsh-Hadamard transform of 2^k floats or doubles, orthonormal or plain.
///
///   y = H_n x 2^(-k/2)  (orthonormal)   or   y = H_n x  (plain),   H_n(i, j) = (-1)^popcount(i & j): natural order
///
/// Model of : orthogonal_transform (walsh_hadamard, its own inverse); transform (plain_walsh_hadamard)
/// Cost     : k additions and one multiplication a number. apply() passes over rows of up to 8192 numbers in L1, over longer ones
///            twice in L2, past 65536 numbers twice in memory; from 2^20 on that may need 16 to 256 KiB of scratch. forward() and
///            inverse() read the row once before (transform/safe_range.hpp), since what they refuse stays as it was; a row known to
///            be finite, without numbers below 2^-80, can go to apply() at once.
/// Accuracy : ||y - exact|| <= (k + 2) u ||x|| to first order, u = 2^-24, of doubles (k + 4) 2^-53. Where entries below 2^-80
///            stand beside entries of 2^-40 and more, they count as zero.
/// Promise  : the butterflies of transform/butterflies.hpp in order of rising distance, then one product: the same bits on every
///            instruction set, under FTZ, DAZ and contraction. A refused row is untouched.
/// Source   : as transform/butterflies.hpp

#include "skive/core/concepts.hpp"
#include "skive/transform/butterflies.hpp"
#include "skive/transform/direction.hpp"
#include "skive/transform/inverse_root.hpp"

namespace skive {

enum class normalisation : std::uint8_t {
  orthonormal,  ///< 2^(-k/2) H_n
  plain,        ///< H_n; the inverse divides by n
};

template <normalisation N>
class basic_walsh_hadamard : public detail::both_ways<basic_walsh_hadamard<N>> {
 public:
  static constexpr bool is_orthogonal = N == normalisation::orthonormal;
  static constexpr std::size_t max_size = std::size_t{1} << 26;

  /// `n`: 1, 2, 4, ..., 2^26. Fails with not_power_of_two, or invalid_argument for a larger one.
  static constexpr result<basic_walsh_hadamard> make(std::size_t n) noexcept {
    if (!std::has_single_bit(n)) return errc::not_power_of_two;
    if (n > max_size) return errc::invalid_argument;
    return basic_walsh_hadamard{n};
  }

  constexpr basic_walsh_hadamard() noexcept = default;  ///< of one number
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::size_t scratch_bytes() const noexcept {
    auto const floats = detail::walsh_hadamard_floats(size_);
    return floats == 0 ? 0 : workspace::bytes<float>(floats);
  }
  /// No number on the way is larger than 2^growth() times the largest one.
  constexpr int growth() const noexcept { return std::countr_zero(size_); }

  /// Without checks: what composers call on rows that they have checked (transform/direction.hpp).
  template <class Arch, direction D>
  constexpr void apply(float* x, workspace w) const noexcept {
    auto const* const scale = factor<D>();
    auto const floats = detail::walsh_hadamard_floats(size_);
    detail::walsh_hadamard<Arch>(x, size_, scale, floats == 0 ? nullptr : w.take<float>(floats).data());
  }
  /// apply() of a short row, if it is one whose check needs no second look (transform/butterfly_passes.hpp); else false.
  template <class Arch, direction D>
  bool apply_if_safe(float* x) const noexcept
    requires simd::vector_arch<Arch>
  {
    return detail::is_short_row<Arch>(size_) && detail::short_row<true, Arch>(x, size_, factor<D>());
  }

  template <class Arch, direction D>
  constexpr void apply(double* x, workspace) const noexcept {
    double const factor =
        N == normalisation::orthonormal ? detail::inverse_root_double<Arch>(size_) : 1 / static_cast<double>(size_);
    bool const plain = N == normalisation::plain && D == direction::forward;
    detail::walsh_hadamard<Arch>(x, size_, plain ? nullptr : &factor, nullptr);
  }

 private:
  constexpr explicit basic_walsh_hadamard(std::size_t n) noexcept
      : size_{n}, root_{detail::inverse_root(n)}, reciprocal_{1.0f / static_cast<float>(n)} {}
  template <direction D>
  constexpr float const* factor() const noexcept {  // null for 1
    return N == normalisation::orthonormal ? &root_ : D == direction::inverse ? &reciprocal_ : nullptr;
  }

  std::size_t size_ = 1;
  float root_ = 1.0f;
  float reciprocal_ = 1.0f;
};

using walsh_hadamard = basic_walsh_hadamard<normalisation::orthonormal>;
using plain_walsh_hadamard = basic_walsh_hadamard<normalisation::plain>;

static_assert(orthogonal_transform<walsh_hadamard>);
static_assert(transform<plain_walsh_hadamard> && !orthogonal_transform<plain_walsh_hadamard>);

}  // namespace skive
