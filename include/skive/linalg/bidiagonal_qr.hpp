// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/bidiagonal_qr.hpp - singular values of an upper bidiagonal matrix by implicit QR steps.
///
///   B = [ d_0 e_0 ; d_1 e_1 ; ... ; d_n-1 ]  ->  diag(d) = L^T B R,   rows of `left` become L^T left, those of `right` R^T right
///
/// Steps chase from the larger end of a block to the smaller one (the other way is the transposed matrix with its order
/// reversed); their shift is zero where any other one would cost small values their digits.
///
/// Model of : -
/// Cost     : 0.7 n^2 steps of two rotations (random matrices), each a square root and a division; vectors 6 operations more per
///            rotation and column.
/// Accuracy : values to a few dozen roundings relative to the exact ones of this bidiagonal matrix.
/// Promise  : ends after 12 n^2 + 400 rotations; d may be negative and unordered.
/// Source   : J. Demmel, W. Kahan, "Accurate singular values of bidiagonal matrices", SIAM J. Sci. Stat. Comput. 11, 1990.

#include "skive/linalg/rotation_sequence.hpp"

#include "skive/core/status.hpp"

namespace skive::detail {

/// Smaller singular value of [f g; 0 h].
template <real T>
T smaller_singular_value(T const& f, T const& g, T const& h) noexcept {
  T const fa = absolute(f);
  T const ga = absolute(g);
  T const ha = absolute(h);
  T const least = fa < ha ? fa : ha;
  T const most = fa < ha ? ha : fa;
  if (least == T(0)) return T(0);
  T const sum = T(1) + least / most;
  T const difference = (most - least) / most;
  if (ga < most) {
    T const u = (ga / most) * (ga / most);
    return least * (T(2) / (square_root(T(sum * sum + u)) + square_root(T(difference * difference + u))));
  }
  T const u = most / ga;
  if (u == T(0)) return least * most / ga;
  T const x = sum * u;
  T const y = difference * u;
  return T(2) * (least * (T(1) / (square_root(T(T(1) + x * x)) + square_root(T(T(1) + y * y)))) * u);
}

/// The matrix from either end.
template <real T>
struct bidiagonal_view {
  T* diagonal;
  T* beside;
  std::ptrdiff_t step;

  T& d(std::size_t i) const noexcept { return diagonal[static_cast<std::ptrdiff_t>(i) * step]; }
  T& e(std::size_t i) const noexcept { return beside[static_cast<std::ptrdiff_t>(i) * step]; }
};

template <real T, class Arch>
class bidiagonal_qr {
 public:
  /// left and right: n rows, a multiple of 16 columns, or empty. memory: 2 scratch_elements(n) rotations, or none if both are
  /// empty.
  bidiagonal_qr(std::span<T> d, std::span<T> e, matrix_view<T> left, matrix_view<T> right,
                std::span<plane_rotation<T>> memory) noexcept
      : d_{d}, e_{e}, left_{left}, right_{right}, with_vectors_{left.rows + right.rows != 0} {
    auto const each = memory.size() / 2;
    first_.memory = memory.first(each);
    second_.memory = memory.subspan(each);
    first_.rows = second_.rows = d.size();
  }
  static constexpr std::size_t scratch_elements(std::size_t n) noexcept { return 2 * rotation_sequence<T>::elements(n); }

  status run() noexcept {
    set_threshold();
    auto const n = d_.size();
    std::size_t budget = 12 * n * n + 400;
    for (std::size_t high = n - 1; n > 1 && high > 0;) {
      std::size_t low = high;
      if (!open_block(low, high)) {
        --high;
        continue;
      }
      if (low != low_ || high > high_) mirror_ = absolute(d_[low]) < absolute(d_[high]);
      low_ = low;
      high_ = high;
      if (budget < high - low) return errc::no_convergence;
      budget -= high - low;
      step(low, high);
    }
    flush();
    return errc::ok;
  }

 private:
  void set_threshold() noexcept {
    T const eps = std::numeric_limits<T>::epsilon() / T(2);
    tolerance_ = T(20) * eps;
    T mu = d_.empty() ? T(0) : absolute(d_[0]);
    T least = mu;
    for (std::size_t i = 1; i < d_.size() && least != T(0); ++i) {
      mu = absolute(d_[i]) * (mu / (mu + absolute(e_[i - 1])));
      if (mu < least) least = mu;
    }
    T const floor = std::numeric_limits<T>::min() * T(static_cast<int>(d_.size()));
    threshold_ = tolerance_ * least / square_root(T(static_cast<int>(d_.size() + 1)));
    if (threshold_ < floor) threshold_ = floor;
  }

  // Moves low up to the start of the block that ends in high; false if that is a single number.
  bool open_block(std::size_t& low, std::size_t high) noexcept {
    for (low = high; low > 0; --low) {
      if (absolute(d_[low]) <= threshold_) d_[low] = T(0);
      if (absolute(e_[low - 1]) <= threshold_) {
        e_[low - 1] = T(0);
        break;
      }
    }
    if (low == 0 && absolute(d_[0]) <= threshold_) d_[0] = T(0);
    return low != high;
  }

  bidiagonal_view<T> view() const noexcept {
    auto const n = d_.size();
    if (mirror_) return {d_.data() + n - 1, e_.data() + n - 2, -1};
    return {d_.data(), e_.data(), 1};
  }

  void step(std::size_t low, std::size_t high) noexcept {
    auto const n = d_.size();
    auto const b = view();
    auto const first = mirror_ ? n - 1 - high : low;
    auto const last = mirror_ ? n - 1 - low : high;
    if (absolute(b.e(last - 1)) <= tolerance_ * absolute(b.d(last))) {
      b.e(last - 1) = T(0);
      return;
    }
    T mu = absolute(b.d(first));
    T least = mu;
    T largest = mu;
    for (std::size_t i = first; i < last; ++i) {
      if (absolute(b.e(i)) <= tolerance_ * mu) {
        b.e(i) = T(0);
        return;
      }
      mu = absolute(b.d(i + 1)) * (mu / (mu + absolute(b.e(i))));
      if (mu < least) least = mu;
      if (absolute(b.d(i + 1)) > largest) largest = absolute(b.d(i + 1));
      if (absolute(b.e(i)) > largest) largest = absolute(b.e(i));
    }
    if (with_vectors_ && (first_.full() || first_.mirrored != mirror_)) flush();
    first_.mirrored = second_.mirrored = mirror_;
    T const shift = chosen_shift(b, first, last, least / largest);
    if (shift == T(0))
      chase_unshifted(b, first, last);
    else
      chase(b, first, last, shift);
    if (with_vectors_) {
      first_.end_sweep(first, last);
      second_.end_sweep(first, last);
    }
    if (absolute(b.e(last - 1)) <= threshold_) b.e(last - 1) = T(0);
  }

  T chosen_shift(bidiagonal_view<T> const& b, std::size_t first, std::size_t last, T const& range) const noexcept {
    T const eps = std::numeric_limits<T>::epsilon() / T(2);
    if (T(static_cast<int>(d_.size())) * tolerance_ * range <= eps) return T(0);
    T const shift = smaller_singular_value(b.d(last - 1), b.e(last - 1), b.d(last));
    T const ratio = shift / absolute(b.d(first));
    return ratio * ratio < eps ? T(0) : shift;
  }

  void keep(std::size_t i, given_rotation<T> const& right, given_rotation<T> const& left) noexcept {
    if (!with_vectors_) return;
    first_.put(i, right.cosine, right.sine);
    second_.put(i, left.cosine, left.sine);
  }

  void chase_unshifted(bidiagonal_view<T> const& b, std::size_t first, std::size_t last) noexcept {
    given_rotation<T> left{T(1), T(0), T(0)};
    given_rotation<T> right{T(1), T(0), T(0)};
    for (std::size_t i = first; i < last; ++i) {
      right = given_rotation<T>::of(T(b.d(i) * right.cosine), b.e(i));
      if (i > first) b.e(i - 1) = left.sine * right.length;
      left = given_rotation<T>::of(T(left.cosine * right.length), T(b.d(i + 1) * right.sine));
      b.d(i) = left.length;
      keep(i, right, left);
    }
    T const h = b.d(last) * right.cosine;
    b.d(last) = h * left.cosine;
    b.e(last - 1) = h * left.sine;
  }

  void chase(bidiagonal_view<T> const& b, std::size_t first, std::size_t last, T const& shift) noexcept {
    T const start = b.d(first);
    T f = (absolute(start) - shift) * ((start < T(0) ? T(-1) : T(1)) + shift / start);
    T g = b.e(first);
    for (std::size_t i = first; i < last; ++i) {
      auto const right = given_rotation<T>::of(f, g);
      if (i > first) b.e(i - 1) = right.length;
      T const d = b.d(i);
      T const e = b.e(i);
      T const next = b.d(i + 1);
      f = right.cosine * d + right.sine * e;
      T const kept = right.cosine * e - right.sine * d;
      g = right.sine * next;
      T const below = right.cosine * next;
      auto const left = given_rotation<T>::of(f, g);
      b.d(i) = left.length;
      f = left.cosine * kept + left.sine * below;
      b.d(i + 1) = left.cosine * below - left.sine * kept;
      if (i + 1 < last) {
        g = left.sine * b.e(i + 1);
        b.e(i + 1) = left.cosine * b.e(i + 1);
      }
      keep(i, right, left);
    }
    b.e(last - 1) = f;
  }

  // A mirrored block is transposed: what acts on its right acts on the left of B.
  void flush() noexcept {
    if (first_.count != 0) {
      auto const& of_first = first_.mirrored ? left_ : right_;
      auto const& of_second = first_.mirrored ? right_ : left_;
      if (of_first.rows != 0) first_.template apply<Arch>(of_first);
      if (of_second.rows != 0) second_.template apply<Arch>(of_second);
    }
    first_.count = second_.count = 0;
  }

  std::span<T> d_;
  std::span<T> e_;
  matrix_view<T> left_;
  matrix_view<T> right_;
  bool with_vectors_;
  bool mirror_ = false;
  std::size_t low_ = 0;
  std::size_t high_ = 0;
  T threshold_{};
  T tolerance_{};
  rotation_sequence<T> first_{};
  rotation_sequence<T> second_{};
};

}  // namespace skive::detail
