// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_batch.hpp - metadata of at most sixteen groups at a time: what the vector engines of block/grouped.hpp share.
///
///   1  largest magnitude of each of 16 groups     2  their metadata, group g in lane g     3  parameters of the coding loops
///
/// A batch settles, or is loaded, before the one before it is coded: quotients take long, and coding does not wait for them.
///
/// Model of : -
/// Cost     : part of that of the engines: a pass over the numbers, 46 instructions for sixteen maxima (simd/reduce_each.hpp) and two
///            quotients.
/// Accuracy : the scheme's.
/// Promise  : the bytes of the scalar rule, for every input and layout.
/// Source   : -

#include "skive/block/lane_extremes.hpp"
#include "skive/block/lane_scheme.hpp"
#include "skive/core/planes.hpp"
#include "skive/simd/bits.hpp"
#include "skive/simd/bytes.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace skive::detail {

template <class Scheme, class Arch>
class lane_batches {
 protected:
  static constexpr std::size_t fields = Scheme::field_bits.size();
  static constexpr std::size_t parameters = Scheme::template lanes<Arch>;
  using to_planes = planes<std::byte, 1 + fields>;
  using from_planes = planes<std::byte const, 1 + fields>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using policy = lane_policy<Scheme, Arch>;
  using field_table = std::array<std::array<std::uint32_t, 16>, fields>;

  lane_batches(Scheme const& scheme, std::size_t group, std::size_t per_block, bit_order order) noexcept
      : scheme_{scheme}, group_{group}, per_block_{per_block}, order_{order} {}

  template <class F>
  static void for_each_field(F f) noexcept {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f.template operator()<I>(), ...); }(std::make_index_sequence<fields>{});
  }

  // Parameters of one group in all lanes.
  class parameter_table {
   public:
    // Decoding may need fewer than coding.
    template <std::size_t Count>
    [[gnu::always_inline]] void set(lane_parameters<Arch, Count> const& p) noexcept {
      by_rule_ = p.by_rule;
#pragma GCC unroll 4
      for (std::size_t i = 0; i < parameters; ++i) p.value[i < Count ? i : 0].store(lane_[i]);
    }
    bool by_rule(std::size_t g) const noexcept { return ((by_rule_ >> g) & 1) != 0; }
    bool none_by_rule(std::size_t count) const noexcept { return (by_rule_ & ((1U << count) - 1)) == 0; }
    [[gnu::always_inline]] std::array<floats, parameters> of(std::size_t g) const noexcept {
      std::array<floats, parameters> out;
#pragma GCC unroll 4
      for (std::size_t i = 0; i < parameters; ++i) out[i] = floats::broadcast(lane_[i][g]);
      return out;
    }

   private:
    alignas(64) float lane_[parameters][16];
    std::uint32_t by_rule_ = 0;
  };
  // At most sixteen groups: their metadata and what follows from them.
  struct batch {
    alignas(64) field_table field{};
    parameter_table table;
    std::size_t count = 0;
  };

  // code(batch, first group) for the groups of a row, `step` groups at a time, each batch loaded before the one before it.
  template <class Load, class Code>
  [[gnu::always_inline]] static void for_each_batch(std::size_t groups, std::size_t step, Load load, Code code) noexcept {
    batch memory[2];
    std::size_t first = 0;                                                         // of the batch that is loaded
    for (std::size_t turn = 0; first < groups + step; first += step, turn ^= 1) {  // one call each: both are inlined
      if (first < groups) {
        memory[turn].count = groups - first < step ? groups - first : step;
        load(memory[turn], first);
      }
      if (first != 0) code(memory[turn ^ 1], first - step);
    }
  }
  template <class T, class Code>
  [[gnu::always_inline]] void for_each_settled(std::span<T const> row, std::size_t step, workspace w, Code code) const noexcept {
    auto const load_batch = [&](batch& b, std::size_t first) __attribute__((always_inline)) {
      settle(row.subspan(first * group_, b.count * group_), b.count, b.field, w);
      load<true>(b);
    };
    for_each_batch(row.size() / group_, step, load_batch, code);
  }
  // Groups begin .. end - 1 of a row.
  template <class Code>
  [[gnu::always_inline]] void for_each_stored(from_planes const& from, std::size_t begin, std::size_t end, std::size_t step,
                                              Code code) const noexcept {
    auto const load_batch = [&](batch& b, std::size_t first) {
      for_each_field([&]<std::size_t F>() { read<F>(from[1 + F], begin + first, b.count, b.field); });
      load<false>(b);
    };
    for_each_batch(end - begin, step, load_batch, [&](batch const& b, std::size_t first) { code(b, begin + first); });
  }

  template <bool Coding>
  [[gnu::always_inline]] void load(batch& b) const noexcept {
    std::array<words, fields> in;
    for (std::size_t f = 0; f < fields; ++f) in[f] = words::load(b.field[f].data());
    auto p = scheme_.template load_lanes<Arch, Coding>(in);
    if constexpr (Coding && parameters != 0) p.by_rule |= inexact_quotients<Arch>(scheme_, p.value[0]);
    b.table.set(p);
  }

  typename Scheme::state state_of(field_table const& field, std::size_t g) const noexcept {
    std::array<std::uint32_t, fields> metadata{};
    for (std::size_t f = 0; f < fields; ++f) metadata[f] = field[f][g];
    return scheme_.load(metadata);
  }

  template <class Window>
  [[gnu::always_inline]] words codes_of(floats const& x, std::array<floats, parameters> const& p,
                                        [[maybe_unused]] Window const& now, [[maybe_unused]] std::size_t place) const noexcept {
    if constexpr (rounds_to_nearest_even<Scheme>)
      return scheme_.template code_lanes<Arch>(x, p);
    else
      return scheme_.template rounded_lanes<Arch>(x, p, now, place);
  }

  // Most blocks are one group: no division then.
  std::size_t block_of(std::size_t g) const noexcept { return per_block_ == 1 ? g : g / per_block_; }

  // Field F of `count` groups from `first` on. Sixteen that lie side by side go through registers.
  template <std::size_t F>
  void read(plane<std::byte const> const& p, std::size_t first, std::size_t count, field_table& field) const noexcept {
    constexpr int bits = Scheme::field_bits[F];
    auto const* const at = p.data + block_of(first) * p.block_stride;
    if (count == 16 && p.block_stride * 8 == per_block_ * std::size_t{bits}) {
      if constexpr (bits < 8) return simd::load_fields<bits, Arch>(at, order_).store(field[F].data());
      if constexpr (bits == 8) return simd::load_bytes<Arch>(at).store(field[F].data());
      if constexpr (bits == 16) return simd::load_halves<Arch>(at).store(field[F].data());
    }
    if (per_block_ == 1)
      for (std::size_t g = 0; g < count; ++g) field[F][g] = load_field(at + g * p.block_stride, 0, bits, order_);
    else
      for (std::size_t g = 0; g < count; ++g)
        field[F][g] = load_field(at + g / per_block_ * p.block_stride, g % per_block_, bits, order_);
  }
  template <std::size_t F>
  void write(field_table const& field, std::size_t first, std::size_t count, plane<std::byte> const& p) const noexcept {
    constexpr int bits = Scheme::field_bits[F];
    auto* const at = p.data + block_of(first) * p.block_stride;
    if (count == 16 && p.block_stride * 8 == per_block_ * std::size_t{bits}) {
      auto const all = words::load(field[F].data());
      if constexpr (bits < 8) return simd::store_fields<bits, Arch>(all, order_, at);
      if constexpr (bits == 8) return simd::store_bytes<Arch>(all, at);
      if constexpr (bits == 16) return simd::store_halves<Arch>(all, at);
      if constexpr (bits == 32) return static_cast<void>(std::memcpy(at, field[F].data(), sizeof field[F]));
    }
    auto* to = at;
    for (std::size_t g = 0; g < count; g += per_block_, to += p.block_stride)
      store_fields(std::span{field[F]}.subspan(g, count - g < per_block_ ? count - g : per_block_), bits, order_, to);
  }

  template <class T>
  typename Scheme::state settle_group(std::span<T const> numbers, workspace w) const noexcept {
    if constexpr (requires { scheme_.template settle_group<Arch>(numbers, w); })
      return scheme_.template settle_group<Arch>(numbers, w);
    else
      return scheme_.settle(numbers, w);
  }

  Scheme const& scheme_;
  std::size_t group_;
  std::size_t per_block_;
  bit_order order_;

 private:
  template <class T>
  void settle(std::span<T const> numbers, std::size_t count, field_table& field, workspace w) const noexcept {
    auto by_rule = ~std::uint32_t{0};
    if constexpr (settles_by_largest<Scheme, Arch> || settles_by_range<Scheme, Arch>)
      if (scheme_.settles_in_lanes()) {
        auto const settled = settle_in_lanes(numbers, count);
        for (std::size_t f = 0; f < fields; ++f) settled.value[f].store(field[f].data());
        by_rule = settled.by_rule;
      }
    if constexpr (requires { scheme_.template settle_together<Arch>(numbers, group_, w); })
      if (scheme_.settles_together(group_)) {
        auto const settled = scheme_.template settle_together<Arch>(numbers, group_, w);
        for (std::size_t f = 0; f < fields; ++f) settled.value[f].store(field[f].data());
        by_rule = settled.by_rule;
      }
    by_rule &= (1U << count) - 1;
    for (; by_rule != 0; by_rule &= by_rule - 1) {
      auto const g = static_cast<std::size_t>(std::countr_zero(by_rule));
      auto const settled = scheme_.store(settle_group(numbers.subspan(g * group_, group_), w));
      for (std::size_t f = 0; f < fields; ++f) field[f][g] = settled[f];
    }
  }

  template <class T>
  [[gnu::always_inline]] lane_fields<Arch, fields> settle_in_lanes(std::span<T const> numbers, std::size_t count) const noexcept {
    if constexpr (settles_by_largest<Scheme, Arch>) {
      return scheme_.template settle_lanes<Arch>(largest_of_groups<Arch>(numbers, group_, count));
    } else {
      auto const range = ranges_of_groups<Arch>(numbers, group_, count);
      return scheme_.template settle_lanes<Arch>(range.low, range.high, range.largest);
    }
  }
};

}  // namespace skive::detail
