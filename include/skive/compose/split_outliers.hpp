// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compose/split_outliers.hpp - a fixed count of each row's numbers apart from the others, which a codec then codes better.
///
///   O = the places that the rule chooses by |x|;   d = decode(encode(x with 0 at O));   v_i = Format(x_i - d_i), i in O
///   x'_i = d_i + v_i for i in O, else d_i;   planes: the codec's, places of O ascending, v
///
///   split_outliers{top_fraction{0.005f}, affine_int<3>{16}}      0.5 % apart, as in SpQR: 32 bits each in rows of up to 65536
///
/// "Dense and sparse": a product is the codec's plus that of a sparse row. The codec decides what it makes of the zeros at O.
///
/// Model of : block_codec (the row is one unit); dot_codec where the codec is
/// Cost     : radix select, two encodes' worth of passes; scratch for a row and the places. Bits a number: the codec's + count
///            (16 + bits of Format) / n.
/// Accuracy : the codec's on the others; outliers: half an ulp of Format and of x'.
/// Promise  : the same bytes everywhere. NaN and infinities are outliers before any number; those that the count leaves reach the
///            codec. Places that do not ascend or lie past the row give errc::corrupt. Where the codec refuses a row, nothing has
///            been written.
/// Source   : Dettmers et al., "SpQR", arXiv:2306.03078; Kim et al., "SqueezeLLM", arXiv:2306.07629.

#include "skive/compose/outlier_list.hpp"
#include "skive/compose/parts.hpp"
#include "skive/core/ieee.hpp"
#include "skive/core/with_arch.hpp"
#include "skive/format/half.hpp"
#include "skive/sparse/top_k.hpp"

namespace skive {

namespace detail {

/// What outlier rules see of a row: magnitudes, NaN as infinity.
constexpr float outlier_score(float x) noexcept { return is_nan(x) ? std::numeric_limits<float>::infinity() : magnitude(x); }

/// Codes `rest`, the row with zeros at its outliers, and decodes it again in place.
template <class Arch, block_codec Codec>
constexpr status code_rest(Codec const& codec, std::span<float> rest, planes<std::byte, Codec::plane_count> const& to,
                           workspace w) noexcept {
  if (auto const s = with_arch<Arch>::encode(codec, std::span<float const>{rest}, to, w); !s) return s;
  return with_arch<Arch>::decode(codec, planes<std::byte const, Codec::plane_count>(to), rest, w);
}

}  // namespace detail

template <outlier_rule Rule, block_codec Codec, scalar_format Format = float16>
class split_outliers {
  using list = detail::outlier_list<Format>;
  static constexpr std::size_t inner_planes = Codec::plane_count;

 public:
  static constexpr std::size_t plane_count = inner_planes + 2;

  constexpr split_outliers() noexcept = default;
  constexpr split_outliers(Rule rule, Codec codec) noexcept : rule_{rule}, codec_{codec} {}
  /// split_outliers{rule, codec, bfloat16{}}: another format for the outliers.
  constexpr split_outliers(Rule rule, Codec codec, Format) noexcept : rule_{rule}, codec_{codec} {}

  constexpr Rule const& rule() const noexcept { return rule_; }
  constexpr Codec const& codec() const noexcept { return codec_; }

  constexpr std::size_t block_size() const noexcept { return 0; }
  constexpr std::size_t row_multiple() const noexcept { return codec_.row_multiple(); }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    auto const outliers = count(n);
    return detail::joined(codec_.plane_bytes(n),
                          std::array<std::size_t, 2>{saturating_multiply(outliers, list::place_bytes(n)),
                                                     saturating_multiply(outliers, list::value_bytes)});
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    if (n == 0) return 0;
    auto const own = saturating_add(workspace::bytes<float>(n), workspace::bytes<std::uint32_t>(count(n)));
    return saturating_add(own, codec_.scratch_bytes(n));
  }

  /// Fails with size_mismatch, workspace_too_small, or as the rule or the codec does, before the first write.
  template <class Arch = native_arch>
  constexpr status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), to, w); !s || row.empty()) return s;
    auto const rest = w.take<float>(row.size());
    auto const places = w.take<std::uint32_t>(count(row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) rest[i] = detail::outlier_score(row[i]);
    if (auto const s = rule_.select(rest, places); !s) return s;
    for (std::size_t i = 0; i < row.size(); ++i) rest[i] = row[i];
    for (auto const at : places) rest[at] = 0.0f;
    if (auto const s = detail::code_rest<Arch>(codec_, rest, detail::planes_of<0>(codec_, 0, to), w); !s) return s;
    list const outliers{row.size(), places.size()};
    for (std::size_t i = 0; i < places.size(); ++i) {
      outliers.set_place(to[inner_planes].data, i, places[i]);
      outliers.set_value(to[inner_planes + 1].data, i, ieee_add(row[places[i]], -rest[places[i]]));
    }
    return errc::ok;
  }

  /// Fails with size_mismatch, workspace_too_small, corrupt, or as the codec does.
  template <class Arch = native_arch>
  constexpr status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace w = {}) const noexcept {
    if (auto const s = check(row.size(), from, w); !s || row.empty()) return s;
    list const outliers{row.size(), count(row.size())};
    auto const* const places = from[inner_planes].data;
    if (!outliers.good(places)) return errc::corrupt;
    if (auto const s = with_arch<Arch>::decode(codec_, detail::planes_of<0>(codec_, 0, from), row, w); !s) return s;
    for (std::size_t i = 0; i < outliers.count; ++i) {
      auto& x = row[outliers.place(places, i)];
      x = ieee_add(x, outliers.value(from[inner_planes + 1].data, i));
    }
    return errc::ok;
  }

  /// The codec's query, and the vector itself: x has to outlive it.
  struct query {
    typename detail::query_of<Codec>::type codec{};
    float const* data = nullptr;
    std::size_t size = 0;
  };
  constexpr std::size_t query_bytes(std::size_t n) const noexcept
    requires dot_codec<Codec>
  {
    return codec_.query_bytes(n);
  }
  template <class Arch = native_arch>
  constexpr result<query> prepare(std::span<float const> x, workspace w = {}) const noexcept
    requires dot_codec<Codec>
  {
    auto const inner = with_arch<Arch>::prepare(codec_, x, w);
    if (!inner) return inner.error();
    return query{*inner, x.data(), x.size()};
  }
  /// The codec's product plus that of the outliers, summed in double. Fails with size_mismatch, corrupt or as the codec does.
  template <class Arch = native_arch>
  constexpr result<float> dot(planes<std::byte const, plane_count> from, query const& q) const noexcept
    requires dot_codec<Codec>
  {
    if (auto const s = check_blocks(*this, q.size, from); !s) return s;
    list const outliers{q.size, count(q.size)};
    if (!outliers.good(from[inner_planes].data)) return errc::corrupt;
    auto const rest = with_arch<Arch>::dot(codec_, detail::planes_of<0>(codec_, 0, from), q.codec);
    if (!rest) return rest;
    return static_cast<float>(static_cast<double>(*rest) +
                              outliers.dot(from[inner_planes].data, from[inner_planes + 1].data, q.data));
  }

 private:
  constexpr std::size_t count(std::size_t n) const noexcept { return n == 0 ? 0 : rule_.count(n); }
  template <class Byte>
  constexpr status check(std::size_t n, planes<Byte, plane_count> const& p, workspace const& w) const noexcept {
    return n > std::numeric_limits<std::uint32_t>::max() ? errc::unsupported : detail::check_row(*this, n, p, w);
  }

  [[no_unique_address]] Rule rule_{};
  [[no_unique_address]] Codec codec_{};
};

}  // namespace skive
