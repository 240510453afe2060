// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/sparse_batch.hpp - products of rows of a sparse_codec with several vectors: each row is spread out once for all.
///
///   a piece of a row, at most 4096 numbers, is decoded and its kept numbers put at their places, zeros between; then four
///   vectors at a time meet it
///
/// One vector alone is gathered by the row's positions (compose/sparse_product.hpp).
///
/// Model of : -
/// Cost     : the decoding of the kept numbers, and multiply-adds with all places for each vector; 32 KiB of stack.
/// Accuracy : |y - exact| <= (n / 64 + pieces + 12) 2^-24 sum |w_i x_i|, w the decoded numbers.
/// Promise  : positions that no mask has give errc::corrupt. The same bits for every range of rows and number of vectors.
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
  using packed = typename Sparse::packed;
  using from_planes = planes<std::byte const, Sparse::plane_count>;

 public:
  /// For all rows of n numbers whose blocks are as far from each other as those of `from`.
  constexpr sparse_batch(Sparse const& s, std::size_t n, from_planes const& from) noexcept : sparse_{s}, n_{n} {
    auto const block = s.block_size() == 0 ? n : s.block_size();
    if (block == 0 || block > most_at_once) return;
    auto const size = n < most_at_once ? n : most_at_once / block * block;
    if (s.codec().scratch_bytes(size / group * kept) != 0 || !s.runs_on(!s.contiguous(from))) return;
    if (s.position_run(n, from[Sparse::inner_planes]) < n && n > block) return;
    at_once_ = size;
    blocks_ = size / block;
  }
  /// Does a row need no scratch, and do its blocks lie side by side?
  constexpr bool usable() const noexcept { return at_once_ != 0; }

  /// out[t stride] = the product with query t.
  constexpr status operator()(from_planes const& from, std::span<float_query const> queries, float* out,
                              std::size_t stride) const noexcept {
    alignas(64) std::array<float, most_at_once> values;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    alignas(64) std::array<float, most_at_once> row;     // NOLINT(cppcoreguidelines-pro-type-member-init)
    for (std::size_t first = 0, b = 0; first < n_; first += at_once_, b += blocks_) {
      auto const size = n_ - first < at_once_ ? n_ - first : at_once_;
      auto const at = Sparse::planes_from(from, b);
      auto const decoded =
          with_arch<Arch>::decode(sparse_.codec(), sparse_.codec_planes(at), std::span{values}.first(size / group * kept), {});
      if (!decoded) return decoded;
      std::span<std::byte const> const positions{at[Sparse::inner_planes].data, packed::position_bytes(size)};
      if (!spread_kept<Sparse::n_kept, Sparse::m_group, packed::layout, Arch>(values.data(), positions,
                                                                              std::span{row}.first(size)))
        return errc::corrupt;
      std::size_t t = 0;
      for (; t + 4 <= queries.size(); t += 4) add<4>(row.data(), size, first, queries.data() + t, out + t * stride, stride);
      for (; t < queries.size(); ++t) add<1>(row.data(), size, first, queries.data() + t, out + t * stride, stride);
    }
    return errc::ok;
  }

 private:
  // Four sums a lane for one vector, whatever else is multiplied beside it.
  template <std::size_t Queries>
  static constexpr void add(float const* row, std::size_t size, std::size_t first, float_query const* queries, float* out,
                            std::size_t stride) noexcept {
    std::size_t whole = 0;
    std::array<float, Queries> y{};
    if constexpr (simd::vector_arch<Arch>)
      if (!std::is_constant_evaluated()) {
        using floats = simd::floats<Arch>;
        floats sum[Queries][4];
        for (auto& of_query : sum)
          for (auto& s : of_query) s = floats::broadcast(0.0f);
        for (; whole + 64 <= size; whole += 64)
          for (std::size_t k = 0; k < 4; ++k) {
            auto const w = floats::load(row + whole + 16 * k);
            for (std::size_t q = 0; q < Queries; ++q)
              sum[q][k] = simd::fused(w, floats::load(queries[q].data + first + whole + 16 * k), sum[q][k]);
          }
        for (std::size_t q = 0; q < Queries; ++q) y[q] = simd::sum((sum[q][0] + sum[q][1]) + (sum[q][2] + sum[q][3]));
      }
    for (std::size_t q = 0; q < Queries; ++q) {
      auto rest = static_cast<double>(y[q]);
      for (auto i = whole; i < size; ++i) rest += static_cast<double>(row[i]) * static_cast<double>(queries[q].data[first + i]);
      auto const before = first == 0 ? 0.0 : static_cast<double>(out[q * stride]);
      out[q * stride] = static_cast<float>(before + rest);
    }
  }

  Sparse const& sparse_;
  std::size_t n_;
  std::size_t at_once_ = 0;
  std::size_t blocks_ = 0;
};

}  // namespace skive::detail
