// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/per_channel_keys.hpp - keys of 1 to 8 bits with a float16 step and minimum for each channel of a group of tokens.
///
///   k'(t, d) = s(g, d) code(t, d) + m(g, d),  g = t / group;   q k'(t) = sum_d (q_d s(g, d)) code(t, d) + sum_d q_d m(g, d)
///   a group: [codes: 32 tokens, all channels][next 32 tokens] ... [steps of all channels][minima of all channels]
///
/// KIVI's keys (there: 2 or 4 bits, groups of 32, after rotary embedding). b + 32 / group bits a number, all counted, for head
/// sizes that kv/code_tile.hpp need not pad (multiples of 4 for 4 and 8 bits, of 8 for 2 and 6, of 16 for the others).
///
/// Model of : key_quantizer
/// Cost     : dot: q s once per group and query, then 64 codes by 2 byte products for each query; no scratch.
/// Accuracy : codes as kv/affine_lanes.hpp, kv/affine_fit.hpp; dot adds at most 2^-15 max_d |q_d s(g, d)| sum_d code(t, d) and
///            rounding of floats.
/// Promise  : the same bytes everywhere. NaN, infinity and numbers beyond 65504 are refused, and the page is left alone. dot
///            fails with corrupt when a step or minimum that it needs is not finite.
/// Source   : Z. Liu et al., "KIVI: A Tuning-Free Asymmetric 2bit Quantization for KV Cache", ICML 2024.

#include "skive/kv/affine_fit.hpp"
#include "skive/kv/key_tile.hpp"
#include "skive/kv/plain_queries.hpp"
#include "skive/kv/scaled_query.hpp"

namespace skive {
template <int Bits>
class per_channel_keys {
  static_assert(1 <= Bits && Bits <= 8, "skive::per_channel_keys holds 1 to 8 bits");
  using tile = detail::code_tile<Bits, 2>;

 public:
  using query = plain_queries;
  static constexpr int bits = Bits;

  constexpr per_channel_keys() noexcept = default;
  /// `group`: tokens that share a step; a multiple of 32 that divides the page.
  static constexpr result<per_channel_keys> make(page_shape shape, std::size_t group,
                                                 affine_fit fit = affine_fit::min_max) noexcept {
    if (!shape.valid() || group == 0 || group % tile_tokens != 0 || shape.tokens % group != 0) return errc::invalid_argument;
    return per_channel_keys{shape, group, fit};
  }

  constexpr page_shape shape() const noexcept { return shape_; }
  constexpr std::size_t head_size() const noexcept { return shape_.head_size; }
  constexpr std::size_t page_tokens() const noexcept { return shape_.tokens; }
  constexpr std::size_t group_tokens() const noexcept { return group_; }
  constexpr std::size_t page_bytes() const noexcept { return shape_.tokens / group_ * group_bytes(); }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  constexpr std::size_t query_bytes(std::size_t) const noexcept { return 0; }

  /// Fails with size_mismatch unless rows are whole groups that fit from token `first`, a group's first; not_finite.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace = {}) const noexcept {
    if (auto const s =
            detail::check_append<Arch>(shape_, group_, page_bytes(), page.size(), rows, first, detail::largest_float16);
        !s)
      return s;
    for (std::size_t t = 0; t < rows.rows; t += group_)
      encode_group<Arch>(rows, t, page.data() + (first + t) / group_ * group_bytes());
    return errc::ok;
  }

  /// Tokens first, first + 1 ... as floats. Fails with size_mismatch.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace = {}) const noexcept {
    if (auto const s = detail::check_decode(shape_, page_bytes(), page.size(), first, out); !s) return s;
    for (std::size_t t = first; t < first + out.rows;) {
      auto const start = t % tile_tokens;
      auto const count = detail::smaller(tile_tokens - start, first + out.rows - t);
      decode_tile<Arch>(page.data() + t / group_ * group_bytes(), t % group_ / tile_tokens, start, count,
                        {&out(t - first, 0), count, out.cols, out.row_stride});
      t += count;
    }
    return errc::ok;
  }

  constexpr bool decodes_turned() const noexcept { return true; }
  /// The 32 tokens from `tile` on, a multiple of 32, as [channel][token]: for loops with tokens in lanes. Fails with
  /// size_mismatch.
  template <class Arch = native_arch>
  status decode_turned(std::span<std::byte const> page, std::size_t tile_first, std::span<float> out) const noexcept {
    if (page.size() < page_bytes() || tile_first % tile_tokens != 0 || tile_first >= shape_.tokens ||
        out.size() != tile_tokens * head_size())
      return errc::size_mismatch;
    using floats = simd::floats<Arch>;
    auto const* const group = page.data() + tile_first / group_ * group_bytes();
    auto const* unit = group + tile_first % group_ / tile_tokens * tile_bytes();
    alignas(64) float step[16];
    alignas(64) float minimum[16];
    for (std::size_t u = 0; u < tile::units(head_size()); ++u, unit += tile::bytes)
      for (std::size_t v = 0; v < tile::registers; ++v) {
        auto const codes = tile::template load<Arch>(unit, v);
        for (std::size_t k = 0; k < 4; ++k) {
          auto const channel = u * tile::rows + v / 2 * 4 + k;
          if (channel >= head_size()) break;
          if (channel % 16 == 0) {
            metadata<Arch>(group + steps_at(), channel).store(step);
            metadata<Arch>(group + steps_at() + 2 * head_size(), channel).store(minimum);
          }
          auto const code = (codes >> static_cast<int>(8 * k)) & simd::words<Arch>::broadcast(0xFF);
          auto const number = simd::to_float(simd::as<std::int32_t>(code));
          simd::fused(number, floats::broadcast(step[channel % 16]), floats::broadcast(minimum[channel % 16]))
              .store(out.data() + channel * tile_tokens + v % 2 * 16);
        }
      }
    return errc::ok;
  }

  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, workspace = {}) const noexcept {
    return detail::plain_query<Arch>(rows, head_size());
  }

  /// logits(i, j) = query i times token first + j. Fails with size_mismatch, corrupt.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace = {}) const noexcept {
    if (auto const s = detail::check_dot(shape_, page_bytes(), page.size(), first, q, logits); !s) return s;
    bool good = true;
    for (std::size_t t = first; t < first + logits.cols;) {
      auto const count = detail::smaller(group_ - t % group_, first + logits.cols - t);
      auto const* const group = page.data() + t / group_ * group_bytes();
      detail::in_fours(q.rows.rows, [&]<std::size_t Rows>(std::size_t h) {
        good &= dot_group<Arch, Rows>(group, t % group_, count, &q.rows(h, 0), q.rows.row_stride, &logits(h, t - first),
                                      logits.row_stride);
      });
      t += count;
    }
    return good ? errc::ok : errc::corrupt;
  }

 private:
  constexpr per_channel_keys(page_shape shape, std::size_t group, affine_fit fit) noexcept
      : shape_{shape}, group_{group}, fit_{fit} {}

  constexpr std::size_t tile_bytes() const noexcept { return tile::units(head_size()) * tile::bytes; }
  constexpr std::size_t steps_at() const noexcept { return group_ / tile_tokens * tile_bytes(); }
  constexpr std::size_t group_bytes() const noexcept { return steps_at() + 4 * head_size(); }

  template <class Arch>
  [[gnu::always_inline]] simd::floats<Arch> metadata(std::byte const* of, std::size_t channel) const noexcept {
    return detail::channel_field<Arch>(of, channel, head_size());
  }

  template <class Arch>
  void encode_group(matrix_view<float const> rows, std::size_t t, std::byte* group) const noexcept {
    constexpr std::size_t width = 64;  // channels at once
    alignas(64) std::byte codes[tile_tokens * width];
    auto const n = head_size();
    for (std::size_t first = 0; first < n; first += width) {
      auto const channels = detail::smaller(width, n - first);
      detail::affine_lanes<Bits, Arch> rule[width / 16];
      for (std::size_t c = 0; c < channels; c += 16) {
        auto const some = detail::smaller(16, channels - c);
        auto const load = [&](std::size_t i) noexcept { return detail::load_some<Arch>(&rows(t + i, first + c), some); };
        alignas(64) std::byte fields[2][32];
        rule[c / 16] = detail::settle_groups<Bits, Arch>(fit_, group_, load, fields[0], fields[1]);
        auto* const steps = group + steps_at();
        std::memcpy(steps + 2 * (first + c), fields[0], 2 * some);
        std::memcpy(steps + 2 * (n + first + c), fields[1], 2 * some);
      }
      for (std::size_t i = 0; i < group_; i += tile_tokens) {
        for (std::size_t c = 0; c < channels; c += 16)
          for (std::size_t k = 0; k < tile_tokens; ++k) {
            auto const x = detail::load_some<Arch>(&rows(t + i + k, first + c), detail::smaller(16, channels - c));
            simd::store_bytes(rule[c / 16].code(x), codes + k * width + c);
          }
        // Units of all widths end after 64 channels.
        auto* const to = group + i / tile_tokens * tile_bytes() + first / tile::rows * tile::bytes;
        detail::store_key_tile<tile, Arch>(codes, width, channels, to);
      }
    }
  }

  template <class Arch>
  void decode_tile(std::byte const* group, std::size_t number, std::size_t start, std::size_t count,
                   matrix_view<float> out) const noexcept {
    auto const* const steps = group + steps_at();
    auto const* unit = group + number * tile_bytes();
    alignas(64) std::uint8_t codes[tile::registers][64];
    alignas(64) float step[16];
    alignas(64) float minimum[16];
    for (std::size_t u = 0; u < tile::units(head_size()); ++u, unit += tile::bytes) {
      for (std::size_t v = 0; v < tile::registers; ++v)
        tile::template load<Arch>(unit, v).store(reinterpret_cast<std::uint32_t*>(codes[v]));
      for (std::size_t r = 0; r < tile::rows && u * tile::rows + r < head_size(); ++r) {
        auto const channel = u * tile::rows + r;
        if (r == 0 || channel % 16 == 0) {
          metadata<Arch>(steps, channel / 16 * 16).store(step);
          metadata<Arch>(steps + 2 * head_size(), channel / 16 * 16).store(minimum);
        }
        for (std::size_t j = 0; j < count; ++j) {
          auto const token = start + j;
          auto const code = static_cast<float>(codes[r / 4 * 2 + token / 16][token % 16 * 4 + r % 4]);
          out(j, channel) = code * step[channel % 16] + minimum[channel % 16];
        }
      }
    }
  }

  // False when metadata are not finite.
  template <class Arch, std::size_t Rows>
  bool dot_group(std::byte const* group, std::size_t first, std::size_t count, float const* q, std::size_t q_stride,
                 float* logits, std::size_t stride) const noexcept {
    using floats = simd::floats<Arch>;
    alignas(64) std::byte high[Rows * largest_head_size];
    alignas(64) std::byte low[Rows * largest_head_size];
    detail::scaled_query scaled[Rows];
    for (std::size_t h = 0; h < Rows; ++h) {
      auto const pad = detail::round_up_to(tile::units(head_size()) * tile::rows, 16);
      auto const at = h * largest_head_size;
      scaled[h] = detail::scale_query<Arch>({q + h * q_stride, head_size()}, group + steps_at(), pad, high + at, low + at);
      if (!is_finite(scaled[h].step) || !is_finite(scaled[h].bias)) return false;
    }
    for (std::size_t t = first / tile_tokens * tile_tokens; t < first + count; t += tile_tokens) {
      detail::tile_product<tile, Rows, Arch> p;
      p.clear();
      p.add(group + t / tile_tokens * tile_bytes(), tile::units(head_size()), high, low, largest_head_size);
      auto const from = t < first ? first - t : 0;
      auto const some = detail::smaller(tile_tokens, first + count - t) - from;
      for (std::size_t h = 0; h < Rows; ++h) {
        auto const scale = floats::broadcast(scaled[h].step);
        auto const add = floats::broadcast(scaled[h].bias);
        floats const out[2] = {simd::fused(p.value(h, 0), scale, add), simd::fused(p.value(h, 1), scale, add)};
        detail::store_range<Arch>(out, from, some, logits + h * stride + (t + from - first));
      }
    }
    return true;
  }

  page_shape shape_{};
  std::size_t group_ = 32;
  affine_fit fit_ = affine_fit::min_max;
};

static_assert(key_quantizer<per_channel_keys<4>> && key_quantizer<per_channel_keys<3>>);

}  // namespace skive
