// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/mixed_columns.hpp - the first columns of a matrix by one codec, the others by another.
///
///   x = (a, b), a: the first `count` numbers;   x' = (decode_a(encode_a(a)), decode_b(encode_b(b)));   planes: a's, then b's
///
///   rotated{order, *mixed_columns<stored_as<float16>, absmax<int4>>::make(32, {}, absmax<int4>{64})}
///
/// Channels whose inputs are large, or whose second moments are, keep more bits than the rest: a permutation brings them to the
/// front, once for the tensor, and no index is stored. A row of at most `count` numbers is all a.
///
/// Model of : block_codec (the row is one unit); dot_codec where both parts are
/// Cost     : both codecs, and a copy of a's bytes. One product is the parts' two.
/// Accuracy : each part's own.
/// Promise  : the bytes are those of the parts. Where a part refuses its numbers, nothing has been written.
/// Source   : Dettmers et al., arXiv:2208.07339 (LLM.int8); Lee et al., arXiv:2306.02272 (OWQ); Ashkboos et al., arXiv:2310.09259
///            (QUIK); Zhao et al., arXiv:2310.19102 (Atom).

#include "skive/compose/parts.hpp"
#include "skive/core/relayout.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/simd/arch.hpp"

#include <numeric>

namespace skive {

template <block_codec First, block_codec Rest>
class mixed_columns {
 public:
  static constexpr std::size_t plane_count = First::plane_count + Rest::plane_count;
  using bytes_to = planes<std::byte, plane_count>;
  using bytes_from = planes<std::byte const, plane_count>;

  constexpr mixed_columns() noexcept = default;
  /// Fails with size_mismatch unless both parts take rows of `count` numbers.
  static constexpr result<mixed_columns> make(std::size_t count, First first, Rest rest) noexcept {
    mixed_columns made;
    made.count_ = count;
    made.first_ = first;
    made.rest_ = rest;
    if (count % made.row_multiple() != 0) return errc::size_mismatch;
    return made;
  }

  constexpr std::size_t count() const noexcept { return count_; }
  constexpr First const& first() const noexcept { return first_; }
  constexpr Rest const& rest() const noexcept { return rest_; }

  constexpr std::size_t block_size() const noexcept { return 0; }
  constexpr std::size_t row_multiple() const noexcept { return std::lcm(first_.row_multiple(), rest_.row_multiple()); }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return detail::joined(first_.plane_bytes(head(n)), rest_.plane_bytes(n - head(n)));
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    auto const h = head(n);
    auto const parts = detail::larger(first_.scratch_bytes(h), rest_.scratch_bytes(n - h));
    return n == 0 ? 0 : saturating_add(workspace::bytes<std::byte>(total_bytes(first_.plane_bytes(h))), parts);
  }

  /// Fails with size_mismatch, workspace_too_small or as a part does, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, bytes_to to, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), to, w); !s || row.empty()) return s;
    auto const h = head(row.size());
    planes<std::byte, First::plane_count> kept;
    auto const bytes = w.take<std::byte>(total_bytes(first_.plane_bytes(h)));
    if (auto const s = planar(first_, h, bytes, kept); !s) return s;
    if (auto const s = with_arch<Arch>::encode(first_, row.first(h), kept, w); !s) return s;
    if (auto const s = with_arch<Arch>::encode(rest_, row.subspan(h), rest_planes(to), w); !s) return s;
    return relayout(first_, h, kept, first_planes(to));
  }

  /// Fails as encode() does; of corrupt bytes `row` may hold a part.
  template <class Arch = native_arch>
  constexpr status decode(bytes_from from, std::span<float> row, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), from, w); !s || row.empty()) return s;
    auto const h = head(row.size());
    if (auto const s = with_arch<Arch>::decode(first_, first_planes(from), row.first(h), w); !s) return s;
    return with_arch<Arch>::decode(rest_, rest_planes(from), row.subspan(h), w);
  }

  /// A product is the sum of the parts' products, rounded once. Fails as a part does.
  struct query {
    typename detail::query_of<First>::type first{};
    typename detail::query_of<Rest>::type rest{};
    std::size_t size = 0;
  };
  constexpr std::size_t query_bytes(std::size_t n) const noexcept
    requires dot_codec<First> && dot_codec<Rest>
  {
    return saturating_add(workspace::bytes<std::byte>(first_.query_bytes(head(n))), rest_.query_bytes(n - head(n)));
  }
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace w = {}) const noexcept
    requires dot_codec<First> && dot_codec<Rest>
  {
    if (w.size() < query_bytes(x.size())) return errc::workspace_too_small;
    auto const h = head(x.size());
    auto const memory = w.take<std::byte>(first_.query_bytes(h));
    auto const a = with_arch<Arch>::prepare(first_, x.first(h), workspace{memory});
    if (!a) return a.error();
    auto const b = with_arch<Arch>::prepare(rest_, x.subspan(h), w);
    if (!b) return b.error();
    return query{*a, *b, x.size()};
  }
  template <class Arch = native_arch>
  constexpr result<float> dot(bytes_from from, query const& q) const noexcept
    requires dot_codec<First> && dot_codec<Rest>
  {
    auto const a = with_arch<Arch>::dot(first_, first_planes(from), q.first);
    auto const b = with_arch<Arch>::dot(rest_, rest_planes(from), q.rest);
    return a && b ? result<float>{*a + *b} : a ? b : a;
  }

 private:
  constexpr std::size_t head(std::size_t n) const noexcept { return n < count_ ? n : count_; }
  template <class Byte>
  constexpr status check(std::size_t n, planes<Byte, plane_count> const& p, workspace const& w) const noexcept {
    if (n % row_multiple() != 0) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, n, p); !s) return s;
    return w.size() < scratch_bytes(n) ? errc::workspace_too_small : errc::ok;
  }
  template <class Byte>
  constexpr auto first_planes(planes<Byte, plane_count> const& p) const noexcept {
    return detail::planes_of<0>(first_, 0, p);
  }
  template <class Byte>
  constexpr auto rest_planes(planes<Byte, plane_count> const& p) const noexcept {
    return detail::planes_of<First::plane_count>(rest_, 0, p);
  }

  std::size_t count_ = 0;
  [[no_unique_address]] First first_{};
  [[no_unique_address]] Rest rest_{};
};

}  // namespace skive
