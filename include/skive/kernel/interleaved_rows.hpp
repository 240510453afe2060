// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kernel/interleaved_rows.hpp - packed rows repacked for products with many vectors: sixteen rows side by side.
///
///   plane 0     : [tile t][word w][row j]    bytes 4 w .. 4 w + 3 of the codes of row 16 t + j; zeros past the row's end
///   plane 1 + f : [tile t][group g][row j]   metadata field f of group g, sixteen fields packed as in a plain row
///
/// A lane of a register is then a row, so that sums need no crossing of lanes, and the codes of a word are still in the order of
/// the plain row. Rows past the last one are zeros. Lossless: pack() and unpack() move bytes and change none.
///
/// Model of : -
/// Cost     : a copy; the same bytes as the plain layout up to 15 rows and 31 numbers of a row.
/// Accuracy : -
/// Promise  : sizes are checked before the first write; any bytes are safe.
/// Source   : the interleaving of 8 or 16 rows that llama.cpp ("repack") and oneDNN (blocked formats) use.

#include "skive/block/grouped.hpp"
#include "skive/kernel/packed_matrix.hpp"

#include <cstring>

namespace skive {

template <class Codec>
class interleaved_rows;

template <detail::linear_scheme Scheme>
  requires requires { Scheme::packing::width; }
class interleaved_rows<grouped<Scheme>> {
  static constexpr std::size_t fields = Scheme::field_bits.size();
  static constexpr std::size_t width = Scheme::packing::width;

 public:
  using codec_type = grouped<Scheme>;
  using scheme_type = Scheme;
  static constexpr std::size_t plane_count = 1 + fields;
  static constexpr std::size_t tile_rows = 16;

  constexpr interleaved_rows() noexcept = default;
  /// For `rows` rows of n numbers. Fails with invalid_argument unless groups are whole words of 4 bytes and multiples of 16
  /// numbers, or the whole row; with overflow.
  static constexpr result<interleaved_rows> make(codec_type const& codec, std::size_t rows, std::size_t n) noexcept {
    auto const group = codec.group_size() == 0 || codec.group_size() > n ? n : codec.group_size();
    if (group != n && (group % 16 != 0 || group * width % 32 != 0)) return errc::invalid_argument;
    if (rows > ~std::size_t{0} - 15 || n > (~std::size_t{0} >> 8)) return errc::overflow;
    interleaved_rows r;
    r.codec_ = codec;
    r.rows_ = rows;
    r.n_ = n;
    for (auto const b : r.plane_bytes())
      if (b == ~std::size_t{0}) return errc::overflow;
    return r;
  }

  constexpr codec_type const& codec() const noexcept { return codec_; }
  constexpr std::size_t rows() const noexcept { return rows_; }
  constexpr std::size_t row_numbers() const noexcept { return n_; }
  constexpr std::size_t tiles() const noexcept { return (rows_ + 15) / 16; }
  /// Words of 4 bytes of a row: those of whole 32 numbers.
  constexpr std::size_t words() const noexcept { return (n_ / 32 + (n_ % 32 != 0 ? 1 : 0)) * width; }
  constexpr std::size_t groups() const noexcept { return codec_.groups(n_); }
  /// Numbers of a group; n for the whole row.
  constexpr std::size_t group() const noexcept {
    return codec_.group_size() == 0 || codec_.group_size() > n_ ? n_ : codec_.group_size();
  }
  constexpr std::size_t code_tile_bytes() const noexcept { return 64 * words(); }
  constexpr std::size_t field_group_bytes(std::size_t f) const noexcept {
    return 2 * static_cast<std::size_t>(Scheme::field_bits[f]);
  }

  constexpr std::array<std::size_t, plane_count> plane_bytes() const noexcept {
    std::array<std::size_t, plane_count> bytes{};
    bytes[0] = saturating_multiply(tiles(), code_tile_bytes());
    for (std::size_t f = 0; f < fields; ++f)
      bytes[1 + f] = saturating_multiply(tiles(), saturating_multiply(groups(), field_group_bytes(f)));
    return bytes;
  }

  /// Plain rows to tiles. Fails with size_mismatch if planes are too small or m has not rows() rows.
  status pack(packed_matrix<plane_count> const& m, planes<std::byte, plane_count> const& to) const noexcept {
    if (m.rows != rows_) return errc::size_mismatch;
    if (auto const s = detail::check_rows(codec_, m, n_, {0, rows_}); !s) return s;
    if (auto const s = check(to); !s) return s;
    auto const bytes = plane_bytes();
    for (std::size_t p = 0; p < plane_count; ++p)
      if (bytes[p] != 0) std::memset(to[p].data, 0, bytes[p]);
    auto const l = codec_.layout(n_);
    for (std::size_t r = 0; r < rows_; ++r) {
      auto const from = m.row(r);
      each_group(l, [&](std::size_t g, std::size_t b, std::size_t k, std::size_t at, std::size_t count) noexcept {
        auto const* const codes = from[0].data + b * from[0].block_stride + Scheme::packing::bytes(k * l.group);
        for (std::size_t i = 0; i < count; ++i) to[0].data[place(r, at + i)] = codes[i];
        for (std::size_t f = 0; f < fields; ++f) {
          auto const* const block = from[1 + f].data + b * from[1 + f].block_stride;
          set_field(to[1 + f].data, f, r, g, detail::load_field(block, k, Scheme::field_bits[f], l.order));
        }
      });
    }
    return errc::ok;
  }

  /// Row r of the tiles as a plain row. Fails with size_mismatch.
  status unpack(planes<std::byte const, plane_count> const& from, std::size_t r,
                planes<std::byte, plane_count> const& to) const noexcept {
    if (r >= rows_) return errc::size_mismatch;
    if (auto const s = check(from); !s) return s;
    if (auto const s = check_blocks(codec_, n_, to); !s) return s;
    auto const l = codec_.layout(n_);
    std::array<std::array<std::uint32_t, 40>, fields == 0 ? 1 : fields> pending{};
    each_group(l, [&](std::size_t g, std::size_t b, std::size_t k, std::size_t at, std::size_t count) noexcept {
      auto* const codes = to[0].data + b * to[0].block_stride + Scheme::packing::bytes(k * l.group);
      for (std::size_t i = 0; i < count; ++i) codes[i] = from[0].data[place(r, at + i)];
      for (std::size_t f = 0; f < fields; ++f) {
        pending[f][k] = get_field(from[1 + f].data, f, r, g);
        detail::store_fields(std::span{pending[f]}.first(k + 1), Scheme::field_bits[f], l.order,
                             to[1 + f].data + b * to[1 + f].block_stride);
      }
    });
    return errc::ok;
  }

  /// Planes that hold all tiles; else size_mismatch.
  template <class Byte>
  constexpr status check(planes<Byte, plane_count> const& p) const noexcept {
    auto const need = plane_bytes();
    for (std::size_t i = 0; i < plane_count; ++i)
      if (p[i].size < need[i]) return errc::size_mismatch;
    return errc::ok;
  }

 private:
  // f(group, block, group in its block, first byte of its codes in the row, bytes)
  template <class F>
  void each_group(detail::group_layout const& l, F f) const noexcept {
    for (std::size_t g = 0; g < l.groups; ++g) {
      auto const size = n_ - g * l.group < l.group ? n_ - g * l.group : l.group;
      f(g, g / l.per_block, g % l.per_block, Scheme::packing::bytes(g * l.group), Scheme::packing::bytes(size));
    }
  }
  constexpr std::size_t place(std::size_t r, std::size_t byte) const noexcept {
    return r / 16 * code_tile_bytes() + byte / 4 * 64 + r % 16 * 4 + byte % 4;
  }
  constexpr std::size_t field_place(std::size_t f, std::size_t r, std::size_t g) const noexcept {
    return (r / 16 * groups() + g) * field_group_bytes(f);
  }
  void set_field(std::byte* plane, std::size_t f, std::size_t r, std::size_t g, std::uint32_t value) const noexcept {
    auto const bits = Scheme::field_bits[f];
    auto* const at = plane + field_place(f, r, g);
    if (bits >= 8) return detail::store_fields(std::span{&value, 1}, bits, codec_.order(), at + r % 16 * field_bytes(bits));
    packed_fields<std::byte>::make({at, field_group_bytes(f)}, 16, bits, codec_.order())
        ->set(r % 16, static_cast<std::uint8_t>(value));
  }
  std::uint32_t get_field(std::byte const* plane, std::size_t f, std::size_t r, std::size_t g) const noexcept {
    return detail::load_field(plane + field_place(f, r, g), r % 16, Scheme::field_bits[f], codec_.order());
  }
  static constexpr std::size_t field_bytes(int bits) noexcept { return static_cast<std::size_t>(bits) / 8; }

  codec_type codec_{};
  std::size_t rows_ = 0;
  std::size_t n_ = 0;
};

template <class Codec>
interleaved_rows(Codec const&) -> interleaved_rows<Codec>;

}  // namespace skive
