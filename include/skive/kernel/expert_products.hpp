// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/expert_products.hpp - grouped products of a mixture of experts: ragged rows, a packed matrix for each expert.
///
///   y(t, i) = dot(row i of W_e, q_t)   for the tokens t of expert e:   offsets[e] <= t < offsets[e + 1]
///
/// Tokens stand sorted by expert. An expert is a codec, which carries the scale of its tensor, and a packed matrix; all have as
/// many rows. A query fits every expert whose codec differs in its scale only, so tokens are prepared once.
///
/// Model of : -
/// Cost     : each expert with tokens is read once for its tokens (kernel/matrix_matrix.hpp); others are not touched.
/// Accuracy : the codec's.
/// Promise  : y(t, i) has the bits that matrix_matrix() gives for the expert alone. All experts and sizes are checked before the
///            first write.
/// Source   : R. Jacobs et al., "Adaptive Mixtures of Local Experts", 1991; "grouped GEMM" of inference engines.

#include "skive/kernel/matrix_matrix.hpp"

namespace skive {

template <class Codec>
struct expert {
  Codec codec;
  packed_matrix<Codec::plane_count> weights;
};

/// y: a row for each token, a column for each row of an expert's matrix. Fails with size_mismatch, or invalid_argument if
/// offsets are not 0 ... tokens in ascending order or a token was prepared for other codes.
template <class Arch = native_arch, class Codec, class Query>
  requires detail::takes_query<Codec, Query>
status expert_products(std::span<expert<Codec> const> experts, std::span<std::size_t const> offsets,
                       std::span<Query const> tokens, matrix_view<float> y) noexcept {
  if (offsets.size() != experts.size() + 1 || y.rows != tokens.size() || !y.valid()) return errc::size_mismatch;
  if (offsets.front() != 0 || offsets.back() != tokens.size()) return errc::invalid_argument;
  for (std::size_t e = 0; e < experts.size(); ++e)
    if (offsets[e] > offsets[e + 1]) return errc::invalid_argument;
  auto const n = tokens.empty() ? 0 : tokens[0].size;
  for (std::size_t e = 0; e < experts.size(); ++e) {
    if (experts[e].weights.rows != y.cols) return errc::size_mismatch;
    if (offsets[e] == offsets[e + 1]) continue;
    if (auto const s = detail::check_rows(experts[e].codec, experts[e].weights, n, {0, y.cols}); !s) return s;
    for (auto t = offsets[e]; t < offsets[e + 1]; ++t) {
      if (tokens[t].size != n) return errc::size_mismatch;
      if constexpr (requires { tokens[t].kind; })
        if (tokens[t].kind != tokens[0].kind) return errc::invalid_argument;
      if constexpr (requires { experts[e].codec.accepts(tokens[t]); })
        if (!experts[e].codec.accepts(tokens[t])) return errc::invalid_argument;
    }
  }
  for (std::size_t e = 0; e < experts.size(); ++e) {
    auto const first = offsets[e];
    auto const count = offsets[e + 1] - first;
    if (count == 0 || y.cols == 0) continue;
    matrix_view<float> const of_tokens{&y(first, 0), count, y.cols, y.row_stride};
    if (auto const s = matrix_matrix<Arch>(experts[e].codec, experts[e].weights, tokens.subspan(first, count), of_tokens); !s)
      return s;
  }
  return errc::ok;
}

}  // namespace skive
