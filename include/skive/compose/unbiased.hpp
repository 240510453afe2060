// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/unbiased.hpp - a codec whose products are right on average: one stored factor a row undoes what coding takes.
///
///   f = fl32(|x|^2 / <x', x>),   x'' = fl32(f x'),   <x'', y> ~ <x, y>;   planes: those of the codec, then f in float32
///
/// A code of least squared error D shrinks: <x', x> = (1 - D) |x|^2, so that products come out too small by that share. With
/// f the error is at right angles to x, and behind a random rotation its mean is zero for every y: the variance of a product is
/// |x|^2 |y|^2 sin^2(x, y) D / ((1 - D) n). rotated{random_hadamard, unbiased{c}} is RaBitQ's estimator for any codec c.
///
/// Model of : block_codec; dot_codec where the codec is one
/// Cost     : an encode, a decode and two sums of squares a row; 4 bytes a row; one product more.
/// Accuracy : a squared error of D / (1 - D) in place of D.
/// Promise  : the same bytes everywhere where the codec's are: sums have a fixed order. A row for which f would not be a positive
///            normal number (zeros, NaN, a code at right angles to x) keeps f = 1.
/// Source   : J. Gao, C. Long, "RaBitQ", SIGMOD 2024.

#include "skive/block/group_error.hpp"
#include "skive/compose/parts.hpp"
#include "skive/core/ieee.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/simd/arch.hpp"

#include <cstring>

namespace skive {

namespace detail {

/// |x|^2 / <y, x>, or 1 where that is no positive normal float.
inline float unbiasing_factor(std::span<float const> x, std::span<float const> y) noexcept {
  lane_sums square;
  lane_sums product;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const a = normal_or_zero(x[i]);
    square.add(i, a * a);
    product.add(i, a * normal_or_zero(y[i]));
  }
  auto const f = square.total() / product.total();
  return f >= 0x1p-126 && f < 0x1p128 ? static_cast<float>(f) : 1.0f;
}

}  // namespace detail

template <block_codec Codec>
class unbiased {
 public:
  static constexpr std::size_t plane_count = Codec::plane_count + 1;
  using bytes_to = planes<std::byte, plane_count>;
  using bytes_from = planes<std::byte const, plane_count>;

  constexpr unbiased() noexcept = default;
  constexpr explicit unbiased(Codec codec) noexcept : codec_{codec} {}

  constexpr Codec const& codec() const noexcept { return codec_; }
  constexpr std::size_t block_size() const noexcept { return 0; }
  constexpr std::size_t row_multiple() const noexcept { return codec_.row_multiple(); }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return detail::joined(codec_.plane_bytes(n), std::array<std::size_t, 1>{n == 0 ? 0U : 4U});
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    return n == 0 ? 0 : saturating_add(workspace::bytes<float>(n), codec_.scratch_bytes(n));
  }

  /// Fails with size_mismatch, workspace_too_small or as the codec does, before the first write.
  template <class Arch = native_arch>
  status encode(std::span<float const> row, bytes_to to, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), to); !s || row.empty()) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    auto const decoded = w.take<float>(row.size());
    auto const own = detail::planes_of<0>(codec_, 0, to);
    if (auto const s = with_arch<Arch>::encode(codec_, row, own, w); !s) return s;
    if (auto const s = with_arch<Arch>::decode(codec_, planes<std::byte const, Codec::plane_count>(own), decoded, w); !s)
      return s;
    auto const word = std::bit_cast<std::uint32_t>(detail::unbiasing_factor(row, decoded));
    for (std::size_t b = 0; b < 4; ++b)
      to[Codec::plane_count].data[b] = static_cast<std::byte>(static_cast<std::uint8_t>(word >> (8 * b)));
    return errc::ok;
  }
  /// Fails with size_mismatch, workspace_too_small or as the codec does.
  template <class Arch = native_arch>
  status decode(bytes_from from, std::span<float> row, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), from); !s || row.empty()) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    if (auto const s = with_arch<Arch>::decode(codec_, detail::planes_of<0>(codec_, 0, from), row, w); !s) return s;
    auto const f = factor(from);
    for (auto& x : row) x = ieee_multiply(f, x);
    return errc::ok;
  }

  using query = typename detail::query_of<Codec>::type;
  constexpr std::size_t query_bytes(std::size_t n) const noexcept
    requires dot_codec<Codec>
  {
    return codec_.query_bytes(n);
  }
  template <class Arch = native_arch>
  auto prepare(std::span<float const> x, workspace w = {}) const noexcept
    requires dot_codec<Codec>
  {
    return with_arch<Arch>::prepare(codec_, x, w);
  }
  /// Fails as the codec does, or with size_mismatch. Any query of the codec's will do.
  template <class Arch = native_arch, class Query>
  result<float> dot(bytes_from from, Query const& q) const noexcept
    requires dot_codec<Codec>
  {
    if (auto const s = check(q.size, from); !s) return s.error();
    auto const y = with_arch<Arch>::dot(codec_, detail::planes_of<0>(codec_, 0, from), q);
    return y && q.size != 0 ? result<float>{factor(from) * *y} : y;
  }

 private:
  template <class Byte>
  constexpr status check(std::size_t n, planes<Byte, plane_count> const& p) const noexcept {
    if (n % row_multiple() != 0) return errc::size_mismatch;
    return check_blocks(*this, n, p);
  }
  static float factor(bytes_from const& from) noexcept {
    std::uint32_t word = 0;
    for (std::size_t b = 0; b < 4; ++b) word |= std::to_integer<std::uint32_t>(from[Codec::plane_count].data[b]) << (8 * b);
    return std::bit_cast<float>(word);
  }

  [[no_unique_address]] Codec codec_{};
};

}  // namespace skive
