// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/per_token_keys.hpp - keys of 1 to 8 bits with a float16 step and minimum for each token, after a shift and a
/// rotation.
///
///   y = H (k - c);   y'(t, d) = s(t, g) code(t, d) + m(t, g),  g = d / group;   q k'(t) = q c + (H q) y'(t)
///   page: kv/per_token_page.hpp
///
/// c: any vector, for example the mean of the first tokens, then frozen; H: any orthogonal transform. Both are exact: what they
/// change is how much is lost. Keys before rotary embedding lie around a mean, after it hardly. With b + 32 / group bits a number
/// this is as good as a step for each channel and 64 tokens (see docs), needs no group of tokens, and queries are split once.
///
/// Model of : key_quantizer
/// Cost     : dot: 64 codes by 2 byte products for each query, one multiply-add for each token and channel group; no scratch.
/// Accuracy : codes as kv/affine_lanes.hpp, kv/affine_fit.hpp; dot adds at most 2^-15 max_d |(H q)_d| s sum_d code for each
///            channel group, and rounding of floats.
/// Promise  : the same bytes everywhere as far as the transform's are. dot fails with corrupt when a step or minimum that it needs
///            is not finite.
/// Source   : Z. Liu et al., "KIVI", ICML 2024 (per-token codes); J. Zhang et al., "SageAttention", ICLR 2025 (key smoothing);
///            S. Ashkboos et al., "QuaRot", NeurIPS 2024 (rotated caches).

#include "skive/kv/per_token_page.hpp"
#include "skive/kv/split_queries.hpp"
#include "skive/simd/byte_lookup.hpp"

namespace skive {

/// Levels: even_levels, or normal_levels, which have no minima. Parameters: how steps and minima are stored (kv/parameters.hpp).
template <int Bits, orthogonal_transform Rotation = no_rotation, class Levels = even_levels, class Parameters = half_parameters>
class per_token_keys : public detail::per_token_page<Bits, Rotation, Levels, Parameters> {
  using base = detail::per_token_page<Bits, Rotation, Levels, Parameters>;
  static_assert(1 <= Bits && Bits <= 8, "skive::per_token_keys holds 1 to 8 bits");
  static_assert(base::even || std::is_same_v<Parameters, half_parameters>, "skive::normal_levels store float16");
  using tile = typename base::tile;
  using base::even;

 public:
  using query = split_queries;
  using base::head_size;
  static constexpr int bits = Bits;

  constexpr per_token_keys() noexcept = default;
  /// `group`: channels that share a scale, a multiple of 16, or 0 for all. `center`: c, head_size numbers of the caller, or none.
  static constexpr result<per_token_keys> make(page_shape shape, std::size_t group, std::span<float const> center,
                                               Rotation rotation, affine_fit fit = affine_fit::min_max) noexcept {
    if (auto const s = base::check(shape, group, center, rotation); !s) return s;
    return per_token_keys{shape, group, center, rotation, fit};
  }
  static constexpr result<per_token_keys> make(page_shape shape, std::size_t group = 0, std::span<float const> center = {},
                                               affine_fit fit = affine_fit::min_max) noexcept
    requires(std::is_same_v<Rotation, no_rotation>)
  {
    return make(shape, group, center, no_rotation{shape.head_size}, fit);
  }

  constexpr std::size_t query_bytes(std::size_t rows) const noexcept {
    return detail::split_rows_bytes(rows, head_size(), this->group(), this->rotation().scratch_bytes());
  }

  /// Fails with size_mismatch, not_finite, workspace_too_small (query_bytes).
  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, workspace memory) const noexcept {
    if (!rows.valid() || rows.cols != head_size()) return errc::size_mismatch;
    return detail::split_rows<Arch>(rows, this->group(), this->center(), this->rotation(), memory);
  }

  /// logits(i, j) = query i times token first + j. Fails with size_mismatch, corrupt.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace = {}) const noexcept {
    if (auto const s = detail::check_range(this->shape(), this->page_bytes(), page.size(), first, logits.cols); !s) return s;
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
  using base::fields_bytes;
  using base::groups;
  using base::pitch;
  using base::steps_at;
  using base::tile_bytes;

  constexpr per_token_keys(page_shape shape, std::size_t group, std::span<float const> center, Rotation rotation,
                           affine_fit fit) noexcept
      : base{shape, group, center, rotation, fit} {}

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
      auto const channel = g * this->group();
      auto const units = tile::units(detail::smaller(this->group(), head_size() - channel));
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
        auto const* const at = page + steps_at() + Parameters::bytes * (g * this->page_tokens() + start + 16 * half);
        auto step = Parameters::template load<Arch>(at);
        floats minimum;
        if constexpr (even) {
          minimum = Parameters::template load<Arch>(at + fields_bytes());
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
};

/// TurboQuant's form for squared error, with RaBitQ's scale if wished: 16 bits a token besides the codes.
template <int Bits, orthogonal_transform Rotation = no_rotation, level_scale Scale = level_scale::least_squares>
using normal_keys = per_token_keys<Bits, Rotation, normal_levels<Bits, Scale>>;

static_assert(key_quantizer<per_token_keys<4>> && key_quantizer<per_token_keys<3>> && key_quantizer<normal_keys<2>>);

}  // namespace skive
