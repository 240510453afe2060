// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/outliers_above.hpp - split_outliers by a threshold: as many outliers as a row has, and rows of different sizes.
///
///   O = { i : |x_i| > threshold };   the rest as in compose/split_outliers.hpp
///   bytes: the codec's planes one after another, the count of O (32 bits), places of O ascending, values; little-endian
///
/// Model of : variable_codec
/// Cost     : two encodes' worth of passes; scratch for a row. Largest size: every number an outlier.
/// Accuracy : that of split_outliers.
/// Promise  : the same bytes everywhere. NaN and infinities are always outliers. A count or places that do not fit give
///            errc::corrupt. Where the codec refuses a row, nothing has been written.
/// Source   : Kim et al., "SqueezeLLM", arXiv:2306.07629; Dettmers et al., "SpQR", arXiv:2306.03078.

#include "skive/compose/split_outliers.hpp"

namespace skive {

template <block_codec Codec, scalar_format Format = float16>
class outliers_above {
  using list = detail::outlier_list<Format>;
  static constexpr std::size_t count_bytes = 4;

 public:
  constexpr outliers_above() noexcept = default;
  constexpr outliers_above(float threshold, Codec codec) noexcept : codec_{codec}, threshold_{threshold} {}

  constexpr float threshold() const noexcept { return threshold_; }
  constexpr Codec const& codec() const noexcept { return codec_; }
  constexpr std::size_t row_multiple() const noexcept { return codec_.row_multiple(); }

  constexpr std::size_t max_bytes(std::size_t n) const noexcept { return bytes(n, n); }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    return n == 0 ? 0 : saturating_add(workspace::bytes<float>(n), codec_.scratch_bytes(n));
  }

  /// The bytes written. Fails with size_mismatch where `to` is smaller than that or the codec takes no such row, with
  /// workspace_too_small, unsupported from 2^32 numbers on, or as the codec does.
  template <class Arch = native_arch>
  constexpr result<std::size_t> encode(std::span<float const> row, std::span<std::byte> to, workspace w = {}) const noexcept {
    std::size_t count = 0;
    for (auto const x : row) count += is_outlier(x) ? 1U : 0U;
    auto const size = bytes(row.size(), count);
    if (auto const s = check(row.size(), w); !s) return s;
    if (to.size() < size) return errc::size_mismatch;
    if (row.empty()) return std::size_t{0};
    auto const rest = w.take<float>(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) rest[i] = is_outlier(row[i]) ? 0.0f : row[i];
    planes<std::byte, Codec::plane_count> inner;
    if (auto const s = planar(codec_, row.size(), to, inner); !s) return s;
    if (auto const s = detail::code_rest<Arch>(codec_, rest, inner, w); !s) return s;
    list const outliers{row.size(), count};
    auto* const places = to.data() + start(row.size());
    auto* const values = places + count * list::place_bytes(row.size());
    list::store(count, count_bytes, places - count_bytes);
    for (std::size_t i = 0, k = 0; i < row.size(); ++i) {
      if (!is_outlier(row[i])) continue;
      outliers.set_place(places, k, i);
      outliers.set_value(values, k++, ieee_add(row[i], -rest[i]));
    }
    return size;
  }

  /// The bytes read. Fails with size_mismatch where `from` ends too early for the codec's planes and the count,
  /// workspace_too_small, corrupt, or as the codec does.
  template <class Arch = native_arch>
  constexpr result<std::size_t> decode(std::span<std::byte const> from, std::span<float> row, workspace w = {}) const noexcept {
    auto const n = row.size();
    if (auto const s = check(n, w); !s) return s;
    if (n == 0) return std::size_t{0};
    if (from.size() < bytes(n, 0)) return errc::size_mismatch;
    auto const* const places = from.data() + start(n);
    list const outliers{n, static_cast<std::size_t>(list::load(places - count_bytes, count_bytes))};
    if (outliers.count > n || bytes(n, outliers.count) > from.size() || !outliers.good(places)) return errc::corrupt;
    planes<std::byte const, Codec::plane_count> inner;
    if (auto const s = planar(codec_, n, from, inner); !s) return s;
    if (auto const s = with_arch<Arch>::decode(codec_, inner, row, w); !s) return s;
    auto const* const values = places + outliers.count * list::place_bytes(n);
    for (std::size_t i = 0; i < outliers.count; ++i) {
      auto& x = row[outliers.place(places, i)];
      x = ieee_add(x, outliers.value(values, i));
    }
    return bytes(n, outliers.count);
  }

 private:
  constexpr bool is_outlier(float x) const noexcept {
    auto const m = magnitude_bits(x);
    return m >= float_infinity_bits || m > magnitude_bits(threshold_);
  }
  constexpr std::size_t start(std::size_t n) const noexcept { return total_bytes(codec_.plane_bytes(n)) + count_bytes; }
  constexpr std::size_t bytes(std::size_t n, std::size_t count) const noexcept {
    if (n == 0) return 0;
    auto const each = list::place_bytes(n) + list::value_bytes;
    return saturating_add(saturating_add(total_bytes(codec_.plane_bytes(n)), count_bytes), saturating_multiply(count, each));
  }
  constexpr status check(std::size_t n, workspace const& w) const noexcept {
    if (n % row_multiple() != 0) return errc::size_mismatch;
    if (n > std::numeric_limits<std::uint32_t>::max()) return errc::unsupported;
    return w.size() < scratch_bytes(n) ? errc::workspace_too_small : errc::ok;
  }

  [[no_unique_address]] Codec codec_{};
  float threshold_ = std::numeric_limits<float>::infinity();
};

}  // namespace skive
