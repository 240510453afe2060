// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/group_code.hpp - what codebook/scaled_codec.hpp asks of a code for groups of numbers, and how their scale is
/// chosen.
///
///   rms: s = sqrt(mean x^2);   search: of s, .96 s, 1.04 s, .92 s and 1.08 s the first of least squared error
///
/// Model of : -
/// Cost     : search: five times the code's.
/// Promise  : the same choice everywhere: squares are exact in double, sums have a fixed order.
/// Source   : -

#include "skive/block/int8_query.hpp"
#include "skive/codebook/level_step.hpp"
#include "skive/codebook/root_mean_square.hpp"
#include "skive/core/concepts.hpp"

namespace skive {

/// How the scale of a group is chosen.
enum class group_scale : std::uint8_t { rms, search };

/// How numbers in units of a step become codes and come back. `step` numbers are coded together, groups are multiples of
/// `multiple`, `piece` numbers from such a place on decode by themselves and have piece_bytes bytes of codes; sigma(): root mean
/// square, in levels, of the source that the code is for.
///   encode<Arch>(values, step, codes, w)      writes bytes(values.size()) bytes; a step that is not known: what it likes
///   approximate<Arch>(values, step, w, f)     calls f(first, size, numbers that decode() would give) for pieces; step is known
///   decode<Arch>(codes, step, out)            at most a piece; any bytes, any step
template <class G>
concept group_code = primitive<G> && primitive<typename G::code_type> &&
    requires(G const g, typename G::code_type const& code, std::size_t n, std::span<float> out, std::byte const* from) {
      G{code};
      { G::step } -> std::convertible_to<std::size_t>;
      { G::multiple } -> std::convertible_to<std::size_t>;
      { G::piece } -> std::convertible_to<std::size_t>;
      { G::piece_bytes } -> std::convertible_to<std::size_t>;
      { G::stepwise } -> std::convertible_to<bool>;
      { G::bytes(n) } noexcept -> std::same_as<std::size_t>;
      { G::scratch_bytes() } noexcept -> std::same_as<std::size_t>;
      { g.code() } noexcept -> std::same_as<typename G::code_type const&>;
      { g.sigma() } noexcept -> std::same_as<float>;
      { g.template decode<scalar_arch>(from, 1.0f, out) } noexcept -> std::same_as<void>;
    };

/// int8_width, int8_bias, int8_order: of block/int8_query.hpp; product<Arch>(q): begin(), add(codes, step, first, size), total().
template <class G>
concept int8_group_code = group_code<G> && requires(G const g, int8_query const& q) {
  { G::int8_width } -> std::convertible_to<int>;
  { G::int8_bias } -> std::convertible_to<int>;
  { G::int8_order } -> std::convertible_to<std::uint32_t>;
  g.template product<scalar_arch>(q);
};

namespace detail {
/// A scale that numbers can be divided by.
constexpr bool known_step(float step) noexcept { return !is_zero(step) && is_finite(step); }

/// The numbers that x, at most a step of them, becomes under `state`.
template <class Arch, class Groups>
void round_group(Groups const& groups, scale_state const& state, std::span<float const> x, std::span<float> y,
                 workspace w) noexcept {
  auto const step = level_step(state.scale, groups.sigma());
  for (auto& v : y) v = is_zero(step) ? 0.0f : state.scale;  // NaN stays, the others change
  if (!known_step(step)) return;
  groups.template approximate<Arch>(x, step, w, [&](std::size_t first, std::size_t size, float const* values) noexcept {
    for (std::size_t i = 0; i < size; ++i) y[first + i] = values[i];
  });
}

// The squared error of values coded at a known step. Differences are rounded to float, so that their squares are exact in double.
template <class Arch, class Groups, class T>
double error_at(Groups const& groups, float step, std::span<T const> values, workspace w) noexcept {
  lane_sums sums;
  groups.template approximate<Arch>(values, step, w, [&](std::size_t first, std::size_t size, float const* y) noexcept {
    for (std::size_t i = 0; i < size; ++i) {
      auto const d =
          static_cast<double>(static_cast<float>(static_cast<double>(widen(values[first + i])) - static_cast<double>(y[i])));
      sums.add(first + i, d * d);
    }
  });
  return sums.total();
}

/// The scale of a group: NaN where a value is not finite.
template <class Arch, class Scale, class Groups, class T>
scale_state settle_group(Groups const& groups, group_scale choice, std::span<T const> values, workspace w) noexcept {
  if (largest_magnitude(values) >= float_infinity_bits) return not_finite_scale<Scale>();
  auto const s = root_mean_square(values);
  auto best = keep_root_mean_square<Scale>(s);
  auto const step_of = [&groups](scale_state const& state) noexcept { return level_step(state.scale, groups.sigma()); };
  if (choice == group_scale::rms || !known_step(step_of(best))) return best;
  auto least = error_at<Arch>(groups, step_of(best), values, w);
  for (float const share : {0.96f, 1.04f, 0.92f, 1.08f}) {
    auto const state = keep_root_mean_square<Scale>(ieee_multiply(s, share));
    if (!known_step(step_of(state))) continue;
    auto const error = error_at<Arch>(groups, step_of(state), values, w);
    if (error < least) least = error, best = state;
  }
  return best;
}

}  // namespace detail
}  // namespace skive
