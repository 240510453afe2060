// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/mapped_pages.hpp - quantizers of rows after a linear map: smoothing, channel scales, reordering, rotation, low rank.
///
///   y = F (x - c) is stored;   x' = B y' + c;   q x' = (B^T q) y' + q c;   sum_t w_t x'_t = B sum_t w_t y'_t + (sum_t w_t) c
///
/// So products stay on packed data whatever the map: queries are mapped once, sums of values once for each call. The maps stand
/// in kv/channel_map.hpp; a map of a map is a mapped quantizer of a mapped quantizer.
///
/// Model of : key_quantizer (mapped_keys), value_quantizer (mapped_values)
/// Cost     : that of the inner quantizer; appending maps each row once; accumulate maps one row for each row of weights and
///            call: calls of whole pages, not of single tokens.
/// Accuracy : that of the inner quantizer on y, times B; rounding of floats.
/// Promise  : NaN, infinity and rows with a number of y beyond 2031 (so that a rotation inside may gather a row of 1024 in one
///            float16) are refused (not_finite), and the page is left alone.
/// Source   : J. Zhang et al., "SageAttention", ICLR 2025 (constants of keys drop out of softmax); C.-C. Chang et al., "Palu",
///            ICLR 2025 (products in the low-rank space).

#include "skive/kv/affine_lanes.hpp"
#include "skive/kv/plain_queries.hpp"

namespace skive {

/// F, B and c. Spans have outer_size() and inner_size() numbers, and do not overlap.
template <class M>
concept head_map = primitive<M> && requires(M const m, std::span<float const> from, std::span<float> to, workspace scratch) {
  { m.outer_size() } noexcept -> std::same_as<std::size_t>;
  { m.inner_size() } noexcept -> std::same_as<std::size_t>;
  { m.scratch_bytes() } noexcept -> std::same_as<std::size_t>;
  { m.center() } noexcept -> std::same_as<std::span<float const>>;       // c, or nothing
  { m.forward(from, to, scratch) } noexcept -> std::same_as<status>;     // F (x - c)
  { m.backward(from, to, scratch) } noexcept -> std::same_as<status>;    // B y
  { m.transposed(from, to, scratch) } noexcept -> std::same_as<status>;  // B^T q
};

template <class Query>
struct mapped_queries {
  std::size_t rows = 0;
  Query inner;
  float const* shifts = nullptr;  ///< q c
};

namespace detail {

/// What keys and values share.
template <class Inner, head_map Map>
class mapped_page {
 public:
  constexpr mapped_page() noexcept = default;

  constexpr Inner const& inner() const noexcept { return inner_; }
  constexpr Map const& map() const noexcept { return map_; }
  constexpr std::size_t head_size() const noexcept { return map_.outer_size(); }
  constexpr std::size_t page_tokens() const noexcept { return inner_.page_tokens(); }
  constexpr std::size_t group_tokens() const noexcept { return inner_.group_tokens(); }
  constexpr std::size_t page_bytes() const noexcept { return inner_.page_bytes(); }

  /// Fails with size_mismatch, not_finite, workspace_too_small.
  template <class Arch = native_arch>
  status append(matrix_view<float const> rows, std::size_t first, std::span<std::byte> page, workspace scratch) const noexcept {
    page_shape const shape{head_size(), page_tokens()};
    auto const group = group_tokens();
    if (auto const s = check_append<Arch>(shape, group, page_bytes(), page.size(), rows, first, largest_float16); !s) return s;
    if (scratch.size() < scratch_bytes(1)) return errc::workspace_too_small;
    auto const n = map_.inner_size();
    matrix_view<float> const mapped{scratch.take<float>(group * n).data(), group, n};
    for (bool const write : {false, true})  // all rows are looked at before the first byte is written
      for (std::size_t t = 0; t < rows.rows; t += group) {
        for (std::size_t i = 0; i < group; ++i) {
          if (auto const s = map_.forward(rows.row(t + i), mapped.row(i), scratch); !s) return s;
          if (!write && !within<Arch>(mapped.row(i), limit)) return errc::not_finite;
        }
        if (!write) continue;
        if (auto const s = inner_.template append<Arch>(mapped, first + t, page, scratch); !s) return s;
      }
    return errc::ok;
  }
  /// Fails with size_mismatch, workspace_too_small, and what Inner fails with.
  template <class Arch = native_arch>
  status decode(std::span<std::byte const> page, std::size_t first, matrix_view<float> out, workspace scratch) const noexcept {
    if (auto const s = check_decode({head_size(), page_tokens()}, page_bytes(), page.size(), first, out); !s) return s;
    if (scratch.size() < scratch_bytes(1)) return errc::workspace_too_small;
    auto const n = map_.inner_size();
    matrix_view<float> const mapped{scratch.take<float>(n).data(), 1, n};
    for (std::size_t t = 0; t < out.rows; ++t) {
      if (auto const s = inner_.template decode<Arch>(page, first + t, mapped, scratch); !s) return s;
      if (auto const s = map_.backward(mapped.row(0), out.row(t), scratch); !s) return s;
      auto const c = map_.center();
      for (std::size_t d = 0; d < c.size(); ++d) out(t, d) += c[d];
    }
    return errc::ok;
  }
  constexpr std::size_t scratch_bytes(std::size_t rows) const noexcept {
    auto const n = map_.inner_size();
    auto const most = rows > group_tokens() ? rows : group_tokens();
    auto const own = saturating_add(workspace::bytes<float>(saturating_multiply(most, n)), workspace::bytes<float>(head_size()));
    return saturating_add(own, saturating_add(map_.scratch_bytes(), inner_.scratch_bytes(rows)));
  }

 protected:
  static constexpr float limit = 65000.0f / 32;  // a rotation inside Inner may gather a whole row of 1024 in one number
  constexpr mapped_page(Inner const& inner, Map const& map) noexcept : inner_{inner}, map_{map} {}
  static constexpr status check(Inner const& inner, Map const& map) noexcept {
    if (inner.head_size() != map.inner_size() || !page_shape{map.outer_size(), tile_tokens}.valid())
      return errc::invalid_argument;
    return errc::ok;
  }

 private:
  Inner inner_{};
  Map map_{};
};

}  // namespace detail

template <key_quantizer Inner, head_map Map>
class mapped_keys : public detail::mapped_page<Inner, Map> {
  using base = detail::mapped_page<Inner, Map>;

 public:
  using query = mapped_queries<typename Inner::query>;

  constexpr mapped_keys() noexcept = default;
  /// Fails with invalid_argument unless the map leads to the head size of the inner quantizer.
  static constexpr result<mapped_keys> make(Inner const& inner, Map const& map) noexcept {
    if (auto const s = base::check(inner, map); !s) return s;
    return mapped_keys{inner, map};
  }
  constexpr std::size_t query_bytes(std::size_t rows) const noexcept {
    auto const own = saturating_add(workspace::bytes<float>(saturating_multiply(rows, this->map().inner_size())),
                                    workspace::bytes<float>(rows));
    return saturating_add(own, saturating_add(this->map().scratch_bytes(), this->inner().query_bytes(rows)));
  }
  /// Fails with size_mismatch, not_finite, workspace_too_small.
  template <class Arch = native_arch>
  result<query> prepare(matrix_view<float const> rows, workspace memory) const noexcept {
    if (!rows.valid() || rows.cols != this->head_size()) return errc::size_mismatch;
    if (memory.size() < query_bytes(rows.rows)) return errc::workspace_too_small;
    auto const n = this->map().inner_size();
    matrix_view<float> const mapped{memory.take<float>(rows.rows * n).data(), rows.rows, n};
    auto const shifts = memory.take<float>(rows.rows);
    auto const c = this->map().center();
    for (std::size_t h = 0; h < rows.rows; ++h) {
      if (!detail::within<Arch>(rows.row(h), 0x1p100f)) return errc::not_finite;
      if (auto const s = this->map().transposed(rows.row(h), mapped.row(h), memory); !s) return s.error();
      shifts[h] = 0.0f;
      for (std::size_t d = 0; d < c.size(); ++d) shifts[h] += rows(h, d) * c[d];
      if (!is_finite(shifts[h])) return errc::not_finite;
    }
    auto const inner = this->inner().template prepare<Arch>(mapped, memory);
    if (!inner) return inner.error();
    return query{rows.rows, *inner, shifts.data()};
  }
  /// logits(i, j) = query i times token first + j. Fails with what Inner fails with.
  template <class Arch = native_arch>
  status dot(std::span<std::byte const> page, std::size_t first, query const& q, matrix_view<float> logits,
             workspace scratch) const noexcept {
    if (logits.rows != q.rows) return errc::size_mismatch;
    if (auto const s = this->inner().template dot<Arch>(page, first, q.inner, logits, scratch); !s) return s;
    if (!this->map().center().empty())
      for (std::size_t i = 0; i < logits.rows; ++i)
        for (auto& l : logits.row(i)) l += q.shifts[i];
    return errc::ok;
  }

 private:
  constexpr mapped_keys(Inner const& inner, Map const& map) noexcept : base{inner, map} {}
};

template <value_quantizer Inner, head_map Map>
class mapped_values : public detail::mapped_page<Inner, Map> {
  using base = detail::mapped_page<Inner, Map>;

 public:
  constexpr mapped_values() noexcept = default;
  /// Fails with invalid_argument unless the map leads to the head size of the inner quantizer.
  static constexpr result<mapped_values> make(Inner const& inner, Map const& map) noexcept {
    if (auto const s = base::check(inner, map); !s) return s;
    return mapped_values{inner, map};
  }
  /// sums(i, d) += sum_j weights(i, j) v(first + j, d). Fails with size_mismatch, workspace_too_small, and what Inner fails with.
  template <class Arch = native_arch>
  status accumulate(std::span<std::byte const> page, std::size_t first, matrix_view<float const> weights, matrix_view<float> sums,
                    workspace scratch) const noexcept {
    if (auto const s =
            detail::check_range({this->head_size(), this->page_tokens()}, this->page_bytes(), page.size(), first, weights.cols);
        !s)
      return s;
    if (auto const s = detail::check_weights<Arch>(weights, sums, this->head_size()); !s) return s;
    if (scratch.size() < this->scratch_bytes(weights.rows)) return errc::workspace_too_small;
    if (weights.rows == 0 || weights.cols == 0) return errc::ok;
    auto const n = this->map().inner_size();
    matrix_view<float> const inner{scratch.take<float>(weights.rows * n).data(), weights.rows, n};
    auto const out = scratch.take<float>(this->head_size());
    for (std::size_t i = 0; i < inner.rows; ++i)
      for (auto& x : inner.row(i)) x = 0.0f;
    if (auto const s = this->inner().template accumulate<Arch>(page, first, weights, inner, scratch); !s) return s;
    auto const c = this->map().center();
    for (std::size_t i = 0; i < weights.rows; ++i) {
      if (auto const s = this->map().backward(inner.row(i), out, scratch); !s) return s;
      float total = 0.0f;
      for (auto const w : weights.row(i)) total += w;
      for (std::size_t d = 0; d < out.size(); ++d) sums(i, d) += c.empty() ? out[d] : out[d] + total * c[d];
    }
    return errc::ok;
  }

 private:
  constexpr mapped_values(Inner const& inner, Map const& map) noexcept : base{inner, map} {}
};

}  // namespace skive
