// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/voronoi_code.hpp - finite codes of a lattice: the points in a copy of its cell that is q times as large.
///
///   code(p) = coordinates of p in a basis, modulo q;   point(u) = sum u_i b_i - q Q(sum u_i b_i / q - a), Q the nearest point
///   q^rank points, one of each class of the lattice modulo q; a: a small fixed shift, so that none lies on the border
///
///   nested_e8<q, B...>: 8 numbers in E8 with the best of several scales: x' = b / 256 point(u), b of B...
///
/// nested_e8 tries every scale and keeps the one of least error, so that overload needs no test. NestQuant's own scales for weights
/// are 73 101 128 329 at q = 14; nest14 has smaller ones, which are better for Gaussian numbers.
///
/// Model of : nested_e8: point_code (codebook/lattice_codec.hpp)
/// Cost     : a code or a point: one nearest point and rank^2 operations; nested_e8 two nearest points for each scale.
/// Accuracy : nest14, 33 bits for 8 numbers: mean square error of N(0, 1) 0.0063.
/// Promise  : voronoi_code: every vector of coordinates below q has a point, whose code it is. nested_e8: integer arithmetic, the same
///            bytes everywhere; codes past the last one decode as if reduced modulo their number.
/// Source   : J. H. Conway, N. J. A. Sloane, "A fast encoding method for lattice codes and quantizers", 1983; S. Savkin et al.,
///            "NestQuant", 2025.

#include "skive/codebook/e8_points.hpp"
#include "skive/codebook/lattice.hpp"
#include "skive/core/matrix_view.hpp"

namespace skive {

/// Codes of any lattice. `basis`: rank() rows of coordinates() numbers, row i ending at column i (lower triangular), in memory of the
/// caller; ranks up to 64.
template <lattice Lattice>
class voronoi_code {
 public:
  constexpr voronoi_code() noexcept = default;
  /// Fails with invalid_argument unless 2 <= q <= 2^16 and the basis is square, of the lattice's rank, without zeros on its diagonal.
  static constexpr result<voronoi_code> make(Lattice const& lattice, std::uint32_t q, matrix_view<double const> basis) noexcept {
    auto const n = lattice.rank();
    if (q < 2 || q > 65536 || n == 0 || n > 64 || lattice.coordinates() != n || basis.rows != n || basis.cols != n)
      return errc::invalid_argument;
    for (std::size_t i = 0; i < n; ++i)
      if (!(basis.row(i)[i] > 0)) return errc::invalid_argument;
    voronoi_code c;
    c.lattice_ = lattice;
    c.q_ = q;
    c.basis_ = basis;
    return c;
  }

  /// The code of the nearest lattice point to x, which is the nearest point of the code where that lies in the large cell.
  void encode(std::span<double const> x, std::span<std::uint32_t> code) const noexcept {
    auto const n = lattice_.rank();
    double rest[64]{};
    lattice_.nearest(x.first(n), std::span{rest}.first(n));
    for (auto i = n; i-- > 0;) {
      auto const c = detail::rounded(rest[i] / basis_.row(i)[i]);
      for (std::size_t j = 0; j <= i; ++j) rest[j] -= c * basis_.row(i)[j];
      auto const q = static_cast<double>(q_);
      code[i] = static_cast<std::uint32_t>(c - std::floor(c / q) * q);
    }
  }
  /// The point of a code; coordinates count modulo q.
  void decode(std::span<std::uint32_t const> code, std::span<double> x) const noexcept {
    auto const n = lattice_.rank();
    auto const q = static_cast<double>(q_);
    double sum[64]{};
    double scaled[64]{};
    double far[64]{};
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j <= i; ++j) sum[j] += static_cast<double>(code[i] % q_) * basis_.row(i)[j];
    auto shift = 0x1p-20 / q;
    for (std::size_t i = 0; i < n; ++i, shift *= 0.75) scaled[i] = sum[i] / q - shift;
    lattice_.nearest(std::span<double const>{scaled}.first(n), std::span{far}.first(n));
    for (std::size_t i = 0; i < n; ++i) x[i] = sum[i] - q * far[i];
  }

 private:
  Lattice lattice_{};
  std::uint32_t q_ = 2;
  matrix_view<double const> basis_;
};

/// E8 modulo Q with scales B / 256.
template <std::uint32_t Q, int... B>
struct nested_e8 {
  static_assert(Q >= 2 && Q <= 16 && sizeof...(B) >= 1 && ((B >= 16 && B <= 512) && ...));
  static constexpr std::size_t dimension = 8;
  static constexpr std::uint64_t scales = sizeof...(B);
  static constexpr std::uint64_t size = scales * (std::uint64_t{Q} * Q * Q * Q) * (std::uint64_t{Q} * Q * Q * Q);
  static constexpr std::size_t code_bits = static_cast<std::size_t>(64 - std::countl_zero(size - 1));
  static constexpr int unit_bits = 9;  // twice a coordinate, times B
  static constexpr float source_scale = 1.0f;
  static constexpr bool repeatable = true;

  static constexpr void levels(std::uint64_t code, std::int16_t* out) noexcept {
    code %= size;
    std::uint32_t u[8]{};
    auto rest = code / scales;
    for (auto& c : u) c = static_cast<std::uint32_t>(rest % Q), rest /= Q;
    std::int32_t twice[8]{};
    point(u, twice);
    for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::int16_t>(twice[i] * scale[code % scales]);
  }

  template <class V>
  static constexpr void encode(V const (&y)[8], std::uint64_t* codes) noexcept {
    constexpr auto lanes = detail::lane_count<V>;
    alignas(64) std::int32_t x[8][lanes]{};
    for (std::size_t i = 0; i < 8; ++i) y[i].store(x[i]);
    for (std::size_t l = 0; l < lanes; ++l) {
      std::int32_t one[8]{};
      for (std::size_t i = 0; i < 8; ++i) one[i] = x[i][l];
      codes[l] = nearest(one);
    }
  }

 private:
  static constexpr std::array<std::int32_t, scales> scale{B...};

  // Basis, twice: 4 e_0; 2 (e_i + e_0), 0 < i < 7; all ones.
  static constexpr void coordinates(std::int32_t const (&twice)[8], std::uint32_t (&u)[8]) noexcept {
    auto const modulo = [](std::int32_t c) noexcept {
      constexpr auto q = static_cast<std::int32_t>(Q);
      return static_cast<std::uint32_t>((c % q + q) % q);
    };
    u[7] = modulo(twice[7]);
    auto first = twice[0] - twice[7];
    for (std::size_t i = 1; i < 7; ++i) {
      auto const c = (twice[i] - twice[7]) / 2;
      u[i] = modulo(c);
      first -= 2 * c;
    }
    u[0] = modulo(first / 4);
  }
  static constexpr void point(std::uint32_t const (&u)[8], std::int32_t (&twice)[8]) noexcept {
    auto const last = static_cast<std::int32_t>(u[7]);
    for (auto& v : twice) v = last;
    twice[0] += 4 * static_cast<std::int32_t>(u[0]);
    for (std::size_t i = 1; i < 7; ++i)
      twice[i] += 2 * static_cast<std::int32_t>(u[i]), twice[0] += 2 * static_cast<std::int32_t>(u[i]);
    detail::single_lane y[8]{};
    detail::single_lane far[8]{};
    for (std::size_t i = 0; i < 8; ++i)  // in 2^-22; shifts of 2^(i - 15), which no sum of multiples of 1 / (2 q) makes up for
      y[i] = {static_cast<std::int32_t>((std::int64_t{twice[i]} << 21) / Q) - (128 << i)};
    detail::e8_nearest<22>(y, far);
    for (std::size_t i = 0; i < 8; ++i) twice[i] -= static_cast<std::int32_t>(Q) * far[i].lane;
  }
  static constexpr std::uint64_t nearest(std::int32_t const (&x)[8]) noexcept {
    std::uint64_t best = 0;
    std::int64_t least = 0;
    for (std::size_t k = 0; k < scales; ++k) {
      detail::single_lane y[8]{};
      detail::single_lane found[8]{};
      for (std::size_t i = 0; i < 8; ++i) y[i] = {static_cast<std::int32_t>(std::int64_t{x[i]} * 256 / scale[k])};
      detail::e8_nearest<16>(y, found);
      std::int32_t twice[8]{};
      std::uint32_t u[8]{};
      for (std::size_t i = 0; i < 8; ++i) twice[i] = found[i].lane;
      coordinates(twice, u);
      point(u, twice);
      std::int64_t error = 0;
      for (std::size_t i = 0; i < 8; ++i) {
        auto const d = std::int64_t{x[i]} - std::int64_t{twice[i]} * scale[k] * 128;
        error += d * d;
      }
      if (k > 0 && error >= least) continue;
      least = error;
      best = 0;
      for (std::size_t i = 8; i-- > 0;) best = best * Q + u[i];
      best = best * scales + k;
    }
    return best;
  }
};

using nest14 = nested_e8<14, 64, 82, 110, 265>;

}  // namespace skive
