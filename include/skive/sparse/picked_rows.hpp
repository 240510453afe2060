// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/picked_rows.hpp - products of rows with 2 of 4 numbers kept with a vector of bytes, which never leaves its order.
///
///   sum_k (scale_g s_b) (byte(code_k) - bias - zero_g) q_(place k)    k: kept numbers; b: 32 of them, which share a scale of q
///
/// 64 kept numbers are a step: their codes become bytes in order, the positions pick 64 of 128 bytes of the vector, lane j of 16
/// sums products 4 j ... 4 j + 3 as an integer. Products of scales, one for each unit of 16 or 32 numbers, are made beforehand.
///
/// Model of : -
/// Cost     : VBMI and VNNI: 17 instructions for 64 kept numbers of 8 bits, 19 for fewer bits, of which 7 serve all vectors; AVX2 about
///            65; 1 KiB of stack a vector.
/// Accuracy : integers are exact, below 2^21; |y - exact| <= (steps + 13) 2^-24 sum |w q s|, as long as no product of two scales
///            leaves the range of normal floats.
/// Promise  : nothing is read outside of codes, positions and the query. Codes that are no set are found.
/// Source   : -

#include "skive/block/integer_dot.hpp"
#include "skive/simd/code_bytes.hpp"
#include "skive/simd/dot_above.hpp"
#include "skive/simd/pick.hpp"

namespace skive::detail {

/// Lanes of all steps: what each unit of numbers is multiplied with.
template <class Arch>
class unit_scales {
  using floats = simd::floats<Arch>;

 public:
  static constexpr std::size_t most = 256;  ///< units
  alignas(64) float value[most + 32];

  /// Groups are whole units of Unit numbers or the whole row; of_query: one for 32 numbers, nullptr: all are 1.
  template <std::size_t Unit>
  [[gnu::always_inline]] void fill(float const* of_groups, group_layout const& l, float const* of_query) noexcept {
    static_assert(Unit == 16 || Unit == 32);
    auto const units = (l.n + Unit - 1) / Unit;
    auto const per_group = l.groups == 1 ? units : l.group / Unit;
    auto const query = [of_query](std::size_t k) noexcept {
      if (of_query == nullptr) return floats::broadcast(1.0f);
      if constexpr (Unit == 32) return floats::load(of_query + k);
      return simd::look_up_8<Arch>(of_query + k / 2, simd::generate<std::uint32_t, Arch>([](std::size_t i) noexcept {
                                     return static_cast<std::uint32_t>(i / 2);
                                   }));
    };
    if (per_group == 1) {
      for (std::size_t k = 0; k < units; k += 16) simd::product<Arch>(floats::load(of_groups + k), query(k)).store(value + k);
    } else {
      for (std::size_t first = 0; first < units; first += per_group) {  // what a group writes too far the next one mends
        auto const scale = floats::broadcast(*of_groups++);
        for (std::size_t k = first; k < first + per_group && k < units; k += 16)
          simd::product<Arch>(scale, query(k)).store(value + k);
      }
    }
    floats::broadcast(0.0f).store(value + units);  // lanes past the end
  }
};

/// Of one row at a time with `Queries` vectors.
template <integer_scheme Scheme, class Arch, std::size_t Queries = 1>
  requires integer_lanes<Scheme, Arch> && simd::has_byte_picker<Arch>
class picked_rows {
  static constexpr int width = Scheme::packing::width;
  static constexpr bool zero_points = has_zero_point<Scheme>;
  static constexpr std::size_t read_ahead = 4096;  // bytes
  using levels = integer_levels<typename Scheme::element>;
  using floats = simd::floats<Arch>;
  using integers = simd::integers<Arch>;
  using words = simd::words<Arch>;

 public:
  using from_planes = planes<std::byte const, 1 + Scheme::field_bits.size()>;
  using bytes_of = std::array<std::byte const*, Queries>;
  using scales_of = std::array<float const*, Queries>;
  /// Can rows of this layout, of at most 4096 kept numbers, be multiplied?
  static constexpr bool fits(group_layout const& l) noexcept {
    return l.n != 0 && (l.groups == 1 || l.group == 16 || l.group % 32 == 0);
  }

  [[gnu::always_inline]] picked_rows(Scheme const& scheme, bit_order order) noexcept : scheme_{scheme}, codes_{order} {}

  /// Codes without gaps; `positions` those of 2 l.n entries, `x` and `scales` of the vectors belong to the first of them. The
  /// bytes at x go on to a multiple of 128.
  [[gnu::always_inline]] std::array<float, Queries> operator()(from_planes const& from, group_layout const& l,
                                                               std::span<std::byte const> positions, bytes_of x,
                                                               scales_of const& scales) noexcept {
    return l.groups != 1 && l.group == 16 ? product<16>(from, l, positions, x, scales)
                                          : product<32>(from, l, positions, x, scales);
  }
  /// Did all codes of positions stand for sets?
  bool good() const noexcept { return !picker_.met_wrong_code(); }

 private:
  template <std::size_t Unit>
  [[gnu::always_inline]] std::array<float, Queries> product(from_planes const& from, group_layout const& l,
                                                            std::span<std::byte const> positions, bytes_of const& x,
                                                            scales_of const& scales) noexcept {
    group_parameters<Arch> p;
    p.load(scheme_, from, 0, l.groups, l);
    for (std::size_t q = 0; q < Queries; ++q) scales_[q].template fill<Unit>(p.scale, l, scales[q]);
    if constexpr (zero_points) zeros_.template fill<Unit>(p.minus_zero_point, l, nullptr);
    return sum_of_steps<Unit>(from[0].data, l.n, positions, x);
  }

  template <std::size_t Unit>
  [[gnu::always_inline]] std::array<float, Queries> sum_of_steps(std::byte const* codes, std::size_t n,
                                                                 std::span<std::byte const> positions,
                                                                 bytes_of const& x) noexcept {
    auto picker = picker_;  // here it stays in registers
    auto const* place = positions.data();
    auto const readable = positions.size() < 16 ? 0 : (positions.size() - 16) / 12 + 1;
    auto const whole = n / 64 < readable ? n / 64 : readable;
    step_of<Unit> step{x};
    for (std::size_t s = 0; s < whole; ++s, codes += 8 * width, place += 12) {
      simd::prefetch<Arch>(codes, read_ahead);
      step.add(codes_.load(codes), picker.places(place), scales_, zeros_);
    }
    for (auto left = n - 64 * whole; left != 0; codes += 8 * width, place += 12) {
      auto const now = left < 64 ? left : 64;
      step.add(codes_.load(codes, now), picker.places(place, now), scales_, zeros_);
      left -= now;
    }
    picker_ = picker;
    return step.sums();
  }

  // What a step needs, and the sums.
  template <std::size_t Unit>
  class step_of {
   public:
    [[gnu::always_inline]] explicit step_of(bytes_of const& x) noexcept : x_{x} {
      for (auto& t : total_) t = floats::broadcast(0.0f);
    }
    template <class Zeros>
    [[gnu::always_inline]] void add(words const& codes, words const& places, unit_scales<Arch> const (&scales)[Queries],
                                    [[maybe_unused]] Zeros const& zeros) noexcept {
      auto const none = integers::broadcast(0);
      auto const level = level_.bytes(codes);
#pragma GCC unroll 4
      for (std::size_t q = 0; q < Queries; ++q) {
        auto const bytes = simd::byte_picker_2_of_4<Arch>::pick(x_[q] + at_, places);
        auto const scale = simd::look_up_4<Arch>(scales[q].value + at_ / (2 * Unit), unit_of_lane_);
        if constexpr (zero_points) {
          auto const term = simd::to_float<Arch>(simd::dot4<1>(none, words::broadcast(0x01010101U), bytes));
          auto const zero = simd::look_up_4<Arch>(zeros.value + at_ / (2 * Unit), unit_of_lane_);
          auto const y = simd::to_float<Arch>(simd::dot4<levels::largest>(none, level, bytes));
          total_[q] = simd::fused(simd::fused(zero, term, y), scale, total_[q]);
        } else {
          auto const y = simd::dot4_above<levels::bias, levels::largest>(none, level, bytes);
          total_[q] = simd::fused(simd::to_float<Arch>(y), scale, total_[q]);
        }
      }
      at_ += 128;
    }
    [[gnu::always_inline]] std::array<float, Queries> sums() const noexcept {
      std::array<float, Queries> y;
      for (std::size_t q = 0; q < Queries; ++q) y[q] = simd::sum(total_[q]);
      return y;
    }

   private:
    bytes_of x_;
    std::size_t at_ = 0;  // entry
    floats total_[Queries];
    words unit_of_lane_ =
        simd::generate<std::uint32_t, Arch>([](std::size_t i) noexcept { return static_cast<std::uint32_t>(i / (Unit / 4)); });
    typename levels::template lanes<Arch> level_{};
  };
  struct no_zeros {
    static constexpr float const* value = nullptr;
  };

  Scheme const& scheme_;
  simd::code_bytes<width, Arch> codes_;
  simd::byte_picker_2_of_4<Arch> picker_;
  unit_scales<Arch> scales_[Queries];
  [[no_unique_address]] std::conditional_t<zero_points, unit_scales<Arch>, no_zeros> zeros_;
};

}  // namespace skive::detail
