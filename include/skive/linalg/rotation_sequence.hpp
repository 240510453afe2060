// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/rotation_sequence.hpp - many sweeps of plane rotations, kept until they are worth a pass over the rows they turn.
///
///   sweep k, rotations i = first_k ... last_k - 1 in this order:
///     (row_i, row_i+1) <- (c row_i + s row_i+1, c row_i+1 - s row_i)
///
/// What QR iterations do to vectors. Four sweeps run through the rows together, the later ones a row behind, so that a row is
/// loaded and stored once for four rotations; a strip of columns takes all sweeps before the next one begins.
///
/// Model of : -
/// Cost     : 6 operations per rotation and column.
/// Accuracy : each rotation rounds like a product by an orthogonal matrix.
/// Promise  : a column's result does not depend on which others are there: threads may share the columns.
/// Source   : F. G. Van Zee, R. A. van de Geijn, G. Quintana-Orti, "Restructuring the tridiagonal and bidiagonal QR
///            algorithms for performance", ACM TOMS 40(3), 2014.

#include "skive/linalg/lane_block.hpp"

#include "skive/core/matrix_view.hpp"

namespace skive::detail {

template <class T>
struct plane_rotation {
  T cosine;
  T sine;
};

/// (c, s, r) with c f + s g = r, c g - s f = 0; (1, 0, 0) for f = g = 0.
template <real T>
struct given_rotation {
  T cosine;
  T sine;
  T length;

  static given_rotation of(T const& f, T const& g) noexcept {
    if (g == T(0)) return {T(1), T(0), f};
    T const square = f * f + g * g;
    if (square > std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon()) {
      T const root = square_root(square);
      T const inverse = T(1) / root;
      return {f * inverse, g * inverse, root};
    }
    T const scale = absolute(f) < absolute(g) ? absolute(g) : absolute(f);
    T const x = f / scale;
    T const y = g / scale;
    T const root = square_root(T(x * x + y * y));
    return {x / root, y / root, scale * root};
  }
};

inline constexpr std::size_t sweep_group = 4;
inline constexpr std::size_t most_sweeps = 32;  // kept at once

/// Sweeps over `rows` rows; row i of the matrix is row rows - 1 - i when `mirrored`.
template <real T>
struct rotation_sequence {
  struct group {
    std::size_t first = 0;
    std::size_t last = 0;
  };

  std::span<plane_rotation<T>> memory;  ///< elements(rows)
  std::size_t rows = 0;
  std::size_t count = 0;
  bool mirrored = false;
  std::array<group, most_sweeps> ranges{};

  /// Numbers of type T that `memory` needs, as rotations.
  static constexpr std::size_t elements(std::size_t rows) noexcept { return most_sweeps * (rows + sweep_group); }

  bool full() const noexcept { return count == most_sweeps; }
  /// Rotation i of the next sweep, which first .. last - 1 must all be given before end_sweep().
  void put(std::size_t i, T const& cosine, T const& sine) noexcept { memory[slot(count, i)] = {cosine, sine}; }
  void end_sweep(std::size_t first, std::size_t last) noexcept { ranges[count++] = {first, last}; }

  /// Turns the rows of z and forgets the sweeps.
  template <class Arch>
  void apply(matrix_view<T> z) noexcept {
    pad();
    constexpr std::size_t wide = lane_part<T, Arch>::size >= 8 ? 4 : 2;
    constexpr auto strip = wide * lane_part<T, Arch>::size;
    std::size_t k = 0;
    for (; k + strip <= z.cols; k += strip) apply_strip<wide, Arch>(z, k);
    for (; k < z.cols; k += lane_part<T, Arch>::size) apply_strip<1, Arch>(z, k);
  }

 private:
  // Rotation i of sweep k stands in step i + k % sweep_group of its group.
  std::size_t slot(std::size_t sweep, std::size_t i) const noexcept {
    auto const lag = sweep % sweep_group;
    return sweep / sweep_group * sweep_group * (rows + sweep_group) + (i + lag) * sweep_group + lag;
  }
  group joined(std::size_t sweep) const noexcept {
    group g = ranges[sweep];
    for (std::size_t k = sweep; k < sweep + sweep_group && k < count; ++k) {
      if (ranges[k].first < g.first) g.first = ranges[k].first;
      if (ranges[k].last > g.last) g.last = ranges[k].last;
    }
    return g;
  }
  // Fills what a group runs through but no sweep of it has set with the identity.
  void pad() noexcept {
    for (std::size_t sweep = 0; sweep < count; sweep += sweep_group) {
      auto const g = joined(sweep);
      for (std::size_t f = 0; f < sweep_group; ++f) {
        bool const real_one = sweep + f < count;
        for (std::size_t step = g.first; step + 1 < g.last + sweep_group; ++step)
          if (step < f || !real_one || step - f < ranges[sweep + f].first || step - f >= ranges[sweep + f].last)
            memory[slot(sweep, 0) + step * sweep_group + f] = {T(1), T(0)};
      }
    }
  }

  template <std::size_t Wide, class Arch>
  void apply_strip(matrix_view<T> const& z, std::size_t col) const noexcept {
    for (std::size_t sweep = 0; sweep < count; sweep += sweep_group) {
      auto const g = joined(sweep);
      auto const* turn = memory.data() + slot(sweep, 0) + g.first * sweep_group;
      T* const start = z.data + (mirrored ? (rows - 1) * z.row_stride : 0) + col;
      run_group<Wide, Arch>(
          start, mirrored ? -static_cast<std::ptrdiff_t>(z.row_stride) : static_cast<std::ptrdiff_t>(z.row_stride), g, turn);
    }
  }

  template <std::size_t Wide, class Arch>
  static void run_group(T* start, std::ptrdiff_t stride, group g, plane_rotation<T> const* turn) noexcept {
    using piece = lane_part<T, Arch>;
    using part = typename piece::type;
    part kept[sweep_group][Wide];
#pragma GCC unroll 4
    for (auto& row : kept)
#pragma GCC unroll 4
      for (auto& x : row) x = part(T(0));
    auto const at = [=](std::size_t row) { return start + static_cast<std::ptrdiff_t>(row) * stride; };
#pragma GCC unroll 4
    for (std::size_t p = 0; p < Wide; ++p) kept[0][p] = piece::load(at(g.first) + p * piece::size);
    for (std::size_t step = g.first; step + 1 < g.last + sweep_group; ++step, turn += sweep_group) {
      part now[Wide];
#pragma GCC unroll 4
      for (std::size_t p = 0; p < Wide; ++p) now[p] = step < g.last ? piece::load(at(step + 1) + p * piece::size) : part(T(0));
#pragma GCC unroll 4
      for (std::size_t f = 0; f < sweep_group; ++f) {
        part const c(turn[f].cosine);
        part const s(turn[f].sine);
#pragma GCC unroll 4
        for (std::size_t p = 0; p < Wide; ++p) {
          auto const upper = piece::fused(c, kept[f][p], s * now[p]);
          kept[f][p] = piece::reduced(s, kept[f][p], c * now[p]);
          now[p] = upper;
        }
      }
      if (step + 1 >= g.first + sweep_group)
#pragma GCC unroll 4
        for (std::size_t p = 0; p < Wide; ++p) piece::store(now[p], at(step + 1 - sweep_group) + p * piece::size);
    }
#pragma GCC unroll 4
    for (std::size_t p = 0; p < Wide; ++p) piece::store(kept[sweep_group - 1][p], at(g.last) + p * piece::size);
  }
};

}  // namespace skive::detail
