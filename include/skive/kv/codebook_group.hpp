// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/codebook_group.hpp - tokens as codes of vectors from codebooks: product, residual and coupled quantization.
///
///   x' = parts side by side;  part p = sum over stages s of book(p, s, code(p, s))
///   token: [codes of 1 to 8 bits: part 0 stage 0, part 0 stage 1 ..., without gaps, whole bytes in all]
///
/// Books are the caller's: floats [part][stage][code][channel of the part], one set for each head, from any training. One stage
/// is product quantization (PQCache, MILLION) and, for few channels a part, coupled quantization (CQ); several are residual
/// quantization. stages parts bits / head size bits a number; a part of 4 channels and 8 bits has 2.
///
/// Model of : token_group (of one token)
/// Cost     : encode: 2^bits channels multiply-adds for each part and stage; decode copies.
/// Accuracy : each stage takes the nearest entry to what is left (greedy), the first of equals.
/// Promise  : the same bytes everywhere: squares of floats are summed in double.
/// Source   : H. Jegou et al., "Product Quantization for Nearest Neighbor Search", IEEE TPAMI 33(1), 2011; T. Zhang et al.,
///            "KV Cache is 1 Bit Per Channel" (CQ), NeurIPS 2024; H. Zhang et al., "PQCache", SIGMOD 2025; Z. Wang et al.,
///            "MILLION", DAC 2025; Y. Chen et al., "Approximate Nearest Neighbor Search by Residual VQ", Sensors 10, 2010.

#include "skive/core/bits.hpp"
#include "skive/kv/grouped_pages.hpp"

namespace skive {

struct codebook_shape {
  std::size_t part_size = 4;  ///< channels of a part
  std::size_t stages = 1;
  int bits = 8;
};

class codebook_group {
 public:
  constexpr codebook_group() noexcept = default;
  /// Numbers of all books.
  static constexpr std::size_t numbers(std::size_t head_size, codebook_shape shape) noexcept {
    return saturating_multiply(head_size << shape.bits, shape.stages);
  }
  /// Fails with invalid_argument (parts that do not fill the head, more than 64 channels, no stage or more than 8, bits),
  /// size_mismatch (books), not_finite.
  static constexpr result<codebook_group> make(std::size_t head_size, codebook_shape shape,
                                               std::span<float const> books) noexcept {
    if (!page_shape{head_size, tile_tokens}.valid() || shape.part_size == 0 || shape.part_size > 64)
      return errc::invalid_argument;
    if (head_size % shape.part_size != 0 || shape.stages == 0 || shape.stages > 8 || shape.bits < 1 || shape.bits > 8)
      return errc::invalid_argument;
    if (books.size() != numbers(head_size, shape)) return errc::size_mismatch;
    for (auto const x : books)
      if (!(x >= -65504.0f && x <= 65504.0f)) return errc::not_finite;
    return codebook_group{head_size, shape, books};
  }
  constexpr std::size_t head_size() const noexcept { return head_size_; }
  constexpr std::size_t group_tokens() const noexcept { return 1; }
  constexpr std::size_t group_bytes() const noexcept { return (codes() * static_cast<std::size_t>(shape_.bits) + 7) / 8; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }

  /// Precondition: a row of numbers of at most 65504.
  constexpr status encode(matrix_view<float const> rows, std::span<std::byte> to, workspace = {}) const noexcept {
    for (auto& b : to) b = std::byte{0};
    auto const fields = packed_fields<std::byte>::make(to, codes(), shape_.bits, bit_order::low_first);
    auto const size = shape_.part_size;
    double rest[64];
    for (std::size_t p = 0; p < head_size_ / size; ++p) {
      for (std::size_t i = 0; i < size; ++i) rest[i] = static_cast<double>(rows(0, p * size + i));
      for (std::size_t s = 0; s < shape_.stages; ++s) {
        auto const code = nearest({rest, size}, p, s);
        auto const* const entry = book(p, s, code);
        for (std::size_t i = 0; i < size; ++i) rest[i] -= static_cast<double>(entry[i]);
        fields->set(p * shape_.stages + s, code);
      }
    }
    return errc::ok;
  }
  constexpr status decode(std::span<std::byte const> from, std::size_t, matrix_view<float> out, workspace = {}) const noexcept {
    auto const fields = packed_fields<std::byte const>::make(from, codes(), shape_.bits, bit_order::low_first);
    auto const size = shape_.part_size;
    for (std::size_t t = 0; t < out.rows; ++t)
      for (std::size_t p = 0; p < head_size_ / size; ++p)
        for (std::size_t s = 0; s < shape_.stages; ++s) {
          auto const* const entry = book(p, s, fields->get(p * shape_.stages + s));
          for (std::size_t i = 0; i < size; ++i) out(t, p * size + i) = (s == 0 ? 0.0f : out(t, p * size + i)) + entry[i];
        }
    return errc::ok;
  }

 private:
  constexpr codebook_group(std::size_t head_size, codebook_shape shape, std::span<float const> books) noexcept
      : head_size_{head_size}, shape_{shape}, books_{books} {}
  constexpr std::size_t codes() const noexcept { return head_size_ / shape_.part_size * shape_.stages; }
  constexpr float const* book(std::size_t part, std::size_t stage, std::size_t code) const noexcept {
    return books_.data() + (((part * shape_.stages + stage) << shape_.bits) + code) * shape_.part_size;
  }
  constexpr std::uint8_t nearest(std::span<double const> x, std::size_t part, std::size_t stage) const noexcept {
    std::size_t best = 0;
    double least = -1;
    for (std::size_t c = 0; c < std::size_t{1} << shape_.bits; ++c) {
      auto const* const entry = book(part, stage, c);
      double sum = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        auto const d = static_cast<double>(static_cast<float>(x[i] - static_cast<double>(entry[i])));
        sum += d * d;  // a float's square: exact, so that contraction changes nothing
      }
      if (least >= 0 && sum >= least) continue;
      least = sum;
      best = c;
    }
    return static_cast<std::uint8_t>(best);
  }

  std::size_t head_size_ = 0;
  codebook_shape shape_{};
  std::span<float const> books_;
};

static_assert(token_group<codebook_group>);

}  // namespace skive
