// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/nearest_codeword.hpp - the nearest codeword of every row of a matrix.
///
///   index_i = the least k among those of least |c_k|^2 / 2 - x_i . c_k      codewords: a matrix, one in a row
///
/// Sixteen samples lie in the lanes, a codeword's numbers are broadcast: no sum across lanes, whatever k and d. The sum over
/// the numbers runs from the first to the last.
///
/// Model of : -
/// Cost     : k d / 16 fused products and 5 k / 16 other instructions a sample in registers of 512 bits; d = 1, 2, 3, 4 and 8
///            keep the samples in registers. Without fused products: simd/fused.hpp.
/// Accuracy : the chosen one is nearest up to (d + 2) u |x| |c|; a sample with NaN has index 0.
/// Promise  : the same indices on every instruction set; whatever the samples, every index is below k.
/// Source   : -

#include "skive/core/matrix_view.hpp"
#include "skive/core/overlap.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"
#include "skive/simd/fused.hpp"
#include "skive/simd/row_lanes.hpp"

#include <limits>

namespace skive {

namespace detail {

/// Floats for n samples of d numbers in lanes: number j of sample i at [i / 16][j][i % 16], the last sixteen filled with zeros.
constexpr std::size_t lane_floats(std::size_t n, std::size_t d) noexcept {
  return saturating_multiply(saturating_multiply(n / 16 + (n % 16 != 0 ? 1 : 0), 16), d);
}
/// D: numbers of a sample, 0: any.
template <class Arch, std::size_t D = 0>
void fill_lanes(matrix_view<float const> x, std::size_t first, std::size_t count, float* lanes) noexcept {
  auto const d = D == 0 ? x.cols : D;
  auto const* row = x.data + first * x.row_stride;
  if constexpr (D % 4 == 0 && D != 0 && simd::vector_arch<Arch>)
    if (count >= 16) {
      simd::floats<Arch> turned[D];
      simd::rows_to_lanes(row, x.row_stride, turned);
#pragma GCC unroll 8
      for (std::size_t j = 0; j < D; ++j) turned[j].store(lanes + 16 * j);
      return;
    }
  if (count >= 16) {
    for (std::size_t i = 0; i < 16; ++i, row += x.row_stride)
      for (std::size_t j = 0; j < d; ++j) lanes[16 * j + i] = row[j];
    return;
  }
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t j = 0; j < d; ++j) lanes[16 * j + i] = i < count ? row[i * x.row_stride + j] : 0.0f;
}

/// |c|^2 / 2 of each row: squares of floats are exact in double.
template <class Arch>
void half_squares(matrix_view<float const> c, std::span<float> out) noexcept {
  for (std::size_t k = 0; k < c.rows; ++k) {
    double sum = 0;
    for (std::size_t j = 0; j < c.cols; ++j) sum += static_cast<double>(c(k, j)) * static_cast<double>(c(k, j));
    out[k] = static_cast<float>(0.5 * sum);
  }
}

template <class Arch>
struct nearest_lanes {
  simd::floats<Arch> score;
  simd::words<Arch> index;
};

// The best for sixteen samples; D: numbers of a sample, 0: any.
template <class Arch, std::size_t D>
[[gnu::always_inline]] inline nearest_lanes<Arch> nearest_of(float const* lanes, matrix_view<float const> c,
                                                             float const* half) noexcept {
  using floats = simd::floats<Arch>;
  using words = simd::words<Arch>;
  auto const d = D == 0 ? c.cols : D;
  floats x[D == 0 ? 1 : D];  // negative, so that the score is one chain of sums
#pragma GCC unroll 8
  for (std::size_t j = 0; j < D; ++j) x[j] = floats::broadcast(0.0f) - floats::load(lanes + 16 * j);
  nearest_lanes<Arch> best{floats::broadcast(std::numeric_limits<float>::infinity()), words::broadcast(0)};
  auto now = words::broadcast(0);
  words const place[4]{words::broadcast(0), words::broadcast(1), words::broadcast(2), words::broadcast(3)};
  // The lower index wins a tie. Between four scores first: one step of the chain through `best` for all of them.
  auto const better = [](nearest_lanes<Arch> const& a, nearest_lanes<Arch> const& b) noexcept {
    auto const second = simd::as<std::uint32_t>(b.score < a.score);
    return nearest_lanes<Arch>{min(a.score, b.score), select(second, b.index, a.index)};
  };
  auto const* row = c.data;
  std::size_t k = 0;
  for (; k + 4 <= c.rows; k += 4, row += 4 * c.row_stride) {
    floats sum[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) sum[i] = floats::broadcast(half[k + i]);
#pragma GCC unroll 8
    for (std::size_t j = 0; j < d; ++j) {
      auto const xj = D == 0 ? floats::broadcast(0.0f) - floats::load(lanes + 16 * j) : x[D == 0 ? 0 : j];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) sum[i] = simd::fused_once(xj, floats::broadcast(row[i * c.row_stride + j]), sum[i]);
    }
    auto const four = better(better({sum[0], place[0]}, {sum[1], place[1]}), better({sum[2], place[2]}, {sum[3], place[3]}));
    best = better(best, {four.score, four.index + now});
    now = now + words::broadcast(4);
  }
  for (; k < c.rows; ++k, row += c.row_stride) {
    auto sum = floats::broadcast(half[k]);
#pragma GCC unroll 8
    for (std::size_t j = 0; j < d; ++j) {
      auto const xj = D == 0 ? floats::broadcast(0.0f) - floats::load(lanes + 16 * j) : x[D == 0 ? 0 : j];
      sum = simd::fused_once(xj, floats::broadcast(row[j]), sum);
    }
    best = better(best, {sum, now});
    now = now + place[1];
  }
  return best;
}

// f(first sample, index of sixteen) for `blocks` times sixteen samples in lanes.
template <class Arch, std::size_t D, class F>
void each_nearest(float const* lanes, std::size_t blocks, matrix_view<float const> c, float const* half, F const& f) noexcept {
  alignas(64) std::uint32_t index[16];
  for (std::size_t b = 0; b < blocks; ++b, lanes += 16 * c.cols) {
    if constexpr (simd::vector_arch<Arch>) {
      nearest_of<Arch, D>(lanes, c, half).index.store(index);
    } else {
      for (std::size_t i = 0; i < 16; ++i) {
        auto best = std::numeric_limits<float>::infinity();
        index[i] = 0;
        for (std::size_t k = 0; k < c.rows; ++k) {
          float s = half[k];
          for (std::size_t j = 0; j < c.cols; ++j) s = simd::fused_number<Arch>(0.0f - lanes[16 * j + i], c(k, j), s);
          if (s < best) best = s, index[i] = static_cast<std::uint32_t>(k);
        }
      }
    }
    f(16 * b, index);
  }
}
// f<D>(): D numbers of a sample in registers, 0 for the others.
template <class Arch, class F>
[[gnu::always_inline]] inline void with_dimension(std::size_t d, F f) noexcept {
  switch (d) {
    case 1: return f.template operator()<1>();
    case 2: return f.template operator()<2>();
    case 3: return f.template operator()<3>();
    case 4: return f.template operator()<4>();
    case 8: return f.template operator()<8>();
    default: return f.template operator()<0>();
  }
}
template <class Arch, class F>
void each_nearest(float const* lanes, std::size_t blocks, matrix_view<float const> c, float const* half, F f) noexcept {
  with_dimension<Arch>(c.cols, [&]<std::size_t D>() noexcept { each_nearest<Arch, D>(lanes, blocks, c, half, f); });
}

/// f(first, count, index) for up to sixteen rows of x at a time; `lanes`: room for sixteen.
template <class Arch, class F>
void each_nearest_row(matrix_view<float const> x, matrix_view<float const> c, float const* half, float* lanes, F f) noexcept {
  with_dimension<Arch>(c.cols, [&]<std::size_t D>() noexcept {
    for (std::size_t i = 0; i < x.rows; i += 16) {
      auto const count = x.rows - i < 16 ? x.rows - i : 16;
      fill_lanes<Arch, D>(x, i, count, lanes);
      each_nearest<Arch, D>(lanes, 1, c, half, [&](std::size_t, std::uint32_t const* found) noexcept { f(i, count, found); });
    }
  });
}
/// The same for rows of four numbers: f(first, count, index, other), the nearest of c to the first two and of d to the last two.
template <class Arch, class F>
void each_nearest_pairs(matrix_view<float const> x, matrix_view<float const> c, matrix_view<float const> d, float const* half_c,
                        float const* half_d, float* lanes, F f) noexcept {
  for (std::size_t i = 0; i < x.rows; i += 16) {
    auto const count = x.rows - i < 16 ? x.rows - i : 16;
    fill_lanes<Arch, 4>(x, i, count, lanes);
    each_nearest<Arch, 2>(lanes, 1, c, half_c, [&](std::size_t, std::uint32_t const* first) noexcept {
      each_nearest<Arch, 2>(lanes + 32, 1, d, half_d,
                            [&](std::size_t, std::uint32_t const* other) noexcept { f(i, count, first, other); });
    });
  }
}

}  // namespace detail

/// Scratch of nearest_codewords() for k codewords of d numbers.
constexpr std::size_t nearest_codewords_bytes(std::size_t k, std::size_t d) noexcept {
  return saturating_add(workspace::bytes<float>(k), workspace::bytes<float>(detail::lane_floats(16, d)));
}

/// Fails with size_mismatch (codewords of another length than samples, not one index a sample), invalid_argument (a view, no
/// codeword), overflow (2^32 codewords) or workspace_too_small; `index` is then untouched.
template <class Arch = native_arch>
status nearest_codewords(matrix_view<float const> x, matrix_view<float const> codewords, std::span<std::uint32_t> index,
                         workspace scratch) noexcept {
  if (x.cols != codewords.cols || index.size() != x.rows) return errc::size_mismatch;
  if (!x.valid() || !codewords.valid() || codewords.rows == 0 || codewords.cols == 0) return errc::invalid_argument;
  if (codewords.rows > 0xFFFF'FFFFU) return errc::overflow;
  if (scratch.size() < nearest_codewords_bytes(codewords.rows, codewords.cols)) return errc::workspace_too_small;
  auto const half = scratch.take<float>(codewords.rows);
  auto const lanes = scratch.take<float>(16 * codewords.cols);
  detail::half_squares<Arch>(codewords, half);
  detail::each_nearest_row<Arch>(x, codewords, half.data(), lanes.data(),
                                 [&](std::size_t first, std::size_t count, std::uint32_t const* found) noexcept {
                                   for (std::size_t l = 0; l < count; ++l) index[first + l] = found[l];
                                 });
  return errc::ok;
}

}  // namespace skive
