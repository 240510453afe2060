// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file sparse/packed_n_of_m.hpp - rows of which N of each M numbers are kept: the kept numbers, and where they were.
///
///   values    : n N / M numbers of any type, in the order of the row
///   positions : a code for each group of M (sparse/position_code.hpp), without gaps; the last byte filled up with zeros
///   2:4 with 16-bit values takes 19/2 bits a number (combinadic) or 10 (index_list)
///
/// Model of : -
/// Cost     : one pass, 16 numbers at a time where M is 1, 2, 4, 8, 16 or 32 and the numbers have 1, 2 or 4 bytes; tables up to
///            8 KiB. No allocation.
/// Accuracy : lossless.
/// Promise  : sizes are checked before the first write, masks too; positions that no mask has give errc::corrupt, and nothing
///            outside the row is touched.
/// Source   : A. Mishra et al., arXiv:2104.08378, for the idea; the codes are ours.

#include "skive/core/planes.hpp"
#include "skive/sparse/expand_lanes.hpp"
#include "skive/sparse/gather_lanes.hpp"
#include "skive/sparse/mask.hpp"

namespace skive {

template <int N, int M, position_layout Layout = position_layout::combinadic>
struct packed_n_of_m {
  using code = detail::position_code<N, M, Layout>;
  static constexpr std::size_t kept = N;
  static constexpr std::size_t group = M;
  static constexpr position_layout layout = Layout;
  static constexpr int position_bits = code::bits;  ///< of a group

  /// For a row of n numbers, a multiple of M.
  static constexpr std::size_t value_count(std::size_t n) noexcept { return n / M * N; }
  static constexpr std::size_t position_bytes(std::size_t n) noexcept {
    constexpr auto bits = static_cast<std::size_t>(position_bits);
    auto const groups = n / M;
    return saturating_add(saturating_multiply(groups / 8, bits), (groups % 8 * bits + 7) / 8);
  }

  /// Fails with size_mismatch, or with invalid_argument unless the mask keeps N of each M.
  template <class Arch = native_arch>
  static constexpr status pack_positions(std::span<std::byte const> mask, std::size_t n,
                                         std::span<std::byte> positions) noexcept {
    if (n % M != 0 || mask.size() != mask_bytes(n) || positions.size() != position_bytes(n)) return errc::size_mismatch;
    if (!detail::keeps_n_of_m<N, M>(mask, n)) return errc::invalid_argument;
    detail::write_positions<N, M, Layout, Arch>(mask, n, positions.data());
    return errc::ok;
  }
  /// Fails with size_mismatch, or corrupt: `mask` is then unspecified.
  template <class Arch = native_arch>
  static constexpr status unpack_positions(std::span<std::byte const> positions, std::size_t n,
                                           std::span<std::byte> mask) noexcept {
    if (n % M != 0 || mask.size() != mask_bytes(n) || positions.size() != position_bytes(n)) return errc::size_mismatch;
    detail::bit_writer out{mask.data()};
    bool good = true;
    for (std::size_t g = 0; g < n / M; ++g) {
      auto const kept_here = detail::group_mask<N, M, Layout, Arch>(positions, g);
      good = good && kept_here != 0;
      out.append(kept_here, M);
    }
    out.finish();
    return good ? errc::ok : errc::corrupt;
  }

  /// Fails with size_mismatch, or with invalid_argument unless the mask keeps N of each M.
  template <class Arch = native_arch, class T>
    requires std::is_trivially_copyable_v<T>
  static constexpr status pack(std::span<T const> row, std::span<std::byte const> mask, std::span<std::type_identity_t<T>> values,
                               std::span<std::byte> positions) noexcept {
    if (values.size() != value_count(row.size())) return errc::size_mismatch;
    if (auto const s = pack_positions<Arch>(mask, row.size(), positions); !s) return s;
    detail::gather_kept<Arch>(row, mask, values.data());
    return errc::ok;
  }
  /// Fails with size_mismatch, or corrupt: `row` is then unspecified.
  template <class Arch = native_arch, class T>
    requires std::is_trivially_copyable_v<T>
  static constexpr status unpack(std::span<T const> values, std::span<std::byte const> positions,
                                 std::span<std::type_identity_t<T>> row) noexcept {
    if (row.size() % M != 0 || values.size() != value_count(row.size()) || positions.size() != position_bytes(row.size()))
      return errc::size_mismatch;
    return detail::spread_kept<N, M, Layout, Arch>(values.data(), positions, row) ? errc::ok : errc::corrupt;
  }
};

}  // namespace skive
