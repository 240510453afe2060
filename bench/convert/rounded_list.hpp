// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file convert/rounded_list.hpp - a list of codecs, each with any rounding: what the rounded_*.cpp compile.
///
/// A scheme codes by the policy in its member `rounding`; with_rounding puts another one there and leaves all else alone.

#include "rounded.hpp"

#include "compare/codec_format.hpp"
#include "compare/codec_lists.hpp"

#include <memory>
#include <vector>

namespace skive::convert {

using encoder = std::unique_ptr<rounded_encoder>;

encoder rounded_integer(codec_description const& d, row_rounding const& rounding);
encoder rounded_affine_or_scaled_integer(codec_description const& d, row_rounding const& rounding);
encoder rounded_float(codec_description const& d, row_rounding const& rounding);
encoder rounded_table(codec_description const& d, row_rounding const& rounding);
encoder rounded_shared_exponent(codec_description const& d, row_rounding const& rounding);
encoder rounded_mean_or_adaptive(codec_description const& d, row_rounding const& rounding);
encoder rounded_p3109(codec_description const& d, row_rounding const& rounding);

namespace detail {

template <class Scheme>
struct with_rounding : Scheme {
  template <class Arch>
  static constexpr std::size_t lanes = 0;  // the vector path rounds to nearest even
  row_rounding rounding;
};

template <class Scheme>
result<grouped<with_rounding<Scheme>>> rounded(grouped<Scheme> const& codec, row_rounding const& rounding) {
  return grouped<with_rounding<Scheme>>{codec.group_size(), {codec.scheme(), rounding}, codec.order()};
}
template <class Scheme>
result<tiles<with_rounding<Scheme>>> rounded(tiles<Scheme> const& codec, row_rounding const& rounding) {
  return tiles<with_rounding<Scheme>>::make(codec.tile_rows(), codec.tile_cols(), {codec.scheme(), rounding});
}

template <class Codec>
class encoder_of final : public rounded_encoder {
 public:
  explicit encoder_of(Codec codec) : codec_{codec} {}
  void encode_rows(matrix_view<float const> rows, std::byte* out) const override {
    std::vector<std::byte> memory(compare::detail::scratch_of(codec_, {rows.rows, rows.cols}));
    auto const encode = [&](Codec const& codec, std::byte* to, matrix_view<float const> numbers) {
      compare::detail::check(compare::detail::each_call(
          codec, to, numbers, [&](auto const& p, auto x) { return codec.encode(x, p, workspace{memory}); }));
    };
    if constexpr (block_codec<Codec>)
      for (std::size_t r = 0; r < rows.rows; ++r)
        encode(codec_.at_row(r), out + r * compare::detail::bytes_of(codec_, {1, rows.cols}),
               {rows.data + r * rows.row_stride, 1, rows.cols, rows.row_stride});
    else
      encode(codec_, out, rows);
  }

 private:
  Codec codec_;
};

}  // namespace detail

template <class... Codecs>
encoder find_in(codec_description const& d, row_rounding const& rounding, compare::codec_list<Codecs...>) {
  encoder found;
  auto const consider = [&]<class Codec>(Codec const*) {
    if constexpr (requires(Codec const& c) { detail::rounded(c, rounding); })
      if (auto const codec = restore<Codec>(d))
        if (auto const other = detail::rounded(*codec, rounding))
          found = std::make_unique<detail::encoder_of<std::remove_cvref_t<decltype(*other)>>>(*other);
    return found != nullptr;
  };
  static_cast<void>((consider(static_cast<Codecs const*>(nullptr)) || ...));
  return found;
}

}  // namespace skive::convert
