// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/user_format.hpp - a codec that the library lacks, as further entries of the menu.
///
///   add_user_format<T>("name"):  T models block_codec  -> one entry, "name", of a value-initialised T
///                                T models scalar_format -> absmax groups of it: name_g16, name_g32, name_g64, name_g128,
///                                name_row

#include "codec_format.hpp"
#include "format.hpp"

#include "skive/block/absmax.hpp"

#include <string>

namespace skive::compare {

template <class T>
void add_user_format(std::string const& name) {
  if constexpr (block_codec<T>) {
    add_to_menu([name] { return plain_format(name, T{}); });
  } else {
    static_assert(scalar_format<T>, "skive_add_compare: the type has to model skive::block_codec or skive::scalar_format");
    for (std::size_t const group : {16U, 32U, 64U, 128U, 0U})
      add_to_menu(
          [name, group] { return plain_format(name + (group == 0 ? "_row" : "_g" + std::to_string(group)), absmax<T>{group}); });
  }
}

}  // namespace skive::compare
