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

encoder rounded_integer(codec_description const& d, any_rounding rounding);
encoder rounded_affine_or_scaled_integer(codec_description const& d, any_rounding rounding);
encoder rounded_float(codec_description const& d, any_rounding rounding);
encoder rounded_table(codec_description const& d, any_rounding rounding);
encoder rounded_shared_exponent(codec_description const& d, any_rounding rounding);
encoder rounded_mean_or_adaptive(codec_description const& d, any_rounding rounding);
encoder rounded_p3109(codec_description const& d, any_rounding rounding);

namespace detail {

template <class Scheme>
struct with_rounding : Scheme {
  template <class Arch>
  static constexpr std::size_t lanes = 0;  // the vector path rounds to nearest even
  any_rounding rounding;
};

template <class Scheme>
result<grouped<with_rounding<Scheme>>> rounded(grouped<Scheme> const& codec, any_rounding rounding) {
  return grouped<with_rounding<Scheme>>{codec.group_size(), {codec.scheme(), rounding}, codec.order()};
}
template <class Scheme>
result<tiles<with_rounding<Scheme>>> rounded(tiles<Scheme> const& codec, any_rounding rounding) {
  return tiles<with_rounding<Scheme>>::make(codec.tile_rows(), codec.tile_cols(), {codec.scheme(), rounding});
}

template <class Codec>
class encoder_of final : public rounded_encoder {
 public:
  explicit encoder_of(Codec codec) : codec_{codec} {}
  void encode_rows(matrix_view<float const> rows, std::byte* out) const override {
    std::vector<std::byte> memory(compare::detail::scratch_of(codec_, {rows.rows, rows.cols}));
    compare::detail::each_call(codec_, out, rows,
                               [&](auto const& p, auto numbers) { return codec_.encode(numbers, p, workspace{memory}); });
  }

 private:
  Codec codec_;
};

}  // namespace detail

template <class... Codecs>
encoder find_in(codec_description const& d, any_rounding rounding, compare::codec_list<Codecs...>) {
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
