// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/tiled_csl.hpp - tiled CSL: the kept numbers of a tile as words of 16 bits of value and 16 of place, what GPU kernels
/// load as sparse and multiply as dense.
///
///   tiles of R x C numbers, row by row of tiles; tile t has words starts[t] .. starts[t + 1] - 1, a multiple of `unit`
///   word = value | place << 16,   place = r C + c in the tile;   a unit is filled up with zeros at places that are not kept
///
/// Value: float16 or bfloat16. Flash-LLM's kernels have tiles of 64 columns, units of 4, starts counted in units, and, for the banks
/// of shared memory, c ^ 8 (r mod 8) instead of c: `bank_order`. The words of a tile may stand in any order.
///
/// Model of : -
/// Cost     : a product reads each word once, x and y of a tile stay in the first-level cache. No allocation.
/// Accuracy : multiply() adds a row's products in float, in the order of words: error <= (count + 1) 2^-24 sum |w x|.
/// Promise  : make() checks every start and place once: no product of what it returned touches memory outside. Of words with one
///            place to_dense() adds the values.
/// Source   : H. Xia et al., "Flash-LLM", VLDB 2024, arXiv:2309.10285.

#include "skive/core/matrix_view.hpp"
#include "skive/format/rows.hpp"
#include "skive/sparse/mask.hpp"

#include <limits>

namespace skive {

struct csl_tiles {
  std::size_t rows = 256;
  std::size_t cols = 64;
  std::size_t unit = 4;     ///< words
  bool bank_order = false;  ///< needs tiles of whole 64 columns

  constexpr bool valid() const noexcept {
    if (rows == 0 || cols == 0 || unit == 0 || unit > 0x10000 || (bank_order && cols % 64 != 0)) return false;
    return rows <= 0x10000 && cols <= 0x10000 / rows;
  }
  constexpr std::uint32_t place(std::size_t r, std::size_t c) const noexcept {
    return static_cast<std::uint32_t>(r * cols + (bank_order ? c ^ (r % 8 * 8) : c));
  }
  constexpr std::size_t row_of(std::uint32_t place) const noexcept { return place / cols; }
  constexpr std::size_t col_of(std::uint32_t place) const noexcept {
    auto const c = place % cols;
    return bank_order ? c ^ (row_of(place) % 8 * 8) : c;
  }
};

template <class Value>
class tiled_csl_matrix {
  static_assert(sizeof(Value) == 2);

 public:
  constexpr tiled_csl_matrix() noexcept = default;
  /// Fails with invalid_argument for tiles or units of nothing or of more than 65536, size_mismatch where tiles don't cover the matrix or
  /// there is not a start for each and the end, corrupt unless starts ascend in units from 0 to the count and every place lies in
  /// the tile.
  static constexpr result<tiled_csl_matrix> make(std::span<std::uint32_t const> starts, std::span<std::uint32_t const> words,
                                                 std::size_t rows, std::size_t cols, csl_tiles const& tiles = {}) noexcept {
    if (!tiles.valid()) return errc::invalid_argument;
    if (rows % tiles.rows != 0 || cols % tiles.cols != 0) return errc::size_mismatch;
    if (starts.size() != rows / tiles.rows * (cols / tiles.cols) + 1) return errc::size_mismatch;
    if (starts.front() != 0 || starts.back() != words.size()) return errc::corrupt;
    for (std::size_t t = 0; t + 1 < starts.size(); ++t)
      if (starts[t] > starts[t + 1] || (starts[t + 1] - starts[t]) % tiles.unit != 0) return errc::corrupt;
    for (auto const w : words)
      if (w >> 16 >= tiles.rows * tiles.cols) return errc::corrupt;
    tiled_csl_matrix m;
    m.starts_ = starts;
    m.words_ = words;
    m.rows_ = rows;
    m.cols_ = cols;
    m.tiles_ = tiles;
    return m;
  }

  constexpr std::size_t rows() const noexcept { return rows_; }
  constexpr std::size_t cols() const noexcept { return cols_; }

  /// Fails with size_mismatch.
  constexpr status to_dense(matrix_view<float> dense) const noexcept {
    if (!dense.valid() || dense.rows != rows_ || dense.cols != cols_) return errc::size_mismatch;
    for (std::size_t r = 0; r < rows_; ++r)
      for (auto& x : dense.row(r)) x = 0.0f;
    for_each([&](std::size_t r, std::size_t c, float v) noexcept { dense(r, c) += v; });
    return errc::ok;
  }
  /// y = A x. Fails with size_mismatch.
  constexpr status multiply(std::span<float const> x, std::span<float> y) const noexcept {
    if (x.size() != cols_ || y.size() != rows_) return errc::size_mismatch;
    for (auto& v : y) v = 0.0f;
    for_each([&](std::size_t r, std::size_t c, float v) noexcept { y[r] += v * x[c]; });
    return errc::ok;
  }

 private:
  template <class Each>
  constexpr void for_each(Each each) const noexcept {
    auto const across = cols_ / tiles_.cols;
    for (std::size_t t = 0; t + 1 < starts_.size(); ++t)
      for (auto k = starts_[t]; k < starts_[t + 1]; ++k) {
        auto const place = words_[k] >> 16;
        each(t / across * tiles_.rows + tiles_.row_of(place), t % across * tiles_.cols + tiles_.col_of(place),
             detail::widen(std::bit_cast<Value>(static_cast<std::uint16_t>(words_[k] & 0xFFFF))));
      }
  }

  std::span<std::uint32_t const> starts_;
  std::span<std::uint32_t const> words_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  csl_tiles tiles_{};
};

/// The numbers that masks keep, tile by tile, row by row in each; returns the count of words. Where a full tile is no whole unit, the
/// zeros have place 0. Fails with invalid_argument as make() does, size_mismatch, also where `words` are too few, unsupported where there are 2^32 words.
template <class Value>
constexpr result<std::size_t> to_tiled_csl(matrix_view<float const> dense, matrix_view<std::byte const> masks,
                                           std::span<std::uint32_t> starts, std::span<std::uint32_t> words,
                                           csl_tiles const& tiles = {}) noexcept {
  if (!tiles.valid()) return errc::invalid_argument;
  if (!dense.valid() || dense.rows % tiles.rows != 0 || dense.cols % tiles.cols != 0) return errc::size_mismatch;
  if (!masks.valid() || masks.rows != dense.rows || masks.cols != mask_bytes(dense.cols)) return errc::size_mismatch;
  auto const across = dense.cols / tiles.cols;
  auto const count = dense.rows / tiles.rows * across;
  if (starts.size() != count + 1) return errc::size_mismatch;
  auto const each = [&](std::size_t t, auto f) noexcept {
    for (std::size_t r = 0; r < tiles.rows; ++r)
      for (std::size_t c = 0; c < tiles.cols; ++c)
        if (auto const i = t / across * tiles.rows + r, j = t % across * tiles.cols + c; is_kept(masks.row(i), j))
          f(r, c, dense(i, j));
  };
  std::size_t total = 0;
  for (std::size_t t = 0; t < count; ++t) {
    std::size_t own = 0;
    each(t, [&](std::size_t, std::size_t, float) noexcept { ++own; });
    total += (own + tiles.unit - 1) / tiles.unit * tiles.unit;
  }
  if (total > std::numeric_limits<std::uint32_t>::max()) return errc::unsupported;
  if (total > words.size()) return errc::size_mismatch;
  std::size_t k = 0;
  for (std::size_t t = 0; t < count; ++t) {
    starts[t] = static_cast<std::uint32_t>(k);
    std::size_t next = 0;  // in the order of numbers
    std::uint32_t free = 0;
    bool found = false;
    each(t, [&](std::size_t r, std::size_t c, float v) noexcept {
      if (auto const at = r * tiles.cols + c; at != next && !found)
        free = tiles.place(next / tiles.cols, next % tiles.cols), found = true;
      next = r * tiles.cols + c + 1;
      words[k++] = std::bit_cast<std::uint16_t>(detail::narrow<Value>(v)) | tiles.place(r, c) << 16;
    });
    if (!found && next < tiles.rows * tiles.cols) free = tiles.place(next / tiles.cols, next % tiles.cols);
    while (k % tiles.unit != 0) words[k++] = free << 16;
  }
  starts[count] = static_cast<std::uint32_t>(k);
  return k;
}

}  // namespace skive
