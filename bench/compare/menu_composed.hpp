// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/menu_composed.hpp - from a word before a '+' and what follows it to an entry of the menu.

#include "format.hpp"

#include "skive/compose/name.hpp"

#include <functional>
#include <memory>
#include <string>

namespace skive::compare {

using made = std::unique_ptr<format>;

/// `part` makes the format behind the '+' anew at each call; it has row_bytes().
made composition_entry(std::string const& name, composer const& c, std::function<made()> const& part);

}  // namespace skive::compare
