// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis.hpp - the bitshift trellis: every window of L bits of a cyclic bit string names the values there.
///
///   a block of S steps is a cyclic string of S B bits, bit n being bit n % 8 of byte n / 8; B bits and V values a step
///   state_i = bits B i ... B i + L - 1 as a number, lowest first;   values V i + v = level(state_i, v),  0 <= v < V
///
/// Neighbours share L - B bits, state_(i-1) = (state_i << B | symbol_(i-1)) mod 2^L: a trellis that runs from the last step to
/// the first. The string being cyclic (tail-biting), no block spends bits on a start, and any state can be read on its own.
///
/// Model of : -
/// Cost     : a window is two loads and a shift.
/// Promise  : any bytes are a valid block; constexpr.
/// Source   : A. Tseng, Q. Sun, D. Hou, C. De Sa, "QTIP: quantization with trellises and incoherence processing", NeurIPS 2024;
///            M. W. Marcellin, T. R. Fischer, "Trellis coded quantization of memoryless and Gauss-Markov sources", 1990.

#include "skive/core/primitive.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace skive {

/// What an encoder and a decoder ask of a code: a map of states to integer levels. level() is in fixed point: the code suits a
/// source whose root mean square is sigma() levels, and |level| <= 32767.
template <class C>
concept trellis_code = primitive<C> && requires(C const c, std::uint32_t state, int v) {
  { C::state_bits } -> std::convertible_to<int>;
  { C::step_bits } -> std::convertible_to<int>;
  { C::values } -> std::convertible_to<int>;
  { c.level(state, v) } noexcept -> std::same_as<std::int16_t>;
  { c.sigma() } noexcept -> std::same_as<float>;
};

/// A code that decodes in registers: level = entry_levels table().level[i], i the exclusive or of the state's lowest index_bits
/// bits and of one map entry for each further piece of so many bits (codebook/trellis_code.hpp).
template <class C>
concept folded_trellis_code = trellis_code<C> && C::values == 1 && requires(C const c) {
  { C::index_bits } -> std::convertible_to<int>;
  { C::maps } -> std::convertible_to<int>;
  { C::largest_entry } -> std::convertible_to<int>;
  { C::entry_levels } -> std::convertible_to<int>;
  { c.table().level[0] } noexcept -> std::convertible_to<std::int8_t>;
};

/// A folded code of no state whose index is linear in the bits of the state: a matrix over GF(2), known when units are compiled.
template <class C>
concept linear_trellis_code = folded_trellis_code<C> && std::is_empty_v<C> && C::linear_maps;

namespace detail {

template <class Code>
struct trellis_shape {
  static constexpr int state_bits = Code::state_bits;
  static constexpr int step_bits = Code::step_bits;
  static constexpr int values = Code::values;
  static_assert(2 <= state_bits && state_bits <= 16, "skive: a trellis state has 2 to 16 bits");
  static_assert(1 <= step_bits && step_bits < state_bits && step_bits <= 8, "skive: a step shifts in less than a state");
  static_assert(1 <= values && values <= 8 && step_bits <= 8 * values);
  static constexpr std::uint32_t states = 1U << state_bits;
  static constexpr std::uint32_t classes = 1U << (state_bits - step_bits);  ///< what a state passes on
  static constexpr std::uint32_t symbols = 1U << step_bits;
  static constexpr std::uint32_t state_mask = states - 1;
  static constexpr std::uint32_t class_mask = classes - 1;
};

/// The window of `width` <= 16 bits that starts at bit n < bits of a cyclic string of `bits` bits, a multiple of 8.
constexpr std::uint32_t string_window(std::byte const* from, std::size_t bits, std::size_t n, int width) noexcept {
  auto const bytes = bits / 8;
  std::uint32_t word = 0;
  std::size_t at = n / 8;
  for (unsigned i = 0; i < 3; ++i) {
    word |= std::to_integer<std::uint32_t>(from[at]) << (8 * i);
    at = at + 1 == bytes ? 0 : at + 1;
  }
  return word >> (n % 8) & ((1U << width) - 1);
}

}  // namespace detail

/// state_i of a block of `steps` steps; steps * step_bits is a multiple of 8 and i < steps.
template <trellis_code Code>
constexpr std::uint32_t trellis_state(std::byte const* block, std::size_t steps, std::size_t i) noexcept {
  constexpr auto b = static_cast<std::size_t>(Code::step_bits);
  return detail::string_window(block, steps * b, i * b, Code::state_bits);
}

/// Writes the symbols (state_i mod 2^B) of a block, lowest bits first.
template <trellis_code Code>
constexpr void store_trellis_symbol(std::byte* block, std::size_t i, std::uint32_t symbol) noexcept {
  constexpr auto b = static_cast<std::size_t>(Code::step_bits);
  for (std::size_t k = 0; k < b; ++k) {
    auto const n = i * b + k;
    auto const bit = static_cast<std::byte>(1U << (n % 8));
    block[n / 8] = (symbol >> k & 1) != 0 ? block[n / 8] | bit : block[n / 8] & ~bit;
  }
}

}  // namespace skive
