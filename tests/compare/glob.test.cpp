// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compare/glob.hpp: shell patterns over tensor names.
#include "compare/glob.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

using skive::compare::glob_match;

TEST_CASE("glob: what matches", "[compare]") {
  CHECK(glob_match("*", ""));
  CHECK(glob_match("*", "a.b"));
  CHECK(glob_match("", ""));
  CHECK(glob_match("a.b", "a.b"));
  CHECK(glob_match("layers.*.wq", "layers.10.wq"));
  CHECK(glob_match("*.w[qkv]", "layers.0.wk"));
  CHECK(glob_match("layers.[0-3].*", "layers.2.w1"));
  CHECK(glob_match("w[!0-9]", "wq"));
  CHECK(glob_match("w?", "w1"));
  CHECK(glob_match("*ab*ab", "xababab"));
  CHECK(glob_match("a[b", "a[b"));
  CHECK(glob_match("[]]", "]"));
  CHECK(glob_match("**a**", "a"));
}

TEST_CASE("glob: what does not", "[compare]") {
  CHECK_FALSE(glob_match("", "a"));
  CHECK_FALSE(glob_match("a", ""));
  CHECK_FALSE(glob_match("a", "ab"));
  CHECK_FALSE(glob_match("layers.*.wq", "layers.10.wk"));
  CHECK_FALSE(glob_match("*.w[qkv]", "layers.0.wo"));
  CHECK_FALSE(glob_match("w[!0-9]", "w1"));
  CHECK_FALSE(glob_match("w?", "w"));
  CHECK_FALSE(glob_match("[a-c]", "d"));
}

TEST_CASE("glob: many stars take no exponential time", "[compare]") {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  CHECK_FALSE(glob_match(pattern + "b", std::string(2000, 'a')));
}
