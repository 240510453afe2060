// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/tucker.hpp - convolution weights as a small core between two matrices (Tucker-2).
///
///   X(o, i, s) ~ sum over p, q of first(o, p) second(i, q) core(p, q, s)
///
/// X: outputs x (inputs positions), positions s running fastest: a row per output channel. first: outputs x r_1, second: inputs x
/// r_2, orthonormal columns; core: r_1 x (r_2 positions).
///
/// Model of : -
/// Cost     : two decompositions without right vectors (linalg/svd_fast.hpp): of X, and of what the first leaves, seen from inputs.
/// Accuracy : |X - result|^2 is what both cuts drop, which is returned, to rounding; at most twice the optimum's of these ranks.
/// Promise  : all checks before the first write; not_finite for NaN or infinity; full ranks give X back.
/// Source   : Y.-D. Kim et al., ICLR 2016; N. Vannieuwenhoven et al., "A new truncation strategy for the higher-order singular value
///            decomposition", SIAM J. Sci. Comput. 34(2), 2012.

#include "skive/linalg/svd_fast.hpp"

namespace skive {

template <class Arch = native_arch>
std::size_t tucker_scratch_bytes(std::size_t outputs, std::size_t inputs, std::size_t positions,
                                 std::size_t first_rank) noexcept {
  auto const larger = [](std::size_t a, std::size_t b) { return a < b ? b : a; };
  auto const most = larger(outputs, inputs);
  auto const inner = larger(larger(svd_fast_scratch_bytes<float, Arch>(outputs, inputs * positions),
                                   svd_fast_scratch_bytes<float, Arch>(inputs, first_rank * positions)),
                            larger(product_scratch_bytes<float, Arch>(first_rank, inputs * positions, outputs),
                                   product_scratch_bytes<float, Arch>(inputs, first_rank * positions, inputs)));
  return 3 * workspace::bytes<float>(first_rank * inputs * positions) + workspace::bytes<float>(most) + inner;
}

namespace detail {

template <class Arch>
status check_tucker(matrix_view<float const> x, std::size_t inputs, matrix_view<float const> first,
                    matrix_view<float const> second, matrix_view<float const> core, workspace const& scratch) noexcept {
  if (!x.valid() || !first.valid() || !second.valid() || !core.valid()) return errc::invalid_argument;
  if (inputs == 0 || x.rows == 0 || x.cols == 0 || x.cols % inputs != 0) return errc::size_mismatch;
  auto const positions = x.cols / inputs;
  auto const r1 = first.cols;
  auto const r2 = second.cols;
  if (first.rows != x.rows || second.rows != inputs || core.rows != r1 || core.cols != r2 * positions) return errc::size_mismatch;
  if (r1 == 0 || r2 == 0 || r1 > x.rows || r1 > x.cols || r2 > inputs || r2 > r1 * positions) return errc::size_mismatch;
  matrix_view<float const> const all[]{x, first, second, core};
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = i + 1; j < 4; ++j)
      if (shares_elements<float>(all[i], all[j])) return errc::overlap;
  return scratch.size() < tucker_scratch_bytes<Arch>(x.rows, inputs, positions, r1) ? errc::workspace_too_small : errc::ok;
}

}  // namespace detail

/// Returns what is dropped, |X - result|^2. Fails with size_mismatch (ranks above min(outputs, inputs positions) or min(inputs, r_1
/// positions) too), invalid_argument, overlap, workspace_too_small, not_finite or no_convergence; results are unspecified after the
/// last two.
template <class Arch = native_arch>
result<double> tucker(matrix_view<float const> x, std::size_t inputs, matrix_view<float> first, matrix_view<float> second,
                      matrix_view<float> core, workspace scratch) noexcept {
  if (auto const s = detail::check_tucker<Arch>(x, inputs, first, second, core, scratch); !s) return s.error();
  auto const positions = x.cols / inputs;
  auto const r1 = first.cols;
  auto const r2 = second.cols;
  auto const take = [&](std::size_t rows, std::size_t cols) {
    return matrix_view<float>{take_reals<float>(scratch, rows * cols).data(), rows, cols};
  };
  auto const projected = take(r1, x.cols);
  auto const by_inputs = take(inputs, r1 * positions);
  auto const turned = take(r2, r1 * positions);
  auto const values = take_reals<float>(scratch, x.rows < inputs ? inputs : x.rows);
  double dropped = 0;
  auto const cut = [&](matrix_view<float const> m, matrix_view<float> u) -> status {
    auto const sigma = values.first(m.rows < m.cols ? m.rows : m.cols);
    if (auto const s = svd_fast<Arch, float>(m, u, sigma, {}, scratch); !s) return s;
    for (std::size_t k = sigma.size(); k-- > u.cols;) dropped += static_cast<double>(sigma[k]) * static_cast<double>(sigma[k]);
    return errc::ok;
  };
  if (auto const s = cut(x, first); !s) return s.error();
  if (auto const s = product<Arch, float>(transposed(first), x, projected, scratch); !s) return s.error();
  for (std::size_t i = 0; i < inputs; ++i)
    for (std::size_t p = 0; p < r1; ++p)
      for (std::size_t s = 0; s < positions; ++s) by_inputs(i, p * positions + s) = projected(p, i * positions + s);
  if (auto const s = cut(by_inputs, second); !s) return s.error();
  if (auto const s = product<Arch, float>(transposed(second), matrix_view<float const>{by_inputs}, turned, scratch); !s)
    return s.error();
  for (std::size_t p = 0; p < r1; ++p)
    for (std::size_t q = 0; q < r2; ++q)
      for (std::size_t s = 0; s < positions; ++s) core(p, q * positions + s) = turned(q, p * positions + s);
  return dropped;
}

}  // namespace skive
