// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/grouped_pages.hpp - pages of groups of tokens, each group by a codec that sees it whole: outliers, low rank, codebooks.
///
///   grouped_keys<Group>, grouped_values<Group>       page: [group 0][group 1] ...,  group_bytes() each
///
/// Model of : key_quantizer (grouped_keys), value_quantizer (grouped_values)
/// Cost     : kv/decoded_pages.hpp.
/// Accuracy : that of Group.
/// Promise  : NaN, infinity and numbers beyond 65504 are refused, and the page is left alone.
/// Source   : -

#include "skive/kv/affine_lanes.hpp"
#include "skive/kv/decoded_pages.hpp"

namespace skive {

/// group_tokens() x head_size() numbers of at most 65504 to group_bytes() bytes, and tokens first, first + 1 ... of them back.
/// Law: encode refuses nothing but too little scratch.
template <class G>
concept token_group = primitive<G> &&
    requires(G const g, matrix_view<float const> rows, std::span<std::byte> to, std::span<std::byte const> from,
             std::size_t first, matrix_view<float> out, workspace scratch) {
      { g.head_size() } noexcept -> std::same_as<std::size_t>;
      { g.group_tokens() } noexcept -> std::same_as<std::size_t>;
      { g.group_bytes() } noexcept -> std::same_as<std::size_t>;
      { g.scratch_bytes() } noexcept -> std::same_as<std::size_t>;
      { g.encode(rows, to, scratch) } noexcept -> std::same_as<status>;
      { g.decode(from, first, out, scratch) } noexcept -> std::same_as<status>;
    };

namespace detail {

template <token_group Group>
class grouped_page {
 public:
  using codec_type = Group;

  constexpr grouped_page() noexcept = default;
  /// Fails with invalid_argument unless groups of that head size fill the page.
  static constexpr result<grouped_page> make(Group const& group, page_shape shape) noexcept {
    auto const tokens = group.group_tokens();
    if (!shape.valid() || group.head_size() != shape.head_size || tokens == 0 || shape.tokens % tokens != 0)
      return errc::invalid_argument;
    return grouped_page{group, shape};
  }

  constexpr Group const& group() const noexcept { return group_; }
  constexpr page_shape shape() const noexcept { return shape_; }
  constexpr std::size_t head_size() const noexcept { return shape_.head_size; }
  constexpr std::size_t page_tokens() const noexcept { return shape_.tokens; }
  constexpr std::size_t group_tokens() const noexcept { return group_.group_tokens(); }
  constexpr std::size_t page_bytes() const noexcept { return shape_.tokens / group_tokens() * group_.group_bytes(); }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return group_.scratch_bytes(); }

  /// Fails with size_mismatch unless rows are whole groups that fit from token `first`, a group's first; not_finite,
  /// workspace_too_small.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    auto const tokens = group_tokens();
    if (auto const s = check_append<Arch>(shape_, tokens, page_bytes(), page.size(), rows, first, largest_float16); !s) return s;
    if (scratch.size() < group_.scratch_bytes()) return errc::workspace_too_small;
    for (std::size_t t = 0; t < rows.rows; t += tokens) {
      matrix_view<float const> const part{&rows(t, 0), tokens, rows.cols, rows.row_stride};
      auto const to = page.subspan((first + t) / tokens * group_.group_bytes(), group_.group_bytes());
      if (auto const s = group_.encode(part, to, scratch); !s) return s;
    }
    return errc::ok;
  }
  /// Fails with size_mismatch, workspace_too_small.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (auto const s = check_decode(shape_, page_bytes(), page.size(), first, out); !s) return s;
    if (scratch.size() < group_.scratch_bytes()) return errc::workspace_too_small;
    return decode_rows<Arch>(page, first, out, scratch);
  }

 protected:
  template <class Arch>
  status decode_rows(std::span<std::byte const> page, std::size_t first, matrix_view<float> out,
                     workspace scratch) const noexcept {
    auto const tokens = group_tokens();
    for (std::size_t t = 0; t < out.rows;) {
      auto const at = (first + t) % tokens;
      auto const count = smaller(tokens - at, out.rows - t);
      auto const from = page.subspan((first + t) / tokens * group_.group_bytes(), group_.group_bytes());
      if (auto const s = group_.decode(from, at, {&out(t, 0), count, out.cols, out.row_stride}, scratch); !s) return s;
      t += count;
    }
    return errc::ok;
  }

 private:
  constexpr grouped_page(Group const& group, page_shape shape) noexcept : group_{group}, shape_{shape} {}

  Group group_{};
  page_shape shape_{};
};

}  // namespace detail

template <token_group Group>
using grouped_keys = decoded_keys<detail::grouped_page<Group>>;
template <token_group Group>
using grouped_values = decoded_values<detail::grouped_page<Group>>;

}  // namespace skive
