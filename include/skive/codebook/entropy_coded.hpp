// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/entropy_coded.hpp - a uniform quantizer whose indices are entropy-coded: fewer bits at one error, not a fixed size.
///
///   s = rms of the row;   d = fl32(s step);   q = RNE(x / d), bounded to the codes of the table;   symbol = q + 128
///   x' = d (q - pull) for q > 0, d (q + pull) for q < 0, else 0;   bytes: s in float32, then a stream of codebook/rans.hpp
///
/// `pull` moves levels towards the means of their cells. Counting q over sample rows and making the table of the counts is
/// count(); the table is in memory of the caller and has to outlive the codec.
///
/// Model of : variable_codec
/// Cost     : that of codebook/rans.hpp; a byte a number of scratch.
/// Accuracy : N(0, 1) at 2 bits of entropy: 0.0889 (step 1.075, pull 0.105), where a fixed two bits give 0.1175 to scalars.
/// Promise  : the same bytes everywhere. A row with NaN or infinity is refused with not_finite before the first write; a row of an
///            rms below 2^-80 decodes to zeros. Corrupt streams are told as rans_decode tells them.
/// Source   : H. Gish, J. N. Pierce, "Asymptotically efficient quantizing", 1968.

#include "skive/codebook/rans.hpp"
#include "skive/codebook/root_mean_square.hpp"
#include "skive/core/concepts.hpp"
#include "skive/core/ieee.hpp"

#include <cstring>

namespace skive {

class entropy_coded {
 public:
  constexpr entropy_coded() noexcept = default;
  /// Fails with invalid_argument unless step is within 2^-20 ... 2^20 and pull within 0 ... 1/2.
  static constexpr result<entropy_coded> make(float step, float pull, rans_table const& table) noexcept {
    if (!(step >= 0x1p-20f && step <= 0x1p20f) || !(pull >= 0 && pull <= 0.5f)) return errc::invalid_argument;
    entropy_coded c;
    c.step_ = step;
    c.pull_ = pull;
    c.table_ = &table;
    return c;
  }

  /// Adds a row's symbols to 256 counts. Fails with not_finite.
  static status count(float step, std::span<float const> row, std::span<std::uint64_t, 256> counts) noexcept {
    if (detail::largest_magnitude(row) >= float_infinity_bits) return errc::not_finite;
    auto const d = cell(kept_scale(row), step);
    for (auto const x : row) ++counts[static_cast<std::uint8_t>(index(x, d, -128, 127) + 128)];
    return errc::ok;
  }

  constexpr std::size_t max_bytes(std::size_t n) const noexcept { return n == 0 ? 0 : 4 + rans_bytes(n); }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept { return n == 0 ? 0 : workspace::bytes<std::uint8_t>(n); }

  /// The bytes written. Fails with size_mismatch (fewer than max_bytes), workspace_too_small, not_finite, unsupported (no table).
  result<std::size_t> encode(std::span<float const> row, std::span<std::byte> to, workspace w) const noexcept {
    if (auto const s = check(row.size(), w); !s) return s;
    if (to.size() < max_bytes(row.size())) return errc::size_mismatch;
    if (row.empty()) return std::size_t{0};
    if (detail::largest_magnitude(row) >= float_infinity_bits) return errc::not_finite;
    auto const symbols = w.take<std::uint8_t>(row.size());
    auto const s = kept_scale(row);
    auto const d = cell(s, step_);
    int const lowest = table_->first() - 128;
    int const highest = table_->last() - 128;
    for (std::size_t i = 0; i < row.size(); ++i) symbols[i] = static_cast<std::uint8_t>(index(row[i], d, lowest, highest) + 128);
    auto const word = std::bit_cast<std::uint32_t>(s);
    for (std::size_t b = 0; b < 4; ++b) to[b] = static_cast<std::byte>(static_cast<std::uint8_t>(word >> (8 * b)));
    auto const size = rans_encode(*table_, symbols, to.subspan(4));
    return size ? result<std::size_t>{4 + *size} : size;
  }

  /// The bytes read. Fails with corrupt, workspace_too_small or unsupported.
  result<std::size_t> decode(std::span<std::byte const> from, std::span<float> row, workspace w) const noexcept {
    if (auto const s = check(row.size(), w); !s) return s;
    if (row.empty()) return std::size_t{0};
    if (from.size() < 4) return errc::corrupt;
    std::uint32_t word = 0;
    for (std::size_t b = 0; b < 4; ++b) word |= std::to_integer<std::uint32_t>(from[b]) << (8 * b);
    auto const s = std::bit_cast<float>(word);
    if (!(s >= 0 && s <= 0x1p110f)) return errc::corrupt;
    auto const symbols = w.take<std::uint8_t>(row.size());
    auto const size = rans_decode(*table_, from.subspan(4), symbols);
    if (!size) return size;
    auto const d = cell(s, step_);
    for (std::size_t i = 0; i < row.size(); ++i) {
      int const q = symbols[i] - 128;
      auto const level = q > 0 ? static_cast<float>(q) - pull_ : q < 0 ? static_cast<float>(q) + pull_ : 0.0f;
      row[i] = ieee_multiply(level, d);
    }
    return 4 + *size;
  }

 private:
  static float kept_scale(std::span<float const> row) noexcept {
    return detail::keep_root_mean_square<float32>(detail::root_mean_square(row)).scale;
  }
  static constexpr float cell(float s, float step) noexcept { return s < 0x1p-80f ? 0.0f : ieee_multiply(s, step); }
  static constexpr int index(float x, float d, int lowest, int highest) noexcept {
    auto const ratio = is_zero(d) ? 0.0f : ieee_divide(x, d);
    auto const bounded = ratio > 127.0f ? 127.0f : ratio < -128.0f ? -128.0f : ratio;
    auto const q = static_cast<int>((bounded + 0x1.8p23f) - 0x1.8p23f);
    return q < lowest ? lowest : q > highest ? highest : q;
  }
  constexpr status check(std::size_t n, workspace const& w) const noexcept {
    if (table_ == nullptr) return errc::unsupported;
    return w.size() < scratch_bytes(n) ? errc::workspace_too_small : errc::ok;
  }

  float step_ = 1.0f;
  float pull_ = 0.0f;
  rans_table const* table_ = nullptr;
};

static_assert(variable_codec<entropy_coded>);

}  // namespace skive
