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
#include "skive/simd/arch.hpp"

namespace skive {

template <block_codec First, block_codec Rest>
class mixed_columns {
  using parts = detail::two_parts<First, Rest>;

 public:
  static constexpr std::size_t plane_count = parts::plane_count;
  using bytes_to = planes<std::byte, plane_count>;
  using bytes_from = planes<std::byte const, plane_count>;

  constexpr mixed_columns() noexcept = default;
  /// Fails with size_mismatch unless both parts take rows of `count` numbers.
  static constexpr result<mixed_columns> make(std::size_t count, First first, Rest rest) noexcept {
    mixed_columns made;
    made.count_ = count;
    made.parts_ = {first, rest};
    if (count % made.row_multiple() != 0) return errc::size_mismatch;
    return made;
  }

  constexpr std::size_t count() const noexcept { return count_; }
  constexpr First const& first() const noexcept { return parts_.first; }
  constexpr Rest const& rest() const noexcept { return parts_.second; }

  constexpr std::size_t block_size() const noexcept { return 0; }
  constexpr std::size_t row_multiple() const noexcept { return parts_.row_multiple(); }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return detail::joined(first().plane_bytes(head(n)), rest().plane_bytes(n - head(n)));
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    auto const h = head(n);
    auto const either = detail::larger(first().scratch_bytes(h), rest().scratch_bytes(n - h));
    return n == 0 ? 0 : saturating_add(workspace::bytes<std::byte>(total_bytes(first().plane_bytes(h))), either);
  }

  /// Fails with size_mismatch, workspace_too_small or as a part does, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, bytes_to to, workspace w = {}) const noexcept {
    if (auto const s = detail::check_row(*this, row.size(), to, w); !s || row.empty()) return s;
    auto const h = head(row.size());
    planes<std::byte, First::plane_count> kept;
    auto const bytes = w.take<std::byte>(total_bytes(first().plane_bytes(h)));
    if (auto const s = planar(first(), h, bytes, kept); !s) return s;
    if (auto const s = with_arch<Arch>::encode(first(), row.first(h), kept, w); !s) return s;
    if (auto const s = with_arch<Arch>::encode(rest(), row.subspan(h), parts_.second_planes(0, to), w); !s) return s;
    return relayout(first(), h, kept, parts_.first_planes(0, to));
  }

  /// Fails as encode() does; of corrupt bytes `row` may hold a part.
  template <class Arch = native_arch>
  constexpr status decode(bytes_from from, std::span<float> row, workspace w = {}) const noexcept {
    if (auto const s = detail::check_row(*this, row.size(), from, w); !s || row.empty()) return s;
    auto const h = head(row.size());
    if (auto const s = with_arch<Arch>::decode(first(), parts_.first_planes(0, from), row.first(h), w); !s) return s;
    return with_arch<Arch>::decode(rest(), parts_.second_planes(0, from), row.subspan(h), w);
  }

  /// A product is the sum of the parts' products, rounded once. Fails as a part does.
  using query = typename parts::query;
  constexpr std::size_t query_bytes(std::size_t n) const noexcept
    requires(parts::has_products)
  {
    return parts_.query_bytes(head(n), n - head(n));
  }
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace w = {}) const noexcept
    requires(parts::has_products)
  {
    auto const h = head(x.size());
    return parts_.template prepare<Arch>(x.first(h), x.subspan(h), x.size(), w);
  }
  template <class Arch = native_arch>
  constexpr result<float> dot(bytes_from from, query const& q) const noexcept
    requires(parts::has_products)
  {
    return parts_.template dot<Arch>(0, from, q);
  }

 private:
  constexpr std::size_t head(std::size_t n) const noexcept { return n < count_ ? n : count_; }

  std::size_t count_ = 0;
  parts parts_{};
};

}  // namespace skive
