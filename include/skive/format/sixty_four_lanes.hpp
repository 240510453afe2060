// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file format/sixty_four_lanes.hpp - codes of 4 and 8 bits, sixty-four numbers at a time: what is cheaper so than by sixteens.
///
///   sixty_four<Format, Arch>::available           is there such a path?
///   sixty_four<Format, Arch>::lanes(q, x) -> w    finite q, which may have lost the sign of zero to x; |q| < 2^31 where
///                                                 bounds_quotients<Format, Arch>
///   sixty_four<Format, Arch>::store_random(x, random, order, p)   integers: 256 q, rounded by 8 random bits each
///   sixty_four<Format, Arch>::store(w, order, p)  four of these become 64 fields, laid out as core/bits.hpp says
///
/// A lane need not hold a code yet: integers are clamped, and the rest of a lane is cut off, when all are packed.
///
/// Model of : -
/// Cost     : simd/saturate.hpp, simd/e2m1.hpp; integers take an instruction a register before that.
/// Accuracy : exact nearest, ties to even.
/// Promise  : the codes of the scalar rule.
/// Source   : -

#include "skive/format/fp4.hpp"
#include "skive/format/integer.hpp"
#include "skive/format/lanes.hpp"
#include "skive/simd/e2m1.hpp"
#include "skive/simd/saturate.hpp"

namespace skive::detail {

template <class Format, class Arch>
struct sixty_four {
  static constexpr bool available = false;
};

template <class Format, class Arch>
inline constexpr bool bounds_quotients = requires { requires sixty_four<Format, Arch>::bounds_quotients; };

// Bounded above: a conversion makes the least integer of what is past the largest, and so past every code.
template <class Arch>
[[gnu::always_inline]] inline simd::integers<Arch> bounded_integers(simd::floats<Arch> const& q) noexcept {
  return simd::nearest_integers<Arch>(min(q, simd::floats<Arch>::broadcast(0x1p24f)));
}

template <int Bits, integer_range Range, class Arch>
  requires((Bits == 4 || Bits == 8) && simd::has_saturate<Arch>)
struct sixty_four<fixed_point<Bits, 0, Range>, Arch> {
  static constexpr bool available = true;
  static constexpr bool bounds_quotients = true;
  using lane_type = simd::integers<Arch>;
  [[gnu::always_inline]] static lane_type lanes(simd::floats<Arch> const& q,
                                                simd::floats<Arch> const& /*zero has one code*/) noexcept {
    return simd::nearest_integers<Arch>(q);
  }
  [[gnu::always_inline]] static void store(lane_type const (&n)[4], bit_order order, std::byte* to) noexcept {
    simd::store_signed<Bits, Arch>(n, static_cast<int>(fixed_point<Bits, 0, Range>::min_integer), order, to);
  }
  [[gnu::always_inline]] static void store_random(simd::floats<Arch> const (&x)[4], std::byte const* random, bit_order order,
                                                  std::byte* to) noexcept
    requires(simd::has_avx2<Arch>)
  {
    simd::store_random<Bits, Arch>(x, random, static_cast<int>(fixed_point<Bits, 0, Range>::min_integer), order, to);
  }
};

template <int Bits, class Arch>
  requires((Bits == 4 || Bits == 8) && simd::has_saturate<Arch>)
struct sixty_four<uint_format<Bits>, Arch> {
  static constexpr bool available = true;
  static constexpr bool bounds_quotients = true;
  using lane_type = simd::integers<Arch>;
  [[gnu::always_inline]] static lane_type lanes(simd::floats<Arch> const& q,
                                                simd::floats<Arch> const& /*zero has one code*/) noexcept {
    return simd::nearest_integers<Arch>(q);
  }
  [[gnu::always_inline]] static void store(lane_type const (&n)[4], bit_order order, std::byte* to) noexcept {
    simd::store_unsigned<Bits, Arch>(n, order, to);
  }
};

template <class Arch>
  requires simd::has_e2m1<Arch>
struct sixty_four<e2m1, Arch> {
  static constexpr bool available = true;
  using lane_type = simd::e2m1_codes<Arch>;
  [[gnu::always_inline]] static lane_type lanes(simd::floats<Arch> const& q, simd::floats<Arch> const& x) noexcept {
    return simd::e2m1_lanes<Arch>(q, x);
  }
  [[gnu::always_inline]] static void store(lane_type const (&w)[4], bit_order order, std::byte* to) noexcept {
    simd::store_e2m1<Arch>(w, order, to);
  }
};

}  // namespace skive::detail
