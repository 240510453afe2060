// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/row_jacobi.hpp - makes the rows of a matrix orthogonal to each other by plane rotations (one-sided Jacobi).
///
///   W <- J^T W   until |w_i . w_j| <= tolerance |w_i| |w_j| for all i != j
///
/// Sixteen rows are a block. A round pairs all blocks off, so that the pairs of a round share no row: threads may take them in
/// any split. Of a pair come the inner products between its blocks, a pass of rotations on these, and one product J^T of all
/// rotations with the rows. In round 0 rows of one block meet each other too. A sweep is rounds() rounds.
///
///   for (round...) for (pair...) moved |= job.template rotate<Arch>(round, pair);     until no pair of a sweep moved
///
/// Model of : -
/// Cost     : a sweep of n rows of length k: n^2 k operations for the inner products, 4 n^2 k for the products J^T W.
/// Accuracy : each norm that a sweep leaves is within a few roundings relative, however much smaller it is than others.
/// Promise  : the same bits for any split of a round's pairs over threads; no scratch but 26 KiB (T = float) of the stack.
/// Source   : M. R. Hestenes, "Inversion of matrices by biorthogonalization", 1958; rounds as R. P. Brent, F. T. Luk, 1985;
///            V. Hari, "Convergence of a block-oriented quasi-cyclic Jacobi method", SIAM J. Matrix Anal. Appl. 29, 2007.

#include "skive/linalg/jacobi_panel.hpp"

#include "skive/core/matrix_view.hpp"

namespace skive::detail {

/// Rows in a multiple of 32, stride and length in multiples of 16; rows of zeros stay.
template <real T>
struct row_jacobi {
  matrix_view<T> rows;
  std::span<T> own_products;  ///< 16 numbers a row: those of a block with itself, carried from round to round
  T tolerance;

  std::size_t blocks() const noexcept { return rows.rows / 16; }
  std::size_t pairs() const noexcept { return blocks() / 2; }
  std::size_t rounds() const noexcept { return blocks() - 1; }

  /// Whether the pair had to be rotated. The first round of all must be round 0.
  template <class Arch = native_arch>
  bool rotate(std::size_t round, std::size_t pair) const noexcept {
    auto const i = place(round, pair);
    auto const j = place(round, blocks() - 1 - pair);
    auto const low = i < j ? i : j;
    auto const high = i < j ? j : i;
    row_panel<T> const p{&rows(16 * low, 0), &rows(16 * high, 0), rows.row_stride, rows.cols};
    alignas(64) panel_square<T> g;
    bool const all = round == 0;
    inner_products<T, Arch>(p, g, all);
    if (!all) {
      carry<Arch, false>(g, 0, low);
      carry<Arch, false>(g, 16, high);
    }
    bool const move = needs_rotation<T, Arch>(g, tolerance, all);
    if (move) {
      alignas(64) panel_square<T> change;
      if (all)
        jacobi_pass<panel_order::every_pair, T, Arch>(g, change, tolerance);
      else
        jacobi_pass<panel_order::between_blocks, T, Arch>(g, change, tolerance);
      combine<T, Arch>(p, change);
    }
    if (move || all) {
      carry<Arch, true>(g, 0, low);
      carry<Arch, true>(g, 16, high);
    }
    return move;
  }

  /// Until no pair of rounds() rounds in turn has moved: the number of rounds, 0 if `most` sweeps were not enough.
  template <class Arch = native_arch>
  std::size_t run(std::size_t most) const noexcept {
    std::size_t quiet = 0;
    for (std::size_t count = 1; count <= most * rounds(); ++count) {
      bool moved = false;
      for (std::size_t pair = 0; pair < pairs(); ++pair) moved |= rotate<Arch>((count - 1) % rounds(), pair);
      quiet = moved ? 0 : quiet + 1;
      if (quiet == rounds()) return count;
    }
    return 0;
  }

 private:
  // The products of block `block`, in rows and columns from `at` on.
  template <class Arch, bool Store>
  void carry(panel_square<T>& g, std::size_t at, std::size_t block) const noexcept {
    using lanes = lane_block<T, Arch>;
    for (std::size_t r = 0; r < 16; ++r) {
      T* const here = &g[(at + r) * panel_rows + at];
      T* const there = &own_products[(block * 16 + r) * 16];
      if constexpr (Store)
        lanes::load(here).store(there);
      else
        lanes::load(there).store(here);
    }
  }

  // Which block sits at a place of the table in a round: block 0 stays, the others move on by one.
  std::size_t place(std::size_t round, std::size_t seat) const noexcept {
    return seat == 0 ? 0 : 1 + (seat - 1 + round) % rounds();
  }
};

}  // namespace skive::detail
