// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/sparse_product.hpp - products of rows of a sparse_codec: what all rows share is worked out once.
///
///   a row is cut into pieces (compose/sparse_pieces.hpp); each gathers what its positions name of the vector, floats or bytes,
///   and takes the codec's own product with that; 2:4 without gaps picks in registers (compose/picked_product.hpp,
///   sparse/picked_rows.hpp), with the same bits for floats
///
/// Model of : -
/// Cost     : the gathering and the codec's product; 16 KiB of stack for floats, 12 for bytes (and 16 where one block holds many
///            of the codec's and blocks have gaps).
/// Accuracy : the codec's for each piece; pieces are summed in double.
/// Promise  : the same pieces, and bits, in every layout. Positions that no mask has give errc::corrupt.
/// Source   : -

#include "skive/block/float_query.hpp"
#include "skive/compose/picked_product.hpp"
#include "skive/compose/sparse_pieces.hpp"
#include "skive/sparse/gather_lanes.hpp"
#include "skive/sparse/kept_bytes.hpp"
#include "skive/sparse/picked_rows.hpp"

namespace skive::detail {

/// Its query is a view of the vector: any part of a row can be multiplied by itself.
template <class Codec>
concept has_float_query = dot_codec<Codec> && std::is_same_v<typename Codec::query, float_query>;
/// Meets vectors of bytes, a scale for 32 numbers, when Kept numbers of a group are kept.
template <class Codec, std::size_t Kept>
concept has_byte_query = has_float_query<Codec> && 32 % Kept == 0 && requires(Codec const c) {
  requires integer_scheme<typename Codec::scheme_type>;
  { c.order() } -> std::same_as<bit_order>;
};

template <class Arch, class Sparse>
class sparse_product {
  static constexpr std::size_t plane_count = Sparse::plane_count;
  static constexpr std::size_t inner_planes = Sparse::inner_planes;
  static constexpr std::size_t kept = Sparse::kept;
  static constexpr std::size_t group = Sparse::group;
  static constexpr std::size_t most_at_once = sparse_pieces<Arch, Sparse>::most_at_once;
  using packed = typename Sparse::packed;
  using codec_type = std::remove_cvref_t<decltype(std::declval<Sparse const&>().codec())>;
  using from_planes = planes<std::byte const, plane_count>;
  static constexpr bool by_picker = [] {
    if constexpr (simd::vector_arch<Arch>)
      return kept == 2 && group == 4 && packed::layout == position_layout::combinadic && picked_product<codec_type, Arch>::exists;
    return false;
  }();

  template <class Query>
  static constexpr std::size_t step_of() noexcept {
    if constexpr (std::is_same_v<Query, sparse_int8_query>) return Sparse::template bytes_of<codec_type>::step;
    return kept;
  }

 public:
  /// For all rows of q.size numbers whose blocks are as far from each other as those of `from`.
  template <class Query>
  constexpr sparse_product(Sparse const& s, Query const& q, from_planes const& from) noexcept
      : sparse_{s}, pieces_{s, q.size, step_of<Query>(), from} {
    [[maybe_unused]] auto const n = (q.size < pieces_.size() ? q.size : pieces_.size()) / group * kept;
    if constexpr (std::is_same_v<Query, sparse_int8_query>)
      layout_ = s.codec().layout(n);
    else if constexpr (by_picker)
      layout_ = picked_product<codec_type, Arch>::layout(s.codec(), n);
  }
  constexpr bool fits() const noexcept { return pieces_.size() != 0; }
  /// Can rows of n numbers be cut into pieces that keep multiples of `step` numbers?
  static constexpr bool fits(Sparse const& s, std::size_t n, std::size_t step) noexcept {
    return sparse_pieces<Arch, Sparse>::size(s, n, step) != 0;
  }

  /// All rows with all vectors, up to the first row that is corrupt: row r with query t goes to rows.out[t rows.stride + r].
  template <class Query>
  constexpr status operator()(row_products<plane_count> const& rows, std::span<Query const> queries) const noexcept {
    if constexpr (std::is_same_v<Query, sparse_int8_query>)
      if constexpr (Sparse::template bytes_of<codec_type>::template by_picker<Arch>)
        if (!pieces_.gaps() && queries[0].size <= pieces_.size() &&
            picked_rows<typename codec_type::scheme_type, Arch>::fits(layout_))
          return rows_picked(rows, queries);
    if constexpr (std::is_same_v<Query, float_query> && by_picker)
      if (!std::is_constant_evaluated() && !pieces_.gaps() && queries[0].size <= pieces_.size() &&
          picked_product<codec_type, Arch>::fits(layout_))
        return rows_picked(rows, queries);
    for (std::size_t r = 0; r < rows.rows; ++r)
      for (std::size_t t = 0; t < queries.size(); ++t) {
        auto const y = (*this)(rows.row(r), queries[t]);
        if (!y) return y.error();
        rows.out[t * rows.stride + r] = *y;
      }
    return errc::ok;
  }
  template <class Query>
  constexpr result<float> operator()(from_planes const& from, Query const& q) const noexcept {
    auto const at_once = pieces_.size();
    if (q.size <= at_once) return product_of(from, q, 0, q.size);
    double sum = 0;
    for (std::size_t first = 0, b = 0; first < q.size; first += at_once, b += pieces_.blocks()) {
      auto const size = q.size - first < at_once ? q.size - first : at_once;
      auto const part = product_of(Sparse::planes_from(from, b), q, first, size);
      if (!part) return part;
      sum += static_cast<double>(*part);
    }
    return static_cast<float>(sum);
  }

 private:
  constexpr result<float> product_of(from_planes const& from, float_query const& q, std::size_t first,
                                     std::size_t size) const noexcept {
    if constexpr (by_picker)
      if (!std::is_constant_evaluated() && !pieces_.gaps()) {
        using picked = picked_product<codec_type, Arch>;
        auto const n = size / group * kept;
        auto const l = layout_.n == n ? layout_ : picked::layout(sparse_.codec(), n);
        if (picked::fits(l))
          return picked::of(sparse_.codec(), sparse_.codec_planes(from), l, from[inner_planes].data, q.data + first);
      }
    alignas(64) std::array<float, most_at_once + 16> values;  // NOLINT(cppcoreguidelines-pro-type-member-init): 16 KiB
    auto const& places = from[inner_planes];
    bool good = true;
    auto const unit = pieces_.position_unit();
    for (std::size_t i = 0, b = 0; i < size; i += unit, ++b) {
      auto const now = size - i < unit ? size - i : unit;
      std::span<std::byte const> const positions{places.data + b * places.block_stride, packed::position_bytes(now)};
      good = gather_at<Sparse::n_kept, Sparse::m_group, packed::layout, Arch>({q.data + first + i, now}, positions,
                                                                              values.data() + i / group * kept) &&
          good;
    }
    if (!good) return errc::corrupt;
    return pieces_.product_of_kept(from, float_query{values.data(), size / group * kept});
  }

  // Rows without gaps that are one piece each, until the first that is corrupt: a row meets all vectors before the next.
  [[gnu::noinline]] status rows_picked(row_products<plane_count> const& rows, std::span<float_query const> queries) const noexcept
    requires by_picker
  {
    auto from = sparse_.codec_planes(rows.first);
    auto const* places = rows.first[inner_planes].data;
    for (std::size_t r = 0; r < rows.rows; ++r) {
      for (std::size_t t = 0; t < queries.size(); ++t) {
        auto const y = picked_product<codec_type, Arch>::of(sparse_.codec(), from, layout_, places, queries[t].data);
        if (!y) return y.error();
        rows.out[t * rows.stride + r] = *y;
      }
      for (std::size_t i = 0; i < inner_planes; ++i) from[i].data += rows.pitch[i];
      places += rows.pitch[inner_planes];
    }
    return errc::ok;
  }

  constexpr result<float> product_of(from_planes const& from, sparse_int8_query const& q, std::size_t first,
                                     std::size_t size) const noexcept {
    using bytes = typename Sparse::template bytes_of<codec_type>;
    std::array<std::byte, bytes::most_position_bytes> close;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    auto const positions = pieces_.positions_of(from[inner_planes], size, close);
    if constexpr (bytes::template by_picker<Arch>) {
      auto const kept_here = size / group * kept;
      auto const l = layout_.n == kept_here ? layout_ : sparse_.codec().layout(kept_here);
      if (picked_rows<typename codec_type::scheme_type, Arch>::fits(l)) return product_of_picked(from, q, first, l, positions);
    }
    auto const order = sparse_.codec().order();
    alignas(64) std::array<std::byte, bytes::most_bytes> records;  // NOLINT(cppcoreguidelines-pro-type-member-init): 12 KiB
    if (!bytes::template fill<Arch>(q, first, size, positions, order, records.data())) return errc::corrupt;
    return pieces_.product_of_kept(
        from,
        int8_query{records.data(), size / group * kept, q.scale, q.kind, query_order<typename codec_type::scheme_type>(order)});
  }

  result<float> product_of_picked(from_planes const& from, sparse_int8_query const& q, std::size_t first, group_layout const& l,
                                  std::span<std::byte const> positions) const noexcept {
    using bytes = typename Sparse::template bytes_of<codec_type>;
    picked_rows<typename codec_type::scheme_type, Arch> rows{sparse_.codec().scheme(), l.order};
    auto const* const scales = q.kind == activation_scale::per_block ? q.scales + first / bytes::scale_numbers : nullptr;
    std::array<std::byte, 4 * most_at_once> close;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    auto const y = rows(pieces_.gaps() ? pieces_.codes_of(from, l.n, close) : sparse_.codec_planes(from), l, positions,
                        {q.data + first}, {scales});
    return rows.good() ? result<float>{y[0] * q.scale} : errc::corrupt;
  }

  // Rows without gaps that are one piece each: a row meets all vectors before the next.
  status rows_picked(row_products<plane_count> const& rows, std::span<sparse_int8_query const> queries) const noexcept {
    if (queries.size() == 1) return rows_picked<1>(rows, 0, rows.rows, queries.data(), rows.out);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      std::size_t t = 0;
      for (; t + 4 <= queries.size(); t += 4)
        if (auto const s = rows_picked<4>(rows, r, r + 1, queries.data() + t, rows.out + t * rows.stride); !s) return s;
      for (; t < queries.size(); ++t)
        if (auto const s = rows_picked<1>(rows, r, r + 1, queries.data() + t, rows.out + t * rows.stride); !s) return s;
    }
    return errc::ok;
  }
  template <std::size_t Queries>
  [[gnu::noinline]] status rows_picked(row_products<plane_count> const& rows, std::size_t first, std::size_t end,
                                       sparse_int8_query const* queries, float* out) const noexcept {
    using picked = picked_rows<typename codec_type::scheme_type, Arch, Queries>;
    picked product{sparse_.codec().scheme(), layout_.order};
    typename picked::bytes_of x;
    typename picked::scales_of scales;
    for (std::size_t q = 0; q < Queries; ++q) {
      x[q] = queries[q].data;
      scales[q] = queries[q].kind == activation_scale::per_block ? queries[q].scales : nullptr;
    }
    auto from = sparse_.codec_planes(rows.first);
    for (std::size_t i = 0; i < inner_planes; ++i) from[i].data += first * rows.pitch[i];
    auto const* places = rows.first[inner_planes].data + first * rows.pitch[inner_planes];
    auto const bytes = packed::position_bytes(queries[0].size);
    for (std::size_t r = first; r < end; ++r) {
      auto const y = product(from, layout_, {places, bytes}, x, scales);
      if (!product.good()) return errc::corrupt;
      for (std::size_t q = 0; q < Queries; ++q) out[q * rows.stride + r] = y[q] * queries[q].scale;
      for (std::size_t i = 0; i < inner_planes; ++i) from[i].data += rows.pitch[i];
      places += rows.pitch[inner_planes];
    }
    return errc::ok;
  }

  Sparse const& sparse_;
  sparse_pieces<Arch, Sparse> pieces_;
  group_layout layout_{};  // of a piece, for pickers
};

}  // namespace skive::detail
