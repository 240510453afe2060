// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/lane_decoder.hpp - codes of groups to numbers, sixteen in lanes: the way back of block/lane_engine.hpp.
///
///   groups of 16, 32 and of whole 64 that lie side by side go sixty-four numbers a step
///
/// Model of : -
/// Cost     : `./run bench --summary` has the figures; about that of a copy in the second-level cache.
/// Accuracy : the scheme's.
/// Promise  : the numbers of the scalar rule, for all bytes and every layout.
/// Source   : -

#include "skive/block/group_parameters.hpp"
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
    auto const groups = row.size() / group_;
    std::size_t done = 0;
    if constexpr (linear_scheme<Scheme>)
      if (groups != 0 && (group_ == 16 || group_ == 32 || group_ % 64 == 0) &&
          (per_block_ >= groups || from[0].block_stride * 8 == per_block_ * group_ * std::size_t{width}))
        done = decode_side_by_side(from, groups, row.data());
    if (done != groups) decode_batches(from, done, groups, row);
  }

 private:
  template <class T>
  [[gnu::always_inline]] void decode_batches(from_planes const& from, std::size_t begin, std::size_t end,
                                             std::span<T> row) const noexcept {
    this->for_each_stored(from, begin, end, 16, [&](batch const& b, std::size_t first) {
      auto const numbers = row.subspan(first * group_, b.count * group_);
      if (b.table.none_by_rule(b.count) && group_ % 16 == 0)
        decode_groups(codes_at(from[0], first), from[0].block_stride, b, numbers.data());
      else
        for (std::size_t g = 0; g < b.count; ++g)
          decode_group(codes_at(from[0], first + g), b, g, numbers.subspan(g * group_, group_));
    });
  }

  // Groups whose codes follow each other, up to 256 that share what is read ahead; -> groups decoded. A few of them are left, and
  // where some take the scalar rule all the 256 go sixteen groups at a time.
  template <class T>
  [[gnu::noinline]] std::size_t decode_side_by_side(from_planes const& from, std::size_t groups, T* x) const noexcept {
    group_layout const layout{groups * group_, group_, per_block_, groups, groups * group_, order_};
    group_parameters<Arch> p;
    auto const* in = from[0].data;
    auto const bytes = group_ / 8 * std::size_t{width};
    for (std::size_t first = 0;; first += p.capacity) {
      auto const count = groups - first < p.capacity ? groups - first : p.capacity;
      p.load(scheme_, from, first, count, layout);
      auto const done = !all_in_lanes(p, count) ? 0
          : group_ == 16                        ? decode_steps<4>(in, p, count, x)
          : group_ == 32                        ? decode_steps<2>(in, p, count, x)
                                                : decode_steps<1>(in, p, count, x);
      if (first + count == groups) return first + done;
      if (done == 0) decode_batches(from, first, first + count, std::span{x - first * group_, (first + count) * group_});
      in += count * bytes;
      x += count * group_;
    }
  }
  // Are the scales of scale_parameters() for which no group is beyond?
  [[gnu::always_inline]] static bool all_in_lanes(group_parameters<Arch>& p, std::size_t count) noexcept {
    using integers = simd::integers<Arch>;
    for (auto g = count; g % 16 != 0; ++g) p.scale[g] = 1.0f;
    auto least = integers::broadcast(std::bit_cast<std::int32_t>(1.0f));
    auto most = least;
    for (std::size_t g = 0; g < count; g += 16) {
      auto const bits = simd::as<std::int32_t>(floats::load(p.scale + g));
      least = min(least, bits);
      most = max(most, bits);
    }
    return !scale_parameters<24, Arch, false>(simd::as<float>(least)).by_rule &&
        !scale_parameters<24, Arch, false>(simd::as<float>(most)).by_rule;
  }
  // Sixty-four numbers a step, which `Groups` groups have; -> groups decoded.
  template <std::size_t Groups, class T>
  [[gnu::always_inline]] std::size_t decode_steps(std::byte const* in, group_parameters<Arch> const& p, std::size_t count,
                                                  T* x) const noexcept {
    [[maybe_unused]] auto const table = [&] {
      if constexpr (decodes_sixty_four<Scheme, Arch>)
        return simd::nibble_floats<Arch, few_values<typename Scheme::element>>{order_};
      else
        return 0;
    }();
    auto const parameters_of = [&](std::size_t g) __attribute__((always_inline)) {
      std::array<floats, parameters> all;
      all[0] = floats::broadcast(p.scale[g]);
      if constexpr (has_zero_point<Scheme>) all[1] = floats::broadcast(0.0f) - floats::broadcast(p.minus_zero_point[g]);
      return all;
    };
    auto const order = order_;
    auto const group = group_;
    std::size_t g = 0;
    for (; g + Groups <= count; g += Groups)
      for (auto const* const end = x + group * Groups; x != end; x += 64, in += 8 * width)
        if constexpr (decodes_sixty_four<Scheme, Arch>) {
          table.each(in, [&](std::size_t i, floats const& level) __attribute__((always_inline)) {
            store_numbers<Arch>(scheme_.template scaled_levels<Arch>(level, parameters_of(g + i * Groups / 4)), x + 16 * i);
          });
        } else {
#pragma GCC unroll 4
          for (std::size_t i = 0; i < 4; ++i)
            store_numbers<Arch>(sixteen(in + 2 * width * i, order, parameters_of(g + i * Groups / 4)), x + 16 * i);
        }
    return g;
  }
  [[gnu::always_inline]] floats sixteen(std::byte const* in, [[maybe_unused]] bit_order order,
                                        std::array<floats, parameters> const& p) const noexcept {
    if constexpr (requires { scheme_.template stored_lanes<Arch>(in, p); })
      return scheme_.template stored_lanes<Arch>(in, p);
    else
      return scheme_.template value_lanes<Arch>(simd::load_fields<width, Arch>(in, order), p);
  }
  // Groups of whole registers, none of them by the scalar rule.
  template <class T>
  [[gnu::always_inline]] void decode_groups(std::byte const* block, std::size_t stride, batch const& b, T* x) const noexcept {
    auto const group = group_;
    auto const per_block = per_block_;
    auto const order = order_;
    auto const* in = block;
    for (std::size_t g = 0, in_block = 0; g < b.count; ++g) {
      auto const p = b.table.of(g);
      for (std::size_t i = 0; i < group; i += 16, x += 16, in += 2 * width) store_numbers<Arch>(sixteen(in, order, p), x);
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
