// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/cosine_codec.hpp - RaBitQ's codes: the vector of a uniform grid at the least angle to x, and the factor to it.
///
///   y_i = code_i - (2^B - 1) / 2, code_i of B bits;   y: the largest <x, y> / |y| of all;   f = fl32(|x|^2 / <x, y>)
///   x' = fl32(f y);   planes: codes, without gaps, lowest bit first, a group from a whole byte on; factors in float32,
///   little-endian
///
/// For a given t the nearest grid vector to t x changes where t |x_i| passes a whole number: going through these places in order,
/// with <x, y> and |y|^2 kept up to date, sees every vector that can be the best. f makes <x', x> = |x|^2: behind a random
/// rotation products with x' are right on average (compose/unbiased.hpp, which does it for any codec).
///
/// Model of : dot_codec
/// Cost     : encoding a group of n: at most n (2^(B-1) - 1) steps of a heap of n places; 16 bytes of scratch a number.
/// Accuracy : variance of a product behind a rotation: |x|^2 |y|^2 sin^2(x, y) (1 - c^2) / (c^2 n), c the cosine of x and x'.
/// Promise  : the greatest cosine, up to the rounding of sums in double; of equals the first on the way. The same bytes
///            everywhere; any bytes decode. A group whose factor would be below 2^-100 decodes to zeros, one with a NaN or
///            infinity to NaN.
/// Source   : J. Gao et al., "Practical and asymptotically optimal quantization of high-dimensional vectors in Euclidean space
///            for approximate nearest neighbor search" (extended RaBitQ), SIGMOD 2025.

#include "skive/block/float_query.hpp"
#include "skive/block/group_error.hpp"
#include "skive/block/scheme.hpp"
#include "skive/codebook/block_dot.hpp"
#include "skive/core/concepts.hpp"

namespace skive {

namespace detail {

/// Where t |x_i| passes the next whole number.
struct grid_step {
  double t;
  std::uint32_t at;
  std::uint32_t level;  // of |y_i| after it, less a half
  friend constexpr bool operator<(grid_step const& a, grid_step const& b) noexcept {
    return a.t < b.t || (!(b.t < a.t) && a.at < b.at);
  }
};

/// heap[0] is the least; the one at `i` may be too large for its place.
constexpr void sift_down(std::span<grid_step> heap, std::size_t i) noexcept {
  auto const moved = heap[i];
  for (;;) {
    auto child = 2 * i + 1;
    if (child >= heap.size()) break;
    if (child + 1 < heap.size() && heap[child + 1] < heap[child]) ++child;
    if (!(heap[child] < moved)) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = moved;
}

/// The last step to the grid vector of greatest cosine with x, whose numbers begin at one half; t = 0: no step.
/// Precondition: heap.size() >= x.size().
inline grid_step best_grid_step(std::span<float const> x, std::uint32_t most, std::span<grid_step> heap) noexcept {
  double product = 0;
  double square = static_cast<double>(x.size()) / 4;
  std::size_t waiting = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const a = std::fabs(normal_or_zero(x[i]));
    product += a * 0.5;
    if (a > 0 && most > 0) heap[waiting++] = {1 / a, static_cast<std::uint32_t>(i), 1};
  }
  for (auto i = waiting / 2; i-- > 0;) sift_down(heap.first(waiting), i);
  grid_step best{};
  auto best_product = product;
  auto best_square = square;
  while (waiting > 0) {
    auto& next = heap[0];
    auto const a = std::fabs(static_cast<double>(x[next.at]));
    product += a;
    square += 2 * next.level;  // (level + 1/2)^2 - (level - 1/2)^2
    // product / sqrt(square) as squares; all are positive.
    if ((product * product) * best_square > (best_product * best_product) * square) {
      best = next;
      best_product = product;
      best_square = square;
    }
    if (next.level < most) {
      ++next.level;
      next.t = next.level / a;
    } else {
      next = heap[--waiting];
    }
    if (waiting > 0) sift_down(heap.first(waiting), 0);
  }
  return best;
}

}  // namespace detail

/// B: bits a number, 1 to 8; B = 1 are the signs.
template <int B>
class cosine_codec : public takes_floats {
  static_assert(B >= 1 && B <= 8);
  static constexpr std::uint32_t half = 1U << (B - 1);
  static constexpr std::size_t piece = 256;

 public:
  static constexpr std::size_t plane_count = 2;

  constexpr cosine_codec() noexcept = default;  // one factor a row
  /// A factor for every `group` numbers, a multiple of 8, or for the row (0); else invalid_argument.
  static constexpr result<cosine_codec> make(std::size_t group) noexcept {
    if (group % 8 != 0) return errc::invalid_argument;
    cosine_codec c;
    c.group_ = group;
    return c;
  }

  constexpr std::size_t block_size() const noexcept { return group_; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::size_t groups(std::size_t n) const noexcept {
    return group_ == 0 ? (n != 0 ? 1 : 0) : n / group_ + (n % group_ != 0 ? 1 : 0);
  }
  constexpr std::array<std::size_t, 2> plane_bytes(std::size_t n) const noexcept {
    return {saturating_add(saturating_multiply(n / 8, B), (n % 8 * B + 7) / 8), saturating_multiply(groups(n), 4)};
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    return B == 1 || n == 0 ? 0 : workspace::bytes<detail::grid_step>(longest(n));
  }

  /// Fails with size_mismatch if a plane is too small or its blocks overlap, or workspace_too_small; `to` is then untouched.
  status encode(std::span<float const> row, planes<std::byte, 2> to, workspace w = {}) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    auto const heap = w.take<detail::grid_step>(B == 1 ? 0 : longest(row.size()));
    each_group(row.size(), [&](std::size_t g, std::size_t first, std::size_t size) {
      store_group(row.subspan(first, size), heap, to[0].data + g * to[0].block_stride, to[1].data + g * to[1].block_stride);
    });
    return errc::ok;
  }
  /// Fails with size_mismatch if a plane is too small; `row` is then untouched.
  status decode(planes<std::byte const, 2> from, std::span<float> row, workspace = {}) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    each_piece(row.size(), from, [&](std::byte const* codes, float f, std::size_t first, std::size_t size) {
      decode_piece(codes, f, row.subspan(first, size));
    });
    return errc::ok;
  }

  /// A product with floats: the decoded numbers times x in sixteen lanes. x has to outlive the query.
  /// Fails with size_mismatch if a plane is too small for q.size numbers.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, 2> from, query const& q) const noexcept {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s.error();
    detail::block_dot<Arch> sum;
    float values[piece];
    each_piece(q.size, from, [&](std::byte const* codes, float f, std::size_t first, std::size_t size) {
      decode_piece(codes, f, std::span{values}.first(size));
      sum.add(values, q.data + first, size);
    });
    return sum.total();
  }

 private:
  constexpr std::size_t longest(std::size_t n) const noexcept { return group_ == 0 || n < group_ ? n : group_; }
  template <class F>
  constexpr void each_group(std::size_t n, F f) const noexcept {
    auto const group = group_ == 0 ? n : group_;
    for (std::size_t first = 0, g = 0; first < n; first += group, ++g) f(g, first, n - first < group ? n - first : group);
  }
  // f(codes, factor, first number, count)
  template <class F>
  void each_piece(std::size_t n, planes<std::byte const, 2> const& from, F f) const noexcept {
    each_group(n, [&](std::size_t g, std::size_t first, std::size_t size) {
      auto const* codes = from[0].data + g * from[0].block_stride;
      auto const factor =
          std::bit_cast<float>(detail::load_field(from[1].data + g * from[1].block_stride, 0, 32, bit_order::low_first));
      for (std::size_t i = 0; i < size; i += piece, codes += piece / 8 * B)
        f(codes, factor, first + i, size - i < piece ? size - i : piece);
    });
  }
  static void decode_piece(std::byte const* codes, float f, std::span<float> out) noexcept {
    auto const none = magnitude_bits(f) < magnitude_bits(0x1p-100f);
    std::uint8_t code[piece];
    bit_fields<B>::unpack(codes, bit_order::low_first, std::span{code}.first(out.size()));
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = none ? 0.0f : ieee_multiply(f, static_cast<float>(code[i]) - static_cast<float>(2 * half - 1) * 0.5f);
  }
  static void store_group(std::span<float const> x, std::span<detail::grid_step> heap, std::byte* codes,
                          std::byte* factor) noexcept {
    auto const finite = detail::largest_magnitude(x) < float_infinity_bits;
    auto const last = finite && B > 1 ? detail::best_grid_step(x, half - 1, heap) : detail::grid_step{};
    detail::lane_sums square;
    detail::lane_sums product;
    for (std::size_t first = 0; first < x.size(); first += piece, codes += piece / 8 * B) {
      std::uint8_t code[piece];
      auto const size = x.size() - first < piece ? x.size() - first : piece;
      for (std::size_t i = 0; i < size; ++i) {
        auto const v = finite ? detail::normal_or_zero(x[first + i]) : 0.0;
        auto const a = std::fabs(v);
        auto const level = level_at(a, first + i, last);
        code[i] = static_cast<std::uint8_t>(v < 0 ? half - 1 - level : half + level);
        square.add(first + i, v * v);
        product.add(first + i, a * (level + 0.5));
      }
      bit_fields<B>::pack(std::span<std::uint8_t const>{code, size}, bit_order::low_first, codes);
    }
    auto const f = square.total() / product.total();
    std::uint32_t word = finite ? 0 : 0x7FC0'0000U;
    if (finite && f >= 0x1p-100)
      word = std::bit_cast<std::uint32_t>(f < 0x1.fffffep127 ? static_cast<float>(f) : 0x1.fffffep127f);
    detail::store_fields(std::span<std::uint32_t const>{&word, 1}, 32, bit_order::low_first, factor);
  }
  // How many of the steps level / a had been taken with the last one.
  static std::uint32_t level_at(double a, std::size_t i, detail::grid_step const& last) noexcept {
    if (!(a > 0) || !(last.t > 0)) return 0;
    auto const taken = [&](std::uint32_t level) noexcept {
      return !(last < detail::grid_step{level / a, static_cast<std::uint32_t>(i), 0});
    };
    auto level = a * last.t < static_cast<double>(half - 1) ? static_cast<std::uint32_t>(a * last.t) : half - 1;
    while (level < half - 1 && taken(level + 1)) ++level;
    while (level > 0 && !taken(level)) --level;
    return level;
  }

  std::size_t group_ = 0;
};

static_assert(dot_codec<cosine_codec<1>> && dot_codec<cosine_codec<4>>);

}  // namespace skive
