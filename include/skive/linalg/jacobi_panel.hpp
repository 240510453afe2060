// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file linalg/jacobi_panel.hpp - Jacobi rotations of a symmetric 32 x 32 matrix, sixteen disjoint ones in one step.
///
///   g <- J^T g J,   where J = product of rotations in the planes (p, q) of a tournament: 31 steps meet every pair once,
///   the shorter order 16 steps meet every index below 16 with every one above
///
/// In a step lane l pairs columns l and l + 16; between steps columns move to other lanes and rows stay. For a pair with
/// entries a = g_pp, b = g_qq, c = g_pq:   z = (b - a) / 2 c,   t = sign(z) / (|z| + sqrt(1 + z^2)),
/// cosine = 1 / sqrt(1 + t^2); the pair is left alone when |c| <= tolerance sqrt(a) sqrt(b), or when a or b is too small for c to
/// have digits.
///
/// Model of : -
/// Cost     : 31 (16) steps of about 600 operations on sixteen lanes.
/// Accuracy : entries of graded matrices keep their digits relative to sqrt(a) sqrt(b).
/// Promise  : no allocation; the same rotations whatever calls it.
/// Source   : J. Demmel, K. Veselic, "Jacobi's method is more accurate than QR", SIAM J. Matrix Anal. Appl. 13, 1992;
///            R. P. Brent, F. T. Luk, "The solution of singular-value and symmetric eigenvalue problems on multiprocessor
///            arrays", SIAM J. Sci. Stat. Comput. 6, 1985.

#include "skive/linalg/row_panel.hpp"

#include <limits>

namespace skive::detail {

enum class panel_order : std::uint8_t { every_pair, between_blocks };

/// Below this a square has lost digits to underflow.
template <class T>
inline T smallest_square() noexcept {
  return std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
}

template <class T, class Arch>
struct rotation_block {
  lane_block<T, Arch> cosine;
  lane_block<T, Arch> sine;
  lane_block<T, Arch> versine;  ///< 1 - cosine, with all its digits
};

template <class T, class Arch>
[[gnu::always_inline]] inline rotation_block<T, Arch> jacobi_rotations(lane_block<T, Arch> const& a, lane_block<T, Arch> const& b,
                                                                       lane_block<T, Arch> const& c,
                                                                       T const& tolerance) noexcept {
  using lanes = lane_block<T, Arch>;
  auto const one = lanes::broadcast(T(1));
  auto const zero = lanes::broadcast(T(0));
  auto const floor = lanes::broadcast(smallest_square<T>());
  auto const turn = (absolute(c) > lanes::broadcast(tolerance) * root(a) * root(b)) & (a > floor) & (b > floor);
  if (!turn.any()) return {one, zero, zero};
  auto const z = (b - a) / select(turn, c + c, one);
  auto const size = absolute(z);
  auto const far = size > lanes::broadcast(T(1) / std::numeric_limits<T>::epsilon());  // 1 + z^2 = z^2, which may overflow
  auto const near = select(far, one, size);
  auto const t = one / select(far, size + size, near + root(fused(near, near, one)));
  auto const signed_t = select(zero > z, -t, t);
  auto const tangent = select(turn, signed_t, zero);
  auto const cosine = one / root(fused(tangent, tangent, one));
  auto const sine = cosine * tangent;
  return {cosine, sine, sine * (sine / (one + cosine))};
}

/// Rows of 32 numbers on the move: column l of the step stands at place l, column 16 + l at high + l. What a step stores it
/// stores one place off, so that the loads of the next step find columns moved; a load right behind its store would wait for it.
template <class T>
struct moving_rows {
  static constexpr std::size_t stride = 64;
  static constexpr std::size_t high = 33;

  alignas(64) T number[panel_rows * stride];

  T* row(std::size_t i) noexcept { return number + i * stride; }

  template <panel_order Order, class Arch>
  [[gnu::always_inline]] static void store(lane_block<T, Arch> const& low, lane_block<T, Arch> const& up, T* row) noexcept {
    up.store(row + high - 1);
    if constexpr (Order == panel_order::between_blocks) {
      low.store(row);
      row[high + 15] = row[high - 1];
    } else {  // 0 stays, 16 comes to 1, 15 goes to 31
      low.store(row + 1);
      row[high + 15] = row[16];
      row[0] = row[1];
      row[1] = row[high - 1];
    }
  }
};

template <panel_order Order>
constexpr void move_rows(std::array<std::uint8_t, panel_rows>& at) noexcept {
  auto const old = at;
  for (std::size_t l = 0; l < 16; ++l) at[16 + l] = l < 15 ? old[17 + l] : old[Order == panel_order::between_blocks ? 16 : 15];
  if constexpr (Order == panel_order::every_pair) {
    at[1] = old[16];
    for (std::size_t l = 2; l < 16; ++l) at[l] = old[l - 1];
  }
}

// One step on g and on what the product of all rotations differs by from 1: the small parts of long columns must not vanish
// beside a 1, else norms would grow with every rotation. at[l]: which row of g column l belongs to.
template <panel_order Order, class T, class Arch>
void jacobi_step(moving_rows<T>& g, moving_rows<T>& change, std::array<std::uint8_t, panel_rows> const& at,
                 T const& tolerance) noexcept {
  using lanes = lane_block<T, Arch>;
  alignas(64) T a[16];
  alignas(64) T b[16];
  alignas(64) T c[16];
  for (std::size_t l = 0; l < 16; ++l) {
    a[l] = g.row(at[l])[l];
    b[l] = g.row(at[16 + l])[g.high + l];
    c[l] = g.row(at[l])[g.high + l];
  }
  auto const turn = jacobi_rotations<T, Arch>(lanes::load(a), lanes::load(b), lanes::load(c), tolerance);
  turn.cosine.store(a);
  turn.sine.store(b);
  for (std::size_t l = 0; l < 16; ++l) {
    T* const upper = g.row(at[l]);
    T* const lower = g.row(at[16 + l]);
    auto const u0 = lanes::load(upper);
    auto const u1 = lanes::load(upper + g.high);
    auto const v0 = lanes::load(lower);
    auto const v1 = lanes::load(lower + g.high);
    auto const up0 = turn.cosine * u0 - turn.sine * u1;
    auto const up1 = turn.sine * u0 + turn.cosine * u1;
    auto const low0 = turn.cosine * v0 - turn.sine * v1;
    auto const low1 = turn.sine * v0 + turn.cosine * v1;
    auto const cosine = lanes::broadcast(a[l]);
    auto const sine = lanes::broadcast(b[l]);
    moving_rows<T>::template store<Order, Arch>(cosine * up0 - sine * low0, cosine * up1 - sine * low1, upper);
    moving_rows<T>::template store<Order, Arch>(sine * up0 + cosine * low0, sine * up1 + cosine * low1, lower);
  }
  alignas(64) T unit[63] = {};
  unit[31] = T(1);
  for (std::size_t l = 0; l < panel_rows; ++l) {
    T* const row = change.row(at[l]);
    auto const k0 = lanes::load(row);
    auto const k1 = lanes::load(row + g.high);
    auto const p0 = k0 + lanes::load(unit + 31 - l);  // a 1 in lane l
    auto const p1 = k1 + lanes::load(unit + 47 - l);  // a 1 in lane l - 16
    moving_rows<T>::template store<Order, Arch>(k0 - (turn.versine * p0 + turn.sine * p1),
                                                k1 + (turn.sine * p0 - turn.versine * p1), row);
  }
}

/// One pass over the pairs of `Order` for a symmetric g, which becomes J^T g J; `change` becomes J - 1.
template <panel_order Order, class T, class Arch>
void jacobi_pass(panel_square<T>& g, panel_square<T>& change, T const& tolerance) noexcept {
  using lanes = lane_block<T, Arch>;
  moving_rows<T> turned;
  moving_rows<T> moved;
  std::array<std::uint8_t, panel_rows> at;
  for (std::size_t i = 0; i < panel_rows; ++i) {
    at[i] = static_cast<std::uint8_t>(i);
    lanes::load(&g[i * panel_rows]).store(turned.row(i));
    lanes::load(&g[i * panel_rows + 16]).store(turned.row(i) + turned.high);
    lanes::broadcast(T(0)).store(moved.row(i));
    lanes::broadcast(T(0)).store(moved.row(i) + moved.high);
  }
  constexpr int steps = Order == panel_order::every_pair ? 31 : 16;
  for (int step = 0; step < steps; ++step) {
    jacobi_step<Order, T, Arch>(turned, moved, at, tolerance);
    move_rows<Order>(at);
  }
  for (std::size_t i = 0; i < panel_rows; ++i) {
    lanes::load(turned.row(i)).store(&g[i * panel_rows]);
    lanes::load(turned.row(i) + turned.high).store(&g[i * panel_rows + 16]);
    lanes::load(moved.row(i)).store(&change[i * panel_rows]);
    lanes::load(moved.row(i) + moved.high).store(&change[i * panel_rows + 16]);
  }
}

/// Whether a pair of rows with inner products g is farther from orthogonal than `tolerance`: any pair, or one of both blocks.
template <class T, class Arch>
bool needs_rotation(panel_square<T> const& g, T const& tolerance, bool all) noexcept {
  using lanes = lane_block<T, Arch>;
  alignas(64) T square[panel_rows];
  alignas(64) T bound[panel_rows];
  for (std::size_t i = 0; i < panel_rows; ++i) square[i] = g[i * (panel_rows + 1)];
  auto const floor = lanes::broadcast(smallest_square<T>());
  lanes const s[2] = {lanes::load(square), lanes::load(square + 16)};
  lanes const norm[2] = {root(s[0]), root(s[1])};
  (lanes::broadcast(tolerance) * norm[0]).store(bound);
  (lanes::broadcast(tolerance) * norm[1]).store(bound + 16);
  for (std::size_t i = 0; i < panel_rows; ++i) {
    if (!(square[i] > smallest_square<T>())) continue;
    for (std::size_t h = 0; h < 2; ++h) {
      if (!all && (i >= 16 || h == 0)) continue;
      alignas(64) T row[16];
      for (std::size_t j = 0; j < 16; ++j) row[j] = 16 * h + j == i ? T(0) : g[i * panel_rows + 16 * h + j];
      auto const over = (absolute(lanes::load(row)) > norm[h] * lanes::broadcast(bound[i])) & (s[h] > floor);
      if (over.any()) return true;
    }
  }
  return false;
}

}  // namespace skive::detail
