// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/digit_engine.hpp - the vector path of block/grouped.hpp for codes that are no bit fields: five ternary digits in a
/// byte, of which some may belong to one group and some to the next.
///
///   codes sixteen numbers in lanes -> a row of bytes, one per code, which the packing takes 320 at a time; and back
///
/// block/lane_batch.hpp has what comes before. Groups beyond the vector rule take the scalar rule.
///
/// Model of : -
/// Cost     : that of block/lane_engine.hpp and of the packing, a byte at a time.
/// Accuracy : the scheme's.
/// Promise  : the bytes of the scalar rule, for every input and layout.
/// Source   : -

#include "skive/block/lane_batch.hpp"

namespace skive::detail {

/// The scheme has a vector rule, and a packing of its own.
template <class Scheme, class Arch>
concept digit_scheme = simd::vector_arch<Arch> && code_width<Scheme> == 0 && requires { Scheme::packing::period; } &&
    Scheme::template lanes<Arch> != 0;

template <class Scheme, class Arch>
class digit_engine : lane_batches<Scheme, Arch> {
  using base = lane_batches<Scheme, Arch>;
  using packing = typename Scheme::packing;
  using typename base::batch, typename base::from_planes, typename base::policy, typename base::to_planes;
  using base::codes_of, base::group_, base::order_, base::per_block_, base::scheme_, base::state_of;
  static constexpr std::size_t chunk = 320;  // codes packed at once
  static_assert(chunk % packing::period == 0);
  using code_buffer = std::array<std::uint8_t, chunk + 32>;  // sixteen codes can be moved and read past a chunk

 public:
  digit_engine(Scheme const& scheme, std::size_t group, std::size_t per_block, bit_order order) noexcept
      : base{scheme, group, per_block, order} {}

  /// Numbers at the front of a row of n that can be coded: whole blocks, or all of a row of whole groups.
  static std::size_t takes(std::size_t n, std::size_t group, std::size_t per_block) noexcept {
    if (per_block > 16 || group > n) return 0;
    return n % group == 0 ? n : n / (group * per_block) * (group * per_block);
  }

  template <class T>
  void encode(std::span<T const> row, to_planes const& to, workspace w) const noexcept {
    policy rounding = policy_of<Arch>(scheme_);
    this->for_each_settled(row, whole_blocks(), w, [&](batch const& b, std::size_t first) {
      auto* out = to[0].data + first / per_block_ * to[0].block_stride;
      for (std::size_t g = 0; g < b.count; g += per_block_, out += to[0].block_stride)
        encode_block(block(row, first + g), b, g, out, rounding, (first + g) * group_);
      this->for_each_field([&]<std::size_t F>() { this->template write<F>(b.field, first, b.count, to[1 + F]); });
    });
  }

  template <class T>
  void decode(from_planes const& from, std::span<T> row) const noexcept {
    this->for_each_stored(from, 0, row.size() / group_, whole_blocks(), [&](batch const& b, std::size_t first) {
      auto const* in = from[0].data + first / per_block_ * from[0].block_stride;
      for (std::size_t g = 0; g < b.count; g += per_block_, in += from[0].block_stride)
        decode_block(in, b, g, block(row, first + g));
    });
  }

 private:
  std::size_t whole_blocks() const noexcept { return 16 / per_block_ * per_block_; }

  // The block that group g begins; the last one may have fewer groups.
  template <class T>
  std::span<T> block(std::span<T> row, std::size_t g) const noexcept {
    auto const rest = row.subspan(g * group_);
    return rest.size() < per_block_ * group_ ? rest : rest.first(per_block_ * group_);
  }
  // The block whose first group is group g of the batch.
  template <class T>
  void encode_block(std::span<T const> numbers, batch const& b, std::size_t g, std::byte* out, policy& rounding,
                    std::size_t place) const noexcept {
    code_buffer codes;
    std::size_t filled = 0;
    for (std::size_t begin = 0; begin < numbers.size(); begin += group_, ++g) {
      auto const group = numbers.subspan(begin, group_);
      auto const p = b.table.of(g);
      for (std::size_t i = 0; i < group.size(); i += 16) {
        auto const n = group.size() - i < 16 ? group.size() - i : 16;
        if (b.table.by_rule(g)) {
          auto const state = state_of(b.field, g);
          for (std::size_t j = i; j < i + n; ++j)
            codes[filled + j - i] = scheme_.code(state, widen(group[j]), rounding_at(scheme_.rounding, place + begin + j));
        } else {
          auto const x = n == 16 ? load_numbers<Arch>(group.data() + i) : load_rest<Arch>(group.subspan(i));
          simd::store_bytes<Arch>(codes_of(x, p, rounding.from(place + begin + i), place + begin + i),
                                  reinterpret_cast<std::byte*>(codes.data() + filled));
        }
        filled += n;
        if (filled < chunk) continue;
        packing::pack(std::span{codes}.template first<chunk>(), order_, out);
        out += packing::bytes(chunk);
        filled -= chunk;
        for (std::size_t j = 0; j < 16; ++j) codes[j] = codes[chunk + j];
      }
    }
    packing::pack(std::span{codes}.first(filled), order_, out);
  }

  template <class T>
  void decode_block(std::byte const* in, batch const& b, std::size_t g, std::span<T> numbers) const noexcept {
    code_buffer codes{};
    std::size_t at = 0;
    std::size_t unpacked = 0;  // codes from `at` on
    std::size_t packed = numbers.size();
    for (std::size_t begin = 0; begin < numbers.size(); begin += group_, ++g) {
      auto const group = numbers.subspan(begin, group_);
      auto const p = b.table.of(g);
      for (std::size_t i = 0; i < group.size(); i += 16) {
        auto const n = group.size() - i < 16 ? group.size() - i : 16;
        if (unpacked < n) {
          for (std::size_t j = 0; j < unpacked; ++j) codes[j] = codes[at + j];
          auto const more = packed < chunk ? packed : chunk;
          packing::unpack(in, order_, std::span{codes}.subspan(unpacked, more));
          in += packing::bytes(more);
          packed -= more;
          unpacked += more;
          at = 0;
        }
        decode_codes(codes.data() + at, b, g, p, group.subspan(i, n));
        at += n;
        unpacked -= n;
      }
    }
  }
  // At most sixteen numbers; sixteen codes can be read.
  template <class T, class Parameters>
  [[gnu::always_inline]] void decode_codes(std::uint8_t const* codes, batch const& b, std::size_t g, Parameters const& p,
                                           std::span<T> numbers) const noexcept {
    if (b.table.by_rule(g)) {
      auto const state = state_of(b.field, g);
      for (std::size_t j = 0; j < numbers.size(); ++j) numbers[j] = narrow<T>(scheme_.value(state, codes[j]));
      return;
    }
    auto const values = scheme_.template value_lanes<Arch>(simd::load_bytes<Arch>(reinterpret_cast<std::byte const*>(codes)), p);
    if (numbers.size() == 16) return store_numbers<Arch>(values, numbers.data());
    std::array<T, 16> all;
    store_numbers<Arch>(values, all.data());
    for (std::size_t j = 0; j < numbers.size(); ++j) numbers[j] = all[j];
  }
};

}  // namespace skive::detail
