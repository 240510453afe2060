// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/permutation.hpp - channels in another order, and the orders that the literature uses.
///
///   forward: y_i = x[order[i]];   inverse: y[order[i]] = x_i
///
///   order_by(keys, order)               positions of falling keys; equal keys keep their order
///   zigzag(order, blocks)               an order dealt to blocks there and back: 1 2 3 | 6 5 4 | 7 8 9 becomes rows of 3 blocks
///   column_largest, _range, _energy     keys from the columns of a matrix: max |x|, max - min, sum of squares
///
/// Model of : orthogonal_transform, on a view of the order, which the caller keeps
/// Cost     : n gathered loads by way of scratch; order_by n log n comparisons (heap sort).
/// Accuracy : exact, for every bit pattern.
/// Promise  : the same order everywhere: keys compare by bits, sums run in double down the column.
/// Source   : Z. Yuan et al., "RPTQ", 2023 (by range); H. Lin et al., "DuQuant", NeurIPS 2024 (zigzag).

#include "skive/core/concepts.hpp"
#include "skive/core/ieee.hpp"
#include "skive/core/matrix_view.hpp"
#include "skive/transform/direction.hpp"

namespace skive {

class permutation : public detail::both_ways<permutation> {
 public:
  static constexpr bool is_orthogonal = true;

  /// Every number below order.size() once, else invalid_argument. Scratch for the check: check_bytes().
  static constexpr result<permutation> make(std::span<std::uint32_t const> order, workspace w) noexcept {
    if (w.size() < check_bytes(order.size())) return errc::workspace_too_small;
    auto const seen = w.take<std::uint8_t>(order.size());
    for (auto& s : seen) s = 0;
    for (auto const i : order) {
      if (i >= order.size() || seen[i] != 0) return errc::invalid_argument;
      seen[i] = 1;
    }
    permutation p;
    p.order_ = order.data();
    p.size_ = order.size();
    return p;
  }
  static constexpr std::size_t check_bytes(std::size_t n) noexcept { return n == 0 ? 0 : workspace::bytes<std::uint8_t>(n); }

  constexpr permutation() noexcept = default;  ///< of no number
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::span<std::uint32_t const> order() const noexcept { return {order_, size_}; }
  constexpr std::size_t scratch_bytes() const noexcept { return size_ == 0 ? 0 : workspace::bytes<double>(size_); }
  constexpr int growth() const noexcept { return 0; }
  template <class Real>
  constexpr bool refers_to(std::span<Real> x) const noexcept {
    return overlaps(x, order());
  }

  /// Fails with size_mismatch, workspace_too_small or overlap.
  template <class Arch, direction D, std::floating_point Real>
  constexpr status run(std::span<Real> x, workspace w) const noexcept {
    if (x.size() != size_) return errc::size_mismatch;
    if (w.size() < scratch_bytes()) return errc::workspace_too_small;
    if (overlaps(x, w, scratch_bytes()) || refers_to(x)) return errc::overlap;
    apply<Arch, D>(x.data(), w);
    return errc::ok;
  }
  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D, std::floating_point Real>
  constexpr void apply(Real* x, workspace w) const noexcept {
    auto const from = w.take<Real>(size_);
    for (std::size_t i = 0; i < size_; ++i) from[i] = x[i];
    for (std::size_t i = 0; i < size_; ++i)
      if constexpr (D == direction::forward)
        x[i] = from[order_[i]];
      else
        x[order_[i]] = from[i];
  }

 private:
  std::uint32_t const* order_ = nullptr;
  std::size_t size_ = 0;
};

static_assert(orthogonal_transform<permutation>);

/// order[i]: where the i-th largest key stands. Fails with size_mismatch, overlap, or not_finite for a NaN.
constexpr status order_by(std::span<float const> keys, std::span<std::uint32_t> order) noexcept {
  if (keys.size() != order.size() || keys.size() > 0xFFFF'FFFFU) return errc::size_mismatch;
  if (overlaps(keys, order)) return errc::overlap;
  for (auto const k : keys)
    if (is_nan(k)) return errc::not_finite;
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  // A heap whose top comes last.
  auto const after = [&](std::uint32_t a, std::uint32_t b) {
    return less(keys[a], keys[b]) || (!less(keys[b], keys[a]) && a > b);
  };
  auto const sift = [&](std::size_t root, std::size_t size) {
    for (auto child = 2 * root + 1; child < size; root = child, child = 2 * root + 1) {
      if (child + 1 < size && after(order[child + 1], order[child])) ++child;
      if (!after(order[child], order[root])) return;
      auto const swapped = order[root];
      order[root] = order[child];
      order[child] = swapped;
    }
  };
  for (auto i = order.size() / 2; i-- > 0;) sift(i, order.size());
  for (auto size = order.size(); size > 1; --size) {
    auto const last = order[0];
    order[0] = order[size - 1];
    order[size - 1] = last;
    sift(0, size - 1);
  }
  return errc::ok;
}

/// out: `blocks` blocks of equal size; of every 2 `blocks` entries of `order` the first half goes to blocks 0, 1, ..., the second
/// to ..., 1, 0. Fails with size_mismatch, overlap, or invalid_argument unless `blocks` divides the size.
constexpr status zigzag(std::span<std::uint32_t const> order, std::size_t blocks, std::span<std::uint32_t> out) noexcept {
  if (order.size() != out.size()) return errc::size_mismatch;
  if (blocks == 0 || order.size() % blocks != 0) return errc::invalid_argument;
  if (overlaps(order, out)) return errc::overlap;
  auto const each = order.size() / blocks;
  for (std::size_t i = 0; i < order.size(); ++i) {
    auto const turn = i / blocks;
    auto const block = turn % 2 == 0 ? i % blocks : blocks - 1 - i % blocks;
    out[block * each + turn] = order[i];
  }
  return errc::ok;
}

/// out[order[i]] = i: the order of the inverse. Fails with size_mismatch or overlap; order is a permutation's.
constexpr status invert_order(std::span<std::uint32_t const> order, std::span<std::uint32_t> out) noexcept {
  if (order.size() != out.size()) return errc::size_mismatch;
  if (overlaps(order, out)) return errc::overlap;
  for (auto const i : order)
    if (i >= out.size()) return errc::invalid_argument;
  for (std::size_t i = 0; i < order.size(); ++i) out[order[i]] = static_cast<std::uint32_t>(i);
  return errc::ok;
}

enum class column_key : std::uint8_t {
  largest,  ///< max |x|
  range,    ///< max - min, rounded to float
  energy,   ///< sum of squares in double, rounded to float
};

/// One key for each column. Fails with size_mismatch, overlap, or not_finite where an entry or a key is not.
constexpr status column_keys(matrix_view<float const> x, column_key key, std::span<float> out) noexcept {
  if (!x.valid() || out.size() != x.cols) return errc::size_mismatch;
  if (overlaps(out, x)) return errc::overlap;
  for (std::size_t r = 0; r < x.rows; ++r)
    for (auto const v : x.row(r))
      if (!is_finite(v)) return errc::not_finite;
  for (std::size_t c = 0; c < x.cols; ++c) {
    float low = x.rows == 0 ? 0.0f : x(0, c);
    float high = low;
    std::uint32_t largest = 0;
    double energy = 0;
    for (std::size_t r = 0; r < x.rows; ++r) {
      auto const v = x(r, c);
      low = less(v, low) ? v : low;
      high = less(high, v) ? v : high;
      largest = magnitude_bits(v) > largest ? magnitude_bits(v) : largest;
      auto const wide = detail::exact_double(v);
      energy += wide * wide;  // the product is exact
    }
    auto const value = key == column_key::largest ? std::bit_cast<float>(largest)
        : key == column_key::range                ? ieee_add(high, -low)
        : energy < 0x1p-126                       ? 0.0f
                                                  : static_cast<float>(energy);
    if (!is_finite(value)) return errc::not_finite;
    out[c] = value;
  }
  return errc::ok;
}

}  // namespace skive
