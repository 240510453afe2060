// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/outlier_list.hpp: bytes of places and values as written by hand, lists that are none, products in double.
#include "skive/compose/outlier_list.hpp"

#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using halves = detail::outlier_list<float16>;
using bytes = std::vector<std::byte>;

bytes of(std::initializer_list<unsigned> list) {
  bytes out;
  for (auto const b : list) out.push_back(static_cast<std::byte>(b));
  return out;
}

template <class List>
bytes stored(List const& list, std::vector<std::size_t> const& places) {
  bytes out(places.size() * List::place_bytes(list.row) + 1, std::byte{0x5A});
  for (std::size_t i = 0; i < places.size(); ++i) list.set_place(out.data(), i, places[i]);
  REQUIRE(out.back() == std::byte{0x5A});
  out.pop_back();
  for (std::size_t i = 0; i < places.size(); ++i) REQUIRE(list.place(out.data(), i) == places[i]);
  return out;
}

}  // namespace

TEST_CASE("outlier_list: bytes", "[compose]") {
  CHECK((stored(halves{65536, 2}, {0x0102, 0xFFFF}) == of({0x02, 0x01, 0xFF, 0xFF})));
  CHECK((stored(halves{65537, 2}, {0x0102, 0x10000}) == of({0x02, 0x01, 0, 0, 0, 0, 1, 0})));
  CHECK((halves::value_bytes == 2 && detail::outlier_list<e4m3fn>::value_bytes == 1));
  bytes values(4, std::byte{0x5A});
  halves::set_value(values.data(), 0, -1.5f);  // 0xBE00
  CHECK((values == of({0x00, 0xBE, 0x5A, 0x5A})));
  halves::set_value(values.data(), 1, 1e30f);  // the largest finite number
  CHECK((halves::value(values.data(), 0) == -1.5f && halves::value(values.data(), 1) == 65504.0f));
}

TEST_CASE("outlier_list: places ascend inside the row", "[compose]") {
  for (std::size_t const row : {std::size_t{100}, std::size_t{70000}}) {
    halves const list{row, 3};
    CHECK(list.good(stored(list, {0, 1, row - 1}).data()));
    CHECK(list.good(stored(list, {5, 50, 99}).data()));
    CHECK(!list.good(stored(list, {5, 5, 99}).data()));
    CHECK(!list.good(stored(list, {6, 5, 99}).data()));
    CHECK(!list.good(stored(list, {5, 99, 98}).data()));
    CHECK(!list.good(stored(list, {5, 6, row}).data()));
    CHECK(halves{row, 0}.good(nullptr));
  }
}

TEST_CASE("outlier_list: products", "[compose]") {
  halves const list{9, 3};
  auto const places = stored(list, {1, 4, 8});
  bytes values(6);
  float const v[]{2.0f, -0.25f, 3.0f};
  for (std::size_t i = 0; i < 3; ++i) halves::set_value(values.data(), i, v[i]);
  float const x[]{1e30f, 1.5f, 1e30f, 1e30f, 8.0f, 1e30f, 1e30f, 1e30f, -0.125f};
  CHECK(list.dot(places.data(), values.data(), x) == 3.0 - 2.0 - 0.375);
}
