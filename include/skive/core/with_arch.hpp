// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file core/with_arch.hpp - operations of any codec, for the caller's instruction set where the codec has a path for it.
///
///   with_arch<Arch>::encode(codec, row, planes, scratch)     codec.template encode<Arch>(...), else codec.encode(...)
///
/// What takes codecs of others calls them this way: a concept asks for the operation only, and `Arch` is the author's choice.
///
/// Model of : -
/// Cost     : none.
/// Accuracy : -
/// Promise  : the same bytes either way, by the law of every codec.
/// Source   : -

#include "skive/core/concepts.hpp"

namespace skive {

template <class Arch>
struct with_arch {
  template <class Codec, class T>
  static constexpr status encode(Codec const& codec, std::span<T const> row, planes<std::byte, Codec::plane_count> const& to,
                                 workspace w) noexcept {
    if constexpr (requires { codec.template encode<Arch>(row, to, w); })
      return codec.template encode<Arch>(row, to, w);
    else
      return codec.encode(row, to, w);
  }
  template <class Codec, class T>
  static constexpr status decode(Codec const& codec, planes<std::byte const, Codec::plane_count> const& from, std::span<T> row,
                                 workspace w) noexcept {
    if constexpr (requires { codec.template decode<Arch>(from, row, w); })
      return codec.template decode<Arch>(from, row, w);
    else
      return codec.decode(from, row, w);
  }
  template <class Codec>
  static constexpr auto prepare(Codec const& codec, std::span<float const> x, workspace w) noexcept {
    if constexpr (requires { codec.template prepare<Arch>(x, w); })
      return codec.template prepare<Arch>(x, w);
    else
      return codec.prepare(x, w);
  }
  template <class Codec, class Query>
  static constexpr result<float> dot(Codec const& codec, planes<std::byte const, Codec::plane_count> const& from,
                                     Query const& q) noexcept {
    if constexpr (requires { codec.template dot<Arch>(from, q); })
      return codec.template dot<Arch>(from, q);
    else
      return codec.dot(from, q);
  }
};

}  // namespace skive
