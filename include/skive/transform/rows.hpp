// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/rows.hpp - transforms of the rows and columns of matrices, of halves, and of the weights that follow.
///
///   transform_row(t, x)        x <- T x, or T^-1 x;  x: float, bfloat16 or float16, converted on the way and rounded once
///   transform_rows(t, X)       every row of X
///   transform_columns(t, X)    every column of X
///   fold(t, W, side)           columns: W <- T W, the output of W is transformed;  rows: W <- W T^-1, so that W x = W' (T x)
///   two_sided: forward         W <- A W B^T: QuIP's incoherence processing
///
/// Model of : -
/// Cost     : the transform's for each row; floats of all rows are read once before, for the check; columns go 16 at a time.
/// Accuracy : the transform's; halves round once more, to nearest even.
/// Promise  : a float matrix is untouched unless every row is accepted. A row of halves is untouched unless the result fits
///            (not_finite); rows of halves before it are not.
/// Source   : J. Chee, Y. Cai, V. Kuleshov, C. De Sa, "QuIP", NeurIPS 2023 (two-sided).

#include "skive/core/matrix_view.hpp"
#include "skive/format/rows.hpp"
#include "skive/transform/direction.hpp"

namespace skive {

enum class matrix_side : std::uint8_t { rows, columns };

namespace detail {

template <class Arch, class T>
constexpr void widen_row(std::span<T const> from, float* to) noexcept {
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>)
    if (!std::is_constant_evaluated())
      for (; i + 16 <= from.size(); i += 16) load_numbers<Arch>(from.data() + i).store(to + i);
  for (; i < from.size(); ++i) to[i] = widen(from[i]);
}
template <class Arch, class T>
constexpr void narrow_row(float const* from, std::span<T> to) noexcept {
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>)
    if (!std::is_constant_evaluated())
      for (; i + 16 <= to.size(); i += 16) store_numbers<Arch>(simd::floats<Arch>::load(from + i), to.data() + i);
  for (; i < to.size(); ++i) to[i] = narrow<T>(from[i]);
}
// Magnitudes from here on become infinite: half a unit past the largest number.
template <class Half>
inline constexpr std::uint32_t infinite_from = std::is_same_v<Half, float16> ? 0x477F'F000U : 0x7F7F'8000U;

template <class Arch, unchecked_transform T>
constexpr status check_rows(T const& t, matrix_view<float const> x) noexcept {
  auto const limit = magnitude_limit(t.growth());
  for (std::size_t r = 0; r < x.rows; ++r)
    if (doubtful_range<Arch>(x.row(r), t.growth()).largest >= limit) return errc::not_finite;
  return errc::ok;
}

// Whether x shares bytes with the scratch or with what the transform refers to.
template <class T, class Real>
constexpr bool collides(T const& t, matrix_view<Real> x, workspace w, std::size_t bytes) noexcept {
  if (x.rows == 0) return false;
  return refers_to(t, x) || overlaps(std::span{x.data, (x.rows - 1) * x.row_stride + x.cols}, w, bytes);
}

// Columns, 16 at a time, in a tile of their own; f takes one as a row.
template <class F>
constexpr void for_each_column(matrix_view<float> const& x, float* tile, F f) noexcept {
  for (std::size_t c = 0; c < x.cols; c += 16) {
    auto const count = x.cols - c < 16 ? x.cols - c : 16;
    for (std::size_t r = 0; r < x.rows; ++r)
      for (std::size_t k = 0; k < count; ++k) tile[k * x.rows + r] = x(r, c + k);
    for (std::size_t k = 0; k < count; ++k) f(std::span{tile + k * x.rows, x.rows});
    for (std::size_t r = 0; r < x.rows; ++r)
      for (std::size_t k = 0; k < count; ++k) x(r, c + k) = tile[k * x.rows + r];
  }
}

}  // namespace detail

/// Scratch of transform_row() on halves.
template <transform T>
constexpr std::size_t half_row_bytes(T const& t) noexcept {
  return saturating_add(t.scratch_bytes(), workspace::bytes<float>(t.size()));
}
/// Scratch of transform_columns() and of fold() into columns.
template <transform T>
constexpr std::size_t column_bytes(T const& t) noexcept {
  return saturating_add(t.scratch_bytes(), workspace::bytes<float>(saturating_multiply(16, t.size())));
}

template <direction D = direction::forward, class Arch = native_arch, transform T>
constexpr status transform_row(T const& t, std::span<float> x, workspace w = {}) noexcept {
  return detail::run<Arch, D>(t, x, w);
}
/// Halves. Fails as the transform does, with workspace_too_small below half_row_bytes(t), overlap, or not_finite if a result does
/// not fit.
template <direction D = direction::forward, class Arch = native_arch, transform T, class Half>
  requires(sizeof(Half) == 2)
constexpr status transform_row(T const& t, std::span<Half> x, workspace w) noexcept {
  if (x.size() != t.size()) return errc::size_mismatch;
  if (w.size() < half_row_bytes(t)) return errc::workspace_too_small;
  if (detail::refers_to(t, x) || overlaps(x, w, half_row_bytes(t))) return errc::overlap;
  auto const row = w.take<float>(x.size());
  detail::widen_row<Arch>(std::span<Half const>{x}, row.data());
  if (auto const s = detail::run<Arch, D>(t, row, w); !s) return s;
  if (detail::magnitude_range_of<Arch>(row).largest >= detail::infinite_from<Half>) return errc::not_finite;
  detail::narrow_row<Arch>(row.data(), x);
  return errc::ok;
}

/// Fails with size_mismatch, workspace_too_small, overlap or not_finite.
template <direction D = direction::forward, class Arch = native_arch, detail::unchecked_transform T>
constexpr status transform_rows(T const& t, matrix_view<float> x, workspace w = {}) noexcept {
  if (x.cols != t.size() || !x.valid()) return errc::size_mismatch;
  if (w.size() < t.scratch_bytes()) return errc::workspace_too_small;
  if (detail::collides(t, x, w, t.scratch_bytes())) return errc::overlap;
  if (auto const s = detail::check_rows<Arch>(t, matrix_view<float const>{x}); !s) return s;
  for (std::size_t r = 0; r < x.rows; ++r) static_cast<void>(detail::run<Arch, D>(t, x.row(r), w));
  return errc::ok;
}
template <direction D = direction::forward, class Arch = native_arch, transform T, class Half>
  requires(sizeof(Half) == 2)
constexpr status transform_rows(T const& t, matrix_view<Half> x, workspace w) noexcept {
  if (x.cols != t.size() || !x.valid()) return errc::size_mismatch;
  for (std::size_t r = 0; r < x.rows; ++r)
    if (auto const s = transform_row<D, Arch>(t, x.row(r), w); !s) return s;
  return errc::ok;
}
/// Fails with size_mismatch, workspace_too_small below column_bytes(t), overlap or not_finite.
template <direction D = direction::forward, class Arch = native_arch, detail::unchecked_transform T>
constexpr status transform_columns(T const& t, matrix_view<float> x, workspace w) noexcept {
  if (x.rows != t.size() || !x.valid()) return errc::size_mismatch;
  if (w.size() < column_bytes(t)) return errc::workspace_too_small;
  if (detail::collides(t, x, w, column_bytes(t))) return errc::overlap;
  if (auto const s = detail::check_rows<Arch>(t, matrix_view<float const>{x}); !s) return s;
  auto* const tile = w.take<float>(16 * x.rows).data();
  detail::for_each_column(x, tile,
                          [&](std::span<float> column) noexcept { static_cast<void>(detail::run<Arch, D>(t, column, w)); });
  return errc::ok;
}

/// Fails as transform_rows() and transform_columns() do.
template <class Arch = native_arch, detail::has_dual T>
constexpr status fold(T const& t, matrix_view<float> weights, matrix_side side, workspace w) noexcept {
  if (side == matrix_side::columns) return transform_columns<direction::forward, Arch>(t, weights, w);
  if (weights.cols != t.size() || !weights.valid()) return errc::size_mismatch;
  if (w.size() < t.scratch_bytes()) return errc::workspace_too_small;
  if (detail::collides(t, weights, w, t.scratch_bytes())) return errc::overlap;
  if (auto const s = detail::check_rows<Arch>(t, matrix_view<float const>{weights}); !s) return s;
  for (std::size_t r = 0; r < weights.rows; ++r) {
    auto const apply = [&]() noexcept { detail::apply_dual<Arch, direction::forward>(t, weights.row(r).data(), w); };
    if (t.growth() == 0)  // sums nothing: small entries stay what they are
      apply();
    else
      static_cast<void>(detail::guarded<Arch>(weights.row(r), 0, apply));
  }
  return errc::ok;
}

/// W <- left W right^T and back. Scratch: bytes(). Fails before the first write: size_mismatch, workspace_too_small,
/// overlap, not_finite.
template <detail::unchecked_transform Left, detail::unchecked_transform Right>
  requires orthogonal_transform<Left> && orthogonal_transform<Right>
class two_sided {
 public:
  constexpr two_sided() noexcept = default;
  constexpr two_sided(Left const& left, Right const& right) noexcept : left_{left}, right_{right} {}

  constexpr std::size_t rows() const noexcept { return left_.size(); }
  constexpr std::size_t cols() const noexcept { return right_.size(); }
  constexpr std::size_t scratch_bytes() const noexcept {
    return column_bytes(left_) > right_.scratch_bytes() ? column_bytes(left_) : right_.scratch_bytes();
  }
  template <class Arch = native_arch>
  constexpr status forward(matrix_view<float> x, workspace w) const noexcept {
    return run<direction::forward, Arch>(x, w);
  }
  template <class Arch = native_arch>
  constexpr status inverse(matrix_view<float> x, workspace w) const noexcept {
    return run<direction::inverse, Arch>(x, w);
  }

 private:
  template <direction D, class Arch>
  constexpr status run(matrix_view<float> x, workspace w) const noexcept {
    if (x.rows != rows() || x.cols != cols() || !x.valid()) return errc::size_mismatch;
    if (w.size() < scratch_bytes()) return errc::workspace_too_small;
    if (detail::refers_to(left_, x) || detail::collides(right_, x, w, scratch_bytes())) return errc::overlap;
    auto const limit = detail::magnitude_limit(left_.growth() + right_.growth());
    for (std::size_t r = 0; r < x.rows; ++r)
      if (detail::magnitude_range_of<Arch>(x.row(r)).largest >= limit) return errc::not_finite;
    if (auto const s = transform_rows<D, Arch>(right_, x, w); !s) return s;
    return transform_columns<D, Arch>(left_, x, w);
  }

  Left left_{};
  Right right_{};
};

}  // namespace skive
