// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_engine.hpp - the vector path of block/grouped.hpp: sixteen groups settle at once, then sixteen numbers code
/// at once.
///
///   1  largest magnitude of each of 16 groups     2  their metadata, group g in lane g     3  codes, group by group
///
/// One group at a time would spend more on its scale than on its numbers. Groups beyond the vector rule and the last numbers of a
/// group that is no multiple of 16 take the scalar rule.
///
/// Model of : -
/// Cost     : `./run bench --summary` has the figures; about twice that of a copy in the second-level cache.
/// Accuracy : the scheme's.
/// Promise  : the bytes of the scalar rule, for every input and layout.
/// Source   : -

#include "skive/block/lane_scheme.hpp"
#include "skive/core/planes.hpp"
#include "skive/simd/bits.hpp"
#include "skive/simd/bytes.hpp"
#include "skive/simd/reduce.hpp"

#include <bit>
#include <utility>

namespace skive::detail {

template <class Scheme, class Arch>
class lane_engine {
  static constexpr int width = code_width<Scheme>;
  static constexpr std::size_t fields = Scheme::field_bits.size();
  static constexpr std::size_t parameters = Scheme::template lanes<Arch>;
  using to_planes = planes<std::byte, 1 + fields>;
  using from_planes = planes<std::byte const, 1 + fields>;
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  using field_table = std::array<std::array<std::uint32_t, 16>, fields>;

 public:
  /// `group`: numbers of a group, `per_block`: groups of a block.
  lane_engine(Scheme const& scheme, std::size_t group, std::size_t per_block, bit_order order) noexcept
      : scheme_{scheme}, group_{group}, per_block_{per_block}, order_{order} {}

  /// Can groups be coded apart? Not where one ends inside a byte and another begins there.
  static bool fits(std::size_t group, std::size_t per_block) noexcept {
    return per_block <= 16 && (per_block == 1 || group * std::size_t{width} % 8 == 0);
  }

  /// Codes the whole blocks of `row`; the planes are large enough.
  template <class T>
  void encode(std::span<T const> row, to_planes const& to, workspace w) const noexcept {
    auto const groups = row.size() / (group_ * per_block_) * per_block_;
    for (std::size_t first = 0; first < groups; first += 16) {
      auto const count = groups - first < 16 ? groups - first : 16;
      auto const numbers = row.subspan(first * group_, count * group_);
      alignas(64) field_table field{};
      settle(numbers, count, field, w);
      auto const parameters_of = load<true>(field);
      for (std::size_t g = 0; g < count; ++g)
        encode_group(numbers.subspan(g * group_, group_), parameters_of, field, g, place(to[0], first + g));
      for_each_field([&]<std::size_t F>() { write<F>(field, first, count, to[1 + F]); });
    }
  }

  template <class T>
  void decode(from_planes const& from, std::span<T> row) const noexcept {
    auto const groups = row.size() / (group_ * per_block_) * per_block_;
    for (std::size_t first = 0; first < groups; first += 16) {
      auto const count = groups - first < 16 ? groups - first : 16;
      alignas(64) field_table field{};
      for_each_field([&]<std::size_t F>() { read<F>(from[1 + F], first, count, field); });
      auto const parameters_of = load<false>(field);
      for (std::size_t g = 0; g < count; ++g)
        decode_group(place(from[0], first + g), parameters_of, field, g, row.subspan((first + g) * group_, group_));
    }
  }

 private:
  template <class F>
  static void for_each_field(F f) noexcept {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (f.template operator()<I>(), ...); }(std::make_index_sequence<fields>{});
  }

  // Parameters of one group in all lanes.
  class parameter_table {
   public:
    [[gnu::always_inline]] explicit parameter_table(lane_parameters<Arch, parameters> const& p) noexcept : by_rule_{p.by_rule} {
      for (std::size_t i = 0; i < parameters; ++i) p.value[i].store(lane_[i]);
    }
    bool by_rule(std::size_t g) const noexcept { return ((by_rule_ >> g) & 1) != 0; }
    std::array<floats, parameters> of(std::size_t g) const noexcept {
      std::array<floats, parameters> out;
      for (std::size_t i = 0; i < parameters; ++i) out[i] = floats::broadcast(lane_[i][g]);
      return out;
    }

   private:
    alignas(64) float lane_[parameters][16];
    std::uint32_t by_rule_;
  };

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
  typename Scheme::state settle_group(std::span<T const> numbers, workspace w) const noexcept {
    if constexpr (requires { scheme_.template settle_group<Arch>(numbers, w); })
      return scheme_.template settle_group<Arch>(numbers, w);
    else
      return scheme_.settle(numbers, w);
  }

  template <class T>
  [[gnu::always_inline]] lane_fields<Arch, fields> settle_in_lanes(std::span<T const> numbers, std::size_t count) const noexcept {
    auto const zero = words::broadcast(0);
    words largest[16];
    if constexpr (settles_by_largest<Scheme, Arch>) {
      for (std::size_t g = 0; g < 16; ++g)
        largest[g] = g < count ? largest_in_lanes<Arch>(numbers.subspan(g * group_, group_)) : zero;
      return scheme_.template settle_lanes<Arch>(simd::largest_of_each<Arch>(largest));
    } else {
      words below[16];  // magnitudes below zero and above
      words above[16];
      for (std::size_t g = 0; g < 16; ++g) {
        auto least = floats::broadcast(0.0f);
        auto most = least;
        largest[g] = zero;
        if (g < count)
          for_each_sixteen<Arch>(numbers.subspan(g * group_, group_), [&](floats const& x) {
            largest[g] = max(largest[g], simd::as<std::uint32_t>(x) & words::broadcast(0x7FFF'FFFF));
            least = min(x, least);
            most = max(x, most);
          });
        below[g] = simd::as<std::uint32_t>(floats::broadcast(0.0f) - least);
        above[g] = simd::as<std::uint32_t>(most) & words::broadcast(0x7FFF'FFFF);
      }
      auto const low = floats::broadcast(0.0f) - simd::as<float>(simd::largest_of_each<Arch>(below));
      return scheme_.template settle_lanes<Arch>(low, simd::as<float>(simd::largest_of_each<Arch>(above)),
                                                 simd::largest_of_each<Arch>(largest));
    }
  }

  template <bool Coding>
  [[gnu::always_inline]] parameter_table load(field_table const& field) const noexcept {
    std::array<words, fields> in;
    for (std::size_t f = 0; f < fields; ++f) in[f] = words::load(field[f].data());
    return parameter_table{scheme_.template load_lanes<Arch, Coding>(in)};
  }

  typename Scheme::state state_of(field_table const& field, std::size_t g) const noexcept {
    std::array<std::uint32_t, fields> metadata{};
    for (std::size_t f = 0; f < fields; ++f) metadata[f] = field[f][g];
    return scheme_.load(metadata);
  }

  // Where the codes of a group begin. Most blocks are one group: no division then.
  template <class Byte>
  Byte* place(plane<Byte> const& codes, std::size_t g) const noexcept {
    if (per_block_ == 1) return codes.data + g * codes.block_stride;
    return codes.data + g / per_block_ * codes.block_stride + Scheme::packing::bytes(g % per_block_ * group_);
  }

  template <class T>
  [[gnu::always_inline]] void encode_group(std::span<T const> numbers, parameter_table const& table, field_table const& field,
                                           std::size_t g, std::byte* out) const noexcept {
    std::size_t i = 0;
    if (!table.by_rule(g)) {
      auto const p = table.of(g);
      for (; i + 16 <= numbers.size(); i += 16, out += 2 * width)
        simd::store_fields<width, Arch>(scheme_.template code_lanes<Arch>(load_numbers<Arch>(numbers.data() + i), p), order_,
                                        out);
    }
    if (i != numbers.size()) encode_by_rule(numbers.subspan(i), state_of(field, g), out);
  }
  template <class T>
  [[gnu::noinline]] void encode_by_rule(std::span<T const> numbers, typename Scheme::state const& state,
                                        std::byte* out) const noexcept {
    std::array<std::uint8_t, 64> codes{};
    for (std::size_t i = 0; i < numbers.size(); i += codes.size(), out += Scheme::packing::bytes(codes.size())) {
      auto const part = numbers.subspan(i, numbers.size() - i < codes.size() ? numbers.size() - i : codes.size());
      for (std::size_t j = 0; j < part.size(); ++j) codes[j] = scheme_.code(state, widen(part[j]), scheme_.rounding);
      Scheme::packing::pack(std::span{codes}.first(part.size()), order_, out);
    }
  }

  template <class T>
  [[gnu::always_inline]] void decode_group(std::byte const* in, parameter_table const& table, field_table const& field,
                                           std::size_t g, std::span<T> numbers) const noexcept {
    std::size_t i = 0;
    if (!table.by_rule(g)) {
      auto const p = table.of(g);
      for (; i + 16 <= numbers.size(); i += 16, in += 2 * width)
        store_numbers<Arch>(scheme_.template value_lanes<Arch>(simd::load_fields<width, Arch>(in, order_), p),
                            numbers.data() + i);
    }
    if (i != numbers.size()) decode_by_rule(in, state_of(field, g), numbers.subspan(i));
  }
  template <class T>
  [[gnu::noinline]] void decode_by_rule(std::byte const* in, typename Scheme::state const& state,
                                        std::span<T> numbers) const noexcept {
    std::array<std::uint8_t, 64> codes{};
    for (std::size_t i = 0; i < numbers.size(); i += codes.size(), in += Scheme::packing::bytes(codes.size())) {
      auto const part = numbers.subspan(i, numbers.size() - i < codes.size() ? numbers.size() - i : codes.size());
      Scheme::packing::unpack(in, order_, std::span{codes}.first(part.size()));
      for (std::size_t j = 0; j < part.size(); ++j) part[j] = narrow<T>(scheme_.value(state, codes[j]));
    }
  }

  // Field F of `count` groups from `first` on. Sixteen that lie side by side go through registers.
  template <std::size_t F>
  void read(plane<std::byte const> const& p, std::size_t first, std::size_t count, field_table& field) const noexcept {
    constexpr int bits = Scheme::field_bits[F];
    auto const* const at = p.data + first / per_block_ * p.block_stride;
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
    auto* const at = p.data + first / per_block_ * p.block_stride;
    if (count == 16 && p.block_stride * 8 == per_block_ * std::size_t{bits}) {
      auto const all = words::load(field[F].data());
      if constexpr (bits < 8) return simd::store_fields<bits, Arch>(all, order_, at);
      if constexpr (bits == 8) return simd::store_bytes<Arch>(all, at);
      if constexpr (bits == 16) return simd::store_halves<Arch>(all, at);
    }
    auto* to = at;
    for (std::size_t g = 0; g < count; g += per_block_, to += p.block_stride)
      store_fields(std::span{field[F]}.subspan(g, per_block_), bits, order_, to);
  }

  Scheme const& scheme_;
  std::size_t group_;
  std::size_t per_block_;
  bit_order order_;
};

}  // namespace skive::detail
