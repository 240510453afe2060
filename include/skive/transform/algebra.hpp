// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/algebra.hpp - transforms made of transforms.
///
///   chain{a, b}               b (a x)
///   inverse_of{a}             a^-1 x
///   block_diagonal{a, count}  a on each of `count` parts, one after another
///   kronecker{a, b}           (A (x) B) x: b on each row of x as a matrix of a.size() rows, then a on each of its columns
///
/// Model of : transform; orthogonal_transform where the parts are; for doubles where the parts are
/// Cost     : the parts'; between two parts one pass that reads the row; kronecker gathers 16 columns at a time. A chain with a
///            part without apply() (channel_shift, another's transform) keeps a copy of the row in its scratch.
/// Accuracy : the errors of the parts add up, to first order.
/// Promise  : the parts' bits. A refused row is untouched: parts with apply() are checked once, before the first writes; else the
///            copy comes back. Sizes that do not fit are refused by forward() and inverse().
/// Source   : Kronecker products as in Y. Sun et al., "FlatQuant", 2024, and J. Chee et al., "QuIP", NeurIPS 2023.

#include "skive/transform/direction.hpp"

#include <cstring>

namespace skive {

template <transform First, transform Second>
class chain : public detail::both_ways<chain<First, Second>> {
  static constexpr bool unchecked = detail::unchecked_transform<First> && detail::unchecked_transform<Second>;
  static constexpr bool for_doubles = detail::takes_doubles<First> && detail::takes_doubles<Second>;

 public:
  static constexpr bool is_orthogonal = orthogonal_transform<First> && orthogonal_transform<Second>;

  constexpr chain() noexcept = default;
  constexpr chain(First const& first, Second const& second) noexcept : first_{first}, second_{second} {}

  constexpr First const& first() const noexcept { return first_; }
  constexpr Second const& second() const noexcept { return second_; }
  constexpr std::size_t size() const noexcept { return first_.size(); }
  constexpr std::size_t scratch_bytes() const noexcept {
    auto const parts = first_.scratch_bytes() > second_.scratch_bytes() ? first_.scratch_bytes() : second_.scratch_bytes();
    return unchecked || size() == 0 ? parts : saturating_add(parts, workspace::bytes<double>(size()));
  }
  constexpr int growth() const noexcept
    requires unchecked
  {
    return first_.growth() + second_.growth();
  }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return detail::refers_to(first_, x) || detail::refers_to(second_, x);
  }

  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D, std::floating_point Real>
  constexpr void apply(Real* x, workspace w) const noexcept
    requires unchecked && (std::is_same_v<Real, float> || for_doubles)
  {
    if constexpr (D == direction::forward) {
      first_.template apply<Arch, D>(x, w);
      detail::apply_next<Arch, D>(second_, x, size(), w);
    } else {
      second_.template apply<Arch, D>(x, w);
      detail::apply_next<Arch, D>(first_, x, size(), w);
    }
  }
  template <class Arch, direction D>
  constexpr void apply_dual(float* x, workspace w) const noexcept
    requires detail::has_dual<First> && detail::has_dual<Second>
  {
    if constexpr (D == direction::forward) {
      detail::apply_dual<Arch, D>(first_, x, w);
      detail::apply_dual<Arch, D>(second_, x, w);
    } else {
      detail::apply_dual<Arch, D>(second_, x, w);
      detail::apply_dual<Arch, D>(first_, x, w);
    }
  }

  /// Fails with size_mismatch, also if the parts differ in size, workspace_too_small, overlap, or as a part does.
  template <class Arch, direction D, std::floating_point Real>
  constexpr status run(std::span<Real> x, workspace w) const noexcept
    requires(std::is_same_v<Real, float> || for_doubles)
  {
    if (first_.size() != second_.size()) return errc::size_mismatch;
    if constexpr (unchecked) {
      return detail::transformed<Arch, D>(*this, x, w);
    } else {
      if (x.size() != size()) return errc::size_mismatch;
      if (w.size() < scratch_bytes()) return errc::workspace_too_small;
      if (overlaps(x, w, scratch_bytes()) || refers_to(x)) return errc::overlap;
      auto const kept = w.take<Real>(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) kept[i] = x[i];
      constexpr bool there = D == direction::forward;
      if (auto const s = there ? detail::run<Arch, D>(first_, x, w) : detail::run<Arch, D>(second_, x, w); !s) return s;
      auto const s = there ? detail::run<Arch, D>(second_, x, w) : detail::run<Arch, D>(first_, x, w);
      for (std::size_t i = 0; !s && i < x.size(); ++i) x[i] = kept[i];
      return s;
    }
  }

 private:
  First first_{};
  Second second_{};
};

template <transform T>
class inverse_of : public detail::both_ways<inverse_of<T>> {
 public:
  static constexpr bool is_orthogonal = orthogonal_transform<T>;

  constexpr inverse_of() noexcept = default;
  constexpr explicit inverse_of(T const& t) noexcept : inner_{t} {}

  constexpr T const& inner() const noexcept { return inner_; }
  constexpr std::size_t size() const noexcept { return inner_.size(); }
  constexpr std::size_t scratch_bytes() const noexcept { return inner_.scratch_bytes(); }
  constexpr int growth() const noexcept
    requires detail::unchecked_transform<T>
  {
    return inner_.growth();
  }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return detail::refers_to(inner_, x);
  }
  template <class Arch, direction D, std::floating_point Real>
  constexpr status run(std::span<Real> x, workspace w) const noexcept
    requires(std::is_same_v<Real, float> || detail::takes_doubles<T>)
  {
    return detail::run<Arch, opposite(D)>(inner_, x, w);
  }
  template <class Arch, direction D, std::floating_point Real>
  constexpr void apply(Real* x, workspace w) const noexcept
    requires(detail::unchecked_transform<T> && (std::is_same_v<Real, float> || detail::applies_to_doubles<T>))
  {
    inner_.template apply<Arch, opposite(D)>(x, w);
  }
  template <class Arch, direction D>
  constexpr void apply_dual(float* x, workspace w) const noexcept
    requires detail::has_dual<T>
  {
    detail::apply_dual<Arch, opposite(D)>(inner_, x, w);
  }

 private:
  T inner_{};
};

template <detail::unchecked_transform T>
class block_diagonal : public detail::both_ways<block_diagonal<T>> {
 public:
  static constexpr bool is_orthogonal = orthogonal_transform<T>;

  constexpr block_diagonal() noexcept = default;
  constexpr block_diagonal(T const& t, std::size_t count) noexcept : inner_{t}, count_{count} {}

  constexpr T const& inner() const noexcept { return inner_; }
  constexpr std::size_t count() const noexcept { return count_; }
  /// Saturates where the product overflows: no row is that long.
  constexpr std::size_t size() const noexcept { return saturating_multiply(inner_.size(), count_); }
  constexpr std::size_t scratch_bytes() const noexcept { return inner_.scratch_bytes(); }
  constexpr int growth() const noexcept { return inner_.growth(); }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return detail::refers_to(inner_, x);
  }
  template <class Arch, direction D, std::floating_point Real>
  constexpr void apply(Real* x, workspace w) const noexcept
    requires(std::is_same_v<Real, float> || detail::applies_to_doubles<T>)
  {
    detail::apply_many<Arch, D>(inner_, x, count_, w);
  }
  template <class Arch, direction D>
  constexpr void apply_dual(float* x, workspace w) const noexcept
    requires detail::has_dual<T>
  {
    for (std::size_t k = 0; k < count_; ++k) detail::apply_dual<Arch, D>(inner_, x + k * inner_.size(), w);
  }

 private:
  T inner_{};
  std::size_t count_ = 1;
};

template <detail::unchecked_transform A, detail::unchecked_transform B>
class kronecker : public detail::both_ways<kronecker<A, B>> {
 public:
  static constexpr bool is_orthogonal = orthogonal_transform<A> && orthogonal_transform<B>;

  constexpr kronecker() noexcept = default;
  constexpr kronecker(A const& a, B const& b) noexcept : a_{a}, b_{b} {}

  constexpr A const& first() const noexcept { return a_; }
  constexpr B const& second() const noexcept { return b_; }
  constexpr std::size_t size() const noexcept { return saturating_multiply(a_.size(), b_.size()); }
  constexpr std::size_t scratch_bytes() const noexcept {
    auto const parts = a_.scratch_bytes() > b_.scratch_bytes() ? a_.scratch_bytes() : b_.scratch_bytes();
    return saturating_add(parts, workspace::bytes<float>(saturating_multiply(16, a_.size())));
  }
  constexpr int growth() const noexcept { return a_.growth() + b_.growth(); }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return detail::refers_to(a_, x) || detail::refers_to(b_, x);
  }
  template <class Arch, direction D, std::floating_point Real>
  constexpr void apply(Real* x, workspace w) const noexcept
    requires(std::is_same_v<Real, float> || (detail::applies_to_doubles<A> && detail::applies_to_doubles<B>))
  {
    constexpr auto lanes = 16 * sizeof(float) / sizeof(Real);
    auto const rows = a_.size();
    auto const cols = b_.size();
    for (std::size_t r = 0; r < rows; ++r) b_.template apply<Arch, D>(x + r * cols, w);
    auto* const tile = w.take<Real>(lanes * rows).data();
    for (std::size_t c = 0; c < cols; c += lanes) {
      auto const count = cols - c < lanes ? cols - c : lanes;
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t k = 0; k < count; ++k) tile[k * rows + r] = x[r * cols + c + k];
      for (std::size_t k = 0; k < count; ++k) detail::apply_next<Arch, D>(a_, tile + k * rows, rows, w);
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t k = 0; k < count; ++k) x[r * cols + c + k] = tile[k * rows + r];
    }
  }

 private:
  A a_{};
  B b_{};
};

}  // namespace skive
