// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file lowrank/tensor_train.hpp - numbers, seen as an array of several dimensions, as a chain of small arrays (TensorGPT).
///
///   A(i_1, ..., i_d) ~ G_1(i_1) G_2(i_2) ... G_d(i_d),   G_p(i): r_(p-1) x r_p,   r_0 = r_d = 1
///
/// A lies with i_d running fastest; core p is r_(p-1) x n_p x r_p, the same way, and the cores lie one after another. Every matrix
/// that is reshaped, a row of an embedding table too, is such an A.
///
/// Model of : -
/// Cost     : d - 1 decompositions (linalg/svd_fast.hpp), of r_(p-1) n_p x n_(p+1) ... n_d; expanding is d - 1 products.
/// Accuracy : |A - train| <= relative_error |A| where `most` cuts no rank, and then at most sqrt(d - 1) times the best train's of
///            these ranks; plus c n u |A|.
/// Promise  : all checks before the first write; not_finite for NaN or infinity. An array of zeros has ranks of 1.
/// Source   : I. Oseledets, "Tensor-train decomposition", SIAM J. Sci. Comput. 33(5), 2011; TensorGPT: M. Xu et al.,
///            arXiv:2307.00526.

#include "skive/core/planes.hpp"
#include "skive/linalg/svd_fast.hpp"

namespace skive {

struct tensor_train_options {
  float relative_error = 0;
  std::size_t most = std::numeric_limits<std::size_t>::max();  ///< of any rank
};

namespace detail {

/// The largest rank behind dimension p: what stands on either side of it, and `most`.
constexpr std::size_t train_rank(std::span<std::size_t const> dims, std::size_t p, std::size_t most) noexcept {
  std::size_t before = 1;
  std::size_t behind = 1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    auto& side = i <= p ? before : behind;
    side = saturating_multiply(side, dims[i]);
  }
  auto const rank = before < behind ? before : behind;
  return rank < most ? rank : most;
}

constexpr std::size_t product_of(std::span<std::size_t const> dims) noexcept {
  std::size_t n = 1;
  for (auto const d : dims) n = saturating_multiply(n, d);
  return n;
}

}  // namespace detail

/// Numbers of all cores, whatever ranks are found.
constexpr std::size_t tensor_train_numbers(std::span<std::size_t const> dims, std::size_t most) noexcept {
  std::size_t numbers = 0;
  for (std::size_t p = 0; p < dims.size(); ++p) {
    auto const before = p == 0 ? 1 : detail::train_rank(dims, p - 1, most);
    auto const behind = p + 1 == dims.size() ? 1 : detail::train_rank(dims, p, most);
    numbers = saturating_add(numbers, saturating_multiply(saturating_multiply(before, dims[p]), behind));
  }
  return numbers;
}

template <class Arch = native_arch>
std::size_t tensor_train_scratch_bytes(std::span<std::size_t const> dims, std::size_t most) noexcept {
  auto const all = detail::product_of(dims);
  std::size_t largest = 0;
  auto rest = all;
  for (std::size_t p = 0; p + 1 < dims.size() && rest != 0; ++p) {
    auto const before = p == 0 ? 1 : detail::train_rank(dims, p - 1, most);
    rest /= dims[p];
    auto const rows = before * dims[p];
    auto const rank = rows < rest ? rows : rest;
    auto const bytes = workspace::bytes<float>(rows * rank) + workspace::bytes<float>(rank) +
        workspace::bytes<float>(rank * rest) + svd_fast_scratch_bytes<float, Arch>(rows, rest);
    largest = largest < bytes ? bytes : largest;
  }
  return workspace::bytes<float>(all) + largest;
}

namespace detail {

template <class Arch>
status check_train(std::span<float const> a, std::span<std::size_t const> dims, tensor_train_options const& options,
                   std::size_t ranks, std::span<float> cores, workspace const& scratch) noexcept {
  if (dims.empty() || a.empty() || product_of(dims) != a.size()) return errc::size_mismatch;
  if (!(options.relative_error >= 0.0f) || options.most == 0) return errc::invalid_argument;
  if (ranks + 1 != dims.size() || cores.size() != tensor_train_numbers(dims, options.most)) return errc::size_mismatch;
  matrix_view<float const> const line{a.data(), 1, a.size()};
  if (shares_elements<float>(line, matrix_view<float>{cores.data(), 1, cores.size()})) return errc::overlap;
  if (scratch.size() < tensor_train_scratch_bytes<Arch>(dims, options.most)) return errc::workspace_too_small;
  return all_finite<Arch, float>(line) ? errc::ok : errc::not_finite;
}

// The fewest values, one at least, whose rest is within `allowed`; `most` at most.
[[gnu::always_inline]] inline std::size_t kept_rank(std::span<float const> sigma, double allowed, std::size_t most) noexcept {
  auto rank = sigma.size();
  for (double dropped = 0; rank > 1; --rank) {
    auto const next = static_cast<double>(sigma[rank - 1]);
    dropped += next * next;
    if (dropped > allowed && rank <= most) break;
  }
  return rank;
}

}  // namespace detail

/// ranks: r_1 ... r_(d-1), which are found; cores: tensor_train_numbers(dims, options.most) of them, of which those that belong to
/// the ranks are written. Returns how many. Fails with size_mismatch, invalid_argument (a negative error, most == 0), overlap,
/// workspace_too_small, not_finite or no_convergence.
template <class Arch = native_arch>
result<std::size_t> tensor_train(std::span<float const> a, std::span<std::size_t const> dims, tensor_train_options const& options,
                                 std::span<std::size_t> ranks, std::span<float> cores, workspace scratch) noexcept {
  if (auto const s = detail::check_train<Arch>(a, dims, options, ranks.size(), cores, scratch); !s) return s.error();
  auto const left = take_reals<float>(scratch, a.size());
  for (std::size_t i = 0; i < a.size(); ++i) left[i] = a[i];
  auto const size = detail::wide_dot<Arch>(a.data(), a.data(), a.size());
  auto const error = static_cast<double>(options.relative_error);
  auto const steps = dims.size() < 2 ? std::size_t{1} : dims.size() - 1;
  auto const allowed = error * error * size / static_cast<double>(steps);
  std::size_t before = 1;
  std::size_t written = 0;
  auto rest = a.size();
  for (std::size_t p = 0; p + 1 < dims.size(); ++p) {
    auto memory = scratch;
    rest /= dims[p];
    auto const rows = before * dims[p];
    auto const many = rows < rest ? rows : rest;
    matrix_view<float> const u{take_reals<float>(memory, rows * many).data(), rows, many};
    auto const sigma = take_reals<float>(memory, many);
    matrix_view<float> const vt{take_reals<float>(memory, many * rest).data(), many, rest};
    if (auto const s = svd_fast<Arch, float>({left.data(), rows, rest}, u, sigma, vt, memory); !s) return s.error();
    auto const rank = detail::kept_rank(sigma, allowed, options.most);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t k = 0; k < rank; ++k) cores[written++] = u(i, k);
    for (std::size_t k = 0; k < rank; ++k)
      for (std::size_t j = 0; j < rest; ++j) left[k * rest + j] = sigma[k] * vt(k, j);
    ranks[p] = before = rank;
  }
  for (std::size_t i = 0; i < before * rest && dims.size() > 1; ++i) cores[written++] = left[i];
  for (std::size_t i = 0; i < a.size() && dims.size() == 1; ++i) cores[written++] = a[i];
  return written;
}

/// Scratch of expand_tensor_train() for ranks up to `most`.
template <class Arch = native_arch>
std::size_t expand_tensor_train_scratch_bytes(std::span<std::size_t const> dims, std::size_t most) noexcept {
  std::size_t largest = 0;
  std::size_t product = 0;
  std::size_t before = 1;
  for (std::size_t p = 0; p < dims.size(); ++p) {
    auto const rank = p + 1 == dims.size() ? 1 : detail::train_rank(dims, p, most);
    auto const inner = p == 0 ? 1 : detail::train_rank(dims, p - 1, most);
    auto const needed = product_scratch_bytes<float, Arch>(before, dims[p] * rank, inner);
    product = product < needed ? needed : product;
    before *= dims[p];
    largest = largest < before * rank ? before * rank : largest;
  }
  return 2 * workspace::bytes<float>(largest) + product;
}

/// The array that a train stands for. Fails with size_mismatch, overlap or workspace_too_small.
template <class Arch = native_arch>
status expand_tensor_train(std::span<float const> cores, std::span<std::size_t const> dims, std::span<std::size_t const> ranks,
                           std::span<float> out, workspace scratch) noexcept {
  if (dims.empty() || detail::product_of(dims) != out.size() || ranks.size() + 1 != dims.size()) return errc::size_mismatch;
  auto const rank = [&](std::size_t p) { return p == 0 || p == dims.size() ? std::size_t{1} : ranks[p - 1]; };
  std::size_t numbers = 0;
  std::size_t most = 1;
  for (std::size_t p = 0; p < dims.size(); ++p) {
    if (p != 0 && rank(p) > detail::train_rank(dims, p - 1, out.size())) return errc::size_mismatch;
    numbers += rank(p) * dims[p] * rank(p + 1);
    most = most < rank(p) ? rank(p) : most;
  }
  if (numbers > cores.size()) return errc::size_mismatch;
  if (detail::shares_elements<float>(matrix_view<float const>{cores.data(), 1, cores.size()},
                                     matrix_view<float>{out.data(), 1, out.size()}))
    return errc::overlap;
  if (scratch.size() < expand_tensor_train_scratch_bytes<Arch>(dims, most)) return errc::workspace_too_small;
  std::size_t largest = 0;
  std::size_t before = 1;
  for (std::size_t p = 0; p < dims.size(); ++p) {
    before *= dims[p];
    largest = largest < before * rank(p + 1) ? before * rank(p + 1) : largest;
  }
  std::span<float> const held[]{take_reals<float>(scratch, largest), take_reals<float>(scratch, largest)};
  before = dims[0];
  std::size_t at = dims[0] * rank(1);
  for (std::size_t i = 0; i < at; ++i) held[0][i] = cores[i];
  for (std::size_t p = 1; p < dims.size(); ++p) {
    auto const cols = dims[p] * rank(p + 1);
    matrix_view<float const> const core{cores.data() + at, rank(p), cols};
    matrix_view<float const> const made{held[(p + 1) % 2].data(), before, rank(p)};
    if (auto const s = product<Arch, float>(made, core, matrix_view<float>{held[p % 2].data(), before, cols}, scratch); !s)
      return s;
    at += rank(p) * cols;
    before *= dims[p];
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = held[(dims.size() + 1) % 2][i];
  return errc::ok;
}

}  // namespace skive
