// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/direction.hpp - there or back, and what transforms share: their checks, and a way past them for composers.
///
/// A transform of this library has two members beside those that the concept asks for:
///
///   growth()                  no number on the way is larger than 2^growth() times the largest of the row
///   apply<Arch, D>(x, w)      the transform without any check
///   apply_dual<Arch, D>(x, w) its inverse transposed, if it is not orthogonal and can
///   run<Arch, D>(x, w)        instead of these checks, its own: both ways in one function
///   refers_to(x)              whether x shares bytes with a matrix, list or row of factors that the caller keeps, where it has one
///
/// so that a chain checks a row once, before its first part writes. Where apply() takes doubles, so do forward() and inverse().
///
/// Model of : -
/// Cost     : size checks and one pass that reads the row (transform/safe_range.hpp).
/// Promise  : a refused row is untouched; one that shares bytes with the scratch or with what the transform refers to is refused
///            (overlap).
/// Source   : -

#include "skive/core/concepts.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/overlap.hpp"
#include "skive/transform/safe_range.hpp"

namespace skive {

enum class direction : std::uint8_t { forward, inverse };

constexpr direction opposite(direction d) noexcept { return d == direction::forward ? direction::inverse : direction::forward; }

namespace detail {

// A transform that composers can run without its checks.
template <class T>
concept unchecked_transform = transform<T> && requires(T const t, float* x, workspace w) {
  { t.growth() } noexcept -> std::same_as<int>;
  { t.template apply<scalar_arch, direction::forward>(x, w) } noexcept -> std::same_as<void>;
};

template <class T>
concept applies_to_doubles = requires(T const t, double* x, workspace w) {
  { t.template apply<scalar_arch, direction::forward>(x, w) } noexcept -> std::same_as<void>;
};

template <class T>
concept takes_doubles = requires(T const t, std::span<double> x, workspace w) {
  { t.template forward<scalar_arch>(x, w) } noexcept -> std::same_as<status>;
};

// forward() or inverse() in direction D of any transform.
template <class Arch, direction D, transform T, std::floating_point Real>
constexpr status run(T const& t, std::span<Real> x, workspace w) noexcept {
  if constexpr (requires { t.template forward<Arch>(x, w); })
    return D == direction::forward ? t.template forward<Arch>(x, w) : t.template inverse<Arch>(x, w);
  else
    return D == direction::forward ? t.forward(x, w) : t.inverse(x, w);
}

// `count` rows without gaps.
template <class Arch, direction D, class T, std::floating_point Real>
constexpr void apply_many(T const& t, Real* x, std::size_t count, workspace w) noexcept {
  if constexpr (requires { t.template apply_many<Arch, D>(x, count, w); })
    t.template apply_many<Arch, D>(x, count, w);
  else
    for (std::size_t k = 0; k < count; ++k) t.template apply<Arch, D>(x + k * t.size(), w);
}

// The part of a transform that follows another one: what that one left behind need not be in the safe range.
template <class Arch, direction D, unchecked_transform T, std::floating_point Real>
constexpr void apply_next(T const& t, Real* x, std::size_t n, workspace w) noexcept {
  auto const apply = [&]() noexcept { apply_many<Arch, D>(t, x, n / t.size(), w); };
  if (t.growth() == 0) return apply();                          // sums nothing
  static_cast<void>(guarded<Arch>(std::span{x, n}, 0, apply));  // finite: checked before the first part
}

// T^-T, which takes the rows of a matrix when T takes the vectors that it multiplies; T itself where it is orthogonal.
template <class Arch, direction D, class T>
constexpr void apply_dual(T const& t, float* x, workspace w) noexcept {
  if constexpr (requires { t.template apply_dual<Arch, D>(x, w); })
    t.template apply_dual<Arch, D>(x, w);
  else
    t.template apply<Arch, D>(x, w);
}
template <class T>
concept has_dual = unchecked_transform<T> && (orthogonal_transform<T> || requires(T const t, float* x, workspace w) {
                     { t.template apply_dual<scalar_arch, direction::forward>(x, w) } noexcept -> std::same_as<void>;
                   });

// Whether x shares bytes with numbers that the transform refers to.
template <class T, class Real>
constexpr bool refers_to(T const& t, std::span<Real> x) noexcept {
  if constexpr (requires { t.refers_to(x); }) return t.refers_to(x);
  return false;
}
template <class T, class Real>
constexpr bool refers_to(T const& t, matrix_view<Real> x) noexcept {
  return x.rows != 0 && refers_to(t, std::span{x.data, (x.rows - 1) * x.row_stride + x.cols});
}

// forward() or inverse() of a transform with growth() and apply().
template <class Arch, direction D, class T, std::floating_point Real>
constexpr status transformed(T const& t, std::span<Real> x, workspace w) noexcept {
  if (x.size() != t.size()) return errc::size_mismatch;
  if (w.size() < t.scratch_bytes()) return errc::workspace_too_small;
  if (overlaps(x, w, t.scratch_bytes()) || refers_to(t, x)) return errc::overlap;
  if constexpr (requires { t.template apply_if_safe<Arch, D>(x.data()); })
    if (!std::is_constant_evaluated() && t.template apply_if_safe<Arch, D>(x.data())) return errc::ok;
  return guarded<Arch>(x, t.growth(), [&]() noexcept { t.template apply<Arch, D>(x.data(), w); });
}

// A transform that has one function for both ways: run<Arch, D>(x, w), with checks of its own.
template <class T, class Real>
concept runs_on = requires(T const t, std::span<Real> x, workspace w) {
  { t.template run<scalar_arch, direction::forward>(x, w) } noexcept -> std::same_as<status>;
};

/// What a transform with run(), or with growth() and apply(), inherits: forward() and inverse() of floats and, where those take
/// them, of doubles.
template <class T>
class both_ways {
 public:
  /// Fails as run() says, or with size_mismatch, workspace_too_small, overlap, or not_finite unless every
  /// |x_i| < 2^(127 - growth()), of doubles 2^(1023 - growth()).
  template <class Arch = native_arch>
  constexpr status forward(std::span<float> x, workspace w = {}) const noexcept {
    return to<Arch, direction::forward>(x, w);
  }
  template <class Arch = native_arch>
  constexpr status inverse(std::span<float> x, workspace w = {}) const noexcept {
    return to<Arch, direction::inverse>(x, w);
  }
  template <class Arch = native_arch, class Self = T>
  constexpr status forward(std::span<double> x, workspace w = {}) const noexcept
    requires(applies_to_doubles<Self> || runs_on<Self, double>)
  {
    return to<Arch, direction::forward>(x, w);
  }
  template <class Arch = native_arch, class Self = T>
  constexpr status inverse(std::span<double> x, workspace w = {}) const noexcept
    requires(applies_to_doubles<Self> || runs_on<Self, double>)
  {
    return to<Arch, direction::inverse>(x, w);
  }

 private:
  constexpr both_ways() noexcept = default;
  friend T;

  template <class Arch, direction D, class Real>
  constexpr status to(std::span<Real> x, workspace w) const noexcept {
    auto const& t = static_cast<T const&>(*this);
    if constexpr (runs_on<T, Real>)
      return t.template run<Arch, D>(x, w);
    else
      return transformed<Arch, D>(t, x, w);
  }
};

}  // namespace detail
}  // namespace skive
