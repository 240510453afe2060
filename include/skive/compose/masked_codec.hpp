// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/masked_codec.hpp - a fixed count of a row's numbers kept wherever they lie, the kept ones coded by another
/// codec.
///
///   x' = decode(encode(kept x)) at the kept places, 0 elsewhere;   planes: the codec's, then a mask of n bits (sparse/mask.hpp)
///   kept: what the rule chooses by |x|, or what a mask of the caller's says
///
///   masked_codec{top_fraction{0.5f}, stored_as<float16>{}}     9 bits a number; an index costs 1 bit whatever is kept
///
/// Model of : block_codec (the row is one unit); dot_codec where the codec's query is a view of the vector
/// Cost     : radix select, gathering and the codec on the kept numbers; scratch for a row and a mask. A product gathers the vector
///            by the mask, at most 4096 kept numbers at a time, in 16 KiB of stack.
/// Accuracy : the codec's on kept numbers. A product: the codec's bound, and its pieces summed in double.
/// Promise  : the same bytes everywhere. NaN and infinities are kept before any number. A mask that does not keep as many as the
///            rule gives errc::corrupt before the first write. Where the codec refuses a row, nothing has been written.
/// Source   : -

#include "skive/compose/sparse_codec.hpp"
#include "skive/compose/split_outliers.hpp"

namespace skive {

template <class Rule, block_codec Codec>
  requires mask_pattern<Rule> && outlier_rule<Rule>
class masked_codec {
  static constexpr std::size_t inner_planes = Codec::plane_count;
  static constexpr std::size_t most_at_once = 4096;  // kept numbers of a product

 public:
  static constexpr std::size_t plane_count = inner_planes + 1;

  constexpr masked_codec() noexcept = default;
  constexpr masked_codec(Rule rule, Codec codec) noexcept : rule_{rule}, codec_{codec} {}

  constexpr Rule const& rule() const noexcept { return rule_; }
  constexpr Codec const& codec() const noexcept { return codec_; }

  constexpr std::size_t block_size() const noexcept { return 0; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return detail::joined(codec_.plane_bytes(count(n)), std::array<std::size_t, 1>{mask_bytes(n)});
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    if (n == 0) return 0;
    auto const own = saturating_add(workspace::bytes<float>(n), workspace::bytes<std::byte>(mask_bytes(n)));
    return saturating_add(own, codec_.scratch_bytes(count(n)));
  }

  /// Fails with size_mismatch, also where the codec takes no row of count() numbers, workspace_too_small, or as the rule or the
  /// codec does, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), to, w); !s || row.empty()) return s;
    auto const values = w.take<float>(row.size());
    auto const mask = w.take<std::byte>(mask_bytes(row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) values[i] = detail::outlier_score(row[i]);
    if (auto const s = rule_.select(values, mask); !s) return s;
    return store<Arch>(row, mask, values, to, w);
  }
  /// Keeps what `mask` keeps. Fails also with invalid_argument unless it keeps count() entries.
  template <class Arch = native_arch>
  constexpr status encode_masked(std::span<float const> row, std::span<std::byte const> mask, planes<std::byte, plane_count> to,
                                 workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), to, w); !s) return s;
    if (mask.size() != mask_bytes(row.size())) return errc::size_mismatch;
    if (!fits(mask, row.size())) return errc::invalid_argument;
    if (row.empty()) return errc::ok;
    auto const values = w.take<float>(row.size());
    return store<Arch>(row, mask, values, to, w);
  }
  /// Fails with size_mismatch, workspace_too_small, corrupt, or as the codec does.
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), from, w); !s || row.empty()) return s;
    auto const mask = mask_of(from, row.size());
    if (!fits(mask, row.size())) return errc::corrupt;
    auto const values = w.take<float>(count(row.size()));
    if (auto const s = with_arch<Arch>::decode(codec_, detail::planes_of<0>(codec_, 0, from), values, w); !s) return s;
    detail::spread_masked<Arch>(values.data(), mask, row);
    return errc::ok;
  }

  using query = float_query;
  constexpr std::size_t query_bytes(std::size_t) const noexcept { return 0; }
  /// Fails with unsupported where a block of the codec has more than 4096 numbers. x has to outlive the query.
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace = {}) const noexcept
    requires detail::has_float_query<Codec>
  {
    if (block_values(x.size()) > most_at_once) return errc::unsupported;
    return query{x.data(), x.size()};
  }
  /// Fails with size_mismatch or corrupt.
  template <class Arch = native_arch>
  constexpr result<float> dot(planes<std::byte const, plane_count> from, query const& q) const noexcept
    requires detail::has_float_query<Codec>
  {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s;
    auto const mask = mask_of(from, q.size);
    if constexpr (requires { requires Codec::template spreads<Arch>; })
      if (!std::is_constant_evaluated())
        return Codec::template masked_product<Arch>({from[0].data, codec_.plane_bytes(count(q.size))[0]}, mask, {q.data, q.size});
    if (!fits(mask, q.size)) return errc::corrupt;
    auto const unit = block_values(q.size);
    if (unit == 0 || unit > most_at_once) return unit == 0 ? result<float>{0.0f} : errc::unsupported;
    auto const at_once = most_at_once / unit * unit;
    alignas(64) std::array<float, most_at_once + 80> values;  // NOLINT(cppcoreguidelines-pro-type-member-init): 16 KiB
    auto inner = detail::planes_of<0>(codec_, 0, from);
    double sum = 0;
    std::size_t held = 0;
    for (std::size_t i = 0; i < q.size;) {
      while (i < q.size && held < at_once) detail::gather_next<Arch>({q.data, q.size}, mask, i, values.data(), held);
      auto const now = held < at_once ? held : at_once;
      auto const part = with_arch<Arch>::dot(codec_, inner, float_query{values.data(), now});
      if (!part) return part;
      sum += static_cast<double>(*part);
      for (std::size_t k = now; k < held; ++k) values[k - now] = values[k];
      held -= now;
      for (auto& p : inner.parts) {  // the next blocks of the codec
        auto const skip = codec_.block_size() == 0 ? 0 : now / codec_.block_size() * p.block_stride;
        p.data += skip;
        p.size -= skip;
      }
      if (i == q.size && held != 0) {
        auto const last = with_arch<Arch>::dot(codec_, inner, float_query{values.data(), held});
        if (!last) return last;
        sum += static_cast<double>(*last);
      }
    }
    return static_cast<float>(sum);
  }

 private:
  constexpr std::size_t count(std::size_t n) const noexcept { return n == 0 ? 0 : rule_.count(n); }
  constexpr std::size_t block_values(std::size_t n) const noexcept {
    return codec_.block_size() == 0 ? count(n) : codec_.block_size();
  }
  static constexpr std::span<std::byte const> mask_of(planes<std::byte const, plane_count> const& p, std::size_t n) noexcept {
    return {p[inner_planes].data, mask_bytes(n)};
  }
  constexpr bool fits(std::span<std::byte const> mask, std::size_t n) const noexcept {
    std::size_t kept = 0;
    std::size_t i = 0;
    for (; i + 64 <= n; i += 64)
      kept += static_cast<std::size_t>(std::popcount(detail::load_8(mask.data() + i / 8, bit_order::low_first)));
    for (; i < n; i += 64) kept += static_cast<std::size_t>(std::popcount(detail::mask_word(mask, i)));
    return kept == count(n) && (n % 8 == 0 || (std::to_integer<unsigned>(mask[n / 8]) >> (n % 8)) == 0);
  }
  template <class Byte>
  constexpr status check(std::size_t n, planes<Byte, plane_count> const& p, workspace const& w) const noexcept {
    if (count(n) > n) return errc::invalid_argument;
    if (count(n) % codec_.row_multiple() != 0) return errc::size_mismatch;
    return detail::check_row(*this, n, p, w);
  }
  template <class Arch>
  constexpr status store(std::span<float const> row, std::span<std::byte const> mask, std::span<float> values,
                         planes<std::byte, plane_count> const& to, workspace w) const noexcept {
    auto const kept = values.first(detail::gather_kept<Arch>(row, mask, values.data()));
    if (auto const s = with_arch<Arch>::encode(codec_, std::span<float const>{kept}, detail::planes_of<0>(codec_, 0, to), w); !s)
      return s;
    for (std::size_t i = 0; i < mask.size(); ++i) to[inner_planes].data[i] = mask[i];
    return errc::ok;
  }

  [[no_unique_address]] Rule rule_{};
  [[no_unique_address]] Codec codec_{};
};

}  // namespace skive
