// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/rotated.hpp - a codec in another basis: rows are transformed, then coded; decoded, then transformed back.
///
///   encode(x) = codec.encode(T x),   decode = T^-1 codec.decode,   dot(planes, x) = codec.dot(planes, T x)   (T orthogonal)
///
/// A row is one or more times t.size() numbers. Its planes are those of the codec, blocks of lcm(t.size(), codec.block_size())
/// numbers. Solvers work on rotated weights (transform/rows.hpp) with codec() itself, and store what they get by write_rotated().
///
/// Model of : block_codec; dot_codec where the codec is one and T is orthogonal
/// Cost     : the transform and the codec, by way of a row of floats in the caller's scratch, which stays in L1 or L2; prepare()
///            transforms x once for all rows, dot() is the codec's.
/// Accuracy : that of the codec on T x: an isometry keeps the squared error of a row.
/// Promise  : the bytes of codec.encode on T x. A row with an entry that is not finite, or of 2^(126 - 2 growth) and more, is
///            refused with not_finite, since it would spread, before the first write; bytes that decode to such are corrupt.
/// Source   : S. Ashkboos et al., "QuaRot", NeurIPS 2024; A. Tseng et al., "QuIP#", ICML 2024.

#include "skive/compose/parts.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/transform/rows.hpp"

namespace skive {

template <detail::unchecked_transform Transform, block_codec Codec>
class rotated {
 public:
  static constexpr std::size_t plane_count = Codec::plane_count;
  using query = typename detail::query_of<Codec>::type;
  using bytes_to = planes<std::byte, plane_count>;
  using bytes_from = planes<std::byte const, plane_count>;

  constexpr rotated() noexcept = default;
  constexpr rotated(Transform const& t, Codec const& codec) noexcept : transform_{t}, codec_{codec} {}

  constexpr Transform const& basis() const noexcept { return transform_; }
  constexpr Codec const& codec() const noexcept { return codec_; }
  constexpr std::size_t row_multiple() const noexcept { return common_multiple(transform_.size(), codec_.row_multiple()); }
  constexpr std::size_t block_size() const noexcept {
    return codec_.block_size() == 0 ? 0 : common_multiple(row_multiple(), codec_.block_size());
  }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept { return codec_.plane_bytes(n); }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    auto const parts =
        transform_.scratch_bytes() > codec_.scratch_bytes(n) ? transform_.scratch_bytes() : codec_.scratch_bytes(n);
    return n == 0 ? parts : saturating_add(parts, workspace::bytes<float>(n));
  }

  /// Fails with size_mismatch, workspace_too_small or not_finite, or as the codec does; `to` is then untouched.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, bytes_to to, workspace w) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  constexpr status encode(std::span<bfloat16 const> row, bytes_to to, workspace w) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  template <class Arch = native_arch>
  constexpr status encode(std::span<float16 const> row, bytes_to to, workspace w) const noexcept {
    return encode_row<Arch>(row, to, w);
  }
  /// Fails with size_mismatch or workspace_too_small, or with corrupt; `row` is then unspecified.
  template <class Arch = native_arch>
  constexpr status decode(bytes_from from, std::span<float> row, workspace w) const noexcept {
    return decode_row<Arch>(from, row, w);
  }
  template <class Arch = native_arch>
  constexpr status decode(bytes_from from, std::span<bfloat16> row, workspace w) const noexcept {
    return decode_row<Arch>(from, row, w);
  }
  template <class Arch = native_arch>
  constexpr status decode(bytes_from from, std::span<float16> row, workspace w) const noexcept {
    return decode_row<Arch>(from, row, w);
  }

  /// A row of numbers of the other basis, which codec().round() returned, under its states. Fails as the codec's write() does.
  template <class State>
  constexpr status write_rotated(std::span<State const> states, std::span<float const> values, bytes_to to,
                                 workspace w) const noexcept
    requires stepwise_codec<Codec>
  {
    if (!accepts_length(values.size())) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, values.size(), to); !s) return s;
    if (!joined(values.size(), to)) return errc::unsupported;
    return codec_.write(states, values, joined_planes(to), w);
  }

  /// The codec's query for T x, which lies in the workspace with what the codec prepares. Fails with size_mismatch,
  /// workspace_too_small or not_finite. kernel/ takes it together with codec() too.
  constexpr std::size_t query_bytes(std::size_t n) const noexcept
    requires dot_codec<Codec>
  {
    auto const parts = saturating_add(transform_.scratch_bytes(), codec_.query_bytes(n));
    return n == 0 ? parts : saturating_add(parts, workspace::bytes<float>(n));
  }
  template <class Arch = native_arch>
  constexpr auto prepare(std::span<float const> x, workspace w) const noexcept
    requires dot_codec<Codec> && orthogonal_transform<Transform>
  {
    using answer = decltype(codec_.prepare(x, w));
    if (!accepts_length(x.size())) return answer{errc::size_mismatch};
    if (w.size() < query_bytes(x.size())) return answer{errc::workspace_too_small};
    auto const row = w.take<float>(x.size());
    if (auto const s = rotate<Arch>(x, row, w); !s) return answer{s.error()};
    return with_arch<Arch>::prepare(codec_, std::span<float const>{row}, w);
  }
  /// Fails as the codec does, or with unsupported for several blocks that do not follow each other without gap.
  template <class Arch = native_arch, class Query>
  constexpr result<float> dot(bytes_from from, Query const& q) const noexcept
    requires dot_codec<Codec> && orthogonal_transform<Transform>
  {
    if (!accepts_length(q.size)) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, q.size, from); !s) return s.error();
    if (!joined(q.size, from)) return errc::unsupported;
    return with_arch<Arch>::dot(codec_, joined_planes(from), q);
  }

 private:
  static constexpr std::size_t common_multiple(std::size_t a, std::size_t b) noexcept {
    if (a == 0 || b == 0) return a == 0 ? b : a;
    auto x = a;
    for (auto y = b; y != 0;) {
      auto const rest = x % y;
      x = y;
      y = rest;
    }
    return saturating_multiply(a / x, b);
  }
  constexpr bool accepts_length(std::size_t n) const noexcept {
    return n == 0 || (transform_.size() != 0 && n % row_multiple() == 0);
  }

  // The codec's blocks lie inside ours without gaps; whether ours follow each other so too, and one call serves the row.
  template <class Byte>
  constexpr bool joined(std::size_t n, planes<Byte, plane_count> const& p) const noexcept {
    auto const block = block_size();
    if (block == 0 || n <= block) return true;
    auto const each = codec_.plane_bytes(block);
    for (std::size_t i = 0; i < plane_count; ++i)
      if (p[i].block_stride != each[i]) return false;
    return true;
  }
  template <class Byte>
  constexpr planes<Byte, plane_count> joined_planes(planes<Byte, plane_count> p) const noexcept {
    if (codec_.block_size() == 0) return p;
    auto const each = codec_.plane_bytes(codec_.block_size());
    for (std::size_t i = 0; i < plane_count; ++i) p[i].block_stride = each[i];
    return p;
  }
  // f(first number, count, planes of the codec) for the whole row, or for each of our blocks.
  template <class Byte, class F>
  constexpr status for_each_piece(std::size_t n, planes<Byte, plane_count> const& p, F f) const noexcept {
    if (joined(n, p)) return f(std::size_t{0}, n, joined_planes(p));
    auto const block = block_size();
    for (std::size_t first = 0, b = 0; first < n; first += block, ++b) {
      auto const count = n - first < block ? n - first : block;
      auto piece = joined_planes(p);
      auto const bytes = codec_.plane_bytes(count);
      for (std::size_t i = 0; i < plane_count; ++i) {
        piece[i].data += b * p[i].block_stride;
        piece[i].size = bytes[i];
      }
      if (auto const s = f(first, count, piece); !s) return s;
    }
    return errc::ok;
  }

  // to <- T from: checked so that what comes back fits as well.
  template <class Arch, class T>
  constexpr status rotate(std::span<T const> from, std::span<float> to, workspace w) const noexcept {
    detail::widen_row<Arch>(from, to.data());
    auto const growth = 2 * transform_.growth() + 1;
    for (std::size_t at = 0; at < to.size(); at += transform_.size())
      if (auto const s =
              detail::guarded<Arch>(to.subspan(at, transform_.size()), growth,
                                    [&]() noexcept { transform_.template apply<Arch, direction::forward>(&to[at], w); });
          !s)
        return s;
    return errc::ok;
  }

  template <class Arch, class T>
  constexpr status encode_row(std::span<T const> row, bytes_to const& to, workspace w) const noexcept {
    auto const n = row.size();
    if (!accepts_length(n)) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, n, to); !s) return s;
    if (w.size() < scratch_bytes(n)) return errc::workspace_too_small;
    if (overlaps(row, w, scratch_bytes(n))) return errc::overlap;
    auto const turned = w.take<float>(n);
    if (auto const s = rotate<Arch>(row, turned, w); !s) return s;
    return for_each_piece(n, to, [&](std::size_t first, std::size_t count, bytes_to const& piece) noexcept {
      return with_arch<Arch>::encode(codec_, std::span<float const>{turned.subspan(first, count)}, piece, w);
    });
  }

  template <class Arch, class T>
  constexpr status decode_row(bytes_from const& from, std::span<T> row, workspace w) const noexcept {
    auto const n = row.size();
    if (!accepts_length(n)) return errc::size_mismatch;
    if (auto const s = check_blocks(*this, n, from); !s) return s;
    if (w.size() < scratch_bytes(n)) return errc::workspace_too_small;
    std::span<float> turned;
    if constexpr (std::is_same_v<T, float>)
      turned = row;
    else
      turned = w.take<float>(n);
    auto const decoded = for_each_piece(n, from, [&](std::size_t first, std::size_t count, bytes_from const& piece) noexcept {
      return with_arch<Arch>::decode(codec_, piece, turned.subspan(first, count), w);
    });
    if (!decoded) return decoded;
    for (std::size_t at = 0; at < n; at += transform_.size())
      if (!detail::transformed<Arch, direction::inverse>(transform_, turned.subspan(at, transform_.size()), w))
        return errc::corrupt;
    if constexpr (!std::is_same_v<T, float>) detail::narrow_row<Arch>(turned.data(), row);
    return errc::ok;
  }

  [[no_unique_address]] Transform transform_{};
  [[no_unique_address]] Codec codec_{};
};

template <class Transform, class Codec>
rotated(Transform, Codec) -> rotated<Transform, Codec>;

}  // namespace skive
