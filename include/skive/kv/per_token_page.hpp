// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/per_token_page.hpp - the page of kv/per_token_keys.hpp: sizes, appending, decoding.
///
///   y = H (k - c);   y'(t, d) = s(t, g) code(t, d) + m(t, g),  g = d / group
///   page: [codes of 32 tokens, all channels][of the next 32] ... [steps: channel group, token][minima the same]
///
/// Model of : -
/// Cost     : append: H, two passes for the distance from c, one for the range, one for the codes of each row.
/// Accuracy : codes as kv/affine_lanes.hpp, kv/affine_fit.hpp or kv/normal_levels.hpp.
/// Promise  : the same bytes everywhere as far as the transform's are. NaN, infinity and keys farther than 65000 from c (E4M3
///            parameters: 448) are refused, and the page is left alone.
/// Source   : kv/per_token_keys.hpp.

#include "skive/kv/affine_fit.hpp"
#include "skive/kv/key_tile.hpp"
#include "skive/kv/normal_levels.hpp"
#include "skive/kv/page.hpp"

namespace skive::detail {

template <int Bits, orthogonal_transform Rotation, class Levels, class Parameters>
class per_token_page {
 protected:
  using tile = code_tile<Bits, 2>;
  static constexpr bool even = std::is_same_v<Levels, even_levels>;

 public:
  constexpr per_token_page() noexcept = default;

  constexpr page_shape shape() const noexcept { return shape_; }
  constexpr std::size_t head_size() const noexcept { return shape_.head_size; }
  constexpr std::size_t page_tokens() const noexcept { return shape_.tokens; }
  constexpr std::size_t group_tokens() const noexcept { return tile_tokens; }
  constexpr std::size_t page_bytes() const noexcept { return steps_at() + (even ? 2 : 1) * fields_bytes(); }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept {
    return workspace::bytes<float>(tile_tokens * pitch()) + rotation_.scratch_bytes();
  }

  /// Fails with size_mismatch unless rows are a multiple of 32 tokens that fit from token `first`, one too; not_finite;
  /// workspace_too_small.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    if (auto const s = check_append<Arch>(shape_, tile_tokens, page_bytes(), page.size(), rows, first, largest_float16); !s)
      return s;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    auto const rotated = scratch.take<float>(tile_tokens * pitch());
    for (std::size_t t = 0; t < rows.rows; ++t)
      if (!near_center<Arch>(rows.row(t), rotated)) return errc::not_finite;
    for (std::size_t t = 0; t < rows.rows; t += tile_tokens) {
      for (std::size_t i = 0; i < tile_tokens; ++i) {
        auto const to = rotated.subspan(i * pitch(), pitch());
        shifted<Arch>(rows.row(t + i), to);
        if (auto const s = rotation_.forward(to.first(head_size()), scratch); !s) return s;
      }
      encode_tile<Arch>(rotated.data(), first + t, page.data());
    }
    return errc::ok;
  }

  /// Tokens first, first + 1 ... as floats. Fails with size_mismatch, workspace_too_small.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (auto const s = check_decode(shape_, page_bytes(), page.size(), first, out); !s) return s;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    for (std::size_t j = 0; j < out.rows; ++j) {
      auto const token = first + j;
      if (j == 0 || token % tile_tokens == 0) {
        auto const count = smaller(tile_tokens - token % tile_tokens, out.rows - j);
        read_key_tile<tile, Arch>(page.data() + token / tile_tokens * tile_bytes(), token % tile_tokens,
                                  {&out(j, 0), count, out.cols, out.row_stride});
      }
      auto const row = out.row(j);
      for (std::size_t g = 0; g < groups(); ++g) {
        auto const* const at = page.data() + steps_at() + Parameters::bytes * (g * shape_.tokens + token);
        auto const step = Parameters::template one<Arch>(at);
        float minimum = 0.0f;
        if constexpr (even) minimum = Parameters::template one<Arch>(at + fields_bytes());
        for (std::size_t d = g * group_; d < smaller((g + 1) * group_, head_size()); ++d)
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

 protected:
  constexpr per_token_page(page_shape shape, std::size_t group, std::span<float const> center, Rotation rotation,
                           affine_fit fit) noexcept
      : shape_{shape},
        group_{group == 0 || group > shape.head_size ? shape.head_size : group},
        fit_{fit},
        center_{center},
        rotation_{rotation} {}

  static constexpr status check(page_shape shape, std::size_t group, std::span<float const> center,
                                Rotation const& rotation) noexcept {
    if (!shape.valid() || group % 16 != 0 || rotation.size() != shape.head_size) return errc::invalid_argument;
    if (!center.empty() && center.size() != shape.head_size) return errc::size_mismatch;
    for (auto const x : center)
      if (!is_finite(x)) return errc::not_finite;
    return errc::ok;
  }
  constexpr std::size_t group() const noexcept { return group_; }
  constexpr std::span<float const> center() const noexcept { return center_; }
  constexpr Rotation const& rotation() const noexcept { return rotation_; }
  // Channels in whole units, and in whole registers.
  constexpr std::size_t pitch() const noexcept { return detail::round_up_to(head_size(), 16); }
  constexpr std::size_t groups() const noexcept { return (head_size() + group_ - 1) / group_; }
  constexpr std::size_t tile_bytes() const noexcept { return tile::units(head_size()) * tile::bytes; }
  constexpr std::size_t fields_bytes() const noexcept { return Parameters::bytes * groups() * shape_.tokens; }
  constexpr std::size_t steps_at() const noexcept { return shape_.tokens / tile_tokens * tile_bytes(); }

 private:
  static constexpr double reach = Parameters::largest < 65000.0f ? static_cast<double>(Parameters::largest) : 65000.0;

  // row - c to `to`, zeros up to the pitch. Returns the bits of the largest magnitude.
  template <class Arch>
  std::uint32_t shifted(std::span<float const> row, std::span<float> to) const noexcept {
    auto largest = simd::words<Arch>::broadcast(0);
    for (std::size_t d = 0; d < pitch(); d += 16) {
      auto y = load_some<Arch>(row.data() + d, row.size() - d);
      if (!center_.empty()) y = y - load_some<Arch>(center_.data() + d, row.size() - d);
      largest = max(largest, simd::as<std::uint32_t>(y) & simd::words<Arch>::broadcast(0x7FFF'FFFF));
      y.store(to.data() + d);
    }
    return simd::largest(largest);
  }
  // No rotation makes a number larger than the length of the vector.
  template <class Arch>
  bool near_center(std::span<float const> row, std::span<float> memory) const noexcept {
    auto const most = static_cast<double>(std::bit_cast<float>(shifted<Arch>(row, memory)));
    if (most * most * static_cast<double>(row.size()) <= reach * reach) return true;
    double square = 0;
    for (std::size_t d = 0; d < row.size(); ++d) {
      auto const x = static_cast<double>(row[d]) - (center_.empty() ? 0.0 : static_cast<double>(center_[d]));
      square += x * x;
    }
    return square <= reach * reach;
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
      auto const channels = smaller(group_, head_size() - first);
      auto* const steps = page + steps_at() + Parameters::bytes * (g * shape_.tokens + token);
      if constexpr (even)
        for (std::size_t i = 0; i < tile_tokens; i += 16) {
          auto* const at = steps + Parameters::bytes * i;
          auto const rule =
              settle_tokens<Bits, Arch, Parameters>(fit_, rows + i * pitch() + first, pitch(), channels, at, at + fields_bytes());
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
        auto const some = smaller(64, channels - c);
        for (std::size_t i = 0; i < tile_tokens; ++i)
          for (std::size_t d = 0; d < some; d += 16) {
            auto const x = floats::load(rows + i * pitch() + first + c + d);
            auto* const at = codes + i * 64 + d;
            if constexpr (even)
              simd::store_bytes(affine_lanes<Bits, Arch>::code(x, floats::broadcast(minimum[i]), floats::broadcast(inverse[i])),
                                at);
            else
              simd::store_bytes(Levels::template code<Arch>(x, floats::broadcast(inverse[i])), at);
          }
        store_key_tile<tile, Arch>(codes, 64, some, to + (first + c) / tile::rows * tile::bytes);
      }
    }
  }

  page_shape shape_{};
  std::size_t group_ = 128;
  affine_fit fit_ = affine_fit::min_max;
  std::span<float const> center_;
  Rotation rotation_{};
};

}  // namespace skive::detail
