// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/e8p_dot.hpp - E8P against a vector of bytes: 64 codes at a time become levels in registers.
///
///   y = sum_groups unit sum_blocks s_b sum_i level_i q_i     (x ~ s_b q, block/int8_query.hpp in the order of 1-bit codes)
///
/// Coordinate j of 64 codes is one register: half of a byte that the row's byte looks up, with the sign that bit j chooses and
/// 1 - 2 p added, p the parity of the sign byte. Levels carry a bias of 16, so that products are those of unsigned bytes.
///
/// Model of : -
/// Cost     : VBMI: about 75 instructions for 512 numbers. Elsewhere the rule, number by number.
/// Accuracy : integer sums are exact; |y - exact| <= terms 2^-24 sum |x'_i s q_i|, terms = groups + 16 per token, chunks + 16 per
///            block.
/// Promise  : any bytes are safe; nothing outside of the codes is read.
/// Source   : -

#include "skive/block/group_parameters.hpp"
#include "skive/block/int8_query.hpp"
#include "skive/codebook/e8p.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/byte_pairs.hpp"
#include "skive/simd/dot.hpp"
#include "skive/simd/reduce.hpp"

namespace skive::detail {

inline constexpr int e8p_bias = 16;
inline constexpr std::uint32_t e8p_query_order = query_order(1, e8p_bias, false, bit_order::low_first) | 1U << 19;

/// Byte r of table k: digits of coordinates 2 k (low) and 2 k + 1 of row r, plus 8.
inline constexpr auto e8p_nibbles = [] {
  struct {
    alignas(64) std::array<std::array<std::uint8_t, 256>, 4> table{};
  } out;
  for (std::size_t r = 0; r < 256; ++r)
    for (std::size_t i = 0; i < 8; ++i) {
      auto const negative = i == 7 && e8p_row_odd[r];  // coordinate 7 is entry 7
      auto const digit = static_cast<unsigned>(negative ? 8 - e8p_rows[r][i] : 8 + e8p_rows[r][i]);
      out.table[i / 2][r] = static_cast<std::uint8_t>(out.table[i / 2][r] | digit << (4 * (i % 2)));
    }
  return out;
}();

/// f(j, levels plus 16 of coordinate j) of the 64 codes at p, 0 <= j < 8.
template <class Arch, class F>
  requires simd::has_byte_pairs<Arch>
[[gnu::always_inline]] inline void e8p_levels(std::byte const* p, F&& f) noexcept {
  using words = simd::words<Arch>;
  auto const* const from = reinterpret_cast<std::uint32_t const*>(p);
  words signs;
  words rows;
  simd::unzip_bytes<Arch>(words::load(from), words::load(from + 16), signs, rows);
  auto parity = signs ^ (signs >> 4);
  parity = parity ^ (parity >> 2);
  parity = (parity ^ (parity >> 1)) & words::broadcast(0x01010101);
  signs = signs ^ parity;
  auto const plus = words::broadcast(0x01010101) - (parity << 1);  // 1 - 2 p: added to 6 and more, it borrows from no other byte
  auto const minus = words::broadcast(0x21212121) - (parity << 1);
  auto const even = words::broadcast(0x1E1E1E1E);
  auto const level = [&]<std::size_t J>(std::integral_constant<std::size_t, J>, words const& twice) {
    f(J, simd::choose_bytes<e8p_entry[J], Arch>(signs, twice + plus, minus - twice));
  };
  auto const two = [&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
    auto const digits = simd::look_up_256<Arch>(e8p_nibbles.table[K].data(), rows);
    level(std::integral_constant<std::size_t, 2 * K>{}, (digits << 1) & even);
    level(std::integral_constant<std::size_t, 2 * K + 1>{}, (digits >> 3) & even);
  };
  two(std::integral_constant<std::size_t, 0>{});
  two(std::integral_constant<std::size_t, 1>{});
  two(std::integral_constant<std::size_t, 2>{});
  two(std::integral_constant<std::size_t, 3>{});
}

/// Rows times one vector of bytes: begin(), then add() for each group, then total().
template <class Arch>
class e8p_product {
 public:
  explicit e8p_product(int8_query const& q) noexcept : query_{q} {}

  void begin() noexcept { sum_ = 0; }
  double total() const noexcept { return sum_ * static_cast<double>(query_.scale); }
  /// Numbers first ... first + size - 1, first being a multiple of 8, whose codes start at `codes`; a level is worth `unit`.
  void add(std::byte const* codes, float unit, std::size_t first, std::size_t size) noexcept {
    std::size_t done = 0;
    if constexpr (simd::has_byte_pairs<Arch>) {
      if (first % chunk == 0)
        done = query_.kind == activation_scale::per_block ? multiply<true>(codes, unit, first, size)
                                                          : multiply<false>(codes, unit, first, size);
    }
    by_rule(codes + done / 4, unit, first + done, size - done);
  }

 private:
  static constexpr std::size_t chunk = 512;

  template <bool PerBlock>
  [[gnu::noinline]] std::size_t multiply(std::byte const* codes, float unit, std::size_t first, std::size_t size) noexcept {
    using words = simd::words<Arch>;
    using floats = simd::floats<Arch>;
    using integers = simd::integers<Arch>;
    constexpr auto pitch = record_bytes(8, PerBlock ? activation_scale::per_block : activation_scale::per_token);
    constexpr std::size_t flush = 1024;  // 2^10 chunks of 32 products below 2^12 a lane
    auto const chunks = size / chunk;
    auto const* record = query_.data + first / chunk * pitch;
    auto const zero = integers::broadcast(0);
    auto of_group = floats::broadcast(0.0f);
    for (std::size_t from = 0; from < chunks; from += flush) {
      auto const to = chunks - from < flush ? chunks : from + flush;
      integers sum[2]{zero, zero};
      for (std::size_t c = from; c < to; ++c, record += pitch) {
        auto const term = simd::as<std::int32_t>(words::load(reinterpret_cast<std::uint32_t const*>(record + 512)));
        sum[0] = PerBlock ? term : sum[0] + term;
        if constexpr (PerBlock) sum[1] = zero;
        e8p_levels<Arch>(codes + 128 * c, [&](std::size_t j, words const& levels) {
          auto const q = words::load(reinterpret_cast<std::uint32_t const*>(record + 64 * j));
          sum[j % 2] = simd::dot4<127>(sum[j % 2], levels, q);
        });
        if constexpr (PerBlock) {
          auto const scale = floats::load(reinterpret_cast<float const*>(record + 576));
          of_group = of_group + simd::product(simd::to_float(sum[0] + sum[1]), scale);
        }
      }
      if constexpr (!PerBlock) of_group = of_group + simd::to_float(sum[0] + sum[1]);
    }
    sum_ += static_cast<double>(simd::sum(of_group)) * static_cast<double>(unit);
    return chunks * chunk;
  }

  void by_rule(std::byte const* codes, float unit, std::size_t first, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; i += 8) {
      std::int16_t level[8]{};
      auto const* at = codes + i / 4;
      e8p::levels(std::to_integer<std::uint64_t>(at[0]) | std::to_integer<std::uint64_t>(at[1]) << 8, level);
      std::int32_t sum = 0;
      for (std::size_t j = 0; j < 8 && i + j < size; ++j) {
        query_place<1> const place{first + i + j, bit_order::low_first, query_.kind};
        sum += level[j] * static_cast<std::int8_t>(std::to_integer<std::uint8_t>(query_.data[place.value]));
      }
      float scale = 1.0f;
      if (query_.kind == activation_scale::per_block)
        std::memcpy(&scale, query_.data + query_place<1>{first + i, bit_order::low_first, query_.kind}.scale, 4);
      sum_ += static_cast<double>(sum) * static_cast<double>(unit) * static_cast<double>(scale);
    }
  }

  int8_query query_;
  double sum_ = 0;
};

}  // namespace skive::detail
