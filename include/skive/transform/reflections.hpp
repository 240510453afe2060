// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/reflections.hpp - products of Householder reflections and of Givens rotations, and random orthogonal matrices.
///
///   householder_product{V}:   y = H_k ... H_1 x,   H_i = I - 2 v_i v_i^T / ||v_i||^2,   v_i: row i of V
///   givens_sequence{steps}:   for each step: (x_i, x_j) <- (c x_i - s x_j, s x_i + c x_j)
///   random_orthogonal(seed, Q): Q = D H_1 ... H_(n-1) as by Stewart: distributed by the Haar measure, for any seed one matrix
///
/// Model of : orthogonal_transform, on views that the caller keeps
/// Cost     : a reflection 2 multiply-adds a number, a rotation 4 products; random_orthogonal n^3 multiply-adds.
/// Accuracy : a reflection 2 u ||x||, of doubles 2 n 2^-53 ||x||, a rotation 2 u of its pair (3 2^-53), to first order;
///            random_orthogonal: orthogonality() was below sqrt(n) u for three seeds each of n = 256 and 512.
/// Promise  : the same bits for every Arch, under FTZ, DAZ and contraction. A refused row is untouched.
/// Source   : G. W. Stewart, "The efficient generation of random orthogonal matrices", SIAM J. Numerical Analysis 17, 1980.

#include "skive/core/concepts.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/core/random.hpp"
#include "skive/core/separate.hpp"
#include "skive/transform/direction.hpp"
#include "skive/transform/exact_sums.hpp"
#include "skive/transform/inverse_root.hpp"

namespace skive {
namespace detail {

// Numbers with which no sum of squares is subnormal or overflows.
constexpr bool is_moderate(float x) noexcept {
  auto const m = magnitude_bits(x);
  return is_zero(x) || (m >= magnitude_bits(0x1p-60f) && m <= magnitude_bits(0x1p60f));
}

// x <- x - 2 v (v . x) / (v . v)
template <class Arch>
constexpr void reflect(float* x, float const* v, double norm_squared, std::size_t n) noexcept {
  auto const factor = 2 * exact_dot<Arch>(v, x, n) / norm_squared;
  if (factor == 0) return;
  exact_subtract<Arch>(x, v, to_29_bits(factor), n);
}

template <class Arch>
constexpr double ordered_dot(float const* v, double const* x, std::size_t n) noexcept {
  exact_order<Arch> sum{0.0};
  for (std::size_t i = 0; i < n; ++i) sum = sum + exact_order<Arch>{static_cast<double>(v[i])} * exact_order<Arch>{x[i]};
  return sum.value;
}
template <class Arch>
constexpr void reflect(double* x, float const* v, double norm_squared, std::size_t n) noexcept {
  auto const factor = -2 * ordered_dot<Arch>(v, x, n) / norm_squared;
  for (std::size_t i = 0; i < n; ++i) x[i] += separate(factor * static_cast<double>(v[i]));
}

}  // namespace detail

class householder_product : public detail::both_ways<householder_product> {
 public:
  static constexpr bool is_orthogonal = true;

  /// Entries zero or from 2^-60 to 2^60 in size, no row of zeros. Fails with size_mismatch or invalid_argument.
  static constexpr result<householder_product> make(matrix_view<float const> v) noexcept {
    if (!v.valid()) return errc::size_mismatch;
    for (std::size_t r = 0; r < v.rows; ++r) {
      bool some = false;
      for (auto const x : v.row(r)) {
        if (!detail::is_moderate(x)) return errc::invalid_argument;
        some = some || !is_zero(x);
      }
      if (!some) return errc::invalid_argument;
    }
    householder_product t;
    t.v_ = v;
    return t;
  }

  constexpr householder_product() noexcept = default;  ///< of no number
  constexpr std::size_t size() const noexcept { return v_.cols; }
  constexpr std::size_t count() const noexcept { return v_.rows; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return overlaps(x, v_);
  }
  constexpr int growth() const noexcept { return static_cast<int>(std::bit_width(v_.cols)) + 2; }
  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D, std::floating_point Real>
  constexpr void apply(Real* x, workspace) const noexcept {
    for (std::size_t k = 0; k < v_.rows; ++k) {
      auto const* const v = v_.row(D == direction::forward ? k : v_.rows - 1 - k).data();
      detail::reflect<Arch>(x, v, detail::exact_dot<Arch>(v, v, v_.cols), v_.cols);
    }
  }

 private:
  matrix_view<float const> v_;
};

static_assert(orthogonal_transform<householder_product>);

struct givens_step {
  std::uint32_t i = 0;
  std::uint32_t j = 1;
  float cosine = 1.0f;
  float sine = 0.0f;
};

class givens_sequence : public detail::both_ways<givens_sequence> {
 public:
  static constexpr bool is_orthogonal = true;

  /// Steps of different indices below n, with c^2 + s^2 within 2^-22 of 1; |c|, |s| zero or at least 2^-60. Else
  /// invalid_argument.
  static constexpr result<givens_sequence> make(std::size_t n, std::span<givens_step const> steps) noexcept {
    for (auto const& g : steps) {
      if (g.i >= n || g.j >= n || g.i == g.j || !detail::is_moderate(g.cosine) || !detail::is_moderate(g.sine))
        return errc::invalid_argument;
      auto const c = static_cast<double>(g.cosine);
      auto const s = static_cast<double>(g.sine);
      if (c * c + s * s >= 1 + 0x1p-22 || c * c + s * s <= 1 - 0x1p-22) return errc::invalid_argument;
    }
    givens_sequence t;
    t.steps_ = steps.data();
    t.count_ = steps.size();
    t.size_ = n;
    return t;
  }

  constexpr givens_sequence() noexcept = default;  ///< of no number
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::span<givens_step const> steps() const noexcept { return {steps_, count_}; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return overlaps(x, steps());
  }
  constexpr int growth() const noexcept { return static_cast<int>(std::bit_width(size_)) + 2; }
  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D, std::floating_point Real>
  constexpr void apply(Real* x, workspace) const noexcept {
    for (std::size_t k = 0; k < count_; ++k) {
      auto const& g = steps_[D == direction::forward ? k : count_ - 1 - k];
      auto const c = static_cast<double>(g.cosine);
      auto const s = static_cast<double>(D == direction::forward ? g.sine : -g.sine);
      auto const a = static_cast<double>(x[g.i]);
      auto const b = static_cast<double>(x[g.j]);
      x[g.i] = turned<Arch, Real>(c, a, -s, b);
      x[g.j] = turned<Arch, Real>(s, a, c, b);
    }
  }

 private:
  // p a + q b; the products of floats are exact.
  template <class Arch, class Real>
  static constexpr Real turned(double p, double a, double q, double b) noexcept {
    if constexpr (std::is_same_v<Real, float>)
      return detail::rounded_sum(p * a + q * b);
    else
      return detail::separate(p * a) + detail::separate(q * b);
  }

  givens_step const* steps_ = nullptr;
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

static_assert(orthogonal_transform<givens_sequence>);

/// Fills q with the orthogonal matrix of a seed. Fails with size_mismatch unless q is square; scratch:
/// random_orthogonal_bytes(n).
constexpr std::size_t random_orthogonal_bytes(std::size_t n) noexcept { return n == 0 ? 0 : workspace::bytes<float>(n); }
template <class Arch = native_arch>
constexpr status random_orthogonal(std::uint64_t seed, matrix_view<float> q, workspace w) noexcept {
  auto const n = q.rows;
  if (!q.valid() || q.cols != n) return errc::size_mismatch;
  if (w.size() < random_orthogonal_bytes(n)) return errc::workspace_too_small;
  auto const v = w.take<float>(n);
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t c = 0; c < n; ++c) q(r, c) = r == c ? 1.0f : 0.0f;
  for (std::size_t k = n; k-- > 0;) {  // H_k on the last n - k places takes a gaussian vector to its first axis
    auto const part = v.subspan(k);
    counter_random{seed, k}.fill_gaussian(part);
    bool const negative = part[0] < 0;
    auto const before = detail::exact_dot<Arch>(part.data(), part.data(), part.size());
    double root = before;  // Newton from above
    for (int step = 0; step < 60; ++step) root = (root + before / root) / 2;
    part[0] = detail::rounded_sum(static_cast<double>(part[0]) + (negative ? -root : root));
    auto const norm = detail::exact_dot<Arch>(part.data(), part.data(), part.size());
    if (k + 1 < n)
      for (std::size_t r = k; r < n; ++r) detail::reflect<Arch>(q.row(r).data() + k, part.data(), norm, n - k);
    // D: row k is now -sign(v_1) v / ||v|| and becomes v / ||v||, which is uniform on the sphere.
    if (negative == (k + 1 == n))
      for (std::size_t c = k; c < n; ++c) q(k, c) = -q(k, c);
  }
  return errc::ok;
}

}  // namespace skive
