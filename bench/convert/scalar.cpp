// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "scalar.hpp"

#include "skive/format/e8m0.hpp"
#include "skive/format/fp4.hpp"
#include "skive/format/fp6.hpp"
#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"
#include "skive/format/integer.hpp"
#include "skive/format/lookup.hpp"
#include "skive/format/p3109.hpp"
#include "skive/format/power_of_two.hpp"
#include "skive/format/scale_float.hpp"

#include <utility>
#include <vector>

namespace skive::convert {

bool any_rounding::increments(std::uint64_t keep, std::uint64_t drop, int drop_bits, bool negative) const noexcept {
  switch (which) {
    case kind::nearest_even: return skive::nearest_even{}.increments(keep, drop, drop_bits, negative);
    case kind::nearest_away: return skive::nearest_away{}.increments(keep, drop, drop_bits, negative);
    case kind::toward_zero: return skive::toward_zero{}.increments(keep, drop, drop_bits, negative);
    case kind::toward_positive: return skive::toward_positive{}.increments(keep, drop, drop_bits, negative);
    case kind::toward_negative: return skive::toward_negative{}.increments(keep, drop, drop_bits, negative);
    case kind::toward_odd: return skive::toward_odd{}.increments(keep, drop, drop_bits, negative);
    case kind::random: break;
  }
  return random.increments(keep, drop, drop_bits, negative);
}

namespace {

// Stochastic rounding is a type of its own where a format treats it apart (past the largest finite number).
template <class Format>
std::uint32_t encode(double x, any_rounding rounding, overflow_policy overflow) {
  if (rounding.which == any_rounding::kind::random)
    return static_cast<std::uint32_t>(Format::encode(x, rounding.random, overflow));
  return static_cast<std::uint32_t>(Format::encode(x, rounding, overflow));
}
template <class Format>
double decode(std::uint32_t code) {
  return static_cast<double>(Format::decode(static_cast<typename Format::code_type>(code)));
}
template <class Format>
scalar_entry entry(std::string name) {
  return {std::move(name), Format::bits, encode<Format>, decode<Format>};
}

template <int K, int P, signedness S>
void add_p3109(std::vector<scalar_entry>& list) {
  auto const stem = "binary" + std::to_string(K) + "p" + std::to_string(P) + (S == signedness::with_sign ? "s" : "u");
  list.push_back(entry<p3109<K, P, S, domain::finite>>(stem + "f"));
  list.push_back(entry<p3109<K, P, S, domain::extended>>(stem + "e"));
}
template <int K, int... P>
void add_width(std::vector<scalar_entry>& list, std::integer_sequence<int, P...>) {
  (add_p3109<K, P + 1, signedness::without_sign>(list), ...);
  ((P + 1 < K ? add_p3109<K, (P + 1 < K ? P + 1 : P), signedness::with_sign>(list) : void()), ...);
}
// power_of_two<b> and apot<b> need a sign bit and one more.
template <int... B>
void add_powers(std::vector<scalar_entry>& list, std::integer_sequence<int, B...>) {
  (list.push_back(entry<power_of_two<B + 2>>("power_of_two" + std::to_string(B + 2))), ...);
  (list.push_back(entry<apot<B + 2>>("apot" + std::to_string(B + 2))), ...);
  (list.push_back(entry<apot_unsigned<B + 1>>("apot_unsigned" + std::to_string(B + 1))), ...);
  list.push_back(entry<apot_unsigned<8>>("apot_unsigned8"));
}
template <int... K>
void add_widths(std::vector<scalar_entry>& list, std::integer_sequence<int, K...>) {
  (add_width<K + 3>(list, std::make_integer_sequence<int, K + 3>{}), ...);
}

std::vector<scalar_entry> all() {
  std::vector<scalar_entry> list{
      entry<e4m3fn>("e4m3fn"),
      entry<e5m2>("e5m2"),
      entry<e4m3fnuz>("e4m3fnuz"),
      entry<e5m2fnuz>("e5m2fnuz"),
      entry<e4m3b11fnuz>("e4m3b11fnuz"),
      entry<e4m3_ieee>("e4m3_ieee"),
      entry<e3m4_ieee>("e3m4_ieee"),
      entry<e3m4fn>("e3m4fn"),
      entry<e2m1>("e2m1"),
      entry<e2m3>("e2m3"),
      entry<e3m2>("e3m2"),
      entry<ue4m3>("ue4m3"),
      entry<ue5m3>("ue5m3"),
      entry<e8m0>("e8m0"),
      entry<bfloat16>("bfloat16"),
      entry<float16>("float16"),
      entry<tf32>("tf32"),
      entry<int2>("int2"),
      entry<int3>("int3"),
      entry<int4>("int4"),
      entry<int5>("int5"),
      entry<int6>("int6"),
      entry<int7>("int7"),
      entry<int8>("int8"),
      entry<int2_full>("int2_full"),
      entry<int3_full>("int3_full"),
      entry<int4_full>("int4_full"),
      entry<int5_full>("int5_full"),
      entry<int6_full>("int6_full"),
      entry<int7_full>("int7_full"),
      entry<int8_full>("int8_full"),
      entry<uint1>("uint1"),
      entry<uint2>("uint2"),
      entry<uint3>("uint3"),
      entry<uint4>("uint4"),
      entry<uint5>("uint5"),
      entry<uint6>("uint6"),
      entry<uint7>("uint7"),
      entry<uint8>("uint8"),
      entry<mxint8>("mxint8_element"),
      entry<nf4>("nf4"),
      entry<nf3>("nf3"),
      entry<nf2>("nf2"),
      entry<fp4_bnb>("fp4_bnb"),
      entry<dynamic8>("dynamic8"),
      entry<dynamic8_unsigned>("dynamic8_unsigned"),
      entry<af4>("af4"),
      entry<sf4>("sf4"),
      entry<iq4_nl>("iq4_nl"),
  };
  add_powers(list, std::make_integer_sequence<int, 7>{});
  add_widths(list, std::make_integer_sequence<int, 8>{});
  return list;
}

}  // namespace

std::span<scalar_entry const> scalar_formats() {
  static auto const list = all();
  return list;
}

scalar_entry const* find_scalar(std::string_view name) {
  for (auto const& e : scalar_formats())
    if (e.name == name) return &e;
  return nullptr;
}

}  // namespace skive::convert
