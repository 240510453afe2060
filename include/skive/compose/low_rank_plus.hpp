// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/low_rank_plus.hpp - a row's part in a common subspace beside a codec's version of the row.
///
///   residual_first : e = decode(encode(x)),         c = P (x - e),  kept;   x' = e + R^T c^         (LQER, EoRA)
///   subspace_first : c = P x, kept,                 e = decode(encode(x - R^T c^));   x' = R^T c^ + e  (SVDQuant, LoftQ)
///   c^: c in Format;   R: rank x n, the right factor of the whole matrix;   P: rank x n.   planes: c^, then the codec's
///
/// The left factor of a low-rank term is this c, a row of it per row of the matrix. For a truncated SVD P = R = V^T; for one
/// weighted by the inputs, SVD_k(W S) S^-1, P = V^T S^T and R = V^T S^-1. Rows then need nothing of each other, and a low-rank
/// term nests like any codec.
///
/// Model of : block_codec (the row is one unit); dot_codec where the codec is
/// Cost     : two products of rank n a row, to encode; one to decode. Bits a number: the codec's + rank bits(Format) / n, and the
///            factors once. A product needs R x once per vector and then rank multiplications a row.
/// Accuracy : the codec's error, and that of c in Format; R^T c^ is summed in double and rounded once.
/// Promise  : sums in double in a fixed order, sums of floats correctly rounded: the same bytes everywhere. Subnormal factors count
///            as 0. A row that is not finite is refused with not_finite, before the first write.
/// Source   : Zhang et al., arXiv:2402.02446 (LQER); Li et al., arXiv:2411.05007 (SVDQuant); Li et al., arXiv:2310.08659 (LoftQ).

#include "skive/block/group_error.hpp"
#include "skive/compose/parts.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/format/half.hpp"
#include "skive/simd/arch.hpp"

namespace skive {

/// The factors of one matrix, in the caller's memory: both rank x n, of finite numbers.
struct low_rank_factors {
  matrix_view<float const> projection;  ///< P
  matrix_view<float const> basis;       ///< R
};

enum class low_rank_order : std::uint8_t { subspace_first, residual_first };

template <block_codec Codec, scalar_format Format = float16>
class low_rank_plus {
  using code_type = typename Format::code_type;
  static constexpr std::size_t chunk = 64;

 public:
  static constexpr std::size_t plane_count = 1 + Codec::plane_count;

  constexpr low_rank_plus() noexcept = default;
  /// Fails with size_mismatch unless the factors have one shape, with not_finite.
  static constexpr result<low_rank_plus> make(low_rank_factors const& factors, Codec codec,
                                              low_rank_order order = low_rank_order::subspace_first) noexcept {
    auto const& [p, r] = factors;
    if (!p.valid() || !r.valid() || p.rows != r.rows || p.cols != r.cols) return errc::size_mismatch;
    for (std::size_t k = 0; k < p.rows; ++k)
      for (std::size_t j = 0; j < p.cols; ++j)
        if (!is_finite(p(k, j)) || !is_finite(r(k, j))) return errc::not_finite;
    low_rank_plus made;
    made.factors_ = factors;
    made.codec_ = codec;
    made.order_ = order;
    return made;
  }

  constexpr std::size_t rank() const noexcept { return factors_.basis.rows; }
  constexpr Codec const& codec() const noexcept { return codec_; }
  constexpr low_rank_factors const& factors() const noexcept { return factors_; }
  constexpr low_rank_order order() const noexcept { return order_; }

  constexpr std::size_t block_size() const noexcept { return 0; }
  /// A row has the length of the factors, or 0.
  constexpr std::size_t row_multiple() const noexcept { return factors_.basis.cols == 0 ? 1 : factors_.basis.cols; }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    std::array<std::size_t, 1> const own{n == 0 ? 0 : saturating_multiply(rank(), sizeof(code_type))};
    return detail::joined(own, codec_.plane_bytes(n));
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    if (n == 0) return 0;
    auto const bytes = total_bytes(codec_.plane_bytes(n));
    auto const rows = saturating_add(workspace::bytes<float>(n), saturating_add(workspace::bytes<float>(rank()), bytes));
    return saturating_add(rows, saturating_add(2 * workspace::alignment, codec_.scratch_bytes(n)));
  }

  /// Fails with size_mismatch, workspace_too_small, not_finite or as the codec does, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), to, w); !s || row.empty()) return s;
    for (float const x : row)
      if (!is_finite(x)) return errc::not_finite;
    auto const rest = w.take<float>(row.size());
    auto const c = w.take<float>(rank());
    auto const part = detail::planes_of<1>(codec_, 0, to);
    if (order_ == low_rank_order::subspace_first) {
      project(row, c);
      add_subspace(row, c, -1.0, rest);
      if (auto const s = with_arch<Arch>::encode(codec_, std::span<float const>{rest}, part, w); !s) return s;
    } else {
      if (auto const s = with_arch<Arch>::encode(codec_, row, part, w); !s) return s;
      if (auto const s = with_arch<Arch>::decode(codec_, planes<std::byte const, Codec::plane_count>(part), rest, w); !s)
        return s;
      for (std::size_t j = 0; j < row.size(); ++j) rest[j] = ieee_add(row[j], -rest[j]);
      project(rest, c);
    }
    store(c, to[0].data);
    return errc::ok;
  }

  /// Fails with size_mismatch, workspace_too_small or as the codec does.
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), from, w); !s || row.empty()) return s;
    auto const rest = w.take<float>(row.size());
    auto const c = w.take<float>(rank());
    if (auto const s = with_arch<Arch>::decode(codec_, detail::planes_of<1>(codec_, 0, from), rest, w); !s) return s;
    for (std::size_t k = 0; k < c.size(); ++k) c[k] = coefficient(from[0].data, k);
    add_subspace(rest, c, 1.0, row);
    return errc::ok;
  }

  /// The codec's query and R x, which lies in the workspace.
  struct query {
    typename detail::query_of<Codec>::type codec{};
    std::span<float const> subspace;
    std::size_t size = 0;
  };
  constexpr std::size_t query_bytes(std::size_t n) const noexcept
    requires dot_codec<Codec>
  {
    return saturating_add(workspace::bytes<float>(rank()), codec_.query_bytes(n));
  }
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace w = {}) const noexcept
    requires dot_codec<Codec>
  {
    if (!x.empty() && x.size() != factors_.basis.cols) return errc::size_mismatch;
    if (w.size() < query_bytes(x.size())) return errc::workspace_too_small;
    auto const subspace = w.take<float>(x.empty() ? 0 : rank());
    for (std::size_t k = 0; k < subspace.size(); ++k) {
      detail::lane_sums sum;
      for (std::size_t j = 0; j < x.size(); ++j)
        sum.add(j, static_cast<double>(factors_.basis(k, j)) * static_cast<double>(x[j]));
      subspace[k] = static_cast<float>(sum.total());
    }
    auto const inner = with_arch<Arch>::prepare(codec_, x, w);
    if (!inner) return inner.error();
    return query{*inner, subspace, x.size()};
  }
  /// The codec's product plus c . R x, summed in double. Fails with size_mismatch or as the codec does.
  template <class Arch = native_arch>
  constexpr result<float> dot(planes<std::byte const, plane_count> from, query const& q) const noexcept
    requires dot_codec<Codec>
  {
    if (from[0].size < q.subspace.size() * sizeof(code_type)) return errc::size_mismatch;
    auto const part = with_arch<Arch>::dot(codec_, detail::planes_of<1>(codec_, 0, from), q.codec);
    if (!part) return part;
    double sum = static_cast<double>(*part);
    for (std::size_t k = 0; k < q.subspace.size(); ++k)
      sum += static_cast<double>(coefficient(from[0].data, k)) * static_cast<double>(q.subspace[k]);
    return static_cast<float>(sum);
  }

 private:
  template <class Byte>
  constexpr status check(std::size_t n, planes<Byte, plane_count> const& p, workspace const& w) const noexcept {
    return n != 0 && n != factors_.basis.cols ? errc::size_mismatch : detail::check_row(*this, n, p, w);
  }

  // c = P x, as it will be read again.
  constexpr void project(std::span<float const> x, std::span<float> c) const noexcept {
    for (std::size_t k = 0; k < c.size(); ++k) {
      detail::lane_sums sum;
      auto const p = factors_.projection.row(k);
      for (std::size_t j = 0; j < x.size(); ++j) sum.add(j, detail::normal_or_zero(p[j]) * detail::normal_or_zero(x[j]));
      c[k] = static_cast<float>(Format::decode(Format::encode(narrowed(sum.total()), nearest_even{}, saturating)));
    }
  }

  // y = x + sign R^T c.
  constexpr void add_subspace(std::span<float const> x, std::span<float const> c, double sign,
                              std::span<float> y) const noexcept {
    for (std::size_t first = 0; first < x.size(); first += chunk) {
      auto const size = x.size() - first < chunk ? x.size() - first : chunk;
      std::array<double, chunk> sum{};
      for (std::size_t k = 0; k < c.size(); ++k) {
        auto const factor = detail::normal_or_zero(c[k]);
        auto const r = factors_.basis.row(k).subspan(first, size);
        for (std::size_t j = 0; j < size; ++j) sum[j] += factor * detail::normal_or_zero(r[j]);
      }
      for (std::size_t j = 0; j < size; ++j) y[first + j] = ieee_add(x[first + j], narrowed(sign * sum[j]));
    }
  }

  // As a float; what is, or might become, subnormal is 0 in every processor mode.
  static constexpr float narrowed(double x) noexcept { return x < 0x1p-125 && x > -0x1p-125 ? 0.0f : static_cast<float>(x); }

  static constexpr void store(std::span<float const> c, std::byte* to) noexcept {
    for (std::size_t k = 0; k < c.size(); ++k) {
      auto const code = Format::encode(c[k], nearest_even{}, saturating);
      for (std::size_t b = 0; b < sizeof(code_type); ++b) to[k * sizeof(code_type) + b] = static_cast<std::byte>(code >> (8 * b));
    }
  }
  static constexpr float coefficient(std::byte const* from, std::size_t k) noexcept {
    std::uint32_t code = 0;
    for (std::size_t b = 0; b < sizeof(code_type); ++b)
      code |= std::to_integer<std::uint32_t>(from[k * sizeof(code_type) + b]) << (8 * b);
    return static_cast<float>(Format::decode(static_cast<code_type>(code)));
  }

  low_rank_factors factors_{};
  [[no_unique_address]] Codec codec_{};
  low_rank_order order_ = low_rank_order::subspace_first;
};

}  // namespace skive
