// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/sparse_codec.hpp - N of each M numbers kept, the kept ones coded by another codec.
///
///   x' = decode(encode(kept x)) at the kept places, 0 elsewhere;   planes: the codec's, then positions
///   (sparse/position_code.hpp) kept: the N largest magnitudes of each M, or what a mask of the caller's says
///
///   sparse_codec{n_of_m<2, 4>{}, absmax<e4m3fn>{128}}     a scale for 128 kept numbers, 256 of the row
///
/// Model of : block_codec; dot_codec where the codec's query is a view of the vector
/// Cost     : selecting, gathering and the codec on N / M of the numbers; scratch for the kept numbers and a mask. A product
///            gathers the vector by the row's positions, at most 4096 kept numbers at a time, in 16 KiB of stack (32 where one
///            block holds many of the codec's and blocks have gaps; codes of more than 4 bytes are unsupported there).
/// Accuracy : the codec's on kept numbers; nothing of the others. A product: the codec's bound, and its pieces summed in double.
/// Promise  : the same bytes everywhere. NaN counts as larger than infinity, so that the codec sees it. Positions that no mask
///            has give errc::corrupt. Where the codec refuses a row, nothing has been written.
/// Source   : A. Mishra et al., arXiv:2104.08378.

#include "skive/block/float_query.hpp"
#include "skive/compose/sparse_batch.hpp"
#include "skive/compose/sparse_blocks.hpp"
#include "skive/compose/sparse_product.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/format/rows.hpp"
#include "skive/sparse/n_of_m.hpp"
#include "skive/sparse/packed_n_of_m.hpp"

namespace skive {

namespace detail {
/// Takes rows of halves.
template <class Codec, class Half>
concept codes_rows_of = requires(Codec const c, std::span<Half const> row, std::span<Half> out,
                                 planes<std::byte, Codec::plane_count> to, planes<std::byte const, Codec::plane_count> from) {
  c.encode(row, to, workspace{});
  c.decode(from, out, workspace{});
};
}  // namespace detail

template <class Pattern, block_codec Codec, position_layout Layout = position_layout::combinadic>
class sparse_codec : detail::sparse_blocks<Pattern, Codec, Layout> {
  using blocks = detail::sparse_blocks<Pattern, Codec, Layout>;
  using blocks::codec_blocks;
  using blocks::codec_planes;
  using blocks::contiguous;
  using blocks::copy_blocks;
  using blocks::group;
  using blocks::inner_planes;
  using blocks::kept;
  using blocks::m_group;
  using blocks::n_kept;
  using blocks::planes_from;
  using blocks::position_run;
  using blocks::runs_on;
  using typename blocks::packed;

 public:
  using blocks::block_size;
  using blocks::codec;
  using blocks::plane_bytes;
  using blocks::plane_count;
  using blocks::row_multiple;

  constexpr sparse_codec() noexcept = default;
  constexpr sparse_codec(Pattern pattern, Codec of_kept) noexcept : blocks{of_kept}, pattern_{pattern} {}

  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    auto const values = n / group * kept;
    if (n == 0) return 0;
    auto own = saturating_add(workspace::bytes<float>(values), workspace::bytes<std::byte>(mask_bytes(n)));
    if (codec_blocks() > 1) own = saturating_add(own, workspace::bytes<std::byte>(total_bytes(codec().plane_bytes(values))));
    return saturating_add(own, codec().scratch_bytes(values));
  }

  /// T: float, or bfloat16 and float16 where the codec takes them. Fails with size_mismatch, workspace_too_small or as the codec
  /// does, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  constexpr status encode(std::span<bfloat16 const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept
    requires detail::codes_rows_of<Codec, bfloat16>
  {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  constexpr status encode(std::span<float16 const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept
    requires detail::codes_rows_of<Codec, float16>
  {
    return encode_row<Arch>(row, to, w);
  }
  /// Keeps what `mask` keeps. Fails also with invalid_argument unless it keeps N of each M.
  template <class Arch = native_arch>
  constexpr status encode_masked(std::span<float const> row, std::span<std::byte const> mask, planes<std::byte, plane_count> to,
                                 workspace w = {}) const noexcept {
    if (auto const s = detail::check_row(*this, row.size(), to, w); !s) return s;
    if (mask.size() != mask_bytes(row.size())) return errc::size_mismatch;
    if (!detail::keeps_n_of_m<n_kept, m_group>(mask, row.size())) return errc::invalid_argument;
    return row.empty() ? errc::ok : store<Arch>(row, mask, to, w);
  }

  /// Fails with size_mismatch, workspace_too_small, or corrupt: the row is then unspecified.
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace w = {}) const noexcept {
    return decode_row<Arch>(from, row, w);
  }
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<bfloat16> row, workspace w = {}) const noexcept
    requires detail::codes_rows_of<Codec, bfloat16>
  {
    return decode_row<Arch>(from, row, w);
  }
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float16> row, workspace w = {}) const noexcept
    requires detail::codes_rows_of<Codec, float16>
  {
    return decode_row<Arch>(from, row, w);
  }

  using query = float_query;
  constexpr std::size_t query_bytes(std::size_t) const noexcept { return 0; }
  /// Fails with size_mismatch, or unsupported where a block has more than 4096 kept numbers. x has to outlive the query.
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace = {}) const noexcept
    requires detail::has_float_query<Codec>
  {
    if (x.size() % row_multiple() != 0) return errc::size_mismatch;
    if (!detail::sparse_product<Arch, sparse_codec>::fits(*this, x.size(), kept)) return errc::unsupported;
    return query{x.data(), x.size()};
  }
  /// Fails with size_mismatch or corrupt.
  template <class Arch = native_arch>
  constexpr result<float> dot(planes<std::byte const, plane_count> from, query const& q) const noexcept
    requires detail::has_float_query<Codec>
  {
    return one_row<Arch>(from, q);
  }

  /// A product with bytes: sparse/kept_bytes.hpp has its error, block/integer_dot.hpp that of the codec. The query lies in the
  /// workspace. Fails as prepare() does, or with workspace_too_small or not_finite.
  constexpr std::size_t int8_query_bytes(std::size_t n, activation_scale = activation_scale::per_block) const noexcept
    requires detail::has_byte_query<Codec, kept>
  {
    return bytes_of<Codec>::query_bytes(n);
  }
  template <class Arch = native_arch>
  result<sparse_int8_query> prepare_int8(std::span<float const> x, activation_scale kind, workspace w) const noexcept
    requires detail::has_byte_query<Codec, kept>
  {
    if (x.size() % row_multiple() != 0) return errc::size_mismatch;
    if (!detail::sparse_product<Arch, sparse_codec>::fits(*this, x.size(), bytes_of<Codec>::step)) return errc::unsupported;
    return bytes_of<Codec>::template prepare<Arch>(x, codec().order(), kind, w);
  }
  /// Fails with size_mismatch, corrupt, or invalid_argument if another kind of codec made the query.
  template <class Arch = native_arch>
  result<float> dot(planes<std::byte const, plane_count> from, sparse_int8_query const& q) const noexcept
    requires detail::has_byte_query<Codec, kept>
  {
    if (!accepts(q)) return errc::invalid_argument;
    return one_row<Arch>(from, q);
  }
  constexpr bool accepts(query const&) const noexcept { return true; }
  constexpr bool accepts(sparse_int8_query const& q) const noexcept
    requires detail::has_byte_query<Codec, kept>
  {
    return q.order == bytes_of<Codec>::order_of(codec().order());
  }
  /// Products of rows without a check of sizes and query, as kernel/ has made them. Fails with corrupt, or unsupported; rows
  /// before have been written.
  template <class Arch, class Query>
  constexpr status multiply_rows(detail::row_products<plane_count> const& rows, Query const& q) const noexcept {
    detail::sparse_product<Arch, sparse_codec> const product{*this, q, rows.first};
    return product.fits() ? product(rows, std::span<Query const>{&q, 1}) : errc::unsupported;
  }
  /// The same for several vectors of one length; row r with query t goes to rows.out[t rows.stride + r].
  template <class Arch, class Query>
  constexpr status multiply_batch(detail::row_products<plane_count> const& rows, std::span<Query const> queries) const noexcept {
    if constexpr (std::is_same_v<Query, float_query>)
      if (detail::sparse_batch<Arch, sparse_codec> const batch{*this, queries[0].size, rows.first};
          batch.usable() && queries.size() >= batch.least)
        return batch(rows, queries);
    detail::sparse_product<Arch, sparse_codec> const product{*this, queries[0], rows.first};
    return product.fits() ? product(rows, queries) : errc::unsupported;
  }

 private:
  template <class, class>
  friend class detail::sparse_pieces;
  template <class, class>
  friend class detail::sparse_product;
  template <class, class>
  friend class detail::sparse_batch;
  template <class C>
  using bytes_of = detail::kept_bytes<n_kept, m_group, Layout, typename C::scheme_type>;

  template <class Arch, class Query>
  constexpr result<float> one_row(planes<std::byte const, plane_count> const& from, Query const& q) const noexcept {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s;
    detail::sparse_product<Arch, sparse_codec> const product{*this, q, from};
    return product.fits() ? product(from, q) : errc::unsupported;
  }

  template <class Arch, class T>
  constexpr status encode_row(std::span<T const> row, planes<std::byte, plane_count> const& to, workspace w) const noexcept {
    if (auto const s = detail::check_row(*this, row.size(), to, w); !s || row.empty()) return s;
    auto const mask = w.take<std::byte>(mask_bytes(row.size()));
    if constexpr (std::is_same_v<T, float>) {
      if (auto const s = select<Arch>(row, mask); !s) return s;
    } else {
      constexpr std::size_t piece = 8 * group;
      std::array<float, 4 * piece> wide{};
      for (std::size_t first = 0; first < row.size(); first += wide.size()) {
        auto const size = row.size() - first < wide.size() ? row.size() - first : wide.size();
        for (std::size_t i = 0; i < size; ++i) wide[i] = detail::widen(row[first + i]);
        if (auto const s = select<Arch>(std::span{wide}.first(size), mask.subspan(first / 8, mask_bytes(size))); !s) return s;
      }
    }
    return store<Arch>(row, mask, to, w);
  }
  template <class Arch>
  constexpr status select(std::span<float const> row, std::span<std::byte> mask) const noexcept {
    return pattern_.template select_magnitudes<Arch>(row, mask);
  }

  template <class Arch, class T>
  constexpr status store(std::span<T const> row, std::span<std::byte const> mask, planes<std::byte, plane_count> const& to,
                         workspace w) const noexcept {
    auto const n = row.size();
    auto const values = w.take<T>(n / group * kept);
    detail::gather_kept<Arch>(row, mask, values.data());
    if (runs_on(!contiguous(to))) {
      if (auto const s = with_arch<Arch>::encode(codec(), std::span<T const>{values}, codec_planes(to), w); !s) return s;
    } else {
      planes<std::byte, inner_planes> whole;
      auto const bytes = w.take<std::byte>(total_bytes(codec().plane_bytes(values.size())));
      if (auto const s = planar(codec(), values.size(), bytes, whole); !s) return s;
      if (auto const s = with_arch<Arch>::encode(codec(), std::span<T const>{values}, whole, w); !s) return s;
      for (std::size_t i = 0; i < inner_planes; ++i) copy_blocks(n, i, static_cast<std::byte const*>(whole[i].data), to[i]);
    }
    store_positions<Arch>(mask, n, to[inner_planes]);
    return errc::ok;
  }
  template <class Arch>
  constexpr void store_positions(std::span<std::byte const> mask, std::size_t n, plane<std::byte> const& to) const noexcept {
    auto const unit = position_run(n, to);
    for (std::size_t first = 0, b = 0; first < n; first += unit, ++b) {
      auto const size = n - first < unit ? n - first : unit;
      detail::write_positions<n_kept, m_group, Layout, Arch>(mask.subspan(first / 8, mask_bytes(size)), size,
                                                             to.data + b * to.block_stride);
    }
  }
  template <class Arch, class T>
  constexpr status decode_row(planes<std::byte const, plane_count> const& from, std::span<T> row, workspace w) const noexcept {
    if (auto const s = detail::check_row(*this, row.size(), from, w); !s || row.empty()) return s;
    auto const values = w.take<T>(row.size() / group * kept);
    bool const whole = runs_on(!contiguous(from));
    auto const step = whole ? row.size() : block_size();
    for (std::size_t first = 0; first < row.size(); first += step) {
      auto const size = row.size() - first < step ? row.size() - first : step;
      auto const part = values.subspan(first / group * kept, size / group * kept);
      auto const at = planes_from(from, whole ? 0 : first / step);
      if (auto const s = with_arch<Arch>::decode(codec(), codec_planes(at), part, w); !s) return s;
    }
    auto const& places = from[inner_planes];
    auto const unit = position_run(row.size(), places);
    bool good = true;
    for (std::size_t first = 0, b = 0; first < row.size(); first += unit, ++b) {
      auto const size = row.size() - first < unit ? row.size() - first : unit;
      std::span<std::byte const> const positions{places.data + b * places.block_stride, packed::position_bytes(size)};
      good = detail::spread_kept<n_kept, m_group, Layout, Arch>(values.data() + first / group * kept, positions,
                                                                row.subspan(first, size)) &&
          good;
    }
    return good ? errc::ok : errc::corrupt;
  }

  [[no_unique_address]] Pattern pattern_{};
};

}  // namespace skive
