// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/rows.hpp - a row of numbers to a row of codes of a scalar format, one byte or more each, and back.
///
///   encode_row<e4m3fn>(numbers, codes)    codes[i] = e4m3fn::encode(numbers[i], rounding, overflow)
///   decode_row<e4m3fn>(codes, numbers)    numbers[i] = e4m3fn::decode(codes[i])
///   decode_row<e4m3fn>(codes, floats, streamed)    the same past the caches, for more floats than they hold (simd/stream.hpp)
///
/// Numbers are float, bfloat16 or float16 (decoding rounds to them, to nearest even, without saturating).
///
/// Model of : -
/// Cost     : copy speed out of memory where the format has a vector rule (format/lanes.hpp) and rounding is to nearest even.
///            Small floats and integers: directed rounding 1.3 to 1.9 times that in cache, stochastic with 8 random bits about
///            twice that for E4M3, where the scalar rule takes 60 times as long. Tables, bfloat16, TF32 and E8M0: directed as
///            nearest even. Not saturating, sixteen numbers take the scalar rule where one may be past the largest code.
/// Accuracy : the format's.
/// Promise  : the codes of the scalar rule; nothing is written unless the lengths agree.
/// Source   : -

#include "skive/core/status.hpp"
#include "skive/format/e8m0_lanes.hpp"
#include "skive/format/half_lanes.hpp"
#include "skive/format/integer_lanes.hpp"
#include "skive/format/lookup_lanes.hpp"
#include "skive/format/minifloat_lanes.hpp"
#include "skive/format/number_lanes.hpp"
#include "skive/simd/stream.hpp"

#include <bit>
#include <span>

namespace skive {

struct streamed_t {};
inline constexpr streamed_t streamed{};

namespace detail {

// Formats whose conversion is an operation of simd/half.hpp: what it makes infinite is bounded before.
template <class Format>
inline constexpr bool is_half =
    std::endian::native == std::endian::little && (std::is_same_v<Format, bfloat16> || std::is_same_v<Format, float16>);

template <class Format, overflow_policy Overflow, class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> bounded(simd::floats<Arch> const& x) noexcept {
  using words = simd::words<Arch>;
  using integers = simd::integers<Arch>;
  constexpr bool finite = Overflow.finite == overflow_action::saturate;
  constexpr bool infinite = Overflow.infinite == overflow_action::saturate;
  if constexpr (!finite && !infinite) {
    return x;
  } else {
    constexpr auto most = static_cast<int>(std::is_same_v<Format, bfloat16> ? 0x7F7F'0000 : 0x477F'E000);
    constexpr int infinity = 0x7F80'0000;
    auto const bits = simd::as<std::uint32_t>(x);
    auto const magnitude = simd::as<std::int32_t>(bits & words::broadcast(0x7FFF'FFFF));
    auto const sign = bits & words::broadcast(0x8000'0000);
    auto const within = [&](integers const& m) noexcept {
      return simd::as<std::uint32_t>(min(m, integers::broadcast(most))) | sign;
    };
    if constexpr (finite) {
      auto const kept = simd::as<std::uint32_t>(magnitude > integers::broadcast(infinite ? infinity : infinity - 1));
      return simd::as<float>(select(kept, bits, within(magnitude)));
    } else {
      auto const infinities = simd::as<std::uint32_t>(magnitude == integers::broadcast(infinity));
      return simd::as<float>(select(infinities, within(magnitude), bits));
    }
  }
}

// How many bytes ahead of those at work memory is asked for: the processor does not see so far by itself. Out of memory E4M3 is
// encoded 1.4 and decoded 1.2 times as fast by it; in a cache as fast as before, but float16 that is decoded in the first level
// 0.7 to 0.85 times (AVX-512 server core).
inline constexpr std::size_t numbers_read_ahead = 4096;
inline constexpr std::size_t numbers_written_ahead = 2048;
inline constexpr std::size_t codes_read_ahead = 1024;

template <class Arch, class T>
[[gnu::always_inline]] inline void ask_for_numbers(T const* from) noexcept {
  simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(from), numbers_read_ahead);
}
template <class Arch, class T>
[[gnu::always_inline]] inline void ask_for_room(T* to) noexcept {
  simd::prefetch_to_write<Arch>(reinterpret_cast<std::byte*>(to), numbers_written_ahead);
}

// The numbers that whole registers take: a multiple of 16.
template <class Format, class Arch, overflow_policy Overflow, class T>
std::size_t encode_sixteens(std::span<T const> numbers, typename Format::code_type* codes) noexcept {
  std::size_t i = 0;
  for (; i + 16 <= numbers.size(); i += 16) {
    ask_for_numbers<Arch>(numbers.data() + i);
    auto const x = load_numbers<Arch>(numbers.data() + i);
    if constexpr (is_half<Format>)
      store_numbers<Arch>(bounded<Format, Overflow, Arch>(x), reinterpret_cast<Format*>(codes + i));
    else
      store_codes<Arch>(format_lanes<Format, Arch>::template encode<Overflow>(x), codes + i);
  }
  return i;
}
template <class Format, class Arch, class T>
std::size_t encode_sixteens(std::span<T const> numbers, typename Format::code_type* codes, overflow_policy o) noexcept {
  constexpr auto keep = overflow_action::saturate;
  constexpr auto leave = overflow_action::to_special;
  if (o.finite == keep && o.infinite == keep) return encode_sixteens<Format, Arch, {keep, keep}>(numbers, codes);
  if (o.finite == keep) return encode_sixteens<Format, Arch, {keep, leave}>(numbers, codes);
  if (o.infinite == keep) return encode_sixteens<Format, Arch, {leave, keep}>(numbers, codes);
  return encode_sixteens<Format, Arch, {leave, leave}>(numbers, codes);
}

// May a number of these be past the largest code? Formats without special codes have nothing else to say of it.
template <class Format, class Arch>
[[gnu::always_inline]] inline bool may_be_past(simd::floats<Arch> const& x) noexcept {
  using integers = simd::integers<Arch>;
  if constexpr (requires { Format::nan_code; }) {
    auto const bits = simd::as<std::int32_t>(x);
    auto const largest = integers::broadcast(std::bit_cast<std::int32_t>(static_cast<float>(Format::max_finite)));
    auto past = (bits & integers::broadcast(0x7FFF'FFFF)) > largest;
    if constexpr (!requires { requires Format::is_signed; }) past = past | (bits < integers::broadcast(0));
    return past.bits() != 0;
  }
  return false;
}
template <class Rounding>
constexpr auto rounding_of_number(Rounding const& rounding, [[maybe_unused]] std::size_t i) noexcept {
  if constexpr (requires { rounding.at(i); })
    return rounding.at(i);
  else
    return rounding;
}

// Roundings other than to nearest even. Sixteen numbers of which one may be past the largest code take the scalar rule where that
// does not saturate. None where the policy is beyond its vector rule.
template <class Format, class Arch, class T, class Rounding>
std::size_t encode_sixteens_rounded(std::span<T const> numbers, typename Format::code_type* codes, Rounding const& rounding,
                                    overflow_policy overflow) noexcept {
  bool const saturates = overflow.finite == overflow_action::saturate && overflow.infinite == overflow_action::saturate;
  rounding_lanes<Rounding, Arch> policy{rounding, format_lanes<Format, Arch>::bits_in_ulps};
  std::size_t i = 0;
  if (policy.usable())
    while (i + 16 <= numbers.size()) {
      auto const now = policy.from(i);
      auto const end = numbers.size() - i < now.size ? numbers.size() / 16 * 16 : i + now.size;
      with_window(now, [&](auto const& window) __attribute__((always_inline)) {
        for (; i != end; i += 16) {
          auto const x = load_numbers<Arch>(numbers.data() + i);
          if (!saturates && may_be_past<Format, Arch>(x)) [[unlikely]]
            for (std::size_t j = i; j < i + 16; ++j)
              codes[j] = Format::encode(widen(numbers[j]), rounding_of_number(rounding, j), overflow);
          else
            store_codes<Arch>(format_lanes<Format, Arch>::encode_rounded(x, window, i), codes + i);
        }
      });
    }
  return i;
}
template <class Format, class Arch, class Rounding>
concept encodes_rounded = rounds_in_lanes<Rounding, Arch> &&
    requires(simd::floats<Arch> const& x, typename rounding_lanes<Rounding, Arch>::window const& now) {
      format_lanes<Format, Arch>::encode_rounded(x, now, std::uint64_t{});
    };

}  // namespace detail

/// Fails with size_mismatch; `rounding` may depend on the position (core/stochastic_stream.hpp).
template <class Format, class Arch = native_arch, class T, class Rounding = nearest_even>
status encode_row(std::span<T const> numbers, std::span<typename Format::code_type> codes, Rounding rounding = {},
                  overflow_policy overflow = {}) noexcept {
  if (numbers.size() != codes.size()) return errc::size_mismatch;
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch> && std::is_same_v<Rounding, nearest_even>)
    i = detail::encode_sixteens<Format, Arch>(numbers, codes.data(), overflow);
  else if constexpr (detail::encodes_rounded<Format, Arch, Rounding>)
    i = detail::encode_sixteens_rounded<Format, Arch>(numbers, codes.data(), rounding, overflow);
  for (; i < numbers.size(); ++i)
    codes[i] = Format::encode(detail::widen(numbers[i]), detail::rounding_of_number(rounding, i), overflow);
  return errc::ok;
}

namespace detail {

template <class Format, class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> decode_sixteen(typename Format::code_type const* codes) noexcept {
  if constexpr (is_half<Format>)
    return load_numbers<Arch>(reinterpret_cast<Format const*>(codes));
  else
    return format_lanes<Format, Arch>::decode(load_codes<Arch>(codes));
}
template <class Format, class Arch>
concept decodes_32 = simd::vector_arch<Arch> &&
    requires(std::byte const* codes, simd::floats<Arch> (&out)[2]) { format_lanes<Format, Arch>::decode_32(codes, out); };

}  // namespace detail

/// Fails with size_mismatch.
template <class Format, class Arch = native_arch, class T>
status decode_row(std::span<typename Format::code_type const> codes, std::span<T> numbers) noexcept {
  if (numbers.size() != codes.size()) return errc::size_mismatch;
  std::size_t i = 0;
  if constexpr (detail::decodes_32<Format, Arch>)
    for (; i + 32 <= codes.size(); i += 32) {
      simd::floats<Arch> x[2];
      format_lanes<Format, Arch>::decode_32(reinterpret_cast<std::byte const*>(codes.data() + i), x);
      detail::ask_for_room<Arch>(numbers.data() + i);
      detail::ask_for_room<Arch>(numbers.data() + i + 16);
      detail::store_numbers<Arch>(x[0], numbers.data() + i);
      detail::store_numbers<Arch>(x[1], numbers.data() + i + 16);
    }
  if constexpr (simd::vector_arch<Arch>)
    for (; i + 16 <= codes.size(); i += 16) {
      detail::ask_for_room<Arch>(numbers.data() + i);
      detail::store_numbers<Arch>(detail::decode_sixteen<Format, Arch>(codes.data() + i), numbers.data() + i);
    }
  for (; i < codes.size(); ++i) numbers[i] = detail::narrow<T>(static_cast<float>(Format::decode(codes[i])));
  return errc::ok;
}

/// Fails with size_mismatch. Other threads may be told when it returns.
template <class Format, class Arch = native_arch>
status decode_row(std::span<typename Format::code_type const> codes, std::span<float> numbers, streamed_t) noexcept {
  if (numbers.size() != codes.size()) return errc::size_mismatch;
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>) {
    auto const past = reinterpret_cast<std::uintptr_t>(numbers.data()) % simd::stream_alignment;
    auto const head = past == 0 ? 0 : (simd::stream_alignment - past) / sizeof(float);
    if (head < numbers.size()) {
      static_cast<void>(decode_row<Format, Arch>(codes.first(head), numbers.first(head)));
      for (i = head; i + 16 <= codes.size(); i += 16) {
        simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(codes.data() + i), detail::codes_read_ahead);
        simd::stream<Arch>(detail::decode_sixteen<Format, Arch>(codes.data() + i), numbers.data() + i);
      }
      simd::stream_fence<Arch>();
    }
  }
  return decode_row<Format, Arch>(codes.subspan(i), numbers.subspan(i));
}

}  // namespace skive
