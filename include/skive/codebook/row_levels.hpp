// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/row_levels.hpp - rows in levels of their own: the best 2^B for the row's numbers, kept with it.
///
///   levels = kept(k-means of the row in one dimension), ascending;   code = nearest level, B bits, lowest bit first
///   x' = levels[code];   planes: codes; levels, 2^B of them
///
/// `weights`, as many as a row has columns, say what a column's error counts in the choice of levels: the diagonal of the inputs'
/// second moments or of Fisher's information; where all of them are 0 columns count alike. Where a row is quantized for its own
/// weights, the codec is made anew for it.
///
/// Model of : stepwise_codec, dot_codec
/// Cost     : encoding: codebook/kmeans_1d.hpp in O(n) memory, then B comparisons a number; decoding a look-up in registers up to
///            B = 4, a gather above. 2^B Level::bits / n more bits a number.
/// Accuracy : the weighted squared error is the least of any 2^B levels, but for the rounding of the levels to Level.
/// Promise  : same bytes everywhere; any bytes decode. Subnormal numbers and levels count as 0; a row with NaN or infinity
///            decodes to NaN. Half way between two levels the lower one is taken; equal levels are written as the first.
/// Source   : S. Kim et al., "SqueezeLLM: dense-and-sparse quantization", arXiv 2306.07629; H. Wang et al., "CLAQ: pushing the
///            limits of low-bit post-training quantization for LLMs", arXiv 2405.17233; T. Zhang, A. Shrivastava, "LeanQuant",
///            arXiv 2407.10032 (levels for an error-feedback solver).

#include "skive/block/float_query.hpp"
#include "skive/block/group_error.hpp"
#include "skive/block/scheme.hpp"
#include "skive/codebook/block_dot.hpp"
#include "skive/codebook/kmeans_1d.hpp"
#include "skive/core/concepts.hpp"
#include "skive/format/half.hpp"
#include "skive/simd/bits.hpp"
#include "skive/simd/gather.hpp"
#include "skive/simd/lookup.hpp"

namespace skive {

namespace detail {

/// Levels in ascending order, or all NaN.
template <int B>
struct level_state {
  static constexpr std::size_t count = std::size_t{1} << B;
  std::array<float, count> level;

  constexpr std::uint8_t code_of(float x) const noexcept {
    auto const twice = 2 * normal_or_zero(x);
    std::size_t code = 0;
    for (auto half = count / 2; half != 0; half /= 2)
      if (twice > normal_or_zero(level[code + half - 1]) + normal_or_zero(level[code + half])) code += half;
    while (code != 0 && !(level[code - 1] < level[code])) --code;
    return static_cast<std::uint8_t>(code);
  }
};

/// B-bit codes, sixteen at a time, to numbers of a table.
template <int B, class Arch>
class level_lanes {
 public:
  explicit level_lanes(level_state<B> const& s) noexcept : table_{first_sixteen(s)}, all_{s.level.data()} {}
  [[gnu::always_inline]] simd::floats<Arch> operator()(std::byte const* codes) const noexcept {
    auto const index = simd::load_fields<B, Arch>(codes, bit_order::low_first);
    if constexpr (B <= 4)
      return simd::look_up<Arch>(table_, index);
    else
      return simd::as<float>(simd::gather<Arch>(reinterpret_cast<std::uint32_t const*>(all_), index));
  }

 private:
  static std::array<float, 16> first_sixteen(level_state<B> const& s) noexcept {
    std::array<float, 16> a{};
    for (std::size_t i = 0; i < 16 && i < s.count; ++i) a[i] = s.level[i];
    return a;
  }
  simd::float_table<Arch> table_;
  float const* all_;
};

}  // namespace detail

/// B: bits a number, 1 to 8. Level: float32, float16 or bfloat16.
template <int B, class Level = float16>
class row_levels : public takes_floats {
  static_assert(B >= 1 && B <= 8);
  static_assert(Level::bits % 8 == 0 && Level::bits >= 16, "skive::row_levels keeps float32, float16 or bfloat16 levels");
  static constexpr std::size_t piece = 256;

 public:
  static constexpr std::size_t plane_count = 2;
  using block_state = detail::level_state<B>;

  constexpr row_levels() noexcept = default;
  /// Fails with invalid_argument unless every weight is finite and not negative. They have to outlive the codec.
  static constexpr result<row_levels> make(std::span<float const> weights) noexcept {
    for (auto const w : weights)
      if (!is_finite(w) || w < 0) return errc::invalid_argument;
    row_levels r;
    r.weights_ = weights;
    return r;
  }

  constexpr std::size_t block_size() const noexcept { return 0; }
  constexpr std::size_t group_size() const noexcept { return 0; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::size_t step() const noexcept { return 1; }
  constexpr std::array<std::size_t, 2> plane_bytes(std::size_t n) const noexcept {
    return {saturating_add(saturating_multiply(n / 8, B), (n % 8 * B + 7) / 8),
            n == 0 ? 0 : block_state::count * Level::bits / 8};
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept { return settle_bytes(n); }
  constexpr std::size_t settle_bytes(std::size_t n) const noexcept {
    return n == 0 ? 0
                  : saturating_add(saturating_multiply(2, workspace::bytes<float>(n)),
                                   kmeans_1d_bytes(n, block_state::count, kmeans_memory::small));
  }

  /// Fails with size_mismatch if a plane is too small or weights are not as many as numbers, workspace_too_small, or overflow for
  /// 2^32 numbers; `to` is then untouched.
  template <class Arch = native_arch>
  status encode(std::span<float const> row, planes<std::byte, 2> to, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), to); !s) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    if (!row.empty()) store(settle(row, w), row, to);
    return errc::ok;
  }
  /// Fails with size_mismatch if a plane is too small; `row` is then untouched.
  template <class Arch = native_arch>
  status decode(planes<std::byte const, 2> from, std::span<float> row, workspace = {}) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    auto const state = load(from, row.size());
    numbers<Arch>(state, from[0].data, row);
    return errc::ok;
  }

  /// The levels that encode() would choose. Preconditions: w has settle_bytes(values.size()), as many weights as values, or none.
  template <class Arch = native_arch>
  block_state settle(std::span<float const> values, workspace w) const noexcept {
    block_state s{};
    if (values.empty()) return s;
    if (detail::largest_magnitude(values) >= float_infinity_bits) {
      s.level.fill(std::numeric_limits<float>::quiet_NaN());
      return s;
    }
    auto const cleaned = [&w](std::span<float const> from) noexcept {
      auto const to = w.take<float>(from.size());
      for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<float>(detail::normal_or_zero(from[i]));
      return std::span<float const>{to};
    };
    auto const x = cleaned(values);
    auto const weights = weights_.size() == values.size() ? cleaned(weights_) : std::span<float const>{};
    // Where no weight is above 0 all columns count alike.
    if (!kmeans_1d(x, weights, s.level, kmeans_memory::small, w))
      static_cast<void>(kmeans_1d(x, {}, s.level, kmeans_memory::small, w));
    for (auto& l : s.level) l = kept(l);
    return s;
  }
  /// The numbers y that x becomes under `state`.
  template <class Arch = native_arch>
  void round(block_state const& state, std::span<float const> x, std::span<float> y) const noexcept {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = state.level[state.code_of(x[i])];
  }
  template <class Arch = native_arch>
  void round(std::span<block_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept {
    for (std::size_t r = 0; r < x.rows; ++r) round(states[r], x.row(r), y.row(r));
  }
  /// Stores a row of numbers that round() returned. Fails as encode() does, or with size_mismatch unless there is one state.
  template <class Arch = native_arch>
  status write(std::span<block_state const> states, std::span<float const> values, planes<std::byte, 2> to,
               workspace = {}) const noexcept {
    if (states.size() != (values.empty() ? 0 : 1)) return errc::size_mismatch;
    if (auto const s = check(values.size(), to); !s) return s;
    if (!values.empty()) store(states[0], values, to);
    return errc::ok;
  }

  /// A product with floats: the decoded numbers times x in sixteen lanes. x has to outlive the query.
  /// Fails with size_mismatch if a plane is too small for q.size numbers.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, 2> from, query const& q) const noexcept {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s.error();
    auto const state = load(from, q.size);
    detail::block_dot<Arch> sum;
    float values[piece];
    for (std::size_t i = 0; i < q.size; i += piece) {
      auto const now = std::span{values}.first(q.size - i < piece ? q.size - i : piece);
      numbers<Arch>(state, from[0].data + i / 8 * B, now);
      sum.add(values, q.data + i, now.size());
    }
    return sum.total();
  }

 private:
  constexpr status check(std::size_t n, planes<std::byte, 2> const& to) const noexcept {
    if (n >= 0xFFFF'FFFFU) return errc::overflow;
    if (!weights_.empty() && weights_.size() != n) return errc::size_mismatch;
    return check_blocks(*this, n, to);
  }
  static constexpr std::uint32_t level_code(float x) noexcept { return Level::encode(x, nearest_even{}, {}); }
  static constexpr float kept(float x) noexcept {
    auto const y = static_cast<float>(Level::decode(static_cast<typename Level::code_type>(level_code(x))));
    return is_nan(y) ? y : static_cast<float>(detail::normal_or_zero(y));
  }
  static constexpr block_state load(planes<std::byte const, 2> const& from, std::size_t n) noexcept {
    block_state s{};
    for (std::size_t i = 0; n != 0 && i < s.count; ++i)
      s.level[i] = static_cast<float>(Level::decode(
          static_cast<typename Level::code_type>(detail::load_field(from[1].data, i, Level::bits, bit_order::low_first))));
    return s;
  }
  static void store(block_state const& s, std::span<float const> x, planes<std::byte, 2> const& to) noexcept {
    std::array<std::uint32_t, block_state::count> levels;
    for (std::size_t i = 0; i < s.count; ++i) levels[i] = level_code(s.level[i]);
    detail::store_fields(std::span<std::uint32_t const>{levels}, Level::bits, bit_order::low_first, to[1].data);
    for (std::size_t i = 0; i < x.size(); i += piece) {
      std::uint8_t code[piece];
      auto const size = x.size() - i < piece ? x.size() - i : piece;
      for (std::size_t j = 0; j < size; ++j) code[j] = s.code_of(x[i + j]);
      bit_fields<B>::pack(std::span<std::uint8_t const>{code, size}, bit_order::low_first, to[0].data + i / 8 * B);
    }
  }
  template <class Arch>
  static void numbers(block_state const& s, std::byte const* codes, std::span<float> out) noexcept {
    std::size_t i = 0;
    if constexpr (simd::vector_arch<Arch>) {
      detail::level_lanes<B, Arch> const at{s};
      for (; i + 16 <= out.size(); i += 16) at(codes + i / 8 * B).store(out.data() + i);
    }
    if (i == out.size()) return;
    std::uint8_t code[16];
    for (; i < out.size(); i += 16) {
      auto const size = out.size() - i < 16 ? out.size() - i : 16;
      bit_fields<B>::unpack(codes + i / 8 * B, bit_order::low_first, std::span{code}.first(size));
      for (std::size_t j = 0; j < size; ++j) out[i + j] = s.level[code[j]];
    }
  }

  std::span<float const> weights_;
};

static_assert(dot_codec<row_levels<3>> && stepwise_codec<row_levels<4, bfloat16>>);

}  // namespace skive
