// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/sign_sketch.hpp - QJL: the signs of a random projection and the norm, whose products are right on average.
///
///   bits: sign of (P x)_i, 1 where it is negative;   x' = c |x| P^T sign(P x),   <x', y> = c |x| <P y, sign(P x)>
///
///   gaussian_projection    P: m rows of independent N(0, 1), c = sqrt(pi / 2) / m; variance of a product below (pi / 2) |x|^2 |y|^2 / m
///   orthogonal_projection  P = sqrt(n) T, T a random rotation; c = 1 / (n E |t|), t a coordinate of a random unit vector: about
///                          (pi / 2 - 1) |x|^2 |y|^2 / n, 2.75 times less
///
/// residual{lloyd<b - 1>{0}, sign_sketch{...}} behind a rotation is TurboQuant's code for products with b bits, lloyd<b>{0} behind
/// it that for squared error. compose/unbiased.hpp has a lower variance than either sketch at equal bits, and is unbiased too.
///
/// Model of : dot_codec. A block is one projection's size; planes: signs, norms in float32.
/// Cost     : one projection to encode, one of the other vector to prepare, a signed sum to multiply.
/// Accuracy : as above; of x' as a vector there is none worth having.
/// Promise  : the same bytes everywhere: Gaussian projections are summed in double in a fixed order, T has its own promise. A row
///            with NaN or infinity, or with a block of norm 2^96 and more, is refused with not_finite before the first write.
/// Source   : A. Zandieh, M. Daliri, I. Han, "QJL", 2024; A. Zandieh, M. Daliri, M. Hadian, V. Mirrokni, "TurboQuant", 2025.

#include "skive/block/float_query.hpp"
#include "skive/block/group_error.hpp"
#include "skive/codebook/block_dot.hpp"
#include "skive/core/concepts.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/format/half.hpp"

#include <cmath>

namespace skive {

/// Rows of N(0, 1) in memory of the caller, as many as bits.
struct gaussian_projection {
  matrix_view<float const> rows;

  constexpr std::size_t size() const noexcept { return rows.cols; }
  constexpr std::size_t bits() const noexcept { return rows.rows; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }
  double weight() const noexcept { return std::sqrt(1.5707963267948966) / static_cast<double>(rows.rows); }

  template <class Arch>
  status forward(std::span<float const> x, std::span<float> out, workspace) const noexcept {
    for (std::size_t r = 0; r < rows.rows; ++r) {
      detail::lane_sums sum;
      for (std::size_t i = 0; i < x.size(); ++i) sum.add(i, static_cast<double>(rows.row(r)[i]) * static_cast<double>(x[i]));
      out[r] = static_cast<float>(sum.total());
    }
    return errc::ok;
  }
  template <class Arch>
  void backward(std::span<float const> signs, std::span<float> out, workspace) const noexcept {
    for (std::size_t i = 0; i < out.size(); ++i) {
      detail::lane_sums sum;
      for (std::size_t r = 0; r < rows.rows; ++r) sum.add(r, static_cast<double>(rows.row(r)[i] * signs[r]));
      out[i] = static_cast<float>(sum.total());
    }
  }
};

namespace detail {

/// E |t| of a coordinate of a random unit vector in n dimensions: Gamma(n / 2) / (sqrt(pi) Gamma((n + 1) / 2)).
constexpr double mean_unit_coordinate(std::size_t n) noexcept {
  // g(m) = Gamma((m + 1) / 2) / Gamma(m / 2) = g(m + 2) m / (m + 1); far out sqrt(m / 2) (1 - 1/(4m) + 1/(32 m^2) + 5/(128 m^3)).
  constexpr std::size_t away = 64;
  auto const m = static_cast<double>(n + away);
  auto root = m / 2 > 1 ? m / 2 : 1.0;
  for (int i = 0; i < 64; ++i) root = (root + m / 2 / root) / 2;
  auto g = root * (1 - 1 / (4 * m) + 1 / (32 * m * m) + 5 / (128 * m * m * m));
  for (std::size_t k = away; k > 0; k -= 2) {
    auto const lower = static_cast<double>(n + k - 2);
    g = g * lower / (lower + 1);
  }
  return 1 / (1.7724538509055160 * g);
}

}  // namespace detail

/// A random rotation: as many bits as numbers.
template <orthogonal_transform Transform>
struct orthogonal_projection {
  Transform rotation{};

  constexpr std::size_t size() const noexcept { return rotation.size(); }
  constexpr std::size_t bits() const noexcept { return rotation.size(); }
  constexpr std::size_t scratch_bytes() const noexcept { return rotation.scratch_bytes(); }
  constexpr double weight() const noexcept {  // for T instead of sqrt(n) T
    return 1 / (static_cast<double>(size()) * detail::mean_unit_coordinate(size()));
  }
  template <class Arch>
  status forward(std::span<float const> x, std::span<float> out, workspace w) const noexcept {
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = x[i];
    return rotation.forward(out, w);
  }
  template <class Arch>
  void backward(std::span<float const> signs, std::span<float> out, workspace w) const noexcept {
    for (std::size_t i = 0; i < signs.size(); ++i) out[i] = signs[i];
    static_cast<void>(rotation.inverse(out, w));  // signs are within every range
  }
};
template <class Transform>
orthogonal_projection(Transform) -> orthogonal_projection<Transform>;

template <class Projection>
class sign_sketch {
 public:
  static constexpr std::size_t plane_count = 2;
  using query = float_query;  // P y of each block

  constexpr sign_sketch() noexcept = default;
  constexpr explicit sign_sketch(Projection p) noexcept : projection_{p} {}

  constexpr Projection const& projection() const noexcept { return projection_; }
  constexpr std::size_t block_size() const noexcept { return projection_.size(); }
  constexpr std::size_t row_multiple() const noexcept { return projection_.size() == 0 ? 1 : projection_.size(); }
  constexpr std::array<std::size_t, 2> plane_bytes(std::size_t n) const noexcept {
    auto const blocks = n / row_multiple() + (n % row_multiple() != 0 ? 1 : 0);
    return {saturating_multiply(blocks, sign_bytes()), saturating_multiply(blocks, 4)};
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    return n == 0 ? 0 : saturating_add(workspace::bytes<float>(projection_.bits()), projection_.scratch_bytes());
  }

  /// Fails with size_mismatch, workspace_too_small or not_finite; `to` is then untouched.
  template <class Arch = native_arch>
  status encode(std::span<float const> row, planes<std::byte, 2> to, workspace w) const noexcept {
    if (auto const s = check(row.size(), to, w); !s) return s;
    if (detail::largest_magnitude(row) >= float_infinity_bits) return errc::not_finite;
    auto const n = projection_.size();
    auto const z = row.empty() ? std::span<float>{} : w.take<float>(projection_.bits());
    for (std::size_t first = 0; first < row.size(); first += n)
      if (!(norm(row.subspan(first, n)) < 0x1p96)) return errc::not_finite;
    for (std::size_t first = 0, b = 0; first < row.size(); first += n, ++b) {
      auto const x = row.subspan(first, n);
      if (auto const s = projection_.template forward<Arch>(x, z, w); !s) return s;
      store(z, static_cast<float>(norm(x)), to[0].data + b * to[0].block_stride, to[1].data + b * to[1].block_stride);
    }
    return errc::ok;
  }
  /// Fails with size_mismatch or workspace_too_small.
  template <class Arch = native_arch>
  status decode(planes<std::byte const, 2> from, std::span<float> row, workspace w) const noexcept {
    if (auto const s = check(row.size(), from, w); !s || row.empty()) return s;
    auto const n = projection_.size();
    auto const z = w.take<float>(projection_.bits());
    for (std::size_t first = 0, b = 0; first < row.size(); first += n, ++b) {
      auto const out = row.subspan(first, n);
      load_signs(from[0].data + b * from[0].block_stride, z);
      projection_.template backward<Arch>(z, out, w);
      auto const factor = factor_of(from[1].data + b * from[1].block_stride);
      for (auto& x : out) x = ieee_multiply(factor, x);
    }
    return errc::ok;
  }

  constexpr std::size_t query_bytes(std::size_t n) const noexcept {
    auto const all = saturating_multiply(n / row_multiple(), projection_.bits());
    return n == 0 ? 0 : saturating_add(workspace::bytes<float>(all), projection_.scratch_bytes());
  }
  /// Fails with size_mismatch, workspace_too_small or not_finite.
  template <class Arch = native_arch>
  result<query> prepare(std::span<float const> y, workspace w) const noexcept {
    auto const n = projection_.size();
    if (y.size() % row_multiple() != 0 || (!y.empty() && n == 0)) return errc::size_mismatch;
    if (w.size() < query_bytes(y.size())) return errc::workspace_too_small;
    if (y.empty()) return query{};
    if (detail::largest_magnitude(y) >= float_infinity_bits) return errc::not_finite;
    auto const m = projection_.bits();
    auto const z = w.take<float>(y.size() / n * m);
    for (std::size_t b = 0; b < y.size() / n; ++b)
      if (auto const s = projection_.template forward<Arch>(y.subspan(b * n, n), z.subspan(b * m, m), w); !s) return s;
    return query{z.data(), y.size()};
  }
  /// Fails with size_mismatch.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, 2> from, query const& q) const noexcept {
    if (q.size % row_multiple() != 0 || (q.size != 0 && projection_.size() == 0)) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, q.size, from); !s) return s.error();
    auto const m = projection_.bits();
    double sum = 0;
    float signs[piece];
    for (std::size_t b = 0; b < q.size / row_multiple(); ++b) {
      detail::block_dot<Arch> product;
      for (std::size_t i = 0; i < m; i += piece) {
        auto const count = m - i < piece ? m - i : piece;
        load_signs(from[0].data + b * from[0].block_stride + i / 8, std::span{signs}.first(count));
        product.add(signs, q.data + b * m + i, count);
      }
      sum += static_cast<double>(product.total()) * static_cast<double>(factor_of(from[1].data + b * from[1].block_stride));
    }
    return static_cast<float>(sum);
  }

 private:
  static constexpr std::size_t piece = 256;
  constexpr std::size_t sign_bytes() const noexcept { return (projection_.bits() + 7) / 8; }

  template <class Byte>
  status check(std::size_t n, planes<Byte, 2> const& p, workspace const& w) const noexcept {
    if (n % row_multiple() != 0 || (n != 0 && projection_.size() == 0)) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, n, p); !s) return s;
    return w.size() < scratch_bytes(n) ? errc::workspace_too_small : errc::ok;
  }
  static double norm(std::span<float const> x) noexcept {
    detail::lane_sums sum;
    for (std::size_t i = 0; i < x.size(); ++i) {
      auto const a = detail::normal_or_zero(x[i]);
      sum.add(i, a * a);
    }
    return std::sqrt(sum.total());
  }
  static void store(std::span<float const> z, float size, std::byte* signs, std::byte* to) noexcept {
    for (std::size_t i = 0; i < z.size(); i += 8) {
      unsigned byte = 0;
      for (std::size_t j = 0; j < 8 && i + j < z.size(); ++j) byte |= (std::bit_cast<std::uint32_t>(z[i + j]) >> 31) << j;
      signs[i / 8] = static_cast<std::byte>(static_cast<std::uint8_t>(byte));
    }
    auto const word = std::bit_cast<std::uint32_t>(size);
    for (std::size_t b = 0; b < 4; ++b) to[b] = static_cast<std::byte>(static_cast<std::uint8_t>(word >> (8 * b)));
  }
  static void load_signs(std::byte const* from, std::span<float> out) noexcept {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = std::bit_cast<float>(0x3F80'0000U | (std::to_integer<std::uint32_t>(from[i / 8]) >> (i % 8) & 1) << 31);
  }
  float factor_of(std::byte const* from) const noexcept {
    std::uint32_t word = 0;
    for (std::size_t b = 0; b < 4; ++b) word |= std::to_integer<std::uint32_t>(from[b]) << (8 * b);
    return ieee_multiply(static_cast<float>(projection_.weight()), std::bit_cast<float>(word));
  }

  [[no_unique_address]] Projection projection_{};
};

static_assert(dot_codec<sign_sketch<gaussian_projection>>);

}  // namespace skive
