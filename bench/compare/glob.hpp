// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/glob.hpp - shell patterns over tensor names: `*` any text (dots included), `?` one character, `[a-c]`, `[!a]`.

#include <string_view>

namespace skive::compare {

/// Whether the whole of `text` matches. A `[` without `]` is an ordinary character.
/// Cost: O(pattern * text), no recursion.
bool glob_match(std::string_view pattern, std::string_view text) noexcept;

}  // namespace skive::compare
