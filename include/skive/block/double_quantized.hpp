// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/double_quantized.hpp - absmax groups whose scales are quantized again, 256 at a time (QLoRA).
///
///   a_g = absmax of group g;   d_g = fl32(a_g - offset), offset = mean of a over the tensor;   n = max |d| of 256 groups
///   dynamic_map : code(x) = encode(x (1 / a_g)), c_g = dynamic8(d_g (1 / n)),          a'_g = fl32(value(c_g) n) + offset
///   linear_int8 : code(x) = encode(x / a_g),     c_g = clamp(RNE(d_g (256 / (2 n)))),  a'_g = fl32(c_g / (256 / (2 n))) + offset
///   x' = fl32(level a'_g);   planes: codes, second-level codes (8 bits a group), n (float32 per 256 groups)
///
/// The dialects are those of bitsandbytes (its PyTorch backend; divided where a reciprocal overflows) and torchao (which keeps
/// 256 / (2 n) for n, and NF4 levels rounded to four decimals: a table of those gives its codes). Elements are coded with the
/// unrounded a_g. Both projects flatten a tensor first, so that groups and their 256 run on across rows: encode the whole
/// contiguous matrix as one row to get their bytes. A row encoded by itself starts its groups and its 256 afresh.
///
/// Model of : stepwise_codec; round() gives level a_g / limit: the number that decodes has a'_g, which 256 groups decide together
/// Cost     : absmax plus 1 KiB of stack; 4.127 bits a number for nf4 at group 64, and 32 for the offset.
/// Accuracy : that of absmax plus the error of a', at most n / 128 (linear, n > 2^-121; else a' = offset) or n times half the
///            map's widest gap. a' past the largest float becomes infinite.
/// Promise  : same bits everywhere. Zero group: values within the error of a' of zero times the level of 0 (exactly 0 for tables
///            that hold 0). A NaN or infinity makes its group's 256 neighbours share a NaN n: encode refuses it with not_finite.
/// Source   : T. Dettmers et al., "QLoRA", arXiv:2305.14314.

#include "skive/block/absmax.hpp"
#include "skive/format/lookup.hpp"
#include "skive/simd/bits.hpp"
#include "skive/simd/reduce.hpp"

namespace skive {

enum class nested_dialect : std::uint8_t { dynamic_map, linear_int8 };

template <class Format>
class double_quantized {
  static constexpr std::size_t nested = 256;

 public:
  static constexpr std::size_t plane_count = 3;

  constexpr double_quantized() noexcept = default;
  /// `group`: numbers per first-level scale, a multiple of 8, at most 4096; `offset` >= 0. Fails with invalid_argument or
  /// not_finite.
  static constexpr result<double_quantized> make(std::size_t group, float offset,
                                                 nested_dialect dialect = nested_dialect::dynamic_map,
                                                 bit_order order = bit_order::high_first) noexcept {
    if (group == 0 || group % 8 != 0 || group > 4096) return errc::invalid_argument;
    if (!is_finite(offset)) return errc::not_finite;
    if (less(offset, 0.0f)) return errc::invalid_argument;
    double_quantized c;
    c.group_ = group;
    c.offset_ = offset;
    c.dialect_ = dialect;
    c.order_ = order;
    return c;
  }

  /// A group's unrounded scale, the largest magnitude; NaN or infinite where the group is not finite.
  struct block_state {
    float absmax = 0.0f;
  };

  constexpr std::size_t group_size() const noexcept { return group_; }
  constexpr std::size_t step() const noexcept { return 1; }
  constexpr std::size_t settle_bytes(std::size_t) const noexcept { return 0; }
  constexpr float offset() const noexcept { return offset_; }
  constexpr nested_dialect dialect() const noexcept { return dialect_; }
  constexpr bit_order order() const noexcept { return order_; }
  constexpr std::size_t block_size() const noexcept { return group_ * nested; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    auto const groups = n / group_ + (n % group_ != 0 ? 1 : 0);
    return {bit_fields<Format::bits>::bytes(n), groups,
            detail::field_bytes(groups / nested + (groups % nested != 0 ? 1 : 0), 32)};
  }

  /// Fails with size_mismatch or not_finite, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace = {}) const noexcept {
    return encode_row<Arch>(row, to);
  }
  template <class Arch = native_arch>
  constexpr status encode(std::span<bfloat16 const> row, planes<std::byte, plane_count> to, workspace = {}) const noexcept {
    return encode_row<Arch>(row, to);
  }
  template <class Arch = native_arch>
  constexpr status encode(std::span<float16 const> row, planes<std::byte, plane_count> to, workspace = {}) const noexcept {
    return encode_row<Arch>(row, to);
  }
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace = {}) const noexcept {
    return decode_row<Arch>(from, row);
  }
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<bfloat16> row, workspace = {}) const noexcept {
    return decode_row<Arch>(from, row);
  }
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float16> row, workspace = {}) const noexcept {
    return decode_row<Arch>(from, row);
  }

  constexpr block_state settle(std::span<float const> values, workspace) const noexcept {
    return {std::bit_cast<float>(detail::largest_magnitude(values))};
  }
  constexpr void round(block_state const& state, std::span<float const> x, std::span<float> y) const noexcept {
    y[0] = rounded(coding_of(state.absmax), x[0]);
  }
  constexpr void round(std::span<block_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept {
    for (std::size_t r = 0; r < x.rows; ++r) y(r, 0) = rounded(coding_of(states[r].absmax), x(r, 0));
  }
  /// Fails as encode() does, or with size_mismatch unless there is one state per group.
  constexpr status write(std::span<block_state const> states, std::span<float const> values, planes<std::byte, plane_count> to,
                         workspace = {}) const noexcept {
    if (states.size() != plane_bytes(values.size())[1]) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, values.size(), to); !s) return s;
    for (auto const& state : states)
      if (!is_finite(state.absmax)) return errc::not_finite;
    store_row<scalar_arch>(values, to, [&](std::size_t g, std::span<float const>) { return states[g].absmax; });
    return errc::ok;
  }

 private:
  // How numbers of a group become codes: times `factor`, or over it.
  struct coding {
    float factor = 0.0f;
    float scale = 0.0f;
    bool multiplies = false;
  };
  constexpr coding coding_of(float absmax) const noexcept {
    auto const s = ieee_divide(absmax, detail::scale_limit<Format>());
    auto const inverse = ieee_divide(detail::scale_limit<Format>(), absmax);
    bool const multiplies = dialect_ == nested_dialect::dynamic_map && is_finite(inverse);
    return {multiplies ? inverse : s, s, multiplies};
  }
  static constexpr std::uint8_t code(coding const& c, float x) noexcept {
    if (c.multiplies) return static_cast<std::uint8_t>(Format::encode(ieee_multiply(x, c.factor), nearest_even{}, saturating));
    return detail::code_at_scale<Format>(c.scale, x, nearest_even{});
  }
  static constexpr float rounded(coding const& c, float x) noexcept {
    return detail::value_at_scale<Format>(c.scale, code(c, x));
  }

  template <class Arch, class T>
  static constexpr std::uint32_t largest(std::span<T const> values) noexcept {
    if constexpr (simd::vector_arch<Arch>)
      if (!std::is_constant_evaluated()) return simd::largest(detail::largest_in_lanes<Arch>(values));
    return detail::largest_magnitude(values);
  }

  template <class Arch, class T>
  constexpr status encode_row(std::span<T const> row, planes<std::byte, plane_count> const& to) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    if (largest<Arch>(row) >= float_infinity_bits) return errc::not_finite;
    store_row<Arch>(row, to, [](std::size_t, std::span<T const> group) { return std::bit_cast<float>(largest<Arch>(group)); });
    return errc::ok;
  }

  template <class Arch, class T, class AbsmaxOf>
  constexpr void store_row(std::span<T const> row, planes<std::byte, plane_count> const& to, AbsmaxOf absmax_of) const noexcept {
    for (std::size_t start = 0, b = 0; start < row.size(); start += block_size(), ++b) {
      auto const block = row.subspan(start, row.size() - start < block_size() ? row.size() - start : block_size());
      std::array<float, nested> excess{};  // d of the header
      std::size_t groups = 0;
      std::uint32_t largest = 0;
      auto* out = to[0].data + b * to[0].block_stride;
      for (std::size_t first = 0; first < block.size(); first += group_, ++groups) {
        auto const group = block.subspan(first, block.size() - first < group_ ? block.size() - first : group_);
        auto const a = absmax_of(b * nested + groups, group);
        excess[groups] = ieee_add(a, -offset_);
        if (magnitude_bits(excess[groups]) > largest) largest = magnitude_bits(excess[groups]);
        out = store_group<Arch>(a, group, out);
      }
      for (std::size_t g = 0; g < groups; ++g)
        to[1].data[b * to[1].block_stride + g] = static_cast<std::byte>(nested_code(excess[g], std::bit_cast<float>(largest)));
      std::array<std::uint32_t, 1> const n{largest};
      detail::store_fields(n, 32, order_, to[2].data + b * to[2].block_stride);
    }
  }

  // Scales far from the ends of float32: plain quotients by them, and products, are those of the rule.
  static constexpr bool moderate(float x) noexcept {
    auto const bits = std::bit_cast<std::uint32_t>(x);
    return bits >= magnitude_bits(0x1p-40f) && bits <= magnitude_bits(0x1p40f);
  }

  template <class Arch, class T>
  constexpr std::byte* store_group(float absmax, std::span<T const> group, std::byte* out) const noexcept {
    std::size_t done = 0;
    if constexpr (detail::has_scale_lanes<Format, Arch>)
      if (!std::is_constant_evaluated() && moderate(absmax)) {
        done = group.size() / 16 * 16;
        store_lanes<Arch>(absmax, group.first(done), out);
        out += bit_fields<Format::bits>::bytes(done);
        if (done == group.size()) return out;
      }
    auto const c = coding_of(absmax);
    for (std::size_t j = done; j < group.size(); j += 64) {
      std::array<std::uint8_t, 64> codes{};
      auto const part = group.subspan(j, group.size() - j < 64 ? group.size() - j : 64);
      for (std::size_t k = 0; k < part.size(); ++k) codes[k] = code(c, detail::widen(part[k]));
      bit_fields<Format::bits>::pack(std::span{codes}.first(part.size()), order_, out);
      out += bit_fields<Format::bits>::bytes(part.size());
    }
    return out;
  }
  template <class Arch, class T>
  void store_lanes(float absmax, std::span<T const> numbers, std::byte* out) const noexcept {
    using floats = simd::floats<Arch>;
    auto const inverse = floats::broadcast(detail::scale_limit<Format>() / absmax);
    auto const p = detail::scale_parameters<24, Arch, true>(floats::broadcast(absmax / detail::scale_limit<Format>())).value;
    bool const multiplies = dialect_ == nested_dialect::dynamic_map;
    for (std::size_t i = 0; i < numbers.size(); i += 16, out += std::size_t{2} * Format::bits) {
      auto const x = detail::load_numbers<Arch>(numbers.data() + i);
      auto const codes = multiplies ? format_lanes<Format, Arch>::encode_finite(simd::product<Arch>(x, inverse), x)
                                    : detail::codes_at_scale<Format, 24, Arch>(x, p);
      simd::store_fields<Format::bits, Arch>(codes, order_, out);
    }
  }

  template <class Arch, class T>
  constexpr status decode_row(planes<std::byte const, plane_count> const& from, std::span<T> row) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    for (std::size_t g = 0; g * group_ < row.size(); ++g) {
      auto const b = g / nested;
      auto const norm = std::bit_cast<float>(detail::load_field(from[2].data + b * from[2].block_stride, 0, 32, order_));
      auto const code = std::to_integer<std::uint8_t>(from[1].data[b * from[1].block_stride + g % nested]);
      auto const a = ieee_add(nested_value(code, norm), offset_);
      auto const s = ieee_divide(a, detail::scale_limit<Format>());
      auto const* in = from[0].data + b * from[0].block_stride + bit_fields<Format::bits>::bytes(g % nested * group_);
      auto const group = row.subspan(g * group_, row.size() - g * group_ < group_ ? row.size() - g * group_ : group_);
      std::size_t done = 0;
      if constexpr (detail::has_scale_lanes<Format, Arch>)
        if (!std::is_constant_evaluated() && moderate(s))
          for (; done + 16 <= group.size(); done += 16, in += std::size_t{2} * Format::bits)
            detail::store_numbers<Arch>(detail::values_at_scale<Format, Arch>(simd::load_fields<Format::bits, Arch>(in, order_),
                                                                              simd::floats<Arch>::broadcast(s)),
                                        group.data() + done);
      for (std::size_t j = done; j < group.size(); j += 64) {
        std::array<std::uint8_t, 64> codes{};
        auto const size = group.size() - j < 64 ? group.size() - j : 64;
        bit_fields<Format::bits>::unpack(in, order_, std::span{codes}.first(size));
        in += bit_fields<Format::bits>::bytes(size);
        for (std::size_t k = 0; k < size; ++k) group[j + k] = detail::narrow<T>(detail::value_at_scale<Format>(s, codes[k]));
      }
    }
    return errc::ok;
  }

  constexpr std::uint8_t nested_code(float d, float norm) const noexcept {
    if (is_zero(norm)) return dialect_ == nested_dialect::dynamic_map ? dynamic8::encode(0.0f) : std::uint8_t{0};
    if (dialect_ == nested_dialect::dynamic_map) {
      auto const inverse = ieee_divide(1.0f, norm);
      auto const y = is_finite(inverse) ? ieee_multiply(d, inverse) : ieee_divide(d, norm);
      return static_cast<std::uint8_t>(dynamic8::encode(y));
    }
    return int8_full::encode(ieee_multiply(d, ieee_divide(128.0f, norm)));
  }
  constexpr float nested_value(std::uint8_t code, float norm) const noexcept {
    if (is_zero(norm)) return 0.0f;
    if (dialect_ == nested_dialect::dynamic_map) return ieee_multiply(dynamic8::decode(code), norm);
    return ieee_divide(int8_full::decode(code), ieee_divide(128.0f, norm));
  }

  std::size_t group_ = 64;
  float offset_ = 0.0f;
  nested_dialect dialect_ = nested_dialect::dynamic_map;
  bit_order order_ = bit_order::high_first;
};

static_assert(stepwise_codec<double_quantized<nf4>>);

}  // namespace skive
