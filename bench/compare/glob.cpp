// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "glob.hpp"

namespace skive::compare {
namespace {

// Tries the one-character item at the front of `pattern`; `length` becomes its length.
bool item_matches(std::string_view pattern, char c, std::size_t& length) noexcept {
  length = 1;
  if (pattern[0] == '?') return true;
  if (pattern[0] != '[') return pattern[0] == c;
  bool const negated = pattern.size() > 1 && (pattern[1] == '!' || pattern[1] == '^');
  std::size_t const first = negated ? 2 : 1;
  auto const end = pattern.find(']', first + 1);  // a `]` right at the front is a member
  if (end == pattern.npos) return pattern[0] == c;
  length = end + 1;
  bool member = false;
  for (std::size_t i = first; i < end; ++i) {
    if (i + 2 < end && pattern[i + 1] == '-') {
      member = member || (pattern[i] <= c && c <= pattern[i + 2]);
      i += 2;
    } else {
      member = member || pattern[i] == c;
    }
  }
  return member != negated;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  // Only the last star needs to be retried: an earlier one that took less already led here.
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    std::size_t length = 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && item_matches(pattern.substr(p), text[t], length)) {
      p += length;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace skive::compare
