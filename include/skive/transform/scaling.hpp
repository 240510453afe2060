// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/scaling.hpp - a factor, or an offset, for each channel, and the factors of SmoothQuant and AWQ.
///
///   channel_scaling: forward y_i = RNE(x_i / s_i),  inverse y_i = RNE(x_i s_i);  dual (rows of weights): the other way round
///   channel_shift:   forward y_i = RNE(x_i - z_i),  inverse y_i = RNE(x_i + z_i)
///   smoothing_scales(a, w, alpha)   s_i = a_i^alpha / w_i^(1 - alpha): SmoothQuant, a and w being largest magnitudes of channels
///   activation_scales(a, alpha)     s_i = a_i^alpha / sqrt(max_j a_j^alpha min_j a_j^alpha): AWQ, a being mean magnitudes
///   to_powers_of_two(s)             the nearest power of two (ratio), with which both directions are exact
///
/// Model of : transform; factors and offsets are views of caller memory
/// Cost     : one pass; one product or quotient a number.
/// Accuracy : each direction rounds once: inverse(forward(x)) is within 2 roundings of x.
/// Promise  : the same bits everywhere, subnormals included; NaN and infinity stay in their channel.
/// Source   : G. Xiao et al., "SmoothQuant", ICML 2023; J. Lin et al., "AWQ", MLSys 2024; X. Wei et al., "Outlier Suppression+",
///            EMNLP 2023.

#include "skive/core/concepts.hpp"
#include "skive/core/ieee.hpp"
#include "skive/core/separate.hpp"
#include "skive/transform/direction.hpp"
#include "skive/transform/power.hpp"

namespace skive {

class channel_scaling : public detail::both_ways<channel_scaling> {
 public:
  static constexpr bool is_orthogonal = false;

  /// Every factor from 2^-60 to 2^60, else invalid_argument.
  static constexpr result<channel_scaling> make(std::span<float const> factors) noexcept {
    channel_scaling t;
    t.factors_ = factors.data();
    t.size_ = factors.size();
    for (auto const s : factors) {
      bool const fits = s >= 0x1p-60f && s <= 0x1p60f;  // not so for NaN
      if (!fits) return errc::invalid_argument;
      int const exponent = static_cast<int>(std::bit_cast<std::uint32_t>(s) >> 23) - 127;  // s < 2^(exponent + 1)
      int const needed = exponent >= 0 ? exponent + 1 : -exponent;
      t.growth_ = needed > t.growth_ ? needed : t.growth_;
    }
    return t;
  }

  constexpr channel_scaling() noexcept = default;  ///< of no number
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::span<float const> factors() const noexcept { return {factors_, size_}; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }
  constexpr int growth() const noexcept { return growth_; }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return overlaps(x, factors());
  }

  /// Floats: fails with size_mismatch or overlap. Doubles: also with not_finite, see transform/safe_range.hpp.
  template <class Arch, direction D>
  constexpr status run(std::span<float> x, workspace w) const noexcept {
    if (x.size() != size_) return errc::size_mismatch;
    if (refers_to(x)) return errc::overlap;
    apply<Arch, D>(x.data(), w);
    return errc::ok;
  }
  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D>
  constexpr void apply(float* x, workspace) const noexcept {
    std::size_t i = 0;
    if constexpr (simd::vector_arch<Arch>)
      if (!std::is_constant_evaluated())
        for (; i + 16 <= size_; i += 16)
          if (!apply_sixteen<Arch, D>(x + i, factors_ + i)) apply_some<D>(x, i, i + 16);
    apply_some<D>(x, i, size_);
  }
  template <class Arch, direction D>
  constexpr void apply(double* x, workspace) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      auto const s = static_cast<double>(factors_[i]);
      x[i] = D == direction::forward ? x[i] / s : detail::separate(x[i] * s);
    }
  }
  template <class Arch, direction D>
  constexpr void apply_dual(float* x, workspace w) const noexcept {
    apply<Arch, opposite(D)>(x, w);
  }

 private:
  template <direction D>
  constexpr void apply_some(float* x, std::size_t first, std::size_t last) const noexcept {
    for (auto i = first; i < last; ++i)
      x[i] = D == direction::forward ? ieee_divide(x[i], factors_[i]) : ieee_multiply(x[i], factors_[i]);
  }
  // Zeros, and numbers from 2^-60 to 2^60: no result is subnormal or infinite. Else nothing is done.
  template <class Arch, direction D>
  [[gnu::always_inline]] static bool apply_sixteen(float* x, float const* factors) noexcept {
    using words = simd::words<Arch>;
    auto const v = simd::floats<Arch>::load(x);
    auto const s = simd::floats<Arch>::load(factors);
    auto const m = simd::as<std::int32_t>(simd::as<std::uint32_t>(v) & words::broadcast(0x7FFF'FFFF));
    using integers = simd::integers<Arch>;
    auto const zero = integers::broadcast(1) > m;
    auto const fits = (m > integers::broadcast(0x2180'0000 - 1)) & (integers::broadcast(0x5D80'0001) > m);
    if ((zero | fits).bits() != 0xFFFF) return false;
    (D == direction::forward ? v / s : simd::product<Arch>(v, s)).store(x);
    return true;
  }

  float const* factors_ = nullptr;
  std::size_t size_ = 0;
  int growth_ = 0;
};

static_assert(transform<channel_scaling> && !orthogonal_transform<channel_scaling>);

class channel_shift : public detail::both_ways<channel_shift> {
 public:
  static constexpr bool is_orthogonal = false;

  /// Finite offsets, else not_finite.
  static constexpr result<channel_shift> make(std::span<float const> offsets) noexcept {
    for (auto const z : offsets)
      if (!is_finite(z)) return errc::not_finite;
    channel_shift t;
    t.offsets_ = offsets.data();
    t.size_ = offsets.size();
    return t;
  }

  constexpr channel_shift() noexcept = default;  ///< of no number
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::span<float const> offsets() const noexcept { return {offsets_, size_}; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return overlaps(x, offsets());
  }

  /// Floats or doubles. Fails with size_mismatch or overlap.
  template <class Arch, direction D, std::floating_point Real>
  constexpr status run(std::span<Real> x, workspace) const noexcept {
    if (x.size() != size_) return errc::size_mismatch;
    if (refers_to(x)) return errc::overlap;
    for (std::size_t i = 0; i < size_; ++i) x[i] = sum<Arch>(x[i], D == direction::forward ? -offsets_[i] : offsets_[i]);
    return errc::ok;
  }

 private:
  template <class Arch>
  static constexpr float sum(float x, float z) noexcept {
    return ieee_add(x, z);
  }
  // An offset is a multiple of 2^-149: no sum with it is subnormal but 0.
  template <class Arch>
  static constexpr double sum(double x, float z) noexcept {
    return is_zero(z) && !detail::is_zero_pattern(detail::real_magnitude(x)) ? x : x + detail::exact_double(z);
  }

  float const* offsets_ = nullptr;
  std::size_t size_ = 0;
};

static_assert(transform<channel_shift>);

namespace detail {
// Channels that are zero or subnormal count as the least normal one, so that no factor is zero.
constexpr double channel_size(float x) noexcept {
  auto const m = magnitude_bits(x);
  return exact_double(std::bit_cast<float>(m < float_min_normal_bits ? float_min_normal_bits : m));
}
constexpr float kept_scale(double s) noexcept { return s < 0x1p-60 ? 0x1p-60f : s > 0x1p60 ? 0x1p60f : static_cast<float>(s); }
constexpr bool is_fraction(double alpha) noexcept { return alpha >= 0 && alpha <= 1; }
constexpr bool all_finite(std::span<float const> x) noexcept {
  for (auto const v : x)
    if (!is_finite(v)) return false;
  return true;
}
}  // namespace detail

/// Factors of channel_scaling for activations. Fails with size_mismatch, not_finite, or invalid_argument unless 0 <= alpha <= 1.
/// Factors are kept within 2^-60 to 2^60.
constexpr status smoothing_scales(std::span<float const> activations, std::span<float const> weights, double alpha,
                                  std::span<float> out) noexcept {
  if (activations.size() != out.size() || weights.size() != out.size()) return errc::size_mismatch;
  if (!detail::is_fraction(alpha)) return errc::invalid_argument;
  if (!detail::all_finite(activations) || !detail::all_finite(weights)) return errc::not_finite;
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto const exponent = detail::separate(alpha * detail::log2_of(detail::channel_size(activations[i]))) -
        detail::separate((1 - alpha) * detail::log2_of(detail::channel_size(weights[i])));
    out[i] = detail::kept_scale(detail::exp2_of(exponent));
  }
  return errc::ok;
}

/// Factors by which AWQ multiplies weights and divides activations. Fails as smoothing_scales() does.
constexpr status activation_scales(std::span<float const> activations, double alpha, std::span<float> out) noexcept {
  if (activations.size() != out.size()) return errc::size_mismatch;
  if (!detail::is_fraction(alpha)) return errc::invalid_argument;
  if (!detail::all_finite(activations)) return errc::not_finite;
  double low = 0;
  double high = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto const e = detail::log2_of(detail::channel_size(activations[i]));
    low = i == 0 || e < low ? e : low;
    high = i == 0 || e > high ? e : high;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto const e = detail::log2_of(detail::channel_size(activations[i])) - (low + high) / 2;
    out[i] = detail::kept_scale(detail::exp2_of(detail::separate(alpha * e)));
  }
  return errc::ok;
}

/// Each factor becomes the power of two whose ratio to it is nearest 1: up from sqrt(2) on. Normal positive factors.
constexpr void to_powers_of_two(std::span<float> factors) noexcept {
  for (float& s : factors) {
    auto const bits = std::bit_cast<std::uint32_t>(s);
    s = std::bit_cast<float>((bits & 0x7F80'0000U) + ((bits & 0x007F'FFFFU) > 0x0035'04F3U ? 0x0080'0000U : 0U));
  }
}

}  // namespace skive
