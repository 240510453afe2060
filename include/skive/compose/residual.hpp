// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/residual.hpp - what one codec leaves over is coded by a second one.
///
///   a' = decode_a(encode_a(x)),   e = x - a',   x' = a' + decode_b(encode_b(e));   planes: those of a, then those of b
///
///   residual{absmax<int4>{32}, absmax<int4>{32}}    8 bits, of which a reader can use the first four alone
///
/// Model of : block_codec; dot_codec where both parts are. Not stepwise: a sum does not tell its two terms apart.
/// Cost     : both codecs, a decode of the first and an addition a number; scratch for a row and the first part's bytes.
///            One product is the parts' two.
/// Accuracy : the second codec's error on e, plus half an ulp of e and of x'.
/// Promise  : sums and differences are correctly rounded in every processor mode: the same bytes everywhere. Where a part refuses
///            a row, nothing has been written. What is not finite in a is not finite in x'.
/// Source   : multistage quantization: B.-H. Juang and A. H. Gray, ICASSP 1982.

#include "skive/compose/parts.hpp"
#include "skive/core/ieee.hpp"
#include "skive/core/relayout.hpp"
#include "skive/simd/arch.hpp"

namespace skive {

template <block_codec First, block_codec Second>
class residual {
  using parts = detail::two_parts<First, Second>;

 public:
  static constexpr std::size_t plane_count = parts::plane_count;

  constexpr residual() noexcept = default;
  constexpr residual(First first, Second second) noexcept : parts_{first, second} {}

  constexpr First const& first() const noexcept { return parts_.first; }
  constexpr Second const& second() const noexcept { return parts_.second; }

  constexpr std::size_t block_size() const noexcept { return detail::common_block(first().block_size(), second().block_size()); }
  constexpr std::size_t row_multiple() const noexcept { return parts_.row_multiple(); }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return detail::joined(first().plane_bytes(n), second().plane_bytes(n));
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    auto const own = saturating_add(workspace::bytes<float>(n), workspace::bytes<std::byte>(total_bytes(first().plane_bytes(n))));
    return n == 0 ? 0 : saturating_add(own, detail::larger(first().scratch_bytes(n), second().scratch_bytes(n)));
  }

  /// Fails with size_mismatch, workspace_too_small or as a part does, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept {
    if (auto const s = detail::check_row(*this, row.size(), to, w); !s || row.empty()) return s;
    auto const rest = w.take<float>(row.size());
    planes<std::byte, First::plane_count> kept;
    auto const bytes = w.take<std::byte>(total_bytes(first().plane_bytes(row.size())));
    if (auto const s = planar(first(), row.size(), bytes, kept); !s) return s;
    if (auto const s = with_arch<Arch>::encode(first(), row, kept, w); !s) return s;
    if (auto const s = with_arch<Arch>::decode(first(), kept, rest, w); !s) return s;
    for (std::size_t i = 0; i < row.size(); ++i) rest[i] = ieee_add(row[i], -rest[i]);
    if (auto const s = with_arch<Arch>::encode(second(), std::span<float const>{rest}, parts_.second_planes(block_size(), to), w);
        !s)
      return s;
    return relayout(first(), row.size(), kept, parts_.first_planes(block_size(), to));
  }

  /// Fails as encode() does; of corrupt bytes `row` may hold a part.
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace w = {}) const noexcept {
    if (auto const s = detail::check_row(*this, row.size(), from, w); !s || row.empty()) return s;
    auto const rest = w.take<float>(row.size());
    if (auto const s = with_arch<Arch>::decode(second(), parts_.second_planes(block_size(), from), rest, w); !s) return s;
    if (auto const s = with_arch<Arch>::decode(first(), parts_.first_planes(block_size(), from), row, w); !s) return s;
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = ieee_add(row[i], rest[i]);
    return errc::ok;
  }

  /// A product is the sum of the parts' products, rounded once. Fails as a part does.
  using query = typename parts::query;
  constexpr std::size_t query_bytes(std::size_t n) const noexcept
    requires(parts::has_products)
  {
    return parts_.query_bytes(n, n);
  }
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace w = {}) const noexcept
    requires(parts::has_products)
  {
    return parts_.template prepare<Arch>(x, x, x.size(), w);
  }
  template <class Arch = native_arch>
  constexpr result<float> dot(planes<std::byte const, plane_count> from, query const& q) const noexcept
    requires(parts::has_products)
  {
    return parts_.template dot<Arch>(block_size(), from, q);
  }

 private:
  parts parts_{};
};

}  // namespace skive
