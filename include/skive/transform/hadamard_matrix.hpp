// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/hadamard_matrix.hpp - Hadamard matrices as values that know their entries: H H^T = n I, entries +-1.
///
///   n = m 2^t,  H = core (x) Sylvester,  the core of order m, the first that exists of:
///     Sylvester        m = 1                          H(i, j) = (-1)^popcount(i & j)
///     Paley II         m = 2 (q + 1), q = 1 mod 4     C (x) [1 1; 1 -1] + I (x) [1 -1; -1 -1],  symmetric
///     Paley I          m = q + 1, q = 3 mod 4         I + S
///     Williamson       m = 92, 116, 156, 172, 612     [A B C D; -B A -D C; -C D A -B; -D -C B A], symmetric circulants;
///                      and 324                        of 324 with entries a(c - r) by digits in base 3 (over Z_3^4)
///     Goethals-Seidel  those of hadamard_table.hpp    [A BR CR DR; -BR A D'R -C'R; -CR -D'R A B'R; -DR C'R -B'R A]
///     Miyamoto         m = 4 q, q = 1 mod 4, with a   entry (4 e + a, 4 f + b), 0 < e, f < q, is chi(e) chi(e - f) if a and b have the
///                      Paley matrix K of order q - 1  same bit 1 and e, f differ; s if only the former; else s K(e - 1, f - 1) for
///                                                     a < b, -s K(f - 1, e - 1) for a > b; s = +1 where a, b have the same bit 0
///
/// q: a prime power up to 1023; S = [0 1; -1 Q] and C = [0 1; 1 Q] with Q(i, j) = chi(i - j) (transform/quadratic_character.hpp);
/// R reverses columns, ' transposes. With w(a, b) = (-1)^popcount(a & b) and c(e, a) the number of bit 1 of a and a bit 0 that is set
/// if chi(e) = -1, Miyamoto's first four rows have w(a, b), then +1 for a = 0 and else -w(a, c(f, b)); the first four columns below
/// them have -1 where b = c(e, a). Of the orders 4 k up to 668 only 668 has no matrix here: none is known.
///
/// Model of : primitive
/// Cost     : make: a few microseconds for Paley's orders; an entry: a few nanoseconds; 408 bytes.
/// Accuracy : exact.
/// Promise  : constexpr; the same matrix everywhere. `t` is as large as it can be: the core is the smallest.
/// Source   : R. E. A. C. Paley, "On orthogonal matrices", J. Math. Phys. 12, 1933; J. Williamson, Duke Math. J. 11, 1944; J. M.
///            Goethals, J. J. Seidel, "A skew Hadamard matrix of order 36", J. Austral. Math. Soc. 11, 1970; M. Miyamoto, "A
///            construction of Hadamard matrices", J. Combin. Theory A 57, 1991: its theorem; the arrangement here is our own.

#include "skive/core/primitive.hpp"
#include "skive/transform/hadamard_table.hpp"
#include "skive/transform/quadratic_character.hpp"

#include <bit>

namespace skive {

enum class hadamard_construction : std::uint8_t { sylvester, paley_1, paley_2, williamson, goethals_seidel, miyamoto };

class hadamard_matrix {
 public:
  static constexpr std::uint32_t max_core = 1024;

  /// The matrix of order n. Fails with unsupported if no construction here has it.
  static constexpr result<hadamard_matrix> make(std::uint32_t n) noexcept {
    if (n == 0) return errc::unsupported;
    int const twos = std::countr_zero(n);
    for (int t = twos; t >= 0; --t) {
      auto const core = make_core(n >> t);
      if (!core) continue;
      auto out = *core;
      out.shift_ = t;
      return out;
    }
    return errc::unsupported;
  }
  /// The same without a Sylvester factor: `m` is the core's order.
  static constexpr result<hadamard_matrix> make_core(std::uint32_t m) noexcept {
    hadamard_matrix h;
    h.core_ = m;
    if (m == 1) return h;
    if (m % 4 != 0 || m > max_core) return errc::unsupported;
    if (auto const q = m / 2 - 1; q % 4 == 1 && h.take(hadamard_construction::paley_2, q)) return h;
    if (h.take(hadamard_construction::paley_1, m - 1)) return h;
    for (auto const& rows : detail::circulant_table)
      if (4 * rows.m == m) {
        h.construction_ = rows.symmetric ? hadamard_construction::williamson : hadamard_construction::goethals_seidel;
        h.rows_ = rows;
        return h;
      }
    if (is_miyamoto_order(m) && h.take(hadamard_construction::miyamoto, m / 4)) {
      h.half_ = *quadratic_character::make(paley_field(m / 4 - 1));
      return h;
    }
    return errc::unsupported;
  }

  /// Whether make_core(m) succeeds, without making it.
  static constexpr bool has_core(std::uint32_t m) noexcept {
    if (m == 1) return true;
    if (m % 4 != 0 || m > max_core) return false;
    if (quadratic_character::is_order(m - 1) || (m / 2 % 4 == 2 && quadratic_character::is_order(m / 2 - 1))) return true;
    for (auto const& rows : detail::circulant_table)
      if (4 * rows.m == m) return true;
    return is_miyamoto_order(m);
  }

  constexpr hadamard_matrix() noexcept = default;  ///< of order 1
  constexpr std::uint32_t order() const noexcept { return core_ << shift_; }
  constexpr std::uint32_t core() const noexcept { return core_; }  ///< m
  constexpr hadamard_construction construction() const noexcept { return construction_; }
  constexpr bool symmetric() const noexcept {
    return construction_ == hadamard_construction::sylvester || construction_ == hadamard_construction::paley_2;
  }
  /// What the core was made of: a field, or four rows (m = 0 where there are none).
  constexpr quadratic_character const& character() const noexcept { return chi_; }
  constexpr detail::circulant_rows const& circulants() const noexcept { return rows_; }
  /// Miyamoto's K is a Sylvester matrix of order 2^half_shift() times Paley's of this field, I for orders 3 mod 4, else II.
  constexpr quadratic_character const& half_character() const noexcept { return half_; }
  constexpr int half_shift() const noexcept {
    return std::countr_zero((chi_.order() - 1) / ((half_.order() + 1) * (half_.order() % 4 == 1 ? 2 : 1)));
  }
  /// Whether block (i, j) of the array of four circulants has a minus; i, j < 4.
  constexpr bool block_is_negated(std::uint32_t i, std::uint32_t j) const noexcept {
    constexpr std::array<unsigned, 4> williamson{0b0000, 0b0101, 0b1001, 0b0011};  // bit j of row i
    constexpr std::array<unsigned, 4> goethals_seidel{0b0000, 0b1001, 0b0011, 0b0101};
    return ((rows_.symmetric ? williamson[i] : goethals_seidel[i]) >> j & 1) != 0;
  }
  /// Whether entry (i, j) is -1; i, j < order().
  constexpr bool negative(std::uint32_t i, std::uint32_t j) const noexcept {
    auto const low = (std::uint32_t{1} << shift_) - 1;
    return core_negative(i >> shift_, j >> shift_) != (std::popcount(i & j & low) % 2 != 0);
  }

 private:
  constexpr bool take(hadamard_construction c, std::uint32_t q) noexcept {
    auto const chi = quadratic_character::make(q);
    if (!chi) return false;
    chi_ = *chi;
    construction_ = c;
    return true;
  }
  // The order of the field of the Paley matrix whose Kronecker product with Sylvester's has order n; 0 if there is none.
  static constexpr std::uint32_t paley_field(std::uint32_t n) noexcept {
    for (auto m = n; m % 4 == 0; m /= 2) {
      if (m / 2 % 4 == 2 && quadratic_character::is_order(m / 2 - 1)) return m / 2 - 1;
      if (quadratic_character::is_order(m - 1)) return m - 1;
    }
    return 0;
  }
  static constexpr bool is_miyamoto_order(std::uint32_t m) noexcept {
    return m % 16 == 4 && quadratic_character::is_order(m / 4) && paley_field(m / 4 - 1) != 0;
  }
  constexpr bool core_negative(std::uint32_t i, std::uint32_t j) const noexcept {
    switch (construction_) {
      case hadamard_construction::paley_1:
      case hadamard_construction::paley_2: return paley_negative(chi_, i, j);
      case hadamard_construction::miyamoto: return miyamoto_negative(i / 4, j / 4, i % 4, j % 4);
      case hadamard_construction::williamson:
      case hadamard_construction::goethals_seidel: return circulant_negative(i / rows_.m, j / rows_.m, i % rows_.m, j % rows_.m);
      case hadamard_construction::sylvester: break;
    }
    return false;
  }
  static constexpr bool paley_negative(quadratic_character const& chi, std::uint32_t i, std::uint32_t j) noexcept {
    if (chi.order() % 4 == 1) return paley_2_negative(chi, i / 2, j / 2, i % 2 != 0, j % 2 != 0);
    if (i == j || i == 0) return false;
    return j == 0 || chi.negative_difference(i - 1, j - 1);
  }
  static constexpr bool paley_2_negative(quadratic_character const& chi, std::uint32_t i, std::uint32_t j, bool low_i,
                                         bool low_j) noexcept {
    if (i == j) return low_i || low_j;
    bool const c = i != 0 && j != 0 && chi.negative_difference(i - 1, j - 1);
    return c != (low_i && low_j);
  }
  constexpr bool half_negative(std::uint32_t i, std::uint32_t j) const noexcept {
    auto const low = (std::uint32_t{1} << half_shift()) - 1;
    return paley_negative(half_, i >> half_shift(), j >> half_shift()) != (std::popcount(i & j & low) % 2 != 0);
  }
  constexpr bool miyamoto_negative(std::uint32_t e, std::uint32_t f, std::uint32_t a, std::uint32_t b) const noexcept {
    auto const kind = [&](std::uint32_t x, std::uint32_t bits) { return (bits & 2) | (chi_.negative(x) ? 1U : 0U); };
    if (e == 0 && f == 0) return std::popcount(a & b) % 2 != 0;
    if (e == 0) return a != 0 && std::popcount(a & kind(f, b)) % 2 == 0;
    if (f == 0) return kind(e, a) == b;
    bool const differ = (a ^ b) % 2 != 0;
    if (a / 2 != b / 2) return differ != (a < b ? half_negative(e - 1, f - 1) : !half_negative(f - 1, e - 1));
    return e == f ? differ : chi_.negative(e) != chi_.negative_difference(e, f);
  }
  constexpr bool entry(std::uint32_t which, std::uint32_t at) const noexcept {
    auto const j = at % rows_.m;
    return (rows_.row[which][j / 64] >> (j % 64) & 1) != 0;
  }
  // Block (I, J) holds circulant I ^ J in both arrays.
  constexpr bool circulant_negative(std::uint32_t block_i, std::uint32_t block_j, std::uint32_t r,
                                    std::uint32_t c) const noexcept {
    auto const m = rows_.m;
    auto const which = block_i ^ block_j;
    bool const sign = block_is_negated(block_i, block_j);
    if (rows_.base != 0) return sign != entry(which, detail::digit_difference(c, r, rows_.base, m));
    if (which == 0 || rows_.symmetric) return sign != entry(which, c + m - r);
    bool const transposed = block_i != 0 && block_j != 0;
    auto const reversed = m - 1 - c;
    return sign != (transposed ? entry(which, r + m - reversed) : entry(which, reversed + m - r));
  }

  std::uint32_t core_ = 1;
  int shift_ = 0;
  hadamard_construction construction_ = hadamard_construction::sylvester;
  quadratic_character chi_;
  quadratic_character half_;
  detail::circulant_rows rows_{};
};

static_assert(primitive<hadamard_matrix>);

}  // namespace skive
