// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/outliers_above.hpp: sizes, values, what refuses, bytes that lie.
#include "skive/compose/outliers_above.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/sparse_codec.hpp"

#include "laws/block_codec.hpp"

#include <cmath>

namespace {

using namespace skive;
using bytes = std::vector<std::byte>;

static_assert(variable_codec<outliers_above<absmax<int4>>>);

template <class Codec>
bytes stored(Codec const& codec, std::vector<float> const& row) {
  bytes memory(codec.max_bytes(row.size()) + 8, std::byte{0x5A});
  test::scratch_memory scratch{codec.scratch_bytes(row.size())};
  auto const size = codec.encode(row, std::span{memory}.first(codec.max_bytes(row.size())), scratch.get());
  REQUIRE(size);
  for (std::size_t i = *size; i < memory.size(); ++i) REQUIRE(memory[i] == std::byte{0x5A});
  memory.resize(*size);
  return memory;
}

}  // namespace

TEST_CASE("outliers_above: sizes, values, and bytes that lie", "[compose]") {
  outliers_above const codec{2.0f, absmax<int4>{32}};
  for (std::size_t const n : {0U, 1U, 32U, 517U}) {
    auto row = test::mixed_row(n, 3);
    std::size_t outliers = 0;
    for (auto const x : row) outliers += std::fabs(x) > 2.0f ? 1U : 0U;
    auto const memory = stored(codec, row);
    CHECK(memory.size() == (n == 0 ? 0 : total_bytes(absmax<int4>{32}.plane_bytes(n)) + 4 + outliers * 4));
    test::scratch_memory scratch{codec.scratch_bytes(n)};
    std::vector<float> out(n);
    auto longer = memory;
    longer.resize(memory.size() + 9);
    auto const read = codec.decode(longer, out, scratch.get());
    REQUIRE(read);
    CHECK(*read == memory.size());
    auto rest = row;
    for (auto& x : rest) x = std::fabs(x) > 2.0f ? 0.0f : x;
    auto const others = test::through(absmax<int4>{32}, rest);
    for (std::size_t i = 0; i < n; ++i)
      if (std::fabs(row[i]) > 2.0f)
        CHECK(std::fabs(out[i] - row[i]) <= 0x1p-11f * std::fabs(row[i]));
      else
        CHECK(out[i] == others[i]);
    if (n == 0) continue;
    auto const start = total_bytes(absmax<int4>{32}.plane_bytes(n)) + 4;
    for (auto const less : {std::size_t{0}, start - 1, memory.size() - 1}) {
      auto const s = codec.decode(std::span{memory}.first(less), out, scratch.get());
      CHECK(s.error() == (less < start ? errc::size_mismatch : errc::corrupt));
      auto copy = memory;
      CHECK(codec.encode(row, std::span{copy}.first(less), scratch.get()).error() == errc::size_mismatch);
      CHECK((copy == memory));
    }
    CHECK(codec.encode(row, longer, workspace{}).error() == errc::workspace_too_small);
    CHECK(codec.decode(memory, out, workspace{}).error() == errc::workspace_too_small);
    std::mt19937 random{7};
    for (int trial = 0; trial < 100; ++trial) {
      bytes noise(memory.size() + 100);
      for (auto& b : noise) b = static_cast<std::byte>(random() % 3 == 0 ? random() : 0);
      auto const s = codec.decode(noise, out, scratch.get());
      REQUIRE((s ? *s <= noise.size() : s.error() == errc::corrupt));
    }
  }
  std::vector<float> odd(40, 0.5f);
  odd[7] = std::numeric_limits<float>::quiet_NaN();
  auto const memory = stored(codec, odd);
  std::vector<float> out(40);
  test::scratch_memory scratch{codec.scratch_bytes(40)};
  REQUIRE(codec.decode(memory, out, scratch.get()));
  CHECK((std::isnan(out[7]) && std::fabs(out[6] - 0.5f) < 0.001f && std::fabs(out[8] - 0.5f) < 0.001f));
}

TEST_CASE("outliers_above: no outliers, nothing else, rows that the codec does not take", "[compose]") {
  outliers_above const none{std::numeric_limits<float>::infinity(), absmax<int4>{32}};
  std::vector<float> row(128, 1.5f);
  auto const plain = stored(none, row);
  CHECK(plain.size() == total_bytes(none.codec().plane_bytes(128)) + 4);
  row[70] = std::numeric_limits<float>::infinity();  // always an outlier
  CHECK(stored(none, row).size() == plain.size() + 4);
  outliers_above const all{1.0f, absmax<int4>{32}};
  CHECK(stored(all, row).size() == all.max_bytes(128));
  outliers_above const fours{1.0f, sparse_codec{n_of_m<2, 4>{}, absmax<int4>{32}}};
  bytes memory(fours.max_bytes(128), std::byte{0x5A});
  auto const untouched = memory;
  test::scratch_memory scratch{fours.scratch_bytes(128)};
  CHECK(fours.encode(std::span{row}.first(127), memory, scratch.get()).error() == errc::size_mismatch);
  CHECK(fours.decode(memory, std::span{row}.first(127), scratch.get()).error() == errc::size_mismatch);
  CHECK((memory == untouched));
}
