// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/sparse_batch.hpp - products of rows of a sparse_codec with several vectors: each row is spread out once for all.
///
///   pieces of 4 rows, at most 4096 numbers together, are decoded and their kept numbers put at their places, zeros between; then
///   each number of four vectors that is loaded meets all of them
///
/// Fewer than 4 vectors are gathered by the row's positions, each by itself (compose/sparse_product.hpp).
///
/// Model of : -
/// Cost     : the decoding of the kept numbers, and multiply-adds with all places for each vector; 32 KiB of stack.
/// Accuracy : |y - exact| <= (n / 16 + pieces + 12) 2^-24 sum |w_i x_i|, w the decoded numbers.
/// Promise  : positions that no mask has give errc::corrupt; of the rows that share its piece some may have been written. The same
///            bits for every range of rows and number of vectors.
/// Source   : -

#include "skive/compose/sparse_product.hpp"
#include "skive/simd/reduce.hpp"
#include "skive/sparse/expand_lanes.hpp"

namespace skive::detail {

template <class Arch, class Sparse>
class sparse_batch {
  static constexpr std::size_t kept = Sparse::kept;
  static constexpr std::size_t group = Sparse::group;
  static constexpr std::size_t most_at_once = 4096;  // numbers
  static constexpr std::size_t tile = 4;             // rows, vectors
  using packed = typename Sparse::packed;
  using from_planes = planes<std::byte const, Sparse::plane_count>;

 public:
  static constexpr std::size_t least = tile;  ///< vectors for which this is faster

  /// For all rows of n numbers whose blocks are as far from each other as those of `from`.
  constexpr sparse_batch(Sparse const& s, std::size_t n, from_planes const& from) noexcept : sparse_{s}, n_{n} {
    auto const block = s.block_size() == 0 ? n : s.block_size();
    if (n == 0 || block > most_at_once) return;
    auto const most = block > most_at_once / tile ? most_at_once : most_at_once / tile;
    auto const size = n < most ? n : most / block * block;
    if (s.codec().scratch_bytes(size / group * kept) != 0 || !s.runs_on(!s.contiguous(from))) return;
    if (s.position_run(n, from[Sparse::inner_planes]) < n && n > block) return;
    at_once_ = size;
    blocks_ = size / block;
    rows_ = most_at_once / size < tile ? 1 : tile;
  }
  /// Does a row need no scratch, and do its blocks lie side by side?
  constexpr bool usable() const noexcept { return at_once_ != 0; }

  /// rows.out[t rows.stride + r] = the product of row r with query t.
  constexpr status operator()(row_products<Sparse::plane_count> const& rows,
                              std::span<float_query const> queries) const noexcept {
    alignas(64) std::array<float, most_at_once> values;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    alignas(64) std::array<float, most_at_once> places;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    for (std::size_t r = 0; r < rows.rows; r += rows_) {
      auto const count = rows.rows - r < rows_ ? rows.rows - r : rows_;
      for (std::size_t first = 0, b = 0; first < n_; first += at_once_, b += blocks_) {
        auto const size = n_ - first < at_once_ ? n_ - first : at_once_;
        for (std::size_t k = 0; k < count; ++k) {
          auto const row = std::span{places}.subspan(k * at_once_, size);
          if (auto const s = spread(Sparse::planes_from(rows.row(r + k), b), values.data(), row); !s) return s;
        }
        auto* const out = rows.out + r;
        if (count == tile)
          add_queries<tile>(places.data(), size, first, queries, out, rows.stride);
        else
          for (std::size_t k = 0; k < count; ++k)
            add_queries<1>(places.data() + k * at_once_, size, first, queries, out + k, rows.stride);
      }
    }
    return errc::ok;
  }

 private:
  constexpr status spread(from_planes const& at, float* values, std::span<float> row) const noexcept {
    auto const decoded =
        with_arch<Arch>::decode(sparse_.codec(), sparse_.codec_planes(at), std::span{values, row.size() / group * kept}, {});
    if (!decoded) return decoded;
    std::span<std::byte const> const positions{at[Sparse::inner_planes].data, packed::position_bytes(row.size())};
    bool const good = spread_kept<Sparse::n_kept, Sparse::m_group, packed::layout, Arch>(values, positions, row);
    return good ? errc::ok : errc::corrupt;
  }

  template <std::size_t Rows>
  constexpr void add_queries(float const* w, std::size_t size, std::size_t first, std::span<float_query const> queries,
                             float* out, std::size_t stride) const noexcept {
    std::size_t t = 0;
    for (; t + tile <= queries.size(); t += tile) add<Rows, tile>(w, size, first, queries.data() + t, out + t * stride, stride);
    for (; t < queries.size(); ++t) add<Rows, 1>(w, size, first, queries.data() + t, out + t * stride, stride);
  }

  // A sum a lane for each row and vector, whatever else is multiplied beside it.
  template <std::size_t Rows, std::size_t Queries>
  constexpr void add(float const* w, std::size_t size, std::size_t first, float_query const* queries, float* out,
                     std::size_t stride) const noexcept {
    std::size_t whole = 0;
    std::array<std::array<float, Queries>, Rows> y{};
    if constexpr (simd::vector_arch<Arch>)
      if (!std::is_constant_evaluated()) {
        using floats = simd::floats<Arch>;
        floats sum[Rows][Queries];
        for (auto& of_row : sum)
          for (auto& s : of_row) s = floats::broadcast(0.0f);
        for (; whole + 16 <= size; whole += 16) {
          floats x[Queries];
#pragma GCC unroll 4
          for (std::size_t q = 0; q < Queries; ++q) x[q] = floats::load(queries[q].data + first + whole);
#pragma GCC unroll 4
          for (std::size_t r = 0; r < Rows; ++r) {
            auto const own = floats::load(w + r * at_once_ + whole);
#pragma GCC unroll 4
            for (std::size_t q = 0; q < Queries; ++q) sum[r][q] = simd::fused(own, x[q], sum[r][q]);
          }
        }
        for (std::size_t r = 0; r < Rows; ++r)
          for (std::size_t q = 0; q < Queries; ++q) y[r][q] = simd::sum(sum[r][q]);
      }
    for (std::size_t r = 0; r < Rows; ++r)
      for (std::size_t q = 0; q < Queries; ++q) {
        auto rest = static_cast<double>(y[r][q]);
        for (auto i = whole; i < size; ++i)
          rest += static_cast<double>(w[r * at_once_ + i]) * static_cast<double>(queries[q].data[first + i]);
        auto const before = first == 0 ? 0.0 : static_cast<double>(out[q * stride + r]);
        out[q * stride + r] = static_cast<float>(before + rest);
      }
  }

  Sparse const& sparse_;
  std::size_t n_;
  std::size_t at_once_ = 0;
  std::size_t blocks_ = 0;
  std::size_t rows_ = 1;
};

}  // namespace skive::detail
