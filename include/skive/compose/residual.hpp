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
#include "skive/core/with_arch.hpp"
#include "skive/simd/arch.hpp"

#include <numeric>

namespace skive {

template <block_codec First, block_codec Second>
class residual {
 public:
  static constexpr std::size_t plane_count = First::plane_count + Second::plane_count;

  constexpr residual() noexcept = default;
  constexpr residual(First first, Second second) noexcept : first_{first}, second_{second} {}

  constexpr First const& first() const noexcept { return first_; }
  constexpr Second const& second() const noexcept { return second_; }

  constexpr std::size_t block_size() const noexcept { return detail::common_block(first_.block_size(), second_.block_size()); }
  constexpr std::size_t row_multiple() const noexcept { return std::lcm(first_.row_multiple(), second_.row_multiple()); }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return detail::joined(first_.plane_bytes(n), second_.plane_bytes(n));
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    auto const own = saturating_add(workspace::bytes<float>(n), workspace::bytes<std::byte>(total_bytes(first_.plane_bytes(n))));
    return n == 0 ? 0 : saturating_add(own, detail::larger(first_.scratch_bytes(n), second_.scratch_bytes(n)));
  }

  /// Fails with size_mismatch, workspace_too_small or as a part does, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), to, w); !s || row.empty()) return s;
    auto const rest = w.take<float>(row.size());
    planes<std::byte, First::plane_count> kept;
    auto const bytes = w.take<std::byte>(total_bytes(first_.plane_bytes(row.size())));
    if (auto const s = planar(first_, row.size(), bytes, kept); !s) return s;
    if (auto const s = with_arch<Arch>::encode(first_, row, kept, w); !s) return s;
    if (auto const s = with_arch<Arch>::decode(first_, kept, rest, w); !s) return s;
    for (std::size_t i = 0; i < row.size(); ++i) rest[i] = ieee_add(row[i], -rest[i]);
    if (auto const s = with_arch<Arch>::encode(second_, std::span<float const>{rest}, second_planes(to), w); !s) return s;
    return relayout(first_, row.size(), kept, first_planes(to));
  }

  /// Fails as encode() does; of corrupt bytes `row` may hold a part.
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), from, w); !s || row.empty()) return s;
    auto const rest = w.take<float>(row.size());
    if (auto const s = with_arch<Arch>::decode(second_, second_planes(from), rest, w); !s) return s;
    if (auto const s = with_arch<Arch>::decode(first_, first_planes(from), row, w); !s) return s;
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = ieee_add(row[i], rest[i]);
    return errc::ok;
  }

  /// A product is the sum of the parts' products, rounded once. Fails as a part does.
  struct query {
    typename detail::query_of<First>::type first{};
    typename detail::query_of<Second>::type second{};
    std::size_t size = 0;
  };
  constexpr std::size_t query_bytes(std::size_t n) const noexcept
    requires dot_codec<First> && dot_codec<Second>
  {
    return saturating_add(workspace::bytes<std::byte>(first_.query_bytes(n)), second_.query_bytes(n));
  }
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace w = {}) const noexcept
    requires dot_codec<First> && dot_codec<Second>
  {
    if (w.size() < query_bytes(x.size())) return errc::workspace_too_small;
    auto const memory = w.take<std::byte>(first_.query_bytes(x.size()));
    auto const a = with_arch<Arch>::prepare(first_, x, workspace{memory});
    if (!a) return a.error();
    auto const b = with_arch<Arch>::prepare(second_, x, w);
    if (!b) return b.error();
    return query{*a, *b, x.size()};
  }
  template <class Arch = native_arch>
  constexpr result<float> dot(planes<std::byte const, plane_count> from, query const& q) const noexcept
    requires dot_codec<First> && dot_codec<Second>
  {
    auto const a = with_arch<Arch>::dot(first_, first_planes(from), q.first);
    auto const b = with_arch<Arch>::dot(second_, second_planes(from), q.second);
    return a && b ? result<float>{*a + *b} : a ? b : a;
  }

 private:
  template <class Byte>
  constexpr status check(std::size_t n, planes<Byte, plane_count> const& p, workspace const& w) const noexcept {
    if (n % row_multiple() != 0) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, n, p); !s) return s;
    return w.size() < scratch_bytes(n) ? errc::workspace_too_small : errc::ok;
  }
  template <class Byte>
  constexpr auto first_planes(planes<Byte, plane_count> const& p) const noexcept {
    return detail::planes_of<0>(first_, block_size(), p);
  }
  template <class Byte>
  constexpr auto second_planes(planes<Byte, plane_count> const& p) const noexcept {
    return detail::planes_of<First::plane_count>(second_, block_size(), p);
  }

  [[no_unique_address]] First first_{};
  [[no_unique_address]] Second second_{};
};

}  // namespace skive
