// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/mask_reader.hpp - masks of a row, 64 entries at a time, from the codes of its groups.
///
/// Groups of 8 by rank with VBMI: the ranks of 64 groups become bytes, and a table of 128 bytes makes their masks of them.
///
/// Model of : -
/// Cost     : VBMI, groups of 8: 7 instructions for 512 entries; elsewhere sparse/mask_codes.hpp.
/// Promise  : nothing is read outside of the positions; ranks that no set has give masks with fewer bits.
/// Source   : -

#include "skive/simd/byte_lookup.hpp"
#include "skive/simd/code_bytes.hpp"
#include "skive/sparse/mask_codes.hpp"

namespace skive::detail {

/// Masks of all ranks below 128 of sets of N out of 8, 0 where there is none. Arch keeps units of different flags apart.
template <int N, class Arch>
inline constexpr auto masks_of_ranks = [] {
  std::array<std::uint8_t, 128> table{};
  for (std::uint32_t r = 0; r < binomial(8, N); ++r) table[r] = static_cast<std::uint8_t>(combinadic_unrank(r, 8, N));
  return table;
}();

/// Read in turn, from the first on.
template <int N, int M, position_layout Layout, class Arch>
class mask_reader {
 public:
  [[gnu::always_inline]] explicit mask_reader(std::span<std::byte const> positions) noexcept : positions_{positions} {}
  [[gnu::always_inline]] std::uint64_t of_64(std::size_t i) const noexcept {
    return mask_of_64<N, M, Layout, Arch>(positions_, i);
  }

 private:
  std::span<std::byte const> positions_;
};

template <int N, class Arch>
  requires simd::has_look_up_128<Arch>
class mask_reader<N, 8, position_layout::combinadic, Arch> {
  static constexpr int bits = position_code<N, 8, position_layout::combinadic>::bits;
  using bytes = xsimd::batch<std::uint8_t, Arch>;

 public:
  /// The masks of `entries` from i on, whole 512 of them.
  [[gnu::always_inline]] void of_many(std::size_t i, std::size_t entries, std::uint64_t* masks) noexcept {
    auto least = least_;  // here it stays in a register
    auto const* from = positions_.data() + i / 64 * std::size_t{bits};
    for (std::size_t k = 0; k < entries; k += 512, from += 8 * bits) {
      auto const all = simd::look_up_128<Arch>(table_, codes_.load(from));
      least = xsimd::min(least, xsimd::bitwise_cast<std::uint8_t>(all.part[0]));
      all.store(reinterpret_cast<std::uint32_t*>(masks + k / 64));
    }
    least_ = least;
  }
  /// Did all ranks that of_many() has read stand for sets?
  [[gnu::always_inline]] bool good() const noexcept { return !xsimd::any(least_ == bytes(std::uint8_t{0})); }
  [[gnu::always_inline]] explicit mask_reader(std::span<std::byte const> positions) noexcept : positions_{positions} {}
  [[gnu::always_inline]] std::uint64_t of_64(std::size_t i) noexcept {
    constexpr std::size_t at_once = 512;  // entries
    if (i % at_once == 0) {
      auto const first = i / 64 * std::size_t{bits};
      ready_ = positions_.size() >= first + 8 * bits;
      if (ready_) simd::look_up_128<Arch>(table_, codes_.load(positions_.data() + first)).store(masks_);
    }
    if (!ready_) return mask_of_64<N, 8, position_layout::combinadic, Arch>(positions_, i);
    std::uint64_t mask;
    __builtin_memcpy(&mask, masks_ + i % at_once / 32, 8);
    return mask;
  }

 private:
  std::span<std::byte const> positions_;
  simd::code_bytes<bits, Arch> codes_{bit_order::low_first};
  simd::byte_table_128<Arch> table_{masks_of_ranks<N, Arch>};
  bytes least_{std::uint8_t{0xFF}};
  bool ready_ = false;
  alignas(64) std::uint32_t masks_[16];
};

}  // namespace skive::detail
