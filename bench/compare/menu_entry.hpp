// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/menu_entry.hpp - from the description that a name stands for to the entry of the menu.
///
///   entry_of(name, description, codec_list<...>{}) -> the format of the first codec of that type; none: nullptr
///
/// Each menu_*.cpp compiles one of the lists of codec_lists.hpp.

#include "codec_format.hpp"
#include "codec_lists.hpp"

#include "skive/block/description.hpp"

#include <memory>
#include <stdexcept>
#include <string>

namespace skive::compare {

using made = std::unique_ptr<format>;

made integer_entry(std::string const& name, codec_description const& d);
made affine_or_scaled_integer_entry(std::string const& name, codec_description const& d);
made float_entry(std::string const& name, codec_description const& d);
made table_entry(std::string const& name, codec_description const& d);
made shared_exponent_entry(std::string const& name, codec_description const& d);
made mean_or_adaptive_entry(std::string const& name, codec_description const& d);
made p3109_entry(std::string const& name, codec_description const& d);
/// Codes whose names are words of their own; nullptr if it is none.
made code_entry(std::string const& name);
/// Codes in points of lattices; nullptr if it is none.
made lattice_entry(std::string const& name);
made vector_entry(std::string const& name);

namespace detail {

template <class Codec>
result<Codec> with_constant(codec_description d, float constant) {
  d.constant = constant;
  return skive::restore<Codec>(d);
}

// A format whose constants are those of one tensor keeps in files what fit() found: its largest magnitude, or the mean.
template <class Arch, class Codec>
made entry(std::string const& name, codec_description const& d, Codec const& codec) {
  if constexpr (requires { codec.offset(); }) {
    return fitted_by_absmax_mean(name, d.group, [d](float mean) { return with_constant<Codec>(d, mean); });
  } else {
    using scheme = std::remove_cvref_t<decltype(codec.scheme())>;
    if constexpr (requires { scheme::make(1.0f)->scale; })
      return fitted_by_amax(name, [d](float amax) -> result<Codec> {
        auto const fitting = scheme::make(amax);
        return fitting ? with_constant<Codec>(d, fitting->scale) : result<Codec>{fitting.error()};
      });
    else if constexpr (requires { scheme::make(1.0f); })
      return fitted_by_amax(name, [d](float amax) { return with_constant<Codec>(d, amax); });
    else
      return plain_format<Arch>(name, codec);
  }
}

}  // namespace detail

/// Arch: of the operations, in place of the one that they take by themselves.
template <class Arch = void, class... Codecs>
made entry_of(std::string const& name, codec_description const& d, codec_list<Codecs...>) {
  made found;
  auto const consider = [&]<class Codec>(Codec const*) {
    auto const codec = skive::restore<Codec>(d);
    if (codec)
      found = detail::entry<Arch>(name, d, *codec);
    else if (codec.error() != errc::unsupported)
      throw std::invalid_argument(codec.message());
    return found != nullptr;
  };
  static_cast<void>((consider(static_cast<Codecs const*>(nullptr)) || ...));
  return found;
}

}  // namespace skive::compare
