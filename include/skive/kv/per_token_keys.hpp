// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/per_token_keys.hpp - keys of 1 to 8 bits with a float16 step and minimum for each token, after a shift and a
/// rotation.
///
///   y = H (k - c);   y'(t, d) = s(t, g) code(t, d) + m(t, g),  g = d / group;   q k'(t) = q c + (H q) y'(t)
///   page: [codes of 32 tokens, all channels][of the next 32] ... [steps: channel group, token][minima the same]
///
/// c: any vector, for example the mean of the first tokens, then frozen; H: any orthogonal transform. Both are exact: what they
/// change is how much is lost. Keys before rotary embedding lie around a mean, after it hardly. With b + 32 / group bits a number
/// this is as good as a step for each channel and 64 tokens (see docs), needs no group of tokens, and queries are split once.
///
/// Model of : key_quantizer
/// Cost     : dot: 64 codes by 2 byte products for each query, one multiply-add for each token and channel group; no scratch.
/// Accuracy : codes as kv/affine_lanes.hpp, kv/affine_fit.hpp; dot adds at most 2^-15 max_d |(H q)_d| s sum_d code for each
///            channel group, and rounding of floats.
/// Promise  : the same bytes everywhere as far as the transform's are. NaN, infinity and keys farther than 65000 from c are
///            refused, and the page is left alone. dot fails with corrupt when a step or minimum that it needs is not finite.
/// Source   : Z. Liu et al., "KIVI", ICML 2024 (per-token codes); J. Zhang et al., "SageAttention", ICLR 2025 (key smoothing);
///            S. Ashkboos et al., "QuaRot", NeurIPS 2024 (rotated caches).

#include "skive/kv/affine_fit.hpp"
#include "skive/kv/key_tile.hpp"
#include "skive/kv/normal_levels.hpp"
#include "skive/kv/page.hpp"
#include "skive/kv/split_queries.hpp"

namespace skive {

/// Levels: even_levels, or normal_levels, which have no minima.
template <int Bits, orthogonal_transform Rotation = no_rotation, class Levels = even_levels>
class per_token_keys {
  static_assert(1 <= Bits && Bits <= 8, "skive::per_token_keys holds 1 to 8 bits");
  using tile = detail::code_tile<Bits, 2>;
  static constexpr bool even = std::is_same_v<Levels, even_levels>;

 public:
  using query = split_queries;
  static constexpr int bits = Bits;

  constexpr per_token_keys() noexcept = default;
  /// `group`: channels that share a scale, a multiple of 16, or 0 for all. `center`: c, head_size numbers of the caller, or none.
  static constexpr result<per_token_keys> make(page_shape shape, std::size_t group, std::span<float const> center,
                                               Rotation rotation, affine_fit fit = affine_fit::min_max) noexcept {
    if (!shape.valid() || group % 16 != 0 || rotation.size() != shape.head_size) return errc::invalid_argument;
    if (!center.empty() && center.size() != shape.head_size) return errc::size_mismatch;
    for (auto const x : center)
      if (!is_finite(x)) return errc::not_finite;
    return per_token_keys{shape, group == 0 || group > shape.head_size ? shape.head_size : group, center, rotation, fit};
  }
  static constexpr result<per_token_keys> make(page_shape shape, std::size_t group = 0, std::span<float const> center = {},
                                               affine_fit fit = affine_fit::min_max) noexcept
    requires(std::is_same_v<Rotation, no_rotation>)
  {
    return make(shape, group, center, no_rotation{shape.head_size}, fit);
  }

  constexpr page_shape shape() const noexcept { return shape_; }
  constexpr std::size_t head_size() const noexcept { return shape_.head_size; }
  constexpr std::size_t page_tokens() const noexcept { return shape_.tokens; }
  constexpr std::size_t group_tokens() const noexcept { return tile_tokens; }
  constexpr std::size_t page_bytes() const noexcept { return steps_at() + (even ? 2 : 1) * fields_bytes(); }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept {
    return workspace::bytes<float>(tile_tokens * pitch()) + rotation_.scratch_bytes();
  }
  constexpr std::size_t query_bytes(std::size_t rows) const noexcept {
    return detail::split_rows_bytes(rows, head_size(), group_, rotation_.scratch_bytes());
  }

  /// Fails with size_mismatch unless rows are a multiple of 32 tokens that fit from token `first`, one too; not_finite;
  /// workspace_too_small.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    if (auto const s =
            detail::check_append<Arch>(shape_, tile_tokens, page_bytes(), page.size(), rows, first, detail::largest_float16);
        !s)
      return s;
    for (std::size_t t = 0; t < rows.rows; ++t)
      if (!near_center(rows.row(t))) return errc::not_finite;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    auto const rotated = scratch.take<float>(tile_tokens * pitch());
    for (std::size_t t = 0; t < rows.rows; t += tile_tokens) {
      for (std::size_t i = 0; i < tile_tokens; ++i) {
        auto const to = rotated.subspan(i * pitch(), pitch());
        for (std::size_t d = 0; d < head_size(); ++d) to[d] = rows(t + i, d) - (center_.empty() ? 0.0f : center_[d]);
        for (std::size_t d = head_size(); d < pitch(); ++d) to[d] = 0.0f;
        if (auto const s = rotation_.forward(to.first(head_size()), scratch); !s) return s;
      }
      encode_tile<Arch>(rotated.data(), first + t, page.data());
    }
    return errc::ok;
  }

  /// Tokens first, first + 1 ... as floats. Fails with size_mismatch, workspace_too_small.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (auto const s = detail::check_range(shape_, page_bytes(), page.size(), first, out.rows); !s) return s;
    if (!out.valid() || (out.rows != 0 && out.cols != head_size())) return errc::size_mismatch;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    for (std::size_t j = 0; j < out.rows; ++j) {
      auto const token = first + j;
      if (j == 0 || token % tile_tokens == 0) {
        auto const count = detail::smaller(tile_tokens - token % tile_tokens, out.rows - j);
        detail::read_key_tile<tile, Arch>(page.data() + token / tile_tokens * tile_bytes(), token % tile_tokens,
                                          {&out(j, 0), count, out.cols, out.row_stride});
      }
      auto const row = out.row(j);
      for (std::size_t g = 0; g < groups(); ++g) {
        auto const* const at = page.data() + steps_at() + 2 * (g * shape_.tokens + token);
        auto const step = detail::half_at<Arch>(at);
        float minimum = 0.0f;
        if constexpr (even) minimum = detail::half_at<Arch>(at + fields_bytes());
        for (std::size_t d = g * group_; d < detail::smaller((g + 1) * group_, head_size()); ++d)
          if constexpr (even)
            row[d] = row[d] * step + minimum;
          else
            row[d] = (static_cast<float>(Levels::bytes()[static_cast<std::size_t>(row[d])]) - 127.5f) / 127.5f * step;
      }
      if (auto const s = rotation_.inverse(row, scratch); !s) return s;
      for (std::size_t d = 0; d < center_.size(); ++d) row[d] += center_[d];
    }
    return errc::ok;
  }

  /// Fails with size_mismatch, not_finite, workspace_too_small (query_bytes).
  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, workspace memory) const noexcept {
    if (!rows.valid() || rows.cols != head_size()) return errc::size_mismatch;
    return detail::split_rows<Arch>(rows, group_, center_, rotation_, memory);
  }

  /// logits(i, j) = query i times token first + j. Fails with size_mismatch, corrupt.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace = {}) const noexcept {
    if (auto const s = detail::check_range(shape_, page_bytes(), page.size(), first, logits.cols); !s) return s;
    if (!logits.valid() || logits.rows != q.rows) return errc::size_mismatch;
    bool good = true;
    for (std::size_t t = first; t < first + logits.cols;) {
      auto const count = detail::smaller(tile_tokens - t % tile_tokens, first + logits.cols - t);
      detail::in_fours(q.rows, [&]<std::size_t Rows>(std::size_t h) {
        good &= dot_tile<Arch, Rows>(page.data(), t, count, q, h, &logits(h, t - first), logits.row_stride);
      });
      t += count;
    }
    return good ? errc::ok : errc::corrupt;
  }

 private:
  constexpr per_token_keys(page_shape shape, std::size_t group, std::span<float const> center, Rotation rotation,
                           affine_fit fit) noexcept
      : shape_{shape}, group_{group}, fit_{fit}, center_{center}, rotation_{rotation} {}

  // Channels in whole units, and in whole registers.
  constexpr std::size_t pitch() const noexcept { return detail::round_up_to(head_size(), 16); }
  constexpr std::size_t groups() const noexcept { return (head_size() + group_ - 1) / group_; }
  constexpr std::size_t tile_bytes() const noexcept { return tile::units(head_size()) * tile::bytes; }
  constexpr std::size_t fields_bytes() const noexcept { return 2 * groups() * shape_.tokens; }
  constexpr std::size_t steps_at() const noexcept { return shape_.tokens / tile_tokens * tile_bytes(); }

  // No rotation makes a number larger than the length of the vector.
  constexpr bool near_center(std::span<float const> row) const noexcept {
    double square = 0;
    for (std::size_t d = 0; d < row.size(); ++d) {
      auto const x = static_cast<double>(row[d]) - (center_.empty() ? 0.0 : static_cast<double>(center_[d]));
      square += x * x;
    }
    return square <= 65000.0 * 65000.0;
  }

  template <class Arch>
  void encode_tile(float const* rows, std::size_t token, std::byte* page) const noexcept {
    using floats = simd::floats<Arch>;
    alignas(64) std::byte codes[tile_tokens * 64];
    auto* const to = page + token / tile_tokens * tile_bytes();
    [[maybe_unused]] alignas(64) float minimum[tile_tokens];
    alignas(64) float inverse[tile_tokens];
    for (std::size_t g = 0; g < groups(); ++g) {
      auto const first = g * group_;
      auto const channels = detail::smaller(group_, head_size() - first);
      auto* const steps = page + steps_at() + 2 * (g * shape_.tokens + token);
      if constexpr (even)
        for (std::size_t i = 0; i < tile_tokens; i += 16) {
          auto const rule = detail::settle_tokens<Bits, Arch>(fit_, rows + i * pitch() + first, pitch(), channels, steps + 2 * i,
                                                              steps + fields_bytes() + 2 * i);
          rule.minimum.store(minimum + i);
          rule.inverse.store(inverse + i);
        }
      if constexpr (!even)
        for (std::size_t i = 0; i < tile_tokens; ++i) {
          auto const settled = Levels::template settle<Arch>(rows + i * pitch() + first, channels);
          inverse[i] = settled.inverse;
          std::memcpy(steps + 2 * i, &settled.scale, 2);
        }
      for (std::size_t c = 0; c < channels; c += 64) {  // units of all widths end after 64 channels, and after 16
        auto const some = detail::smaller(64, channels - c);
        for (std::size_t i = 0; i < tile_tokens; ++i)
          for (std::size_t d = 0; d < some; d += 16) {
            auto const x = floats::load(rows + i * pitch() + first + c + d);
            auto* const at = codes + i * 64 + d;
            if constexpr (even)
              simd::store_bytes(
                  detail::affine_lanes<Bits, Arch>::code(x, floats::broadcast(minimum[i]), floats::broadcast(inverse[i])), at);
            else
              simd::store_bytes(Levels::template code<Arch>(x, floats::broadcast(inverse[i])), at);
          }
        detail::store_key_tile<tile, Arch>(codes, 64, some, to + (first + c) / tile::rows * tile::bytes);
      }
    }
  }

  // Tokens first ... of one tile. False: metadata are not finite.
  template <class Arch, std::size_t Rows>
  bool dot_tile(std::byte const* page, std::size_t first, std::size_t count, query const& q, std::size_t h, float* logits,
                std::size_t stride) const noexcept {
    using floats = simd::floats<Arch>;
    auto const start = first / tile_tokens * tile_tokens;
    auto const* const codes = page + start / tile_tokens * tile_bytes();
    floats sum[Rows][2];
    for (std::size_t i = 0; i < Rows; ++i) sum[i][0] = sum[i][1] = floats::broadcast(q.shifts[h + i]);
    auto largest = simd::words<Arch>::broadcast(0);
    for (std::size_t g = 0; g < groups(); ++g) {
      detail::tile_product<tile, Rows, Arch, even ? (1 << Bits) - 1 : 255> p;
      p.clear();
      auto const channel = g * group_;
      auto const units = tile::units(detail::smaller(group_, head_size() - channel));
      auto const* const unit = codes + channel / tile::rows * tile::bytes;
      auto const* const high = q.high + h * pitch() + channel;
      auto const* const low = q.low + h * pitch() + channel;
      if constexpr (even) {
        p.add(unit, units, high, low, pitch());
      } else {
        simd::byte_table<16, Arch> const table{Levels::bytes()};
        p.add(unit, units, high, low, pitch(), [&table](simd::words<Arch> w) __attribute__((always_inline)) {
          for (std::size_t i = 0; i < w.registers; ++i)
            w.part[i] =
                xsimd::bitwise_cast<std::uint32_t>(simd::look_up_bytes(table, xsimd::bitwise_cast<std::uint8_t>(w.part[i])));
          return w;
        });
      }
      for (std::size_t half = 0; half < 2; ++half) {
        auto const* const at = page + steps_at() + 2 * (g * shape_.tokens + start + 16 * half);
        auto step = simd::load_float16<Arch>(at);
        floats minimum;
        if constexpr (even) {
          minimum = simd::load_float16<Arch>(at + fields_bytes());
        } else {
          minimum = floats::broadcast(0.0f) - step;
          step = simd::product<Arch>(step, floats::broadcast(1.0f / 127.5f));
        }
        largest = max(largest, simd::as<std::uint32_t>(step) & simd::words<Arch>::broadcast(0x7FFF'FFFF));
        largest = max(largest, simd::as<std::uint32_t>(minimum) & simd::words<Arch>::broadcast(0x7FFF'FFFF));
        for (std::size_t i = 0; i < Rows; ++i) {
          auto const at_group = (h + i) * groups() + g;
          auto const scaled = simd::product<Arch>(step, floats::broadcast(q.steps[at_group]));
          sum[i][half] = simd::fused(p.value(i, half), scaled, sum[i][half]);
          sum[i][half] = simd::fused(minimum, floats::broadcast(q.sums[at_group]), sum[i][half]);
        }
      }
    }
    for (std::size_t i = 0; i < Rows; ++i) detail::store_range<Arch>(sum[i], first - start, count, logits + i * stride);
    return simd::largest(largest) < float_infinity_bits;
  }

  page_shape shape_{};
  std::size_t group_ = 128;
  affine_fit fit_ = affine_fit::min_max;
  std::span<float const> center_;
  Rotation rotation_{};
};

/// TurboQuant's form for squared error, with RaBitQ's scale if wished: 16 bits a token besides the codes.
template <int Bits, orthogonal_transform Rotation = no_rotation, level_scale Scale = level_scale::least_squares>
using normal_keys = per_token_keys<Bits, Rotation, normal_levels<Bits, Scale>>;

static_assert(key_quantizer<per_token_keys<4>> && key_quantizer<per_token_keys<3>> && key_quantizer<normal_keys<2>>);

}  // namespace skive
