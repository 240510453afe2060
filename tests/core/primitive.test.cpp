// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/primitive.hpp: what is a plain value and what is not. Compiling this file is the test.
#include "skive/core/primitive.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

struct plain {
  int* borrowed;
  float number;
};
struct copies_by_itself {
  copies_by_itself() = default;
  copies_by_itself(copies_by_itself const&) {}
};
struct destroys_by_itself {
  ~destroys_by_itself() {}
};
struct stays_where_it_is {
  stays_where_it_is() = default;
  stays_where_it_is(stays_where_it_is const&) = delete;
  stays_where_it_is& operator=(stays_where_it_is const&) = default;
};
static_assert(skive::primitive<int> && skive::primitive<plain> && skive::primitive<plain const>);
static_assert(!skive::primitive<copies_by_itself> && !skive::primitive<destroys_by_itself>);
static_assert(!skive::primitive<stays_where_it_is> && !skive::primitive<void>);

}  // namespace

TEST_CASE("plain values are primitive, owners are not", "[core]") { SUCCEED("by compilation"); }
