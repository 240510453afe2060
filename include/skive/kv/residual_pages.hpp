// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/residual_pages.hpp - rows in two terms: one quantizer, and another for what it loses.
///
///   x' = x1' + x2',   x2 = x - x1';   products are sums of both;   page: [page of First][page of Second]
///
/// TurboQuant's form for inner products is normal_keys of b - 1 bits, then normal_keys<1, ..., level_scale::unbiased> of the
/// residual, a sketch of signs (QJL) with orthogonal rows and a scale that makes q x2' right along x2.
///
/// Model of : key_quantizer (residual_keys), value_quantizer (residual_values)
/// Cost     : both terms'; appending decodes the first. Scratch for a group of rows and the logits of 128 tokens.
/// Accuracy : that of Second on what First loses.
/// Promise  : NaN, infinity and numbers beyond 21000 are refused, so that no residual leaves what pages hold, and the page is left
///            alone. Groups must be those of one and the same page.
/// Source   : A. Zandieh et al., "TurboQuant", arXiv:2504.19874; A. Zandieh et al., "QJL", AAAI 2025.

#include "skive/kv/affine_lanes.hpp"
#include "skive/kv/joined_keys.hpp"

namespace skive {
namespace detail {

/// What keys and values share.
template <class First, class Second>
class residual_page {
 public:
  constexpr residual_page() noexcept = default;

  constexpr std::size_t head_size() const noexcept { return first_.head_size(); }
  constexpr std::size_t page_tokens() const noexcept { return first_.page_tokens(); }
  constexpr std::size_t group_tokens() const noexcept {
    return first_.group_tokens() > second_.group_tokens() ? first_.group_tokens() : second_.group_tokens();
  }
  constexpr std::size_t page_bytes() const noexcept { return first_.page_bytes() + second_.page_bytes(); }
  constexpr std::size_t scratch_bytes(std::size_t rows) const noexcept {
    auto const a = first_.scratch_bytes(rows);
    auto const b = second_.scratch_bytes(rows);
    auto const own = workspace::bytes<float>(saturating_multiply(group_tokens(), head_size())) +
        workspace::bytes<float>(saturating_multiply(rows, logits_at_once));
    return saturating_add(own, a > b ? a : b);
  }

  /// Fails with size_mismatch, not_finite, workspace_too_small.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    page_shape const shape{head_size(), page_tokens()};
    auto const group = group_tokens();
    if (auto const s = check_append<Arch>(shape, group, page_bytes(), page.size(), rows, first, 21000.0f); !s) return s;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    auto const n = head_size();
    matrix_view<float> const rest{scratch.take<float>(group * n).data(), group, n};
    for (std::size_t t = 0; t < rows.rows; t += group) {
      matrix_view<float const> const part{&rows(t, 0), group, n, rows.row_stride};
      auto const one = page.first(first_.page_bytes());
      if (auto const s = first_.template append<Arch>(part, first + t, one, scratch); !s) return s;
      if (auto const s = first_.template decode<Arch>(one, first + t, rest, scratch); !s) return s;
      for (std::size_t i = 0; i < group; ++i)
        for (std::size_t d = 0; d < n; ++d) rest(i, d) = part(i, d) - rest(i, d);
      auto const s = second_.template append<Arch>(rest, first + t, page.subspan(first_.page_bytes()), scratch);
      if (!s) return s;
    }
    return errc::ok;
  }
  /// Fails with size_mismatch, workspace_too_small.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (auto const s = check_decode({head_size(), page_tokens()}, page_bytes(), page.size(), first, out); !s) return s;
    if (scratch.size() < scratch_bytes(0)) return errc::workspace_too_small;
    if (auto const s = first_.template decode<Arch>(page.first(first_.page_bytes()), first, out, scratch); !s) return s;
    matrix_view<float> const one{scratch.take<float>(head_size()).data(), 1, head_size()};
    for (std::size_t t = 0; t < out.rows; ++t) {
      auto const s = second_.template decode<Arch>(page.subspan(first_.page_bytes()), first + t, one, scratch);
      if (!s) return s;
      for (std::size_t d = 0; d < out.cols; ++d) out(t, d) += one(0, d);
    }
    return errc::ok;
  }

 protected:
  constexpr residual_page(First const& first, Second const& second) noexcept : first_{first}, second_{second} {}
  static constexpr status check(First const& first, Second const& second) noexcept {
    auto const a = first.group_tokens();
    auto const b = second.group_tokens();
    if (a == 0 || b == 0 || first.page_tokens() != second.page_tokens() || (a % b != 0 && b % a != 0))
      return errc::invalid_argument;
    return first.head_size() == second.head_size() ? errc::ok : errc::invalid_argument;
  }
  constexpr First const& first_part() const noexcept { return first_; }
  constexpr Second const& second_part() const noexcept { return second_; }

 private:
  First first_{};
  Second second_{};
};

}  // namespace detail

template <key_quantizer First, key_quantizer Second>
class residual_keys : public detail::residual_page<First, Second> {
  using base = detail::residual_page<First, Second>;

 public:
  using query = joined_queries<typename First::query, typename Second::query>;

  constexpr residual_keys() noexcept = default;
  /// Fails with invalid_argument unless heads and pages are alike and one group divides the other.
  static constexpr result<residual_keys> make(First const& first, Second const& second) noexcept {
    if (auto const s = base::check(first, second); !s) return s;
    return residual_keys{first, second};
  }
  constexpr std::size_t query_bytes(std::size_t rows) const noexcept {
    return saturating_add(workspace::bytes<std::byte>(this->first_part().query_bytes(rows)),
                          workspace::bytes<std::byte>(this->second_part().query_bytes(rows)));
  }
  /// Fails with size_mismatch, not_finite, workspace_too_small.
  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, workspace memory) const noexcept {
    if (!rows.valid() || rows.cols != this->head_size()) return errc::size_mismatch;
    if (memory.size() < query_bytes(rows.rows)) return errc::workspace_too_small;
    workspace const own{memory.take<std::byte>(this->first_part().query_bytes(rows.rows))};
    auto const a = this->first_part().template prepare<Arch>(rows, own);
    if (!a) return a.error();
    auto const b = this->second_part().template prepare<Arch>(rows, memory);
    if (!b) return b.error();
    return query{rows.rows, *a, *b};
  }
  /// logits(i, j) = query i times token first + j. Fails with size_mismatch, workspace_too_small, corrupt.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace scratch) const noexcept {
    page_shape const shape{this->head_size(), this->page_tokens()};
    if (auto const s = detail::check_range(shape, this->page_bytes(), page.size(), first, logits.cols); !s) return s;
    if (!logits.valid() || logits.rows != q.rows) return errc::size_mismatch;
    if (scratch.size() < this->scratch_bytes(q.rows)) return errc::workspace_too_small;
    auto const bytes = this->first_part().page_bytes();
    if (auto const s = this->first_part().template dot<Arch>(page.first(bytes), first, q.first, logits, scratch); !s) return s;
    return detail::add_logits<Arch>(this->second_part(), page.subspan(bytes), first, q.second, logits, scratch);
  }

 private:
  constexpr residual_keys(First const& first, Second const& second) noexcept : base{first, second} {}
};

template <value_quantizer First, value_quantizer Second>
class residual_values : public detail::residual_page<First, Second> {
  using base = detail::residual_page<First, Second>;

 public:
  constexpr residual_values() noexcept = default;
  /// Fails with invalid_argument unless heads and pages are alike and one group divides the other.
  static constexpr result<residual_values> make(First const& first, Second const& second) noexcept {
    if (auto const s = base::check(first, second); !s) return s;
    return residual_values{first, second};
  }
  /// sums(i, d) += sum_j weights(i, j) v(first + j, d). Fails with size_mismatch, not_finite (a weight), corrupt, and what both
  /// terms fail with.
  template <class Arch = native_arch>
  status accumulate(std::span<std::byte const> page, std::size_t first, matrix_view<float const> weights, matrix_view<float> sums,
                    workspace scratch) const noexcept {
    page_shape const shape{this->head_size(), this->page_tokens()};
    if (auto const s = detail::check_range(shape, this->page_bytes(), page.size(), first, weights.cols); !s) return s;
    auto const bytes = this->first_part().page_bytes();
    if (auto const s = this->first_part().template accumulate<Arch>(page.first(bytes), first, weights, sums, scratch); !s)
      return s;
    return this->second_part().template accumulate<Arch>(page.subspan(bytes), first, weights, sums, scratch);
  }

 private:
  constexpr residual_values(First const& first, Second const& second) noexcept : base{first, second} {}
};

}  // namespace skive
