// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/any_pages.hpp: the same bytes, logits and sums as the quantizer itself; roped keys take the same short cut; no quantizer.
#include "skive/kv/any_pages.hpp"

#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"
#include "skive/kv/roped_keys.hpp"
#include "support/cache_rows.hpp"

#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
using skive::any_keys;
using skive::any_values;
using skive::errc;

static_assert(!std::is_constructible_v<any_keys<>, skive::per_channel_keys<4>>, "a reference to a temporary");
static_assert(!std::is_constructible_v<any_values<>, skive::per_token_values<4>>);

// Logits of 64 tokens, of which the page's bytes are told too.
template <class Keys>
std::vector<float> logits_of(Keys const& keys, std::vector<std::byte>& bytes) {
  test::guarded_page page{keys.page_bytes()};
  test::scratch_bytes_of scratch{keys.scratch_bytes(3)};
  test::scratch_bytes_of memory{keys.query_bytes(3)};
  REQUIRE(keys.append(test::number_rows{64, 72, 1}.view(), 0, page.span(), scratch.get()));
  bytes = page.memory;
  test::number_rows const q{3, 72, 2};
  auto const query = keys.prepare(q.view(), memory.get());
  REQUIRE(query);
  test::number_rows out{3, 64};
  REQUIRE(keys.dot(page.span(), 0, *query, out.view(), scratch.get()));
  return out.values;
}

template <class Keys>
void check_same(Keys const& keys) {
  std::vector<std::byte> wanted;
  std::vector<std::byte> got;
  auto const right = logits_of(keys, wanted);
  CHECK((logits_of(any_keys<>{keys}, got) == right));
  CHECK((got == wanted));
  std::vector<float> memory(skive::rope_table::floats(72, 64));
  auto const table = *skive::rope_table::make(72, 64, 1e4, skive::rope_pairing::halved, memory);
  auto const turned = logits_of(*skive::roped_keys<Keys>::make(keys, table), wanted);
  CHECK((turned != right));
  CHECK((logits_of(*skive::roped_keys<any_keys<>>::make(any_keys<>{keys}, table), got) == turned));
}

}  // namespace

TEST_CASE("any_pages: keys that decode turned and keys that do not", "[kv]") {
  auto const channel = *skive::per_channel_keys<4>::make({72, 64}, 32);
  auto const token = *skive::per_token_keys<4>::make({72, 64});
  check_same(channel);
  check_same(token);
  CHECK(any_keys<>{channel}.decodes_turned());
  CHECK_FALSE(any_keys<>{token}.decodes_turned());
  CHECK(any_keys<>{channel}.group_tokens() == 32);
  std::vector<float> out(32 * 72);
  CHECK(any_keys<>{token}.decode_turned({}, 0, out).error() == errc::invalid_argument);
}

TEST_CASE("any_pages: values", "[kv]") {
  auto const inner = *skive::per_token_values<3>::make({72, 64});
  any_values<> const values{inner};
  test::number_rows const rows{64, 72, 3};
  test::number_rows const weights{2, 64, 4};
  test::guarded_page page{inner.page_bytes()};
  REQUIRE(values.append(rows.view(), 0, page.span(), {}));
  test::number_rows decoded{64, 72};
  test::number_rows wanted_rows{64, 72};
  REQUIRE(values.decode(page.span(), 0, decoded.view(), {}));
  REQUIRE(inner.decode(page.span(), 0, wanted_rows.view()));
  CHECK((decoded.values == wanted_rows.values));
  test::number_rows sums{2, 72};
  test::number_rows wanted{2, 72};
  REQUIRE(values.accumulate(page.span(), 0, weights.view(), sums.view(), {}));
  REQUIRE(inner.accumulate(page.span(), 0, weights.view(), wanted.view()));
  CHECK((sums.values == wanted.values));
}

TEST_CASE("any_pages: no quantizer, too little memory for queries", "[kv]") {
  any_keys<> const none;
  CHECK(none.page_bytes() + none.head_size() + none.scratch_bytes(4) + none.query_bytes(4) == 0);
  test::number_rows rows{32, 72, 1};
  CHECK(none.append(rows.view(), 0, {}, {}).error() == errc::invalid_argument);
  CHECK(none.decode({}, 0, rows.view(), {}).error() == errc::invalid_argument);
  CHECK(none.prepare(rows.view(), {}).error() == errc::invalid_argument);
  CHECK(none.dot({}, 0, {}, rows.view(), {}).error() == errc::invalid_argument);
  CHECK(any_values<>{}.accumulate({}, 0, rows.view(), rows.view(), {}).error() == errc::invalid_argument);
  auto const keys = *skive::per_channel_keys<4>::make({72, 64}, 32);
  CHECK(any_keys<>{keys}.prepare(rows.view(), {}).error() == errc::workspace_too_small);
  CHECK(any_keys<>{keys}.dot({}, 0, {}, rows.view(), {}).error() == errc::invalid_argument);
}

TEST_CASE("any_pages: queries for another type of keys", "[kv]") {
  auto const four = *skive::per_channel_keys<4>::make({72, 64}, 32);
  auto const two = *skive::per_channel_keys<2>::make({72, 64}, 32);
  auto const other_four = four;
  test::number_rows const rows{64, 72, 1};
  test::number_rows const queries{2, 72, 2};
  test::guarded_page page{four.page_bytes()};
  REQUIRE(four.append(rows.view(), 0, page.span()));
  any_keys<> const keys{four};
  test::scratch_bytes_of memory{keys.query_bytes(2)};
  test::scratch_bytes_of scratch{keys.scratch_bytes(2)};
  auto const q = keys.prepare(queries.view(), memory.get());
  REQUIRE(q);
  test::number_rows logits{2, 64};
  auto const before = logits.values;
  CHECK(any_keys<>{two}.dot(page.span(), 0, *q, logits.view(), scratch.get()).error() == errc::invalid_argument);
  CHECK((logits.values == before));
  CHECK(any_keys<>{other_four}.dot(page.span(), 0, *q, logits.view(), scratch.get()));
}
