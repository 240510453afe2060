// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_engine.hpp - the vector path of block/grouped.hpp: sixteen groups settle at once, then sixteen numbers code
/// at once.
///
///   codes group by group, sixteen numbers in lanes; block/lane_batch.hpp has what comes before, lane_decoder.hpp the way back
///
/// One group at a time would spend more on its scale than on its numbers. Groups beyond the vector rule take the scalar rule. Of
/// a group that is no multiple of 16 the last numbers are coded in lanes of which some are empty. Groups of 16, 32 and of whole
/// 64 that lie side by side go sixty-four numbers a step where the format can.
///
/// Model of : -
/// Cost     : `./run bench --summary` has the figures; about twice that of a copy in the second-level cache.
/// Accuracy : the scheme's.
/// Promise  : the bytes of the scalar rule, for every input and layout.
/// Source   : -

#include "skive/block/lane_decoder.hpp"

namespace skive::detail {

template <class Scheme, class Arch>
class lane_engine : public lane_decoder<Scheme, Arch> {
  using base = lane_decoder<Scheme, Arch>;
  using typename base::batch, typename base::floats, typename base::policy;
  using typename base::to_planes, typename base::words;
  using base::codes_of, base::group_, base::order_, base::parameters, base::per_block_, base::codes_at, base::scheme_;
  using base::side_by_side, base::state_of, base::width;

 public:
  /// `group`: numbers of a group, `per_block`: groups of a block.
  lane_engine(Scheme const& scheme, std::size_t group, std::size_t per_block, bit_order order) noexcept
      : base{scheme, group, per_block, order} {}

  /// Numbers at the front of a row of n that can be coded: whole blocks, but not where a group ends inside a byte and another
  /// begins there.
  static std::size_t takes(std::size_t n, std::size_t group, std::size_t per_block) noexcept {
    bool const apart = per_block == 1 || (per_block <= 16 && group * std::size_t{width} % 8 == 0);
    return apart && group <= n ? n / (group * per_block) * (group * per_block) : 0;
  }

  /// Codes the whole blocks of `row`; the planes are large enough.
  template <class T>
  void encode(std::span<T const> row, to_planes const& to, workspace w) const noexcept {
    policy rounding = policy_of<Arch>(scheme_);
    this->for_each_settled(row, 16, w, [&](batch const& b, std::size_t first) __attribute__((always_inline)) {
      auto const numbers = row.subspan(first * group_, b.count * group_);
      if (b.table.none_by_rule(b.count) && group_ % 16 == 0)
        encode_whole(numbers.data(), b, codes_at(to[0], first), to[0].block_stride, rounding, first * group_);
      else
        for (std::size_t g = 0; g < b.count; ++g)
          encode_group(numbers.subspan(g * group_, group_), b, g, codes_at(to[0], first + g), rounding, (first + g) * group_);
      this->for_each_field([&]<std::size_t F>() { this->template write<F>(b.field, first, b.count, to[1 + F]); });
    });
  }

 private:
  // Groups of whole registers, none of them by the scalar rule.
  template <class T>
  [[gnu::always_inline]] void encode_whole(T const* x, batch const& b, std::byte* block, std::size_t stride, policy& rounding,
                                           std::size_t place) const noexcept {
    std::size_t done = 0;
    if constexpr (codes_sixty_four<Scheme, Arch>)
      if (side_by_side(b, stride)) {
        if (group_ % 64 == 0) done = encode_steps<1>(x, b, block);
        if (group_ == 32) done = encode_steps<2>(x, b, block);
        if (group_ == 16) done = encode_steps<4>(x, b, block);
        if (done == b.count) return;
        x += done * group_;
        block += done * group_ * std::size_t{width} / 8;
        place += done * group_;
      }
    if constexpr (codes_sixty_four_random<Scheme, Arch>)
      if (side_by_side(b, stride) && rounding.from(place).rounds_by_bytes()) {
        if (group_ == 32) done = encode_random_steps<2>(x, b, block, rounding, place);
        if (group_ == 16) done = encode_random_steps<4>(x, b, block, rounding, place);
        if (done == b.count) return;
        x += done * group_;
        block += done * group_ * std::size_t{width} / 8;
        place += done * group_;
      }
    if constexpr (!rounds_to_nearest_even<Scheme> && !codes_sixty_four_random<Scheme, Arch>)
      if (side_by_side(b, stride)) {
        if (group_ == 32) done = encode_rounded_steps<2>(x, b, block, rounding, place);
        if (group_ == 16) done = encode_rounded_steps<4>(x, b, block, rounding, place);
        if (done == b.count) return;
        x += done * group_;
        block += done * group_ * std::size_t{width} / 8;
        place += done * group_;
      }
    encode_groups(x, b, done, block, stride, rounding, place);
  }
  // Sixty-four numbers a step, which `Groups` groups have; -> groups coded.
  template <std::size_t Groups, class T>
  [[gnu::always_inline]] std::size_t encode_steps(T const* x, batch const& b, std::byte* out) const noexcept {
    if constexpr (requires { scheme_.template choose_lanes<Arch>([](auto) { return std::size_t{}; }); })
      return scheme_.template choose_lanes<Arch>(
          [&](auto lanes_of) __attribute__((always_inline)) { return encode_steps<Groups>(x, b, out, lanes_of); });
    else
      return encode_steps<Groups>(x, b, out, [&](floats const& number, auto const& p) __attribute__((always_inline)) {
        return scheme_.template wide_lanes<Arch>(number, p);
      });
  }
  template <std::size_t Groups, class T, class Lanes>
  [[gnu::always_inline]] std::size_t encode_steps(T const* x, batch const& b, std::byte* out, Lanes lanes_of) const noexcept {
    using wide = typename Scheme::template sixty_four<Arch>;
    auto const order = order_;
    auto const group = group_;
    auto const count = b.count;
    auto const next = sizeof(T) * group * (count == 16 ? 32 : count);  // what settles next, in this row or past it
    auto const ahead = next <= 0x8000 ? next : 0;
    std::size_t g = 0;
    for (; g + Groups <= count; g += Groups)
      for (auto const* const end = x + group * Groups; x != end; x += 64, out += 8 * width) {
        typename wide::lane_type lanes[4];
#pragma GCC unroll 4
        for (std::size_t i = 0; i < sizeof(T); ++i) simd::prefetch<Arch>(reinterpret_cast<std::byte const*>(x) + 64 * i, ahead);
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i) lanes[i] = lanes_of(load_numbers<Arch>(x + 16 * i), b.table.of(g + i * Groups / 4));
        wide::store(lanes, order, out);
      }
    return g;
  }
  // The same, rounded by a drawn byte each.
  template <std::size_t Groups, class T>
  [[gnu::always_inline]] std::size_t encode_random_steps(T const* x, batch const& b, std::byte* out, policy& rounding,
                                                         std::size_t place) const noexcept {
    auto const order = order_;
    std::size_t g = 0;
    for (; g + Groups <= b.count; g += Groups, x += 64, out += 8 * width, place += 64) {
      auto const* const random = rounding.from(place, 64).bytes_at(place);
      floats y[4];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) y[i] = random_scaled(load_numbers<Arch>(x + 16 * i), b.table.of(g + i * Groups / 4));
      Scheme::template sixty_four<Arch>::store_random(y, random, order, out);
    }
    return g;
  }
  // The same, rounded as the policy says: one look at it for sixty-four numbers.
  template <std::size_t Groups, class T>
  [[gnu::always_inline]] std::size_t encode_rounded_steps(T const* x, batch const& b, std::byte* out, policy& rounding,
                                                          std::size_t place) const noexcept {
    std::size_t g = 0;
    for (; g + Groups <= b.count; g += Groups, x += 64, out += 8 * width, place += 64) {
      auto const now = rounding.from(place, 64);
      for (std::size_t i = 0; i < 4; ++i)
        encode_sixteens(x + 16 * i, 16, b.table.of(g + i * Groups / 4), now, out + 2 * width * i, place + 16 * i);
    }
    return g;
  }
  [[gnu::always_inline]] floats random_scaled(floats const& x, std::array<floats, parameters> const& p) const noexcept {
    return simd::product<Arch>(scheme_.template quotient_lanes<Arch>(x, p), floats::broadcast(256.0f));
  }
  // Groups from `g` on, the first of them at the start of a block: no call, so that constants stay in registers.
  template <class T>
  [[gnu::always_inline]] void encode_groups(T const* x, batch const& b, std::size_t g, std::byte* block, std::size_t stride,
                                            policy& rounding, std::size_t place) const noexcept {
    auto const group = group_;
    auto const per_block = per_block_;
    auto const order = order_;
    auto* out = block;
    for (std::size_t in_block = 0; g < b.count; ++g) {
      auto const p = b.table.of(g);
      for (std::size_t left = group; left != 0;) {
        auto const now = rounding.from(place);
        auto n = left;
        if constexpr (!rounds_to_nearest_even<Scheme>) n = n < now.size ? n : now.size;
        auto const* const end = x + n;
        left -= n;
        if constexpr (codes_sixty_four_random<Scheme, Arch>)
          if (now.rounds_by_bytes())
            for (; end - x >= 64; x += 64, out += 8 * width, place += 64) {
              floats y[4];
#pragma GCC unroll 4
              for (std::size_t i = 0; i < 4; ++i) y[i] = random_scaled(load_numbers<Arch>(x + 16 * i), p);
              Scheme::template sixty_four<Arch>::store_random(y, now.bytes_at(place), order, out);
            }
        encode_sixteens(x, end - x, p, now, out, place);
        out += 2 * width * static_cast<std::size_t>(end - x) / 16;
        place += static_cast<std::size_t>(end - x);
        x = end;
      }
      if (++in_block == per_block) out = block += stride, in_block = 0;
    }
  }
  // Whole registers of one group, under what `now` says; of windows of bytes there is nothing to ask at run time.
  template <class T, class Window>
  [[gnu::always_inline]] void encode_sixteens(T const* x, std::ptrdiff_t n, std::array<floats, parameters> const& p,
                                              Window const& now, std::byte* out, std::size_t place) const noexcept {
    if constexpr (requires { now.by_bytes(); })
      if (now.rounds_by_bytes()) return encode_sixteens(x, n, p, now.by_bytes(), out, place);
    auto const order = order_;
    for (auto const* const end = x + n; x != end; x += 16, out += 2 * width, place += 16)
      simd::store_fields<width, Arch>(codes_of(load_numbers<Arch>(x), p, now, place), order, out);
  }
  template <class T>
  [[gnu::noinline]] void encode_group(std::span<T const> numbers, batch const& b, std::size_t g, std::byte* out, policy& rounding,
                                      std::size_t place) const noexcept {
    if (b.table.by_rule(g)) return encode_by_rule(numbers, state_of(b.field, g), out, place);
    auto const p = b.table.of(g);
    std::size_t i = 0;
    for (; i + 16 <= numbers.size(); i += 16, out += 2 * width)
      simd::store_fields<width, Arch>(codes_of(load_numbers<Arch>(numbers.data() + i), p, rounding.from(place + i), place + i),
                                      order_, out);
    if (i != numbers.size()) encode_rest(numbers.subspan(i), p, out, rounding, place + i);
  }
  // Fewer than sixteen numbers; the bits behind their codes are zeros.
  template <class T>
  [[gnu::noinline]] void encode_rest(std::span<T const> rest, std::array<floats, parameters> const& p, std::byte* out,
                                     policy& rounding, std::size_t place) const noexcept {
    auto const codes = codes_of(load_rest<Arch>(rest), p, rounding.from(place), place);
    auto const lane = simd::generate<std::uint32_t, Arch>([](std::size_t i) { return static_cast<std::uint32_t>(i); });
    auto const there = lane < words::broadcast(static_cast<std::uint32_t>(rest.size()));
    std::array<std::byte, std::size_t{2} * width> bytes;
    simd::store_fields<width, Arch>(select(there, codes, words::broadcast(0)), order_, bytes.data());
    for (std::size_t b = 0; b < Scheme::packing::bytes(rest.size()); ++b) out[b] = bytes[b];
  }
  template <class T>
  [[gnu::noinline]] void encode_by_rule(std::span<T const> numbers, typename Scheme::state const& state, std::byte* out,
                                        std::size_t place) const noexcept {
    std::array<std::uint8_t, 64> codes{};
    for (std::size_t i = 0; i < numbers.size(); i += codes.size(), out += Scheme::packing::bytes(codes.size())) {
      auto const part = numbers.subspan(i, numbers.size() - i < codes.size() ? numbers.size() - i : codes.size());
      for (std::size_t j = 0; j < part.size(); ++j)
        codes[j] = scheme_.code(state, widen(part[j]), rounding_at(scheme_.rounding, place + i + j));
      Scheme::packing::pack(std::span{codes}.first(part.size()), order_, out);
    }
  }
};

}  // namespace skive::detail
