// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/stored_as.hpp - every number by itself in a scalar format, without a scale: what composers store plain values
/// with.
///
///   code_i = Format::encode(x_i),   x'_i = Format::decode(code_i);   plane: codes of ceil(bits / 8) bytes, little-endian
///
///   sparse_codec{n_of_m<2, 4>{}, stored_as<float16>{}}
///
/// Model of : block_codec, dot_codec
/// Cost     : rows of halves and floats at copy speed where codes lie without gaps (format/rows.hpp).
/// Accuracy : the format's; nearest even, finite overflow saturates, NaN and infinity as the format has them. A product adds in 64
///            lanes: |y - exact| <= (n / 64 + 12) 2^-24 sum |w_i x_i|, where tails are summed in double.
/// Promise  : the same bytes everywhere; the same product in every layout.
/// Source   : -

#include "skive/block/float_query.hpp"
#include "skive/core/bits.hpp"
#include "skive/core/concepts.hpp"
#include "skive/format/rows.hpp"
#include "skive/simd/expand_halves.hpp"
#include "skive/simd/reduce.hpp"

namespace skive {

template <scalar_format Format>
class stored_as : public takes_floats {
  using code_type = typename Format::code_type;
  static constexpr std::size_t bytes = (static_cast<std::size_t>(Format::bits) + 7) / 8;

 public:
  static constexpr std::size_t plane_count = 1;
  /// Is there product_of_steps()?
  template <class Arch>
  static constexpr bool has_steps = simd::vector_arch<Arch> && bytes <= 2;

  constexpr std::size_t block_size() const noexcept { return 1; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::array<std::size_t, 1> plane_bytes(std::size_t n) const noexcept { return {saturating_multiply(n, bytes)}; }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }

  /// Fails with size_mismatch, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, 1> to, workspace = {}) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto const code = Format::encode(row[i], nearest_even{}, saturating_finite);
      for (std::size_t b = 0; b < bytes; ++b)
        to[0].data[i * to[0].block_stride + b] = static_cast<std::byte>((std::uint64_t{code} >> (8 * b)) & 0xFF);
    }
    return errc::ok;
  }
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, 1> from, std::span<float> row, workspace = {}) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    std::size_t i = 0;
    if constexpr (has_steps<Arch>)
      if (!std::is_constant_evaluated() && from[0].block_stride == bytes)
        for (; i + 16 <= row.size(); i += 16) numbers<Arch>(from[0].data + i * bytes).store(row.data() + i);
    for (; i < row.size(); ++i) row[i] = number(from[0].data + i * from[0].block_stride);
    return errc::ok;
  }

  /// Fails with size_mismatch.
  template <class Arch = native_arch>
  constexpr result<float> dot(planes<std::byte const, 1> from, query const& q) const noexcept {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s;
    double sum = 0;
    std::size_t i = 0;
    if constexpr (has_steps<Arch>)
      if (!std::is_constant_evaluated() && q.size >= 64) {
        auto const whole = q.size / 64 * 64;
        sum = static_cast<double>(product<Arch>(from[0], q.data, whole));
        i = whole;
      }
    for (; i < q.size; ++i)
      sum += static_cast<double>(number(from[0].data + i * from[0].block_stride)) * static_cast<double>(q.data[i]);
    return static_cast<float>(sum);
  }

  /// The product of n numbers, a multiple of 64, with those that next(x) gives 64 at a time; codes_at(i): where 64 codes lie side
  /// by side, from the i-th on.
  template <class Arch, class Codes, class Next>
    requires has_steps<Arch>
  [[gnu::always_inline]] static float product_of_steps(Codes codes_at, std::size_t n, Next next) noexcept {
    using floats = simd::floats<Arch>;
    floats sum[4];
    for (auto& s : sum) s = floats::broadcast(0.0f);
    for (std::size_t i = 0; i < n; i += 64) {
      std::byte const* const codes = codes_at(i);
      for (std::size_t b = 0; b < bytes; ++b) simd::prefetch<Arch>(codes + 64 * b, 4096);
      floats x[4];
      next(x);
#pragma GCC unroll 4
      for (std::size_t k = 0; k < 4; ++k)
        sum[k] = simd::fused(numbers<Arch, simd::half_nan::any>(codes + 16 * k * bytes), x[k], sum[k]);
    }
    return simd::sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
  }

  /// Can masked_product() spread the numbers as it goes?
  template <class Arch>
  static constexpr bool spreads = [] {
    if constexpr (simd::vector_arch<Arch>) return std::is_same_v<Format, float16> && simd::has_expand_float16<Arch>;
    return false;
  }();
  /// The product of numbers that lie side by side, without gaps, at the places of a mask, with the x that has all places: in 64
  /// lanes, the last places in double. Fails with corrupt unless the mask keeps as many as there are codes, all of them places of x.
  template <class Arch>
    requires spreads<Arch>
  static result<float> masked_product(std::span<std::byte const> codes, std::span<std::byte const> mask,
                                      std::span<float const> x) noexcept {
    using floats = simd::floats<Arch>;
    floats sum[4];
    for (auto& s : sum) s = floats::broadcast(0.0f);
    auto const* from = codes.data();
    auto const* const end = from + codes.size();
    std::size_t i = 0;
    auto const word_at = [&mask](std::size_t at) noexcept { return detail::load_8(mask.data() + at / 8, bit_order::low_first); };
    auto const half = [&](floats* s, floats const(&w)[2], std::size_t at) __attribute__((always_inline)) {
      s[0] = simd::fused(w[0], floats::load(x.data() + at), s[0]);
      s[1] = simd::fused(w[1], floats::load(x.data() + at + 16), s[1]);
    };
    for (; i + 64 <= x.size() && end - from >= 128; i += 64) {
      auto const word = word_at(i);
      floats w[2];
      simd::prefetch<Arch>(mask.data() + i / 8, 4096);
      simd::prefetch<Arch>(from, 4096);
      simd::expand_float16<Arch>(from, static_cast<std::uint32_t>(word), w);
      half(sum, w, i);
      from += 2 * std::popcount(static_cast<std::uint32_t>(word));
      simd::prefetch<Arch>(from, 4096);
      simd::expand_float16<Arch>(from, static_cast<std::uint32_t>(word >> 32), w);
      half(sum + 2, w, i + 32);
      from += 2 * std::popcount(static_cast<std::uint32_t>(word >> 32));
    }
    for (; i + 64 <= x.size(); i += 64)
      for (std::size_t part = 0; part < 2; ++part) {
        auto const bits = static_cast<std::uint32_t>(word_at(i) >> (32 * part));
        auto const n = std::popcount(bits);
        if (2 * n > end - from) return errc::corrupt;
        floats w[2];
        simd::expand_float16<Arch>(from, bits, static_cast<std::size_t>(n), w);
        half(sum + 2 * part, w, i + 32 * part);
        from += 2 * n;
      }
    double rest = 0;
    for (; i < 8 * mask.size(); ++i) {
      if ((std::to_integer<unsigned>(mask[i / 8]) >> (i % 8) & 1) == 0) continue;
      if (from == end || i >= x.size()) return errc::corrupt;
      rest += static_cast<double>(number(from)) * static_cast<double>(x[i]);
      from += 2;
    }
    if (from != end) return errc::corrupt;
    return static_cast<float>(static_cast<double>(simd::sum((sum[0] + sum[1]) + (sum[2] + sum[3]))) + rest);
  }

 private:
  static constexpr float number(std::byte const* at) noexcept {
    std::uint64_t code = 0;
    for (std::size_t b = 0; b < bytes; ++b) code |= std::to_integer<std::uint64_t>(at[b]) << (8 * b);
    return static_cast<float>(Format::decode(static_cast<code_type>(code & ((std::uint64_t{1} << Format::bits) - 1))));
  }
  // Sixteen numbers without gaps.
  template <class Arch, simd::half_nan Nan = simd::half_nan::quiet>
  [[gnu::always_inline]] static simd::floats<Arch> numbers(std::byte const* at) noexcept {
    if constexpr (std::is_same_v<Format, float16>) return simd::load_float16<Arch, Nan>(at);
    if constexpr (std::is_same_v<Format, bfloat16>) return simd::load_bfloat16<Arch, Nan>(at);
    if constexpr (!std::is_same_v<Format, float16> && !std::is_same_v<Format, bfloat16>) {
      simd::words<Arch> codes;
      if constexpr (bytes == 1) codes = simd::load_bytes<Arch>(at);
      if constexpr (bytes == 2) codes = simd::load_halves<Arch>(at);
      constexpr auto mask = static_cast<std::uint32_t>((std::uint64_t{1} << Format::bits) - 1);
      return format_lanes<Format, Arch>::decode(codes & simd::words<Arch>::broadcast(mask));
    }
  }
  template <class Arch>
  static float product(plane<std::byte const> const& from, float const* x, std::size_t n) noexcept {
    auto const next = [&x](simd::floats<Arch>(&out)[4]) noexcept {
      for (std::size_t k = 0; k < 4; ++k) out[k] = simd::floats<Arch>::load(x + 16 * k);
      x += 64;
    };
    if (from.block_stride == bytes)
      return product_of_steps<Arch>([data = from.data](std::size_t i) noexcept { return data + i * bytes; }, n, next);
    std::byte close[64 * bytes];
    auto const gathered = [&](std::size_t i) noexcept -> std::byte const* {
      for (std::size_t k = 0; k < 64; ++k)
        for (std::size_t b = 0; b < bytes; ++b) close[k * bytes + b] = from.data[(i + k) * from.block_stride + b];
      return close;
    };
    return product_of_steps<Arch>(gathered, n, next);
  }
};

static_assert(block_codec<stored_as<float16>> && dot_codec<stored_as<float16>>);

}  // namespace skive
