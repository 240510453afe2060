// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/tiles.hpp - one state per two-dimensional tile of a matrix, as in 128 x 128 FP8 checkpoints.
///
///   tile (i, j): rows [i R, (i + 1) R), columns [j C, (j + 1) C), cut at the edges
///   planes: codes row by row (each row starts on a byte), then each metadata field, tiles in row-major order
///
/// Model of : matrix_codec
/// Cost     : that of the scheme; settling by more than the largest magnitude takes a copy of each tile in scratch (R C floats).
/// Accuracy : the scheme's, with the tile as group.
/// Promise  : same bits everywhere; sizes are checked before the first write; fields narrower than a byte do not compile.
/// Source   : DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv:2412.19437 (128 x 128 weight blocks).

#include "skive/block/scheme.hpp"
#include "skive/block/tile_lanes.hpp"
#include "skive/core/concepts.hpp"

namespace skive {

template <group_scheme Scheme>
class tiles {
  static constexpr std::size_t fields = Scheme::field_bits.size();
  static_assert(
      [] {
        for (auto const b : Scheme::field_bits)
          if (b % 8 != 0) return false;
        return true;
      }(),
      "skive::tiles stores metadata in whole bytes");

 public:
  static constexpr std::size_t plane_count = 1 + fields;

  constexpr tiles() noexcept = default;
  /// Fails with invalid_argument unless both extents are at least 1, overflow if their product overflows.
  static constexpr result<tiles> make(std::size_t rows, std::size_t cols, Scheme scheme = {}) noexcept {
    if (rows == 0 || cols == 0) return errc::invalid_argument;
    if (rows > ~std::size_t{0} / sizeof(float) / cols) return errc::overflow;
    tiles t;
    t.rows_ = rows;
    t.cols_ = cols;
    t.scheme_ = scheme;
    return t;
  }
  constexpr Scheme const& scheme() const noexcept { return scheme_; }
  constexpr std::size_t tile_rows() const noexcept { return rows_; }
  constexpr std::size_t tile_cols() const noexcept { return cols_; }

  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t rows, std::size_t cols) const noexcept {
    auto const row_bytes = Scheme::packing::bytes(cols);
    std::array<std::size_t, plane_count> bytes{};
    bytes[0] = saturating_multiply(rows, row_bytes);
    auto const count = saturating_multiply(ceil(rows, rows_), ceil(cols, cols_));
    for (std::size_t i = 0; i < fields; ++i) bytes[1 + i] = detail::field_bytes(count, Scheme::field_bits[i]);
    return bytes;
  }
  constexpr std::size_t scratch_bytes(std::size_t rows, std::size_t cols) const noexcept {
    auto const area = (rows < rows_ ? rows : rows_) * (cols < cols_ ? cols : cols_);
    return saturating_add(saturating_add(workspace::bytes<float>(area), workspace::bytes<std::uint8_t>(cols)),
                          scheme_.settle_bytes(area));
  }

  /// Fails with size_mismatch, overflow or workspace_too_small, before the first write.
  template <class Arch = native_arch>
  status encode(matrix_view<float const> in, planes<std::byte, plane_count> to, workspace w) const noexcept {
    if (auto const s = check(in, to, w); !s) return s;
    if (in.rows == 0 || in.cols == 0) return errc::ok;
    auto const tile = w.take<float>((in.rows < rows_ ? in.rows : rows_) * (in.cols < cols_ ? in.cols : cols_));
    auto const codes = w.take<std::uint8_t>(in.cols);
    auto const across = ceil(in.cols, cols_);
    for (std::size_t i = 0; i < ceil(in.rows, rows_); ++i) {
      auto const b = band(i, in.rows, across);
      if constexpr (detail::lane_scheme<Scheme, Arch>)
        if (detail::codes_in_lanes<Arch>(scheme_)) {
          detail::tile_lanes<Scheme, Arch> const lanes{scheme_};
          auto const together = lanes.span_columns(cols_);
          for (std::size_t c = 0; c < in.cols; c += in.cols - c < together ? in.cols - c : together)
            lanes.encode(in, b, c, in.cols - c < together ? in.cols : c + together, to, tile, w);
          continue;
        }
      for (std::size_t j = 0; j < across; ++j)
        detail::store_state(scheme_, scheme_.settle(detail::copy_of_tile(in, b, j, tile), w), b.first + j, to);
      planes<std::byte const, plane_count> const stored = to;
      for (std::size_t r = b.top; r < b.top + b.height; ++r) {
        auto const rounding = detail::rounding_of_row(scheme_.rounding, r);
        for (std::size_t c = 0; c < in.cols; ++c)
          codes[c] = scheme_.code(detail::stored_state(scheme_, stored, b.first + c / cols_), in(r, c),
                                  detail::rounding_at(rounding, c));
        Scheme::packing::pack(codes, Scheme::default_order, to[0].data + r * Scheme::packing::bytes(in.cols));
      }
    }
    return errc::ok;
  }

  template <class Arch = native_arch>
  status decode(planes<std::byte const, plane_count> from, matrix_view<float> out, workspace w) const noexcept {
    if (auto const s = check(matrix_view<float const>{out}, from, w); !s) return s;
    if (out.rows == 0 || out.cols == 0) return errc::ok;
    auto const codes = w.take<std::uint8_t>(out.cols);
    auto const across = ceil(out.cols, cols_);
    for (std::size_t i = 0; i < ceil(out.rows, rows_); ++i) {
      auto const b = band(i, out.rows, across);
      if constexpr (detail::lane_scheme<Scheme, Arch>) {
        detail::tile_lanes<Scheme, Arch>{scheme_}.decode(from, b, out);
        continue;
      }
      for (std::size_t r = b.top; r < b.top + b.height; ++r) {
        Scheme::packing::unpack(from[0].data + r * Scheme::packing::bytes(out.cols), Scheme::default_order, codes);
        for (std::size_t c = 0; c < out.cols; ++c)
          out(r, c) = scheme_.value(detail::stored_state(scheme_, from, b.first + c / cols_), codes[c]);
      }
    }
    return errc::ok;
  }

 private:
  // Tiles (i, 0) .. (i, across - 1) of a matrix of n rows.
  constexpr detail::tile_band band(std::size_t i, std::size_t n, std::size_t across) const noexcept {
    auto const top = i * rows_;
    return {top, n - top < rows_ ? n - top : rows_, cols_, i * across};
  }
  static constexpr std::size_t ceil(std::size_t a, std::size_t b) noexcept { return a / b + (a % b != 0 ? 1 : 0); }
  template <class Byte>
  constexpr status check(matrix_view<float const> m, planes<Byte, plane_count> const& p, workspace const& w) const noexcept {
    if (!m.valid()) return errc::overflow;
    auto const need = plane_bytes(m.rows, m.cols);
    for (std::size_t i = 0; i < plane_count; ++i)
      if (p[i].size < need[i]) return errc::size_mismatch;
    return w.size() < scratch_bytes(m.rows, m.cols) ? errc::workspace_too_small : errc::ok;
  }

  std::size_t rows_ = 128;
  std::size_t cols_ = 128;
  [[no_unique_address]] Scheme scheme_{};
};

}  // namespace skive
