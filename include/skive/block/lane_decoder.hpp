// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_decoder.hpp - codes of groups to numbers, sixteen in lanes: the way back of block/lane_engine.hpp.
///
///   groups of 16, 32 and of whole 64 that lie side by side go sixty-four codes of 4 bits a step
///
/// Model of : -
/// Cost     : `./run bench --summary` has the figures; about that of a copy in the second-level cache.
/// Accuracy : the scheme's.
/// Promise  : the numbers of the scalar rule, for all bytes and every layout.
/// Source   : -

#include "skive/block/lane_batch.hpp"
#include "skive/block/scale_lanes.hpp"

namespace skive::detail {

template <class Scheme, class Arch>
class lane_decoder : protected lane_batches<Scheme, Arch> {
  using base = lane_batches<Scheme, Arch>;

 protected:
  using typename base::batch, typename base::floats, typename base::from_planes;
  using base::group_, base::order_, base::parameters, base::per_block_, base::scheme_, base::state_of;
  static constexpr int width = code_width<Scheme>;
  using base::lane_batches;

  // Where the codes of a group begin. Most blocks are one group: no division then.
  template <class Byte>
  Byte* codes_at(plane<Byte> const& codes, std::size_t g) const noexcept {
    if (per_block_ == 1) return codes.data + g * codes.block_stride;
    return codes.data + g / per_block_ * codes.block_stride + Scheme::packing::bytes(g % per_block_ * group_);
  }

  // Do the codes of a batch follow each other?
  bool side_by_side(batch const& b, std::size_t stride) const noexcept {
    return per_block_ == b.count || stride * 8 == per_block_ * group_ * std::size_t{width};
  }

 public:
  template <class T>
  void decode(from_planes const& from, std::span<T> row) const noexcept {
    this->for_each_stored(from, row, 16, [&](batch const& b, std::size_t first) {
      auto const numbers = row.subspan(first * group_, b.count * group_);
      if (b.table.none_by_rule(b.count) && group_ % 16 == 0)
        decode_whole(codes_at(from[0], first), from[0].block_stride, b, numbers.data());
      else
        for (std::size_t g = 0; g < b.count; ++g)
          decode_group(codes_at(from[0], first + g), b, g, numbers.subspan(g * group_, group_));
    });
  }

 private:
  // Groups of whole registers, none of them by the scalar rule.
  template <class T>
  [[gnu::always_inline]] void decode_whole(std::byte const* block, std::size_t stride, batch const& b, T* x) const noexcept {
    std::size_t done = 0;
    if constexpr (decodes_sixty_four<Scheme, Arch>)
      if (side_by_side(b, stride)) {
        if (group_ % 64 == 0) done = decode_steps<1>(block, b, x);
        if (group_ == 32) done = decode_steps<2>(block, b, x);
        if (group_ == 16) done = decode_steps<4>(block, b, x);
        if (done == b.count) return;
        x += done * group_;
        block += done * group_ * std::size_t{width} / 8;
      }
    decode_groups(block, stride, b, done, x);
  }
  // Sixty-four numbers a step, which `Groups` groups have; -> groups decoded.
  template <std::size_t Groups, class T>
  [[gnu::always_inline]] std::size_t decode_steps(std::byte const* in, batch const& b, T* x) const noexcept {
    simd::nibble_floats<Arch, few_values<typename Scheme::element>> const table{order_};
    auto const group = group_;
    auto const count = b.count;
    std::size_t g = 0;
    for (; g + Groups <= count; g += Groups)
      for (auto const* const end = x + group * Groups; x != end; x += 64, in += 8 * width) {
        floats level[4];
        table.load(in, level);
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i)
          store_numbers<Arch>(scheme_.template scaled_levels<Arch>(level[i], b.table.of(g + i * Groups / 4)), x + 16 * i);
      }
    return g;
  }
  // Groups from `g` on, the first of them at the start of a block.
  template <class T>
  [[gnu::always_inline]] void decode_groups(std::byte const* block, std::size_t stride, batch const& b, std::size_t g,
                                            T* x) const noexcept {
    auto const group = group_;
    auto const per_block = per_block_;
    auto const order = order_;
    auto const* in = block;
    for (std::size_t in_block = 0; g < b.count; ++g) {
      auto const p = b.table.of(g);
      for (std::size_t i = 0; i < group; i += 16, x += 16, in += 2 * width)
        if constexpr (requires { scheme_.template stored_lanes<Arch>(in, p); })
          store_numbers<Arch>(scheme_.template stored_lanes<Arch>(in, p), x);
        else
          store_numbers<Arch>(scheme_.template value_lanes<Arch>(simd::load_fields<width, Arch>(in, order), p), x);
      if (++in_block == per_block) in = block += stride, in_block = 0;
    }
  }
  template <class T>
  [[gnu::noinline]] void decode_group(std::byte const* in, batch const& b, std::size_t g, std::span<T> numbers) const noexcept {
    if (b.table.by_rule(g)) return decode_by_rule(in, state_of(b.field, g), numbers);
    auto const p = b.table.of(g);
    std::size_t i = 0;
    for (; i + 16 <= numbers.size(); i += 16, in += 2 * width)
      store_numbers<Arch>(scheme_.template value_lanes<Arch>(simd::load_fields<width, Arch>(in, order_), p), numbers.data() + i);
    if (i != numbers.size()) decode_rest(in, p, numbers.subspan(i));
  }
  template <class T>
  [[gnu::noinline]] void decode_rest(std::byte const* in, std::array<floats, parameters> const& p,
                                     std::span<T> rest) const noexcept {
    std::array<std::byte, std::size_t{2} * width> bytes{};
    for (std::size_t b = 0; b < Scheme::packing::bytes(rest.size()); ++b) bytes[b] = in[b];
    std::array<T, 16> numbers;
    store_numbers<Arch>(scheme_.template value_lanes<Arch>(simd::load_fields<width, Arch>(bytes.data(), order_), p),
                        numbers.data());
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = numbers[i];
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
};

}  // namespace skive::detail
