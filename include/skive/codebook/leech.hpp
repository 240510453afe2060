// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/leech.hpp - the Leech lattice, times sqrt(8), and its nearest point by the hexacode.
///
///   x = t + 2 c + 4 z, t = 0 or 1 for all, c a word of the Golay code, z integers whose sum is even (t = 0) or odd (t = 1)
///   Golay word: 6 columns of 4 places, coordinate 4 j + r is row r of column j. Columns have one parity q, which is that of the top
///   row too; the sums of the rows' labels 0, 1, w, w^2 over each column are a word of the hexacode.
///
/// The four choices of (t, q) are quarters. In a quarter each symbol of a column leaves two patterns, told apart by the top row's
/// bit h, and each pattern the parity k of the column's z: four costs. Costs of columns are joined to pairs, and pairs along the 64
/// words of the hexacode, under the sums of h and of k that the quarter asks for. The least of the 256 is exact.
///
/// Model of : lattice
/// Cost     : about 18000 operations for a point, on sixteen points at once where there are registers, and 700 to write it down.
/// Accuracy : normalised second moment 0.065771.
/// Promise  : the nearest point to x as a multiple of 2^-16. The same bits everywhere. nearest_leech takes |x| <= 64 (what is beyond
///            counts as 64), refuses NaN and infinity with not_finite, other lengths with size_mismatch.
/// Source   : J. H. Conway, N. J. A. Sloane, "Sphere Packings, Lattices and Groups", chapter 11; A. Vardy, Y. Be'ery, "Maximum
///            likelihood decoding of the Leech lattice", 1993.

#include "skive/block/scheme.hpp"
#include "skive/codebook/hexacode.hpp"
#include "skive/codebook/lattice.hpp"
#include "skive/codebook/point_coordinates.hpp"
#include "skive/core/status.hpp"

namespace skive {

namespace detail {

/// What a coordinate costs in 2^-16, less a constant, for t + 2 c with the better z, and what the other parity of z costs more.
template <class V>
struct leech_costs {
  V least[2][2];  // [t][c]
  V more[2][2];
  V odd[2][2];  // -1 where the better z is odd, else 0

  /// u = x mod 8.
  [[gnu::always_inline]] constexpr void set(V const& u) noexcept {
    auto const zero = V::broadcast(0);
    V multiple[12];  // 2 x u
    multiple[0] = zero;
    multiple[1] = u << 1;
#pragma GCC unroll 12
    for (std::size_t i = 2; i < 12; ++i) multiple[i] = multiple[i - 1] + multiple[1];
    auto const cost = [&](int x) noexcept {
      auto const square = V::broadcast(x * x * 65536);
      return x < 0 ? square + multiple[-x] : square - multiple[x];
    };
#pragma GCC unroll 2
    for (int t = 0; t < 2; ++t)
#pragma GCC unroll 2
      for (int c = 0; c < 2; ++c) {
        auto const r = t + 2 * c;
        auto const even = min(cost(r), cost(r + 8));
        auto const other = r == 0 ? cost(4) : min(cost(r + 4), cost(r - 4));  // r = 0: -4 is as far at most
        auto const difference = other - even;
        odd[t][c] = difference >> 31;
        more[t][c] = (difference ^ odd[t][c]) - odd[t][c];
        least[t][c] = min(even, other);
      }
  }
};

/// Costs of a column's patterns: [2 h + k] for the pattern of symbol s, parity q and top bit h.
template <class V>
struct leech_column {
  V cost[2][4][4];  // [q][s]
};

constexpr unsigned leech_symbol(unsigned pattern) noexcept {
  return (pattern >> 1 & 1) ^ (pattern >> 2 & 1) * 2 ^ (pattern >> 3 & 1) * 3;
}

template <class V>
[[gnu::always_inline]] constexpr void leech_join(V const (&a)[4], V const (&b)[4], V (&out)[4]) noexcept {
#pragma GCC unroll 4
  for (std::size_t sum = 0; sum < 4; ++sum)
    out[sum] = min(min(a[0] + b[sum], a[1] + b[1 ^ sum]), min(a[2] + b[2 ^ sum], a[3] + b[3 ^ sum]));
}

template <class V>
constexpr void leech_columns(leech_costs<V> const* place, std::size_t t, leech_column<V>& column) noexcept {
  V least[2][4];
  V more[2][4];
  V odd[2][4];
#pragma GCC unroll 2
  for (std::size_t half = 0; half < 2; ++half)
#pragma GCC unroll 4
    for (std::size_t bits = 0; bits < 4; ++bits) {
      auto const& a = place[2 * half];
      auto const& b = place[2 * half + 1];
      least[half][bits] = a.least[t][bits & 1] + b.least[t][bits >> 1];
      more[half][bits] = min(a.more[t][bits & 1], b.more[t][bits >> 1]);
      odd[half][bits] = a.odd[t][bits & 1] ^ b.odd[t][bits >> 1];
    }
#pragma GCC unroll 16
  for (unsigned p = 0; p < 16; ++p) {
    auto const sum = least[0][p & 3] + least[1][p >> 2];
    auto const fix = min(more[0][p & 3], more[1][p >> 2]);
    auto const if_odd = (odd[0][p & 3] ^ odd[1][p >> 2]) & fix;
    auto* const out = column.cost[static_cast<unsigned>(std::popcount(p)) & 1][leech_symbol(p)] + 2 * (p & 1);
    out[0] = sum + if_odd;
    out[1] = sum + (fix - if_odd);
  }
}

/// The best quarter and word for each lane: 64 (2 t + q) + index of the word. y in 2^-16, |y| <= 2^27.
template <class V>
constexpr V leech_search(V const (&y)[24]) noexcept {
  V least{};
  V best{};
  leech_costs<V> place[24];
  for (std::size_t i = 0; i < 24; ++i) place[i].set(y[i] & V::broadcast(8 * 65536 - 1));
  for (std::size_t t = 0; t < 2; ++t) {
    leech_column<V> column[6];
    for (std::size_t j = 0; j < 6; ++j) leech_columns<V>(place + 4 * j, t, column[j]);
    for (std::size_t q = 0; q < 2; ++q) {
      V pair[3][16][4];
      for (std::size_t m = 0; m < 3; ++m)
        for (std::size_t s = 0; s < 16; ++s)
          leech_join(column[2 * m].cost[q][s & 3], column[2 * m + 1].cost[q][s >> 2], pair[m][s]);
      auto const target = 2 * q + t;
      for (std::size_t w = 0; w < 64; ++w) {
        unsigned const word = hexacode[w];
        V two[4];
        leech_join(pair[0][word & 15], pair[1][word >> 4 & 15], two);
        auto const& last = pair[2][word >> 8];
        auto const cost =
            min(min(two[0] + last[target], two[1] + last[1 ^ target]), min(two[2] + last[2 ^ target], two[3] + last[3 ^ target]));
        auto const id = V::broadcast(static_cast<std::int32_t>(64 * (2 * t + q) + w));
        if (t + q + w == 0) {
          least = cost;
          best = id;
        } else {
          best = select(cost < least, id, best);
          least = min(least, cost);
        }
      }
    }
  }
  return best;
}

/// The point of that quarter and word which is nearest to y.
class leech_point {
 public:
  constexpr leech_point(std::int32_t const (&y)[24], std::uint32_t id, std::int32_t (&out)[24]) noexcept {
    std::size_t const t = id >> 7;
    auto const q = id >> 6 & 1;
    unsigned const word = hexacode[id & 63];
    for (std::size_t i = 0; i < 24; ++i) place_[i].set({y[i] & (8 * 65536 - 1)});
    std::int32_t sum[7][4]{};  // the least cost of the first columns by the sums of h and k
    unsigned from[6][4]{};
    for (std::size_t j = 0; j < 6; ++j) {
      leech_column<single_lane> column{};
      leech_columns<single_lane>(place_ + 4 * j, t, column);
      auto const& cost = column.cost[q][word >> (2 * j) & 3];
      for (unsigned to = 0; to < 4; ++to)
        for (unsigned own = 0; own < 4; ++own) {
          if (j == 0 && own != to) continue;
          auto const all = sum[j][to ^ own] + cost[own].lane;
          if ((j == 0 || own == 0) || all < sum[j + 1][to]) sum[j + 1][to] = all, from[j][to] = own;
        }
    }
    auto state = static_cast<unsigned>(2 * q + t);
    for (std::size_t j = 6; j-- > 0;) {
      auto const own = from[j][state];
      write_column(y, j, t, pattern(q, word >> (2 * j) & 3, own >> 1), own & 1, out);
      state ^= own;
    }
  }

 private:
  static constexpr unsigned pattern(unsigned q, unsigned symbol, unsigned top) noexcept {
    for (unsigned p = top; p < 16; p += 2)
      if ((static_cast<unsigned>(std::popcount(p)) & 1) == q && leech_symbol(p) == symbol) return p;
    return 0;  // not reached: each symbol has two patterns of either parity, one with each top bit
  }
  constexpr void write_column(std::int32_t const (&y)[24], std::size_t j, std::size_t t, unsigned p, unsigned odd,
                              std::int32_t (&out)[24]) noexcept {
    std::size_t at = 4 * j;
    for (std::size_t r = 0; r < 4; ++r) {
      auto const& c = place_[4 * j + r];
      odd ^= c.odd[t][p >> r & 1].lane != 0 ? 1U : 0U;
      if (c.more[t][p >> r & 1].lane < place_[at].more[t][p >> (at - 4 * j) & 1].lane) at = 4 * j + r;
    }
    for (std::size_t i = 4 * j; i < 4 * j + 4; ++i) {
      auto const c = p >> (i - 4 * j) & 1;
      auto const z = (place_[i].odd[t][c].lane != 0) != (odd != 0 && i == at);
      auto const residue = static_cast<std::int32_t>(t + 2 * c) + (z ? 4 : 0);
      out[i] = ((y[i] - residue * 65536 + 4 * 65536) >> 19) * 8 + residue;  // the nearest number of that residue modulo 8
    }
  }
  leech_costs<single_lane> place_[24]{};
};

}  // namespace detail

struct leech_lattice {
  static constexpr std::size_t rank() noexcept { return 24; }
  static constexpr std::size_t coordinates() noexcept { return 24; }
  static constexpr double squared_volume() noexcept { return 0x1p72; }
  /// |x| < 2^31; any real type with floor() and a conversion to int.
  template <class T>
  constexpr void nearest(std::span<T const> x, std::span<T> out) const noexcept {
    using std::floor;
    std::int32_t y[24]{};
    detail::single_lane lanes[24]{};
    T base[24]{};
    for (std::size_t i = 0; i < 24; ++i) {
      base[i] = floor(T(x[i] / T(8))) * T(8);  // 8 e_i is a point
      y[i] = static_cast<std::int32_t>(detail::rounded<T>(T((x[i] - base[i]) * T(65536))));
      lanes[i] = {y[i]};
    }
    std::int32_t point[24]{};
    detail::leech_point(y, static_cast<std::uint32_t>(detail::leech_search(lanes).lane), point);
    for (std::size_t i = 0; i < 24; ++i) out[i] = base[i] + T(point[i]);
  }
};
static_assert(lattice<leech_lattice>);

template <class Arch = native_arch>
status nearest_leech(std::span<float const> x, std::span<float> out) noexcept {
  if (x.size() != out.size() || x.size() % 24 != 0) return errc::size_mismatch;
  if (detail::largest_magnitude(x) >= float_infinity_bits) return errc::not_finite;
  auto const write = [&](std::size_t first, std::int32_t id) noexcept {
    std::int32_t y[24]{};
    std::int32_t point[24]{};
    for (std::size_t i = 0; i < 24; ++i) y[i] = detail::point_coordinate(x[first + i], 1.0f);
    detail::leech_point(y, static_cast<std::uint32_t>(id), point);
    for (std::size_t i = 0; i < 24; ++i) out[first + i] = static_cast<float>(point[i]);
  };
  std::size_t done = 0;
  if constexpr (simd::vector_arch<Arch>) {
    for (; done + 384 <= x.size(); done += 384) {
      simd::integers<Arch> y[24];
      detail::load_points<Arch, 24>(x.data() + done, simd::floats<Arch>::broadcast(1.0f), y);
      alignas(64) std::int32_t id[16];
      detail::leech_search(y).store(id);
      for (std::size_t l = 0; l < 16; ++l) write(done + 24 * l, id[l]);
    }
  }
  for (; done < x.size(); done += 24) {
    detail::single_lane y[24]{};
    for (std::size_t i = 0; i < 24; ++i) y[i] = {detail::point_coordinate(x[done + i], 1.0f)};
    write(done, detail::leech_search(y).lane);
  }
  return errc::ok;
}

}  // namespace skive
