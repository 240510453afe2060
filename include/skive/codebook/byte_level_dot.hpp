// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/byte_level_dot.hpp - codes of whole bytes or nibbles against a vector of bytes: 64 bytes at a time become levels.
///
///   y = sum_groups unit sum_parts weight_part sum_blocks s_b sum_i level_i q_i     (x ~ s_b q, block/int8_query.hpp)
///
/// Levels, the parameter, says what codes are: a chunk is Levels::chunk_bytes of codes, 64 Levels::fields numbers. Levels that are a
/// sum of two parts (codebook/e8_set_dot.hpp) have a sum of integers each. Bytes carry a bias, so that products are those of unsigned
/// with signed bytes.
///
/// Model of : -
/// Cost     : Levels' and two instructions for 64 numbers and part. Groups that do not begin with a chunk, and tails: number by number.
/// Accuracy : integer sums are exact; |y - exact| <= terms 2^-24 sum |x'_i s q_i|, terms = groups + 16 per token, chunks + 16 per
///            block, for each part.
/// Promise  : any bytes are safe; nothing outside of the codes is read.
/// Source   : -

#include "skive/block/group_parameters.hpp"
#include "skive/block/int8_query.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/bytes.hpp"
#include "skive/simd/dot_halves.hpp"
#include "skive/simd/reduce.hpp"

#include <cstring>

namespace skive::detail {

/// dimension: numbers of a code; fields: numbers of a byte position; width: 8 / fields; most: the largest byte.
///   weight(part)           what one of a byte is worth, unit() what one of numbers() is
///   numbers(codes, i, y)   the levels of code i
///   bytes(p, f)            f(part, field, levels plus bias) of a chunk, where Levels::in_lanes
template <class L>
concept levels_of_bytes = requires(L const l, std::byte const* p, std::size_t i, std::int16_t* y) {
  { L::dimension } -> std::convertible_to<std::size_t>;
  { L::fields } -> std::convertible_to<std::size_t>;
  { L::parts } -> std::convertible_to<std::size_t>;
  { L::chunk_bytes } -> std::convertible_to<std::size_t>;
  { L::most } -> std::convertible_to<int>;
  { L::in_lanes } -> std::convertible_to<bool>;
  { l.weight(i) } noexcept -> std::same_as<float>;
  { l.unit() } noexcept -> std::same_as<float>;
  { l.numbers(p, i, y) } noexcept -> std::same_as<void>;
};

/// 64 bytes of codes.
template <class Arch>
[[gnu::always_inline]] inline simd::words<Arch> load_64(std::byte const* p) noexcept {
  return simd::words<Arch>::load(reinterpret_cast<std::uint32_t const*>(p));
}

/// Rows times one vector of bytes: begin(), then add() for each group, then total().
template <levels_of_bytes Levels, class Arch>
class byte_level_product {
  static constexpr std::size_t chunk = 64 * Levels::fields;
  static constexpr int width = static_cast<int>(8 / Levels::fields);

 public:
  byte_level_product(Levels const& levels, int8_query const& q) noexcept : levels_{levels}, query_{q} {}

  void begin() noexcept { sum_ = 0; }
  double total() const noexcept { return sum_ * static_cast<double>(query_.scale); }
  /// Numbers first ... first + size - 1, first being a multiple of Levels::dimension, whose codes start at `codes`; a level is worth
  /// `unit`.
  void add(std::byte const* codes, float unit, std::size_t first, std::size_t size) noexcept {
    std::size_t done = 0;
    if constexpr (Levels::in_lanes) {
      if (first % chunk == 0)
        done = query_.kind == activation_scale::per_block ? multiply<true>(codes, unit, first, size)
                                                          : multiply<false>(codes, unit, first, size);
    }
    by_rule(codes + done / chunk * Levels::chunk_bytes, unit * levels_.unit(), first + done, size - done);
  }

 private:
  template <bool PerBlock>
  [[gnu::noinline]] std::size_t multiply(std::byte const* codes, float unit, std::size_t first, std::size_t size) noexcept {
    using words = simd::words<Arch>;
    using floats = simd::floats<Arch>;
    using integers = simd::integers<Arch>;
    using halves = simd::dot4_halves<Levels::most, Arch>;
    constexpr bool by_signs = Levels::most > 127 && simd::has_dot4_by_signs<Arch>;  // the bias, 128, leaves the bytes: no term
    constexpr auto parts = Levels::parts;
    constexpr auto bytes = 64 * Levels::fields;
    constexpr auto pitch = record_bytes(Levels::fields, PerBlock ? activation_scale::per_block : activation_scale::per_token);
    constexpr std::size_t read_ahead = 4096;
    constexpr std::size_t flush = 1024;  // 2^10 chunks of at most 32 products below 2^15 a lane
    auto const chunks = size / chunk;
    auto const* record = query_.data + first / chunk * pitch;
    auto const zero = integers::broadcast(0);
    floats of_group[parts];
    for (auto& s : of_group) s = floats::broadcast(0.0f);
    for (std::size_t from = 0; from < chunks; from += flush) {
      auto const to = chunks - from < flush ? chunks : from + flush;
      integers sum[parts][2];
#pragma GCC unroll 2
      for (std::size_t p = 0; p < parts; ++p) sum[p][0] = sum[p][1] = zero;
      for (std::size_t c = from; c < to; ++c, record += pitch) {
        auto const term =
            by_signs ? zero : simd::as<std::int32_t>(words::load(reinterpret_cast<std::uint32_t const*>(record + bytes)));
#pragma GCC unroll 2
        for (std::size_t p = 0; p < parts; ++p) {
          sum[p][0] = PerBlock ? term : sum[p][0] + term;
          if constexpr (PerBlock) sum[p][1] = zero;
        }
        auto const* const at = codes + Levels::chunk_bytes * c;
#pragma GCC unroll 4
        for (std::size_t b = 0; b < Levels::chunk_bytes; b += 64) simd::prefetch<Arch>(at + b, read_ahead);
        [[maybe_unused]] halves held[parts];
        levels_.bytes(at, [&](std::size_t part, std::size_t field, words const& levels) __attribute__((always_inline)) {
          auto const q = words::load(reinterpret_cast<std::uint32_t const*>(record + 64 * field));
          if constexpr (halves::usable)
            held[part].add(sum[part][0], levels, q);
          else if constexpr (by_signs)
            sum[part][0] = simd::dot4_by_signs(sum[part][0], levels ^ words::broadcast(0x80808080), q);
          else
            sum[part][field % 2] = simd::dot4<Levels::most>(sum[part][field % 2], levels, q);
        });
        if constexpr (halves::usable)
#pragma GCC unroll 2
          for (std::size_t p = 0; p < parts; ++p) held[p].flush(sum[p][0]);
        if constexpr (PerBlock) {
          auto const scale = floats::load(reinterpret_cast<float const*>(record + bytes + 64));
#pragma GCC unroll 2
          for (std::size_t p = 0; p < parts; ++p)
            of_group[p] = of_group[p] + simd::product(simd::to_float(sum[p][0] + sum[p][1]), scale);
        }
      }
      if constexpr (!PerBlock) {
#pragma GCC unroll 2
        for (std::size_t p = 0; p < parts; ++p) of_group[p] = of_group[p] + simd::to_float(sum[p][0] + sum[p][1]);
      }
    }
    for (std::size_t p = 0; p < parts; ++p)
      sum_ += static_cast<double>(simd::sum(of_group[p])) * static_cast<double>(levels_.weight(p)) * static_cast<double>(unit);
    return chunks * chunk;
  }

  void by_rule(std::byte const* codes, float unit, std::size_t first, std::size_t size) noexcept {
    constexpr auto d = Levels::dimension;
    for (std::size_t i = 0; i < size; i += d) {
      std::int16_t level[d]{};
      levels_.numbers(codes, i / d, level);
      std::int32_t sum = 0;
      for (std::size_t j = 0; j < d && i + j < size; ++j) {
        query_place<width> const place{first + i + j, bit_order::low_first, query_.kind};
        sum += level[j] * static_cast<std::int8_t>(std::to_integer<std::uint8_t>(query_.data[place.value]));
      }
      float scale = 1.0f;
      if (query_.kind == activation_scale::per_block)
        std::memcpy(&scale, query_.data + query_place<width>{first + i, bit_order::low_first, query_.kind}.scale, 4);
      sum_ += static_cast<double>(sum) * static_cast<double>(unit) * static_cast<double>(scale);
    }
  }

  Levels levels_;
  int8_query query_;
  double sum_ = 0;
};

}  // namespace skive::detail
