// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/gather.hpp - embeddings straight from packed rows: rows by index, and bags of rows pooled to one.
///
///   gather_rows:  y(k, .) = row index_k
///   pool_bags:    y(b, .) = sum over k in bag b of w_k row(index_k), w_k = 1 where there are no weights; the mean divides by the
///                 number of indices;   bag b: offsets[b] <= k < offsets[b + 1]; an empty bag gives zeros
///
/// Any block codec. A row is decoded into scratch that stays in the first-level cache while the next one is asked for.
///
/// Model of : -
/// Cost     : the decoding of each row, and an addition a number.
/// Accuracy : sums: m indices, |y - exact| <= m 2^-23 sum_k |w_k row(index_k)|: products and sums are rounded to float in the
///            order of the indices.
/// Promise  : the same bits for any split into calls. An index that is no row is refused with invalid_argument before the first
///            write; only a codec that finds rows corrupt stops in between.
/// Source   : torch.nn.EmbeddingBag for the meaning of bags.

#include "skive/core/separate.hpp"
#include "skive/kernel/packed_matrix.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/bytes.hpp"

#include <concepts>

namespace skive {

enum class bag_pooling : std::uint8_t { sum, mean };

namespace detail {

template <std::integral Index>
constexpr bool are_rows(std::span<Index const> indices, std::size_t rows) noexcept {
  for (auto const i : indices) {
    if constexpr (std::is_signed_v<Index>)
      if (i < 0) return false;
    if (static_cast<std::make_unsigned_t<Index>>(i) >= rows) return false;
  }
  return true;
}

// Asks for the first bytes of a row's planes.
template <class Arch, std::size_t Planes>
inline void prefetch_row(planes<std::byte const, Planes> const& row, std::array<std::size_t, Planes> const& bytes) noexcept {
  for (std::size_t p = 0; p < Planes; ++p)
    for (std::size_t at = 0; at < bytes[p] && at < 4096; at += 64) simd::prefetch<Arch>(row[p].data, at);
}

constexpr std::size_t round_up_16(std::size_t n) noexcept { return n > ~std::size_t{0} - 15 ? n : (n + 15) / 16 * 16; }

// sum += weight row, whole registers.
template <class Arch>
inline void add_weighted(std::span<float const> row, float weight, std::span<float> sum) noexcept {
  if constexpr (simd::vector_arch<Arch>) {
    using floats = simd::floats<Arch>;
    auto const w = floats::broadcast(weight);
    for (std::size_t i = 0; i < row.size(); i += 16)
      (floats::load(sum.data() + i) + simd::product<Arch>(floats::load(row.data() + i), w)).store(sum.data() + i);
  } else {
    for (std::size_t i = 0; i < row.size(); ++i) {
      sum[i] = sum[i] + separate(row[i] * weight);
    }
  }
}

}  // namespace detail

/// y: a row for each index. Workspace: codec.scratch_bytes(y.cols). Fails with size_mismatch, invalid_argument,
/// workspace_too_small.
template <class Arch = native_arch, block_codec Codec, std::integral Index>
status gather_rows(Codec const& codec, packed_matrix<Codec::plane_count> const& m, std::span<Index const> indices,
                   matrix_view<float> y, workspace w = {}) noexcept {
  if (y.rows != indices.size() || !y.valid()) return errc::size_mismatch;
  if (auto const s = detail::check_rows(codec, m, y.cols, {0, m.rows}); !s) return s;
  if (w.size() < codec.scratch_bytes(y.cols)) return errc::workspace_too_small;
  if (!detail::are_rows(indices, m.rows)) return errc::invalid_argument;
  auto const bytes = codec.plane_bytes(y.cols);
  for (std::size_t k = 0; k < indices.size(); ++k) {
    if (k + 1 < indices.size()) detail::prefetch_row<Arch>(m.row(static_cast<std::size_t>(indices[k + 1])), bytes);
    if (auto const s = with_arch<Arch>::decode(codec, m.row(static_cast<std::size_t>(indices[k])), y.row(k), w); !s) return s;
  }
  return errc::ok;
}

/// Workspace of pool_bags() for rows of n numbers.
template <class Codec>
constexpr std::size_t pool_bags_bytes(Codec const& codec, std::size_t n) noexcept {
  return saturating_add(saturating_multiply(2, workspace::bytes<float>(detail::round_up_16(n))),
                        workspace::bytes<std::byte>(codec.scratch_bytes(n)));
}

/// y: a row for each bag. `weights`: one for each index, or none. Fails with size_mismatch; invalid_argument, also for offsets that
/// are not 0 ... indices.size() in ascending order; workspace_too_small.
template <class Arch = native_arch, block_codec Codec, std::integral Index>
status pool_bags(Codec const& codec, packed_matrix<Codec::plane_count> const& m, std::span<Index const> indices,
                 std::span<std::size_t const> offsets, bag_pooling kind, std::span<float const> weights, matrix_view<float> y,
                 workspace w) noexcept {
  auto const n = y.cols;
  if (offsets.size() != y.rows + 1 || !y.valid()) return errc::size_mismatch;
  if (!weights.empty() && weights.size() != indices.size()) return errc::size_mismatch;
  if (auto const s = detail::check_rows(codec, m, n, {0, m.rows}); !s) return s;
  if (offsets.front() != 0 || offsets.back() != indices.size()) return errc::invalid_argument;
  for (std::size_t b = 0; b < y.rows; ++b)
    if (offsets[b] > offsets[b + 1]) return errc::invalid_argument;
  if (!detail::are_rows(indices, m.rows)) return errc::invalid_argument;
  if (w.size() < pool_bags_bytes(codec, n)) return errc::workspace_too_small;
  auto const row = w.take<float>(detail::round_up_16(n));
  auto const sum = w.take<float>(detail::round_up_16(n));
  for (auto& x : row) x = 0.0f;
  auto const bytes = codec.plane_bytes(n);
  for (std::size_t b = 0; b < y.rows; ++b) {
    for (auto& x : sum) x = 0.0f;
    for (auto k = offsets[b]; k < offsets[b + 1]; ++k) {
      if (k + 1 < indices.size()) detail::prefetch_row<Arch>(m.row(static_cast<std::size_t>(indices[k + 1])), bytes);
      auto const from = m.row(static_cast<std::size_t>(indices[k]));
      if (auto const s = with_arch<Arch>::decode(codec, from, row.first(n), w); !s) return s;
      detail::add_weighted<Arch>(row, weights.empty() ? 1.0f : weights[k], sum);
    }
    auto const count = static_cast<float>(offsets[b + 1] - offsets[b]);
    for (std::size_t i = 0; i < n; ++i) y(b, i) = kind == bag_pooling::mean && count > 1 ? sum[i] / count : sum[i];
  }
  return errc::ok;
}

}  // namespace skive
