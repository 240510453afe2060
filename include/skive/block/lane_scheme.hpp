// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_scheme.hpp - how a block format works on sixteen groups, and on sixteen numbers of one group, at once.
///
///   lanes<Arch>                             parameters of a group (0: no vector path)
///   settle_lanes<Arch>(largest) -> fields   optional: metadata of 16 groups from their largest magnitudes (bits), or
///   settle_lanes<Arch>(low, high, largest)  also from their ranges; both say which groups have to settle by the scalar rule
///   settle_together<Arch>(numbers, group, workspace)  optional: the same from all numbers of at most 16 groups, where
///                                           settles_together(group) says so
///   settle_group<Arch>(numbers, workspace)  optional: settle(numbers), faster
///   load_lanes<Arch, Coding>(fields)        what coding or decoding needs to know, and the groups beyond the vector rule
///   code_lanes<Arch>(x, parameters) -> codes,   value_lanes<Arch>(codes, parameters) -> numbers
///   sixty_four<Arch>, wide_lanes<Arch>(x, parameters) -> lanes   optional: code_lanes for what sixty_four::store takes
///                                           (format/sixty_four_lanes.hpp), where sixty_four::available
///   choose_lanes<Arch>(code)                optional: code(f), f being wide_lanes with its choices made
///   quotient_lanes<Arch>(x, parameters)      optional: what is rounded, for sixty_four::store_random
///   stored_lanes<Arch>(p, parameters)        value_lanes() of 16 codes in memory, where words would be a detour
///   rounded_lanes<Arch>(x, parameters, policy, i) -> codes   instead of code_lanes where rounding is not to nearest even: policy
///                                           is the scheme's in lanes (format/rounding_lanes.hpp), i the place in the row
///
/// These are members of a scheme (block/scheme.hpp); block/lane_engine.hpp runs them. Members whose schemes choose at run time
/// whether to settle in lanes say so by settles_in_lanes().
///
/// Model of : -
/// Cost     : declarations and loads.
/// Promise  : a group beyond the vector rule (not finite, zero or extreme scale) takes the scalar rule: the bytes are the same.
/// Source   : -

#include "skive/block/scheme.hpp"
#include "skive/format/rows.hpp"
#include "skive/format/sixty_four_lanes.hpp"

#include <utility>

namespace skive::detail {

/// What coding and decoding need to know of 16 groups: lane g of value[p] is parameter p of group g.
template <class Arch, std::size_t Parameters>
struct lane_parameters {
  std::array<simd::floats<Arch>, Parameters> value;
  std::uint32_t by_rule = 0;  ///< bit g: group g takes the scalar rule

  /// Register by register: g++ 12 copies whole batches by way of memory.
  [[gnu::always_inline]] void set(std::size_t p, simd::floats<Arch> const& x) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < x.registers; ++i) value[p].part[i] = x.part[i];
  }
};

/// Metadata of 16 groups.
template <class Arch, std::size_t Fields>
struct lane_fields {
  std::array<simd::words<Arch>, Fields> value;
  std::uint32_t by_rule = 0;  ///< bit g: group g settles by the scalar rule

  [[gnu::always_inline]] void set(std::size_t f, simd::words<Arch> const& x) noexcept {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < x.registers; ++i) value[f].part[i] = x.part[i];
  }
};

template <class Scheme>
inline constexpr int code_width = 0;
template <class Scheme>
  requires requires { Scheme::packing::width; }
inline constexpr int code_width<Scheme> = Scheme::packing::width;

template <class Scheme, class Arch>
concept lane_scheme = simd::vector_arch<Arch> && code_width<Scheme> != 0 && Scheme::template lanes<Arch> != 0;

/// How codes are rounded: to nearest even, or by a policy that lives as long as the row.
template <class Scheme>
using rounding_of = std::remove_cvref_t<decltype(std::declval<Scheme const&>().rounding)>;
template <class Scheme>
inline constexpr bool rounds_to_nearest_even = std::is_same_v<rounding_of<Scheme>, nearest_even>;
struct no_policy {
  using window = no_policy;
  static constexpr std::size_t size = ~std::size_t{0};
  no_policy from(std::uint64_t) const noexcept { return *this; }
};
template <class Scheme, class Arch>
struct policy_of_scheme {
  using type = rounding_lanes<rounding_of<Scheme>, Arch>;
};
template <class Scheme, class Arch>
  requires rounds_to_nearest_even<Scheme>
struct policy_of_scheme<Scheme, Arch> {
  using type = no_policy;
};
template <class Scheme, class Arch>
using lane_policy = typename policy_of_scheme<Scheme, Arch>::type;

template <class Arch, class Scheme>
[[gnu::always_inline]] inline lane_policy<Scheme, Arch> policy_of(Scheme const& scheme) noexcept {
  if constexpr (rounds_to_nearest_even<Scheme>)
    return {};
  else
    return {scheme.rounding, format_lanes<typename Scheme::element, Arch>::bits_in_ulps};
}

/// Can the vector path code under the scheme's policy? It always decodes.
template <class Arch, class Scheme>
bool codes_in_lanes(Scheme const& scheme) noexcept {
  if constexpr (rounds_to_nearest_even<Scheme>)
    return true;
  else
    return policy_of<Arch>(scheme).usable();
}

/// Bit g: more than 16 random bits see quotients by scale g that need not be exact. They see 2^-33 of the least number of a format,
/// 2^-53 at least; from scales of 2^-40 on quotients are exact down to 2^-60 (simd/arithmetic.hpp). Tables may show as much to any.
template <class Arch, class Scheme>
[[gnu::always_inline]] inline std::uint32_t inexact_quotients(Scheme const& scheme, simd::floats<Arch> const& scale) noexcept {
  if constexpr (requires {
                  requires Scheme::element::min_subnormal < 0x1p-6f;
                  scheme.rounding.count;
                })
    if (scheme.rounding.count > 16) return (scale < simd::floats<Arch>::broadcast(0x1p-40f)).bits();
  if constexpr (requires { Scheme::element::sorted; } && !rounds_to_nearest_even<Scheme>)
    return (scale < simd::floats<Arch>::broadcast(0x1p-40f)).bits();
  return 0;
}

/// Are sixty-four numbers coded at once where they lie side by side?
template <class Scheme, class Arch>
concept codes_sixty_four = rounds_to_nearest_even<Scheme> && requires { requires Scheme::template sixty_four<Arch>::available; };

/// Do stochastic codes of eight random bits, too?
template <class Scheme, class Arch>
concept codes_sixty_four_random = std::is_same_v<rounding_of<Scheme>, stochastic_stream> &&
    requires(Scheme const s, simd::floats<Arch> const (&x)[4], std::byte const* in, std::byte* out,
             std::array<simd::floats<Arch>, Scheme::template lanes<Arch>> const& p) {
      s.template quotient_lanes<Arch>(x[0], p);
      Scheme::template sixty_four<Arch>::store_random(x, in, bit_order::low_first, out);
    };

template <class Scheme, class Arch>
concept settles_by_largest =
    requires(Scheme const s, simd::words<Arch> const& largest) { s.template settle_lanes<Arch>(largest); };
template <class Scheme, class Arch>
concept settles_by_range = requires(Scheme const s, simd::floats<Arch> const& x, simd::words<Arch> const& largest) {
  s.template settle_lanes<Arch>(x, x, largest);
};

// The last numbers of a group, of which there are fewer than 16, then zeros.
template <class Arch, class T>
[[gnu::always_inline]] inline simd::floats<Arch> load_rest(std::span<T const> rest) noexcept {
  std::array<T, 16> padded{};
  for (std::size_t i = 0; i < rest.size(); ++i) padded[i] = rest[i];
  return load_numbers<Arch>(padded.data());
}

/// Calls f(x) for the numbers of a group, sixteen at a time; the last ones are followed by zeros.
template <class Arch, class T, class F>
[[gnu::always_inline]] inline void for_each_sixteen(std::span<T const> group, F f) noexcept {
  std::size_t i = 0;
  for (; i + 16 <= group.size(); i += 16) f(load_numbers<Arch>(group.data() + i));
  if (i != group.size()) [[unlikely]]
    f(load_rest<Arch>(group.subspan(i)));
}

/// In each lane the largest of the magnitudes (bits) that passed through it.
template <class Arch, class T>
[[gnu::always_inline]] inline simd::words<Arch> largest_in_lanes(std::span<T const> group) noexcept {
  auto const clear_sign = simd::words<Arch>::broadcast(0x7FFF'FFFF);
  auto all = simd::words<Arch>::broadcast(0);
  for_each_sixteen<Arch>(group, [&](simd::floats<Arch> const& x) __attribute__((always_inline)) {
    all = max(all, simd::as<std::uint32_t>(x) & clear_sign);
  });
  return all;
}

}  // namespace skive::detail
