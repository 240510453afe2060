// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/product_quantizer.hpp - vectors in pieces, each piece an index into a codebook of its own.
///
///   x = (x_1, ..., x_M),   code m = nearest codeword to x_m in codebook m;   x' = (c_1[code 1], ..., c_M[code M])
///
/// Codebooks lie one after another, K codewords of d / M numbers each. With pieces of 2 to 8 channels of a key cache and weights
/// from its Fisher information this is coupled quantization: 8 channels in 8 bits are 1 bit a channel.
///
/// Model of : primitive
/// Cost     : encoding: codebook/nearest_codeword.hpp for each piece; decoding a copy of a codeword a piece.
/// Accuracy : that of codebook/nearest_codeword.hpp.
/// Promise  : as codebook/kmeans.hpp; an index that is no codeword's is errc::corrupt, seen before the first write.
/// Source   : H. Jegou, M. Douze, C. Schmid, "Product quantization for nearest neighbor search", IEEE Trans. PAMI 33, 2011;
///            T. Zhang et al., "KV cache is 1 bit per channel: efficient large language model inference with coupled
///            quantization", arXiv 2405.03917, 2024.

#include "skive/codebook/code_rows.hpp"
#include "skive/codebook/kmeans.hpp"
#include "skive/core/primitive.hpp"

namespace skive {

/// M codebooks of K codewords: a view of the caller's floats.
class product_quantizer {
 public:
  constexpr product_quantizer() noexcept = default;
  /// Fails with invalid_argument unless parts divide the dimension and 1 <= K <= 256, size_mismatch unless there are K d floats.
  static constexpr result<product_quantizer> make(std::size_t dimension, std::size_t parts, std::size_t codewords,
                                                  std::span<float const> codebooks) noexcept {
    if (dimension == 0 || parts == 0 || dimension % parts != 0 || codewords == 0 || codewords > 256)
      return errc::invalid_argument;
    if (codebooks.size() != saturating_multiply(codewords, dimension)) return errc::size_mismatch;
    product_quantizer q;
    q.data_ = codebooks.data();
    q.dimension_ = dimension;
    q.parts_ = parts;
    q.codewords_ = codewords;
    return q;
  }

  constexpr std::size_t dimension() const noexcept { return dimension_; }
  constexpr std::size_t parts() const noexcept { return parts_; }
  constexpr std::size_t codewords() const noexcept { return codewords_; }
  constexpr std::size_t part_dimension() const noexcept { return dimension_ / parts_; }
  constexpr matrix_view<float const> codebook(std::size_t m) const noexcept {
    return {data_ + m * codewords_ * part_dimension(), codewords_, part_dimension()};
  }
  constexpr std::size_t scratch_bytes() const noexcept {
    return saturating_add(workspace::bytes<float>(2 * codewords_),
                          workspace::bytes<float>(detail::lane_floats(16, part_dimension() == 2 ? 4 : part_dimension())));
  }

  /// Fails with size_mismatch, invalid_argument (a view) or workspace_too_small below scratch_bytes(); nothing is then written.
  template <class Arch = native_arch>
  status encode(matrix_view<float const> x, matrix_view<std::uint8_t> codes, workspace scratch) const noexcept {
    if (auto const s = detail::check_code_rows(x, codes, dimension_, parts_); !s) return s;
    if (scratch.size() < scratch_bytes()) return errc::workspace_too_small;
    auto const half = scratch.take<float>(2 * codewords_);
    auto const lanes = scratch.take<float>(16 * (part_dimension() == 2 ? 4 : part_dimension()));
    auto const part = [&](std::size_t m, std::size_t parts) noexcept {
      return matrix_view<float const>{x.data + m * part_dimension(), x.rows, parts * part_dimension(), x.row_stride};
    };
    std::size_t m = 0;
    // Parts of two numbers two by two: four are turned into lanes at once, and the row's bytes written together.
    for (; part_dimension() == 2 && m + 2 <= parts_; m += 2) {
      detail::half_squares<Arch>(codebook(m), half.first(codewords_));
      detail::half_squares<Arch>(codebook(m + 1), half.subspan(codewords_));
      detail::each_nearest_pairs<Arch>(
          part(m, 2), codebook(m), codebook(m + 1), half.data(), half.data() + codewords_, lanes.data(),
          [&](std::size_t first, std::size_t count, std::uint32_t const* found, std::uint32_t const* other) noexcept {
            // Own copies: a byte that is stored may be any variable's.
            auto* to = codes.data + first * codes.row_stride + m;
            auto const stride = codes.row_stride;
            for (std::size_t l = 0; l < count; ++l, to += stride) {
              to[0] = static_cast<std::uint8_t>(found[l]);
              to[1] = static_cast<std::uint8_t>(other[l]);
            }
          });
    }
    for (; m < parts_; ++m) {
      detail::half_squares<Arch>(codebook(m), half.first(codewords_));
      detail::each_nearest_row<Arch>(part(m, 1), codebook(m), half.data(), lanes.data(),
                                     [&](std::size_t first, std::size_t count, std::uint32_t const* found) noexcept {
                                       auto* to = codes.data + first * codes.row_stride + m;
                                       auto const stride = codes.row_stride;
                                       for (std::size_t l = 0; l < count; ++l, to += stride)
                                         *to = static_cast<std::uint8_t>(found[l]);
                                     });
    }
    return errc::ok;
  }
  /// Fails with size_mismatch, invalid_argument (a view) or corrupt; nothing is then written.
  constexpr status decode(matrix_view<std::uint8_t const> codes, matrix_view<float> x) const noexcept {
    if (auto const s = detail::check_code_rows(x, codes, dimension_, parts_); !s) return s;
    if (auto const s = check(codes); !s) return s;
    auto const d = part_dimension();
    for (std::size_t i = 0; i < x.rows; ++i)
      for (std::size_t m = 0; m < parts_; ++m) {
        auto const row = codebook(m).row(codes(i, m));
        for (std::size_t j = 0; j < d; ++j) x(i, m * d + j) = row[j];
      }
    return errc::ok;
  }
  /// corrupt if an index is no codeword's.
  constexpr status check(matrix_view<std::uint8_t const> codes) const noexcept {
    return detail::check_code_indices(codes, codewords_);
  }

 private:
  float const* data_ = nullptr;
  std::size_t dimension_ = 0;
  std::size_t parts_ = 1;
  std::size_t codewords_ = 0;
};

static_assert(primitive<product_quantizer>);

/// k-means for each part; `codebooks` as product_quantizer::make() wants them. Weights of numbers are those of x. Returns the
/// sum of the parts' errors, the least number of codewords used and the most iterations. Fails as make() and kmeans() do;
/// workspace: kmeans_bytes(n, d / parts, K, weights of numbers, balanced).
template <class Arch = native_arch>
result<kmeans_report> train_product_quantizer(matrix_view<float const> x, std::size_t parts, std::size_t codewords,
                                              std::span<float> codebooks, kmeans_weights const& weights,
                                              kmeans_options const& options, workspace scratch) noexcept {
  if (auto const q = product_quantizer::make(x.cols, parts, codewords, codebooks); !q) return q.error();
  if (!x.valid() || !weights.numbers.valid()) return errc::invalid_argument;
  if (weights.numbers.data != nullptr && (weights.numbers.rows != x.rows || weights.numbers.cols != x.cols))
    return errc::size_mismatch;
  auto const d = x.cols / parts;
  if (auto const s = detail::check_kmeans(x, {codebooks.data(), codewords, x.cols}, weights); !s) return s;
  if (auto const s = detail::check_kmeans_call(x.rows, {codebooks.data(), codewords, x.cols}, options, {}); !s) return s;
  kmeans_report all{0, codewords, 0, true};
  for (std::size_t m = 0; m < parts; ++m) {
    auto own = weights;
    if (own.numbers.data != nullptr) own.numbers = {own.numbers.data + m * d, x.rows, d, own.numbers.row_stride};
    auto const r = kmeans<Arch>({x.data + m * d, x.rows, d, x.row_stride}, {codebooks.data() + m * codewords * d, codewords, d},
                                own, options, scratch);
    if (!r) return r;
    all.error += r->error;
    all.used = r->used < all.used ? r->used : all.used;
    all.iterations = r->iterations > all.iterations ? r->iterations : all.iterations;
    all.converged = all.converged && r->converged;
  }
  return all;
}

}  // namespace skive
