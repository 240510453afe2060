// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/per_token_values.hpp - values of 1 to 8 bits with a float16 step and minimum for each token, or part of its channels.
///
///   v'(t, d) = s(t, g) code(t, d) + m(t, g),  g = d / group
///   sum_t w_t v'(t, d) = sum_t (w_t s(t, g)) code(t, d) + sum_t w_t m(t, g)
///   page: [codes of 32 tokens: 16 channels, next 16 ...][of the next 32] ... [steps: channel group, token][minima the same]
///
/// KIVI's values. Each token is quantized by itself; 32 of them are written together because their codes share bytes.
/// b + 32 / group bits a number, all counted, where head size and group are multiples of 16.
///
/// Model of : value_quantizer
/// Cost     : accumulate: w s once per channel group, then 64 codes by 2 byte products for each row of weights; no scratch.
/// Accuracy : codes as kv/affine_lanes.hpp, kv/affine_fit.hpp; accumulate adds at most 2^-15 max_t |w_t s_t| sum_t code for each
///            128 tokens, and rounding of floats.
/// Promise  : the same bytes everywhere. NaN, infinity and numbers beyond 65504 (E4M3 parameters: 448) are refused, and the page is
///            left alone. accumulate fails with corrupt when a step or minimum that it needs is not finite; `sums` are then
///            unspecified.
/// Source   : Z. Liu et al., "KIVI: A Tuning-Free Asymmetric 2bit Quantization for KV Cache", ICML 2024.

#include "skive/kv/affine_fit.hpp"
#include "skive/kv/coefficients.hpp"
#include "skive/kv/plain_queries.hpp"
#include "skive/kv/tile_product.hpp"

namespace skive {

/// Parameters: how steps and minima are stored (kv/parameters.hpp).
template <int Bits, class Parameters = half_parameters>
class per_token_values {
  static_assert(1 <= Bits && Bits <= 8, "skive::per_token_values holds 1 to 8 bits");
  using tile = detail::code_tile<Bits, 1>;
  static constexpr std::size_t units = tile_tokens / tile::rows;  // of 32 tokens and 16 channels
  static constexpr std::size_t block = 128;                       // tokens whose weights share a step

 public:
  static constexpr int bits = Bits;

  constexpr per_token_values() noexcept = default;
  /// `group`: channels that share a step; a multiple of 16, or 0 for all channels.
  static constexpr result<per_token_values> make(page_shape shape, std::size_t group = 0,
                                                 affine_fit fit = affine_fit::min_max) noexcept {
    if (!shape.valid() || group % 16 != 0) return errc::invalid_argument;
    return per_token_values{shape, group == 0 || group > shape.head_size ? detail::round_up_to(shape.head_size, 16) : group, fit};
  }

  constexpr page_shape shape() const noexcept { return shape_; }
  constexpr std::size_t head_size() const noexcept { return shape_.head_size; }
  constexpr std::size_t page_tokens() const noexcept { return shape_.tokens; }
  constexpr std::size_t group_tokens() const noexcept { return tile_tokens; }
  constexpr std::size_t page_bytes() const noexcept { return minima_at() + fields_bytes(); }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }

  /// Fails with size_mismatch unless rows are a multiple of 32 tokens that fit from token `first`, one too; not_finite.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace = {}) const noexcept {
    if (auto const s =
            detail::check_append<Arch>(shape_, tile_tokens, page_bytes(), page.size(), rows, first, Parameters::largest);
        !s)
      return s;
    for (std::size_t t = 0; t < rows.rows; t += tile_tokens) encode_tile<Arch>(rows, t, first + t, page.data());
    return errc::ok;
  }

  /// Tokens first, first + 1 ... as floats. Fails with size_mismatch.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace = {}) const noexcept {
    if (auto const s = detail::check_decode(shape_, page_bytes(), page.size(), first, out); !s) return s;
    for (std::size_t j = 0; j < out.rows; ++j) decode_token<Arch>(page.data(), first + j, out.row(j));
    return errc::ok;
  }

  /// sums(i, d) += sum_j weights(i, j) v'(first + j, d). Fails with size_mismatch, not_finite (a weight), corrupt.
  template <class Arch = native_arch>
  status accumulate(std::span<std::byte const> page, std::size_t first, matrix_view<float const> weights, matrix_view<float> sums,
                    workspace = {}) const noexcept {
    if (auto const s = detail::check_range(shape_, page_bytes(), page.size(), first, weights.cols); !s) return s;
    if (auto const s = detail::check_weights<Arch>(weights, sums, head_size()); !s) return s;
    bool good = true;
    for (std::size_t t = first; t < first + weights.cols;) {
      auto const count = detail::smaller(block - t % tile_tokens, first + weights.cols - t);
      detail::in_fours(weights.rows, [&]<std::size_t Rows>(std::size_t i) {
        good &= add_block<Arch, Rows>(page.data(), t, count, &weights(i, t - first), weights.row_stride, &sums(i, 0),
                                      sums.row_stride);
      });
      t += count;
    }
    return good ? errc::ok : errc::corrupt;
  }

 private:
  constexpr per_token_values(page_shape shape, std::size_t group, affine_fit fit) noexcept
      : shape_{shape}, group_{group}, fit_{fit} {}

  constexpr std::size_t columns() const noexcept { return detail::round_up_to(head_size(), 16) / 16; }
  constexpr std::size_t groups() const noexcept { return (head_size() + group_ - 1) / group_; }
  constexpr std::size_t tile_bytes() const noexcept { return columns() * units * tile::bytes; }
  constexpr std::size_t fields_bytes() const noexcept { return Parameters::bytes * groups() * shape_.tokens; }
  constexpr std::size_t steps_at() const noexcept { return shape_.tokens / tile_tokens * tile_bytes(); }
  constexpr std::size_t minima_at() const noexcept { return steps_at() + fields_bytes(); }

  template <class Arch>
  void encode_tile(matrix_view<float const> rows, std::size_t t, std::size_t token, std::byte* page) const noexcept {
    using floats = simd::floats<Arch>;
    for (std::size_t g = 0; g < groups(); ++g) {
      auto const first = g * group_;
      auto const channels = detail::smaller(group_, head_size() - first);
      alignas(64) float minimum[tile_tokens];
      alignas(64) float inverse[tile_tokens];
      auto* const steps = page + steps_at() + Parameters::bytes * (g * shape_.tokens + token);
      for (std::size_t i = 0; i < tile_tokens; i += 16) {
        auto* const to = steps + Parameters::bytes * i;
        auto const rule = detail::settle_tokens<Bits, Arch, Parameters>(fit_, &rows(t + i, first), rows.row_stride, channels, to,
                                                                        to + fields_bytes());
        rule.minimum.store(minimum + i);
        rule.inverse.store(inverse + i);
      }
      for (std::size_t c = 0; c < channels; c += 16) {
        auto* unit = page + token / tile_tokens * tile_bytes() + (first + c) / 16 * units * tile::bytes;
        for (std::size_t u = 0; u < units; ++u, unit += tile::bytes) {
          simd::words<Arch> codes[tile::registers];
          for (std::size_t v = 0; v < tile::registers; ++v) {
            codes[v] = simd::words<Arch>::broadcast(0);
            for (std::size_t k = 0; k < 4; ++k) {
              auto const i = u * tile::rows + 4 * v + k;
              auto const x = detail::load_some<Arch>(&rows(t + i, first + c), channels - c);
              auto const code =
                  detail::affine_lanes<Bits, Arch>::code(x, floats::broadcast(minimum[i]), floats::broadcast(inverse[i]));
              codes[v] = codes[v] | (code << static_cast<int>(8 * k));
            }
          }
          tile::template store<Arch>(codes, unit);
        }
      }
    }
  }

  template <class Arch>
  void decode_token(std::byte const* page, std::size_t token, std::span<float> out) const noexcept {
    auto const in_tile = token % tile_tokens;
    auto const* const tiles = page + token / tile_tokens * tile_bytes() + in_tile / tile::rows * tile::bytes;
    auto const v = in_tile % tile::rows / 4;
    alignas(64) std::uint8_t codes[tile::registers][64];
    for (std::size_t c = 0; c < head_size(); ++c) {
      if (c % 16 == 0)
        for (std::size_t r = 0; r < tile::registers; ++r)
          tile::template load<Arch>(tiles + c / 16 * units * tile::bytes, r).store(reinterpret_cast<std::uint32_t*>(codes[r]));
      auto const* const at = page + steps_at() + Parameters::bytes * (c / group_ * shape_.tokens + token);
      auto const code = static_cast<float>(codes[v][c % 16 * 4 + token % 4]);
      out[c] = code * Parameters::template one<Arch>(at) + Parameters::template one<Arch>(at + fields_bytes());
    }
  }
  // At most 128 tokens from `first`, that do not pass the end of 128 from the first tile on. False: metadata are not finite.
  template <class Arch, std::size_t Rows>
  bool add_block(std::byte const* page, std::size_t first, std::size_t count, float const* weights, std::size_t weight_stride,
                 float* sums, std::size_t stride) const noexcept {
    using floats = simd::floats<Arch>;
    auto const skipped = first % tile_tokens;
    auto const start = first - skipped;
    auto const length = detail::round_up_to(skipped + count, tile_tokens);
    alignas(64) float padded[Rows][block]{};
    alignas(64) std::byte high[Rows * block];
    alignas(64) std::byte low[Rows * block];
    for (std::size_t h = 0; h < Rows; ++h) std::memcpy(padded[h] + skipped, weights + h * weight_stride, count * sizeof(float));
    for (std::size_t g = 0; g < groups(); ++g) {
      auto const* const steps = page + steps_at() + Parameters::bytes * (g * shape_.tokens + start);
      float step[Rows];
      float bias[Rows];
      for (std::size_t h = 0; h < Rows; ++h) {
        alignas(64) float scaled[block];
        auto sum = floats::broadcast(0.0f);
        for (std::size_t i = 0; i < length; i += 16) {
          auto const w = floats::load(padded[h] + i);
          auto const* const at = steps + Parameters::bytes * i;
          simd::product<Arch>(w, Parameters::template load<Arch>(at)).store(scaled + i);
          sum = simd::fused(w, Parameters::template load<Arch>(at + fields_bytes()), sum);
        }
        step[h] = detail::split<Arch>(scaled, length, length, high + h * block, low + h * block);
        bias[h] = simd::sum(sum);
        if (!is_finite(step[h]) || !is_finite(bias[h])) return false;
      }
      auto const last = detail::smaller((g + 1) * group_, head_size());
      for (std::size_t c = g * group_; c < last; c += 16) {
        detail::tile_product<tile, Rows, Arch> p;
        p.clear();
        for (std::size_t i = 0; i < length; i += tile_tokens)
          p.add(page + (start + i) / tile_tokens * tile_bytes() + c / 16 * units * tile::bytes, units, high + i, low + i, block);
        for (std::size_t h = 0; h < Rows; ++h) {
          auto* const out = sums + h * stride + c;
          auto const some = last - c;
          auto const before = detail::load_some<Arch>(out, some) + floats::broadcast(bias[h]);
          detail::store_some<Arch>(simd::fused(p.value(h, 0), floats::broadcast(step[h]), before), out, some);
        }
      }
    }
    return true;
  }

  page_shape shape_{};
  std::size_t group_ = 128;
  affine_fit fit_ = affine_fit::min_max;
};

static_assert(value_quantizer<per_token_values<4>> && value_quantizer<per_token_values<3>>);

}  // namespace skive
