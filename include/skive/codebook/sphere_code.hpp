// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/sphere_code.hpp - integer vectors of one length, or of at most one: shells and balls of Z^n, numbered without gaps.
///
///   shell: y in Z^n, |y|^2 = R;   ball: |y|^2 <= R, shell after shell
///   order within a shell: y_0 = 0, 1, -1, 2, -2, ..., then the rest;   index(y) = points before y
///
/// nearest(): |x| in descending order meets every non-increasing vector of the right length (an atom), largest product first, where
/// a bound does not rule it out; a ball takes the shell that comes nearest. Shells of even R are shells of D_n.
///
/// Model of : codebook
/// Cost     : nearest: a sort and the atoms that the bound leaves; index and point: sqrt(R) look-ups a number at most.
/// Accuracy : n = 24, R = 28: 1.98 bits a number, 0.076 of the square of x is lost where the length is known.
/// Promise  : the largest product, up to the rounding of sums in double; of equals the first atom, the lower index. The same everywhere:
///            products are exact. codeword() takes indices modulo size(). x is finite.
/// Source   : M. Douze, A. Sablayrolles, H. Jegou (faiss); combinatorial numbering as in codebook/pyramid_index.hpp.

#include "skive/core/concepts.hpp"

#include <bit>
#include <cmath>
#include <utility>

namespace skive {

enum class sphere_points : std::uint8_t { shell, ball };

template <std::size_t N, std::size_t R, sphere_points Points = sphere_points::shell>
class sphere_code {
  static_assert(N >= 1 && N <= 64 && R >= 1 && R <= 256);

 public:
  using index_type = std::uint64_t;

  static constexpr std::size_t dimension() noexcept { return N; }
  static constexpr std::uint64_t size() noexcept {
    if constexpr (Points == sphere_points::shell) return counts[N][R];
    return first_of(R) + counts[N][R];
  }
  static constexpr int index_bits() noexcept { return 64 - std::countl_zero(size() - 1); }

  index_type nearest(std::span<float const> x) const noexcept {
    search s;
    for (std::size_t i = 0; i < N; ++i) s.place[i] = i;
    for (std::size_t i = 1; i < N; ++i)  // insertion: stable, of equals the first stays first
      for (auto j = i; j > 0 && size_of(x[s.place[j]]) > size_of(x[s.place[j - 1]]); --j) std::swap(s.place[j], s.place[j - 1]);
    for (auto i = N; i-- > 0;) {
      s.size[i] = static_cast<double>(size_of(x[s.place[i]]));
      s.rest[i] = (i + 1 < N ? s.rest[i + 1] : 0.0) + s.size[i] * s.size[i];
    }
    std::int16_t best[N]{};
    double least = 0;
    for (auto r = Points == sphere_points::shell ? R : 0; r <= R; ++r) {
      if (counts[N][r] == 0) continue;
      s.most = -1;
      s.try_from(0, r, 255, 0.0);
      auto const distance = static_cast<double>(r) - 2 * s.most;
      if (r > 0 && Points == sphere_points::ball && distance >= least) continue;
      least = distance;
      for (std::size_t i = 0; i < N; ++i) best[s.place[i]] = s.best[i];
    }
    for (std::size_t i = 0; i < N; ++i)
      if (std::bit_cast<std::uint32_t>(x[i]) >> 31 != 0) best[i] = static_cast<std::int16_t>(-best[i]);
    return index(best);
  }
  void codeword(index_type i, std::span<float> out) const noexcept {
    std::int16_t y[N]{};
    point(i, y);
    for (std::size_t j = 0; j < N; ++j) out[j] = static_cast<float>(y[j]);
  }

  /// Precondition: y is a point of the code.
  static constexpr std::uint64_t index(std::int16_t const (&y)[N]) noexcept {
    std::size_t left = 0;
    for (auto const v : y) left += static_cast<std::size_t>(v * v);
    auto i = Points == sphere_points::ball ? first_of(left) : 0;
    for (std::size_t at = 0; at < N; ++at) {
      auto const& c = counts[N - 1 - at];
      auto const size = static_cast<std::size_t>(y[at] < 0 ? -y[at] : y[at]);
      if (size != 0) i += c[left];
      for (std::size_t v = 1; v < size; ++v) i += 2 * c[left - v * v];
      left -= size * size;
      if (y[at] < 0) i += c[left];
    }
    return i;
  }
  static constexpr void point(std::uint64_t i, std::int16_t (&y)[N]) noexcept {
    i %= size();
    auto left = R;
    if (Points == sphere_points::ball)
      for (left = 0; i >= counts[N][left]; ++left) i -= counts[N][left];
    for (std::size_t at = 0; at < N; ++at) {
      auto const& c = counts[N - 1 - at];
      std::size_t size = 0;
      for (; i >= (size == 0 ? 1U : 2U) * c[left - size * size]; ++size) i -= (size == 0 ? 1U : 2U) * c[left - size * size];
      left -= size * size;
      auto const v = static_cast<std::int16_t>(size);
      y[at] = v;
      if (size == 0 || i < c[left]) continue;
      i -= c[left];
      y[at] = static_cast<std::int16_t>(-v);
    }
  }

 private:
  // counts[m][r]: vectors of m integers with squared length r.
  static constexpr auto counts = [] {
    std::array<std::array<std::uint64_t, R + 1>, N + 1> c{};
    c[0][0] = 1;
    for (std::size_t m = 1; m <= N; ++m)
      for (std::size_t r = 0; r <= R; ++r)
        for (std::size_t v = 0; v * v <= r; ++v) c[m][r] += (v == 0 ? 1U : 2U) * c[m - 1][r - v * v];
    return c;
  }();
  static constexpr bool fits() noexcept {  // the same in floating point
    std::array<double, R + 1> c{1.0};
    for (std::size_t m = 1; m <= N; ++m) {
      std::array<double, R + 1> next{};
      for (std::size_t r = 0; r <= R; ++r)
        for (std::size_t v = 0; v * v <= r; ++v) next[r] += (v == 0 ? 1 : 2) * c[r - v * v];
      c = next;
    }
    double all = 0;
    for (auto const x : c) all += x;
    return all < 0x1p63;
  }
  static_assert(fits(), "skive::sphere_code: the index passes 63 bits");

  static constexpr std::uint64_t first_of(std::size_t r) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t k = 0; k < r; ++k) sum += counts[N][k];
    return sum;
  }
  static constexpr float size_of(float v) noexcept {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(v) & 0x7FFF'FFFFU);
  }

  // Non-increasing vectors of squared length r against sizes in descending order.
  struct search {
    std::size_t place[N];
    double size[N];
    double rest[N];  // squares from here on
    double most;
    std::int16_t own[N];
    std::int16_t best[N];

    void try_from(std::size_t i, std::size_t r, std::size_t largest, double product) noexcept {
      if (r == 0) {
        if (product <= most) return;
        most = product;
        for (std::size_t j = 0; j < N; ++j) best[j] = j < i ? own[j] : std::int16_t{0};
        return;
      }
      if (i == N) return;
      if (product + std::sqrt(rest[i] * static_cast<double>(r)) * (1 + 1e-12) <= most) return;
      std::size_t v = 1;
      while (v < largest && (v + 1) * (v + 1) <= r) ++v;
      for (; v > 0 && (N - i) * v * v >= r; --v) {
        own[i] = static_cast<std::int16_t>(v);
        try_from(i + 1, r - v * v, v, product + size[i] * static_cast<double>(v));
      }
    }
  };
};

static_assert(codebook<sphere_code<8, 4>>);

}  // namespace skive
