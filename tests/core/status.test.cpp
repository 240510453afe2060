// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// core/status.hpp: the fixed numbers of errc, truth values, what a failed result holds.
#include "skive/core/status.hpp"

#include <cstring>
#include <set>
#include <string>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
using skive::result;
using skive::status;

constexpr int errors = 13;

// The order is part of the interface.
static_assert(static_cast<int>(errc::ok) == 0 && static_cast<int>(errc::size_mismatch) == 1 &&
              static_cast<int>(errc::workspace_too_small) == 2 && static_cast<int>(errc::misaligned) == 3 &&
              static_cast<int>(errc::overlap) == 4 && static_cast<int>(errc::overflow) == 5 &&
              static_cast<int>(errc::invalid_argument) == 6 && static_cast<int>(errc::not_finite) == 7 &&
              static_cast<int>(errc::corrupt) == 8 && static_cast<int>(errc::unsupported) == 9 &&
              static_cast<int>(errc::not_power_of_two) == 10 && static_cast<int>(errc::not_positive_definite) == 11 &&
              static_cast<int>(errc::no_convergence) == errors - 1);

static_assert(status{} && status{errc::ok} && !status{errc::corrupt});
static_assert(status{errc::overlap} == status{errc::overlap} && !(status{errc::overlap} == status{errc::overflow}));
static_assert(std::is_convertible_v<errc, status> && !std::is_convertible_v<status, bool> && !std::is_convertible_v<status, int>);

static_assert(result<int>{7}.has_value() && *result<int>{7} == 7 && result<int>{7}.error() == errc::ok);
static_assert(!result<int>{errc::corrupt} && result<int>{errc::corrupt}.error() == errc::corrupt);
static_assert(*result<int>{errc::corrupt} == 0 && result<int>{errc::corrupt}.value_or(5) == 5 && result<int>{4}.value_or(5) == 4);
static_assert(!result<int>{errc::ok} && result<int>{errc::ok}.error() == errc::invalid_argument, "no value, no success");
static_assert(result<int>{status{errc::not_finite}}.error() == errc::not_finite);
static_assert(!std::is_convertible_v<result<int>, bool>);
struct pair {
  int a = 3;
  int b = 4;
};
static_assert(result<pair> { pair{1, 2} } -> b == 2 && result<pair> { errc::overflow } -> a == 3);

template <class T>
constexpr bool nodiscard_and_small = std::is_trivially_copyable_v<T> && std::is_nothrow_move_constructible_v<T>;
static_assert(nodiscard_and_small<status> && nodiscard_and_small<result<double>> && sizeof(result<float>) == 8);

status refuses() { return errc::size_mismatch; }
result<int> refuses_value() { return errc::size_mismatch; }

}  // namespace

TEST_CASE("every error has a sentence of its own", "[core]") {
  std::set<std::string> sentences;
  for (int e = 0; e < errors; ++e) {
    char const* text = skive::describe(static_cast<errc>(e));
    REQUIRE(text != nullptr);
    CHECK(std::strlen(text) > 5);
    sentences.insert(text);
  }
  CHECK(sentences.size() == errors);
  CHECK(sentences.count(skive::describe(static_cast<errc>(errors))) == 0);
  CHECK(std::strcmp(skive::describe(static_cast<errc>(255)), "unknown error") == 0);
}

TEST_CASE("errors travel through functions by name", "[core]") {
  CHECK(refuses().error() == errc::size_mismatch);
  CHECK(refuses_value().error() == errc::size_mismatch);
  CHECK(std::strcmp(refuses().message(), skive::describe(errc::size_mismatch)) == 0);
  CHECK(std::strcmp(refuses_value().message(), skive::describe(errc::size_mismatch)) == 0);
}
