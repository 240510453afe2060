// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/olive.hpp - outlier-victim pairs: 4-bit integers, where an outlier takes the place of its neighbour as well.
///
///   of each pair of codes: two integers -7 ... 7, or the identifier -8 (the victim, which decodes to 0) beside an outlier: a
///   sign and a code 1 ... 7 for 12, 16, 24, 32, 48, 64, 96 (E2M1 with a bias of 2);   x' = fl32(level s), s kept in float16
///   pair: the choice of least squared error, two integers before an outlier, the first number before the second
///   s: of absmax / (7 2^(k/4)), 0 <= k < 16, that of least squared error, the largest of equals
///   planes: codes, number 0 in the low nibble; scales
///
/// Model of : block_codec
/// Cost     : 16 trials a group: about 380 ns a number to encode, 13 to decode (scalar, shared machine); no scratch.
/// Accuracy : integers half a step, outliers up to a quarter of their size; the victim is lost.
/// Promise  : the same bytes everywhere. A group with a NaN or infinity decodes to NaN and touches no neighbour; a zero group to
///            zeros. Two identifiers in a pair, or one beside code 0, give errc::corrupt.
/// Source   : Guo et al., "OliVe", ISCA 2023, arXiv:2304.07493; the choices of pairs and scales are ours.

#include "skive/block/group_error.hpp"
#include "skive/core/concepts.hpp"
#include "skive/format/half.hpp"
#include "skive/simd/arch.hpp"

namespace skive {

class olive {
  static constexpr std::uint8_t identifier = 8;
  static constexpr std::size_t trials = 16;

 public:
  static constexpr std::size_t plane_count = 2;

  constexpr olive() noexcept = default;
  /// `group`: numbers that share a scale, an even number. Fails with invalid_argument.
  static constexpr result<olive> make(std::size_t group) noexcept {
    if (group == 0 || group % 2 != 0) return errc::invalid_argument;
    olive o;
    o.group_ = group;
    return o;
  }

  constexpr std::size_t group_size() const noexcept { return group_; }
  constexpr std::size_t block_size() const noexcept { return group_; }
  constexpr std::size_t row_multiple() const noexcept { return 2; }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return {n / 2, saturating_multiply(n / group_ + (n % group_ != 0 ? 1 : 0), 2)};
  }

  /// Fails with size_mismatch, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace = {}) const noexcept {
    if (row.size() % 2 != 0) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    for (std::size_t first = 0, b = 0; first < row.size(); first += group_, ++b) {
      auto const group = row.subspan(first, row.size() - first < group_ ? row.size() - first : group_);
      auto const scale = best_scale(group);
      auto* const codes = to[0].data + b * to[0].block_stride;
      auto const s = float16::decode(scale);
      for (std::size_t i = 0; i < group.size(); i += 2) {
        auto const p = is_nan(s) || is_zero(s) ? pair{} : best_pair(ieee_divide(group[i], s), ieee_divide(group[i + 1], s));
        codes[i / 2] = static_cast<std::byte>(p.first | p.second << 4);
      }
      to[1].data[b * to[1].block_stride] = static_cast<std::byte>(scale & 0xFF);
      to[1].data[b * to[1].block_stride + 1] = static_cast<std::byte>(scale >> 8);
    }
    return errc::ok;
  }

  /// Fails with size_mismatch, or corrupt before the first write.
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace = {}) const noexcept {
    if (row.size() % 2 != 0) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    for (std::size_t i = 0; i < row.size(); i += 2)
      if (!is_pair(byte_of(from, i))) return errc::corrupt;
    for (std::size_t i = 0; i < row.size(); i += 2) {
      auto const* const at = from[1].data + i / group_ * from[1].block_stride;
      auto const code = std::to_integer<unsigned>(at[0]) | std::to_integer<unsigned>(at[1]) << 8;
      auto const scale = float16::decode(static_cast<float16::code_type>(code));
      auto const byte = byte_of(from, i);
      auto const a = static_cast<std::uint8_t>(byte & 15);
      auto const b = static_cast<std::uint8_t>(byte >> 4);
      row[i] = value(a == identifier ? 0.0f : b == identifier ? outlier(a) : integer(a), scale);
      row[i + 1] = value(b == identifier ? 0.0f : a == identifier ? outlier(b) : integer(b), scale);
    }
    return errc::ok;
  }

 private:
  struct pair {
    std::uint8_t first = 0;
    std::uint8_t second = 0;
    double error = 0;  // in units of the squared scale
  };
  struct coded {
    std::uint8_t code = 0;
    double error = 0;
  };

  static constexpr float integer(std::uint8_t code) noexcept { return static_cast<float>(code < 8 ? code : code - 16); }
  static constexpr float outlier(std::uint8_t code) noexcept {
    auto const m = code & 7;
    auto const size = static_cast<float>((2 + (m & 1)) << ((m >> 1) + 2));
    return (code & 8) != 0 ? -size : size;
  }
  static constexpr bool is_pair(unsigned byte) noexcept {
    auto const a = byte & 15;
    auto const b = byte >> 4;
    return a == identifier ? (b & 7) != 0 : b != identifier || (a & 7) != 0;
  }
  static constexpr float value(float level, float scale) noexcept {
    return is_zero(level) && !is_nan(scale) ? 0.0f : ieee_multiply(level, scale);
  }
  constexpr unsigned byte_of(planes<std::byte const, plane_count> const& from, std::size_t i) const noexcept {
    return std::to_integer<unsigned>(from[0].data[i / group_ * from[0].block_stride + i % group_ / 2]);
  }

  // Differences of floats are rounded to floats, whose squares are exact: no contraction changes a choice.
  static constexpr double squared(float level, float x) noexcept {
    auto const d = static_cast<double>(level - (less(magnitude(x), 0x1p-60f) ? 0.0f : x));
    return d * d;
  }
  static constexpr coded nearest_integer(float x) noexcept {
    coded best{0, squared(0.0f, x)};
    auto const sign = less(x, 0.0f) ? -1 : 1;
    for (int level = 1; level <= 7; ++level) {
      auto const error = squared(static_cast<float>(sign * level), x);
      if (error < best.error) best = {static_cast<std::uint8_t>((sign * level) & 15), error};
    }
    return best;
  }
  static constexpr coded nearest_outlier(float x) noexcept {
    auto const sign = static_cast<std::uint8_t>(less(x, 0.0f) ? 8 : 0);
    coded best{static_cast<std::uint8_t>(sign | 1), squared(outlier(static_cast<std::uint8_t>(sign | 1)), x)};
    for (std::uint8_t m = 2; m <= 7; ++m) {
      auto const code = static_cast<std::uint8_t>(sign | m);
      auto const error = squared(outlier(code), x);
      if (error < best.error) best = {code, error};
    }
    return best;
  }
  static constexpr pair best_pair(float a, float b) noexcept {
    auto const first = nearest_integer(a);
    auto const second = nearest_integer(b);
    pair best{first.code, second.code, first.error + second.error};
    auto const of_a = nearest_outlier(a);
    if (auto const e = of_a.error + squared(0.0f, b); e < best.error) best = {of_a.code, identifier, e};
    auto const of_b = nearest_outlier(b);
    if (auto const e = squared(0.0f, a) + of_b.error; e < best.error) best = {identifier, of_b.code, e};
    return best;
  }

  static constexpr float16::code_type best_scale(std::span<float const> group) noexcept {
    constexpr float steps[4] = {7.0f, 8.32449794f, 9.89949493f, 11.7728186f};  // 7 2^(k/4)
    auto const largest = detail::largest_magnitude(group);
    if (largest >= float_infinity_bits) return float16::encode(detail::nan_real<float>(false), nearest_even{}, non_saturating);
    float16::code_type best = 0;
    double least = 0;
    for (std::size_t k = 0; k < trials; ++k) {
      auto const limit = steps[k % 4] * static_cast<float>(1U << (k / 4));
      auto const code = float16::encode(ieee_divide(std::bit_cast<float>(largest), limit), nearest_even{}, saturating);
      auto const s = float16::decode(code);
      if (is_zero(s)) break;
      detail::lane_sums sum;
      for (std::size_t i = 0; i < group.size(); i += 2)
        sum.add(i / 2, best_pair(ieee_divide(group[i], s), ieee_divide(group[i + 1], s)).error);
      auto const error = sum.total() * detail::exact_double(s) * detail::exact_double(s);
      if (k == 0 || error < least) best = code, least = error;
    }
    return best;
  }

  std::size_t group_ = 32;
};

static_assert(block_codec<olive>);

}  // namespace skive
