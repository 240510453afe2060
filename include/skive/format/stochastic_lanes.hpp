// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/stochastic_lanes.hpp - stochastic rounding on sixteen numbers at once. The interface is that of format/rounding_lanes.hpp.
///
/// With R of N random bits rounding is one sum: with v 2^N rounded as the variant says (a: down, b: down, N + 1 bits and 2 R + 1, c:
/// nearest even) it gives floor((v 2^N + R) 2^-N), for the parity and the carry of core/rounding.hpp's rule are those of the sum. With
/// more than 16 random bits, or where v and they together do not fit into a float's 23 bits, the distance to the nearest integer becomes
/// an integer of N bits and a sign (or the fraction one, in two parts) and the carry of its sum with R is looked for. The random fields of
/// 768 numbers (384 of more than 8 bits, 192 of more than 16) are drawn at a time; the bytes of the drawn words are the fields in their
/// order.
///
/// Model of : -
/// Cost     : 5 instructions a register, 9 for variants a and b; where one sum is too short 13, about 30 for a and b and on machines
///            other than x86; and random bits.
/// Accuracy : exact.
/// Promise  : the integers of the policy's increments(), for bits <= 22; usable() says no to counts that are none.
/// Source   : -

#include "skive/core/stochastic_stream.hpp"
#include "skive/format/directed_lanes.hpp"
#include "skive/simd/bytes.hpp"
#include "skive/simd/philox.hpp"
#include "skive/simd/saturate.hpp"

namespace skive::detail {

template <class Arch>
class rounding_lanes<stochastic_stream, Arch> {
 public:
  using floats = simd::floats<Arch>;
  using integers = simd::integers<Arch>;

  // Eight random bits of variant c, as bytes that lie in their order, where one sum is long enough: nothing to ask at run time.
  struct byte_window {
    static constexpr bool sees_tiny = false;
    static constexpr auto variant = stochastic_variant::c;
    std::byte const* fields;
    std::uint64_t first;

    [[gnu::always_inline]] integers round(floats const& in_ulps, typename floats::mask const&, std::uint64_t i) const noexcept {
      auto const shift = floats::broadcast(0x1p23f);
      auto const t = simd::as<std::int32_t>(simd::fused<Arch>(in_ulps, floats::broadcast(256.0f), shift));
      return ((t + bytes_at(i)) >> 8) - integers::broadcast(std::bit_cast<std::int32_t>(0x1p23f) >> 8);
    }
    static constexpr bool rounds_signed() noexcept { return true; }
    [[gnu::always_inline]] integers round_signed(floats const& in_ulps, std::uint64_t i) const noexcept {
      auto const shift = floats::broadcast(0x1.8p23f);
      auto const sum = simd::fused<Arch>(in_ulps, floats::broadcast(256.0f), shift);
      auto const t = simd::as<std::int32_t>(sum) - simd::as<std::int32_t>(shift);
      return (t + (bytes_at(i) ^ ((t >> 31) & integers::broadcast(255)))) >> 8;
    }
    [[gnu::always_inline]] simd::words<Arch> bits_at(std::uint64_t i) const noexcept {
      return simd::as<std::uint32_t>(bytes_at(i)) << 24;
    }
    static constexpr int random_bits() noexcept { return 8; }

   private:
    [[gnu::always_inline]] integers bytes_at(std::uint64_t i) const noexcept {
      return simd::as<std::int32_t>(simd::load_bytes<Arch>(fields + (i - first)));
    }
  };

  // What rounding needs, apart from memory that stores could change, and the random fields of `size` numbers from `first` on.
  struct window {
    static constexpr bool sees_tiny = false;  // no number of random bits does
    floats scale;
    std::byte const* fields;
    std::uint64_t first;
    std::size_t size;
    int count;  // of the bits that decide
    int surplus;
    unsigned bytes;  // of a field
    bool wide;       // is one sum too short?
    stochastic_variant variant;

    // floor(v + R 2^-N), where v has been rounded to multiples of 2^-N as the variant says; b sees one bit more of v and of R.
    [[gnu::always_inline]] integers round(floats const& in_ulps, typename floats::mask const&, std::uint64_t i) const noexcept {
      if (wide) {
        auto const random = bits_at(i);
        if constexpr (simd::has_nearest_integers<Arch>)
          if (variant == stochastic_variant::c) return round_carried(in_ulps, random);
        return round_wide(in_ulps, random >> (32 - random_bits()));
      }
      auto const shift = floats::broadcast(0x1p23f);
      auto sum = simd::fused<Arch>(in_ulps, scale, shift);  // the product is exact: fused or not, one rounding
      if (variant != stochastic_variant::c) {
        auto const scaled = simd::product<Arch>(in_ulps, scale);
        auto const near = sum - shift;
        sum = select(scaled < near, near - floats::broadcast(1.0f), near) + shift;
      }
      auto const t = simd::as<std::int32_t>(sum) - simd::as<std::int32_t>(shift);
      auto random = simd::as<std::int32_t>(bytes == 1 ? simd::load_bytes<Arch>(fields + (i - first))
                                                      : simd::load_halves<Arch>(fields + 2 * (i - first)));
      if (surplus != 0) random = random >> surplus;
      if (variant == stochastic_variant::b) random = random + random + integers::broadcast(1);
      return (t + random) >> count;
    }

    /// The random bits of numbers i .. i + 15, at the top of a word, and how many they are.
    [[gnu::always_inline]] simd::words<Arch> bits_at(std::uint64_t i) const noexcept {
      auto const random = simd::words<Arch>::broadcast(~std::uint32_t{0} << (32 - random_bits()));
      if (bytes == 1) return (simd::load_bytes<Arch>(fields + (i - first)) << 24) & random;
      if (bytes == 2) return (simd::load_halves<Arch>(fields + 2 * (i - first)) << 16) & random;
      return simd::words<Arch>::load(words_at(i)) & random;
    }
    [[gnu::always_inline]] int random_bits() const noexcept { return static_cast<int>(8 * bytes) - surplus; }

    /// Do the bytes drawn, as they lie, round all numbers? Those of number i on.
    [[gnu::always_inline]] bool rounds_by_bytes() const noexcept { return rounds_signed() && count == 8 && !wide; }
    [[gnu::always_inline]] byte_window by_bytes() const noexcept { return {fields, first}; }
    [[gnu::always_inline]] std::byte const* bytes_at(std::uint64_t i) const noexcept { return fields + (i - first); }
    /// Is there a shorter way for numbers with their sign, if they are below 2^13?
    [[gnu::always_inline]] bool rounds_signed() const noexcept { return bytes == 1 && variant == stochastic_variant::c; }
    /// Below zero the least carry comes with 2^N - 1 - R.
    [[gnu::always_inline]] integers round_signed(floats const& in_ulps, std::uint64_t i) const noexcept {
      auto const shift = floats::broadcast(0x1.8p23f);
      auto const t = simd::as<std::int32_t>(simd::fused<Arch>(in_ulps, scale, shift)) - simd::as<std::int32_t>(shift);
      auto random = simd::as<std::int32_t>(simd::load_bytes<Arch>(fields + (i - first)));
      if (surplus != 0) random = random >> surplus;
      return (t + (random ^ ((t >> 31) & integers::broadcast((1 << count) - 1)))) >> count;
    }

   private:
    [[gnu::always_inline]] std::uint32_t const* words_at(std::uint64_t i) const noexcept {
      return reinterpret_cast<std::uint32_t const*>(fields) + (i - first);
    }
    // Variant c, random bits at the top of a word. v = n + d with the nearest integer n; t: d 2^N to the nearest integer, there, too. n is one more where t + R carries out of the word and one less where t is below zero. d = 1/2 makes 2^31, which only
    // looks so; of d below zero t may be zero.
    [[gnu::always_inline]] integers round_carried(floats const& in_ulps, simd::words<Arch> const& random) const noexcept {
      using words = simd::words<Arch>;
      auto const shift = floats::broadcast(0x1p23f);
      auto const near = in_ulps + shift;
      auto const d = in_ulps - (near - shift);
      auto const t = simd::nearest_integers<Arch>(simd::product<Arch>(d, scale)) << (32 - random_bits());
      auto const carries = random + simd::as<std::uint32_t>(t) < random;
      auto const n = simd::as<std::int32_t>(near) - simd::as<std::int32_t>(shift);
      auto const below = (t & simd::as<std::int32_t>(d)) >> 31;
      return n + below + simd::as<std::int32_t>(select(carries, words::broadcast(1), words::broadcast(0)));
    }
    // The same for every variant: the bits of the fraction, rounded as the variant says, may fill a word.
    [[gnu::always_inline]] integers round_wide(floats const& in_ulps, simd::words<Arch> const& random) const noexcept {
      auto const whole = rounded_down(in_ulps);
      auto const scaled = simd::product<Arch>(in_ulps - whole, scale);
      auto const near = nearest(scaled);
      auto t = near;
      if (variant == stochastic_variant::a) t = select(scaled < near, near - floats::broadcast(1.0f), near);
      if (variant == stochastic_variant::b)  // 2 R + 1 and one bit more of v: a half rounds up
        t = select(scaled - near < floats::broadcast(0.5f), near, near + floats::broadcast(1.0f));
      t = select(scaled < floats::broadcast(0x1p23f), t, scaled);  // above there are integers only
      auto const upper = rounded_down(simd::product<Arch>(t, floats::broadcast(0x1p-12f)));
      auto const lower = t - simd::product<Arch>(upper, floats::broadcast(0x1p12f));
      auto const sum = simd::as<std::uint32_t>((integer(upper) << 12) + integer(lower));
      auto const none = simd::words<Arch>::broadcast(0);
      auto const least = simd::words<Arch>::broadcast(count == 32 ? 0U : 1U << count) - sum;  // R that makes a carry
      auto const carry = select((random < least) | (sum == none), none, simd::words<Arch>::broadcast(1));
      return integer(whole) + simd::as<std::int32_t>(carry);
    }
    // Of 0 <= x < 2^22, and what such numbers, being integers, are.
    [[gnu::always_inline]] static floats nearest(floats const& x) noexcept {
      auto const shift = floats::broadcast(0x1p23f);
      return (x + shift) - shift;
    }
    [[gnu::always_inline]] static floats rounded_down(floats const& x) noexcept {
      auto const near = nearest(x);
      return select(x < near, near - floats::broadcast(1.0f), near);
    }
    [[gnu::always_inline]] static integers integer(floats const& x) noexcept {
      auto const shift = floats::broadcast(0x1p23f);
      return simd::as<std::int32_t>(x + shift) - simd::as<std::int32_t>(shift);
    }
  };

  rounding_lanes(stochastic_stream const& s, int bits) noexcept
      : stream_{s},
        bytes_{s.count <= 8        ? 1U
                   : s.count <= 16 ? 2U
                                   : 4U},
        drawn_numbers_{768 / bytes_},
        wide_{bytes_ == 4 || bits + s.count + (s.variant == stochastic_variant::b ? 1 : 0) > 23},
        count_{s.count + (s.variant == stochastic_variant::b && !wide_ ? 1 : 0)},
        scale_{s.count >= 1 && s.count <= 32 ? static_cast<float>(std::uint64_t{1} << count_) : 0.0f} {}

  bool usable() const noexcept { return stream_.count >= 1 && stream_.count <= 32; }

  [[gnu::always_inline]] window from(std::uint64_t i, std::uint64_t least = 16) noexcept {  // at most 128
    if (i - begin_ + least > drawn_numbers_) draw(i);  // numbers before `begin` wrap to large ones
    auto const size = (drawn_numbers_ - (i - begin_)) / 16 * 16;
    return {floats::broadcast(scale_),
            reinterpret_cast<std::byte const*>(drawn_.data()) + (i - begin_) * bytes_,
            i,
            static_cast<std::size_t>(size),
            count_,
            static_cast<int>(8 * bytes_) - stream_.count,
            static_cast<unsigned>(bytes_),
            wide_,
            stream_.variant};
  }

 private:
  [[gnu::noinline]] void draw(std::uint64_t i) noexcept {
    auto const block = i * bytes_ / 16;
    begin_ = block * 16 / bytes_;
    simd::random_words<Arch, 192>(stream_.seed, stream_.row, block, drawn_);
  }

  stochastic_stream stream_;
  std::uint64_t bytes_;
  std::uint64_t drawn_numbers_;
  bool wide_;
  int count_;
  float scale_;
  std::uint64_t begin_ = ~std::uint64_t{0} / 2;
  alignas(64) std::array<std::uint32_t, 192> drawn_;
};

}  // namespace skive::detail
