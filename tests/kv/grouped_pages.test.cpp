// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/grouped_pages.hpp with level_group (KVQuant), low_rank_group (GEAR) and codebook_group (PQ, CQ, residual VQ).
#include "skive/kv/grouped_pages.hpp"

#include "skive/codebook/kmeans_1d.hpp"
#include "skive/kv/codebook_group.hpp"
#include "skive/kv/level_group.hpp"
#include "skive/kv/low_rank_group.hpp"
#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_values.hpp"

#include "laws/key_quantizer.hpp"

namespace {

using skive::codebook_group;
using skive::errc;
using skive::level_group;
using skive::native_arch;
namespace test = skive::test;

double lost(skive::token_group auto const& group, test::number_rows const& rows) {
  std::vector<std::byte> bytes(group.group_bytes());
  test::scratch_bytes_of scratch{group.scratch_bytes()};
  test::number_rows out{group.group_tokens(), rows.cols};
  double sum = 0;
  for (std::size_t t = 0; t < rows.rows; t += group.group_tokens()) {
    REQUIRE(group.encode(rows.part(t, group.group_tokens()), bytes, scratch.get()));
    REQUIRE(group.decode(bytes, 0, out.view(), scratch.get()));
    for (std::size_t i = 0; i < out.values.size(); ++i) {
      auto const d = static_cast<double>(out.values[i]) - static_cast<double>(rows.values[t * rows.cols + i]);
      sum += d * d;
    }
  }
  return sum;
}

std::vector<float> even_levels(std::size_t count) {
  std::vector<float> levels(count);
  for (std::size_t i = 0; i < count; ++i) levels[i] = 2.0f * static_cast<float>(i) / static_cast<float>(count - 1) - 1.0f;
  return levels;
}

struct ranges {
  std::vector<float> low, high;
  ranges(test::number_rows const& rows, std::size_t outside) : low(rows.cols), high(rows.cols) {
    REQUIRE(skive::channel_ranges(rows.view(), outside, low, high));
  }
  skive::channel_range view() const { return {low, high}; }
};

}  // namespace

TEST_CASE("level_group: laws with ranges of channels and of tokens", "[kv]") {
  test::number_rows const rows{64, 64, 1};
  ranges const r{rows, 1};
  auto const levels = even_levels(8);
  auto const keys = *level_group::make(64, 32, levels, r.view(), 20);
  CHECK(keys.group_bytes() == 32 * 64 * 3 / 8 + 4 * 20);
  test::check_key_quantizer<native_arch>(*skive::grouped_keys<level_group>::make(keys, {64, 64}), 1e-5);
  auto const values = *level_group::make(64, 16, levels, {}, 10);
  CHECK(values.group_bytes() == 16 * (64 * 3 / 8 + 4) + 4 * 10);
  test::check_value_quantizer<native_arch>(*skive::grouped_values<level_group>::make(values, {64, 64}), 1e-5);
}

TEST_CASE("level_group: kept numbers are exact to float16, the others go to the nearest level", "[kv]") {
  test::number_rows rows{32, 16, 1};
  rows(3, 5) = 400.0f;
  rows(31, 15) = -300.5f;
  std::vector<float> const low(16, -8.0f);
  std::vector<float> const high(16, 8.0f);
  std::vector<float> const levels{-1.0f, -0.25f, 0.5f, 1.0f};
  auto const group = *level_group::make(16, 32, levels, {low, high}, 2);
  std::vector<std::byte> bytes(group.group_bytes());
  test::scratch_bytes_of scratch{group.scratch_bytes()};
  REQUIRE(group.encode(rows.view(), bytes, scratch.get()));
  test::number_rows out{32, 16};
  REQUIRE(group.decode(bytes, 0, out.view(), scratch.get()));
  for (std::size_t t = 0; t < 32; ++t)
    for (std::size_t d = 0; d < 16; ++d) {
      if ((t == 3 && d == 5) || (t == 31 && d == 15)) {
        CHECK(out(t, d) == rows(t, d));
        continue;
      }
      for (auto const l : levels) REQUIRE(std::fabs(out(t, d) - rows(t, d)) <= std::fabs(8 * l - rows(t, d)) + 1e-6f);
    }
}

TEST_CASE("level_group: levels from k-means and kept numbers lose less", "[kv]") {
  test::number_rows const rows{64, 64, 7};
  ranges const all{rows, 0};
  ranges const inner{rows, 1};
  auto const even = even_levels(8);
  std::vector<float> normal;
  for (std::size_t t = 0; t < 64; ++t)
    for (std::size_t d = 0; d < 64; ++d) {
      auto const half = (inner.high[d] - inner.low[d]) / 2;
      auto const x = (rows(t, d) - (inner.high[d] + inner.low[d]) / 2) / half;
      if (std::fabs(x) <= 1) normal.push_back(x);
    }
  std::vector<float> const weights(normal.size(), 1.0f);
  std::vector<float> levels(8);
  test::scratch_bytes_of scratch{skive::kmeans_1d_bytes(normal.size(), 8, skive::kmeans_memory::small)};
  REQUIRE(skive::kmeans_1d(normal, weights, levels, skive::kmeans_memory::small, scratch.get()));
  auto const plain = lost(*level_group::make(64, 32, even, all.view(), 0), rows);
  auto const sparse = lost(*level_group::make(64, 32, even, inner.view(), 41), rows);
  auto const trained = lost(*level_group::make(64, 32, levels, inner.view(), 41), rows);
  CHECK(sparse < plain);
  CHECK(trained < 0.95 * sparse);
  CHECK(lost(*level_group::make(64, 32, even, {}, 20), rows) < lost(*level_group::make(64, 32, even, {}, 0), rows));
}

TEST_CASE("low_rank_group: laws, and each part loses less", "[kv]") {
  using inner_keys = skive::per_channel_keys<2>;
  using inner_values = skive::per_token_values<2>;
  using gear = skive::low_rank_group<inner_keys>;
  auto const make = [](std::size_t rank, std::size_t kept) {
    return *gear::make(*inner_keys::make({64, 32}, 32), rank, kept, skive::outlier_vector::channel);
  };
  static_assert(skive::token_group<gear>);
  CHECK(make(3, 20).group_bytes() == inner_keys::make({64, 32}, 32)->page_bytes() + 2 * 3 * (32 + 64) + 4 * 20);
  test::check_key_quantizer<native_arch>(*skive::grouped_keys<gear>::make(make(3, 20), {64, 64}), 1e-5);
  using gear_values = skive::low_rank_group<inner_values>;
  auto const values = *gear_values::make(*inner_values::make({64, 32}), 2, 8, skive::outlier_vector::token);
  test::check_value_quantizer<native_arch>(*skive::grouped_values<gear_values>::make(values, {64, 64}), 1e-5);

  test::number_rows rows{64, 64, 5};
  for (std::size_t i = 17; i < rows.values.size(); i += 211) rows.values[i] *= 6;  // a few far numbers
  auto const plain = lost(make(0, 0), rows);
  CHECK(lost(make(0, 20), rows) < 0.9 * plain);
  CHECK(lost(make(4, 0), rows) < 0.9 * plain);
  CHECK(lost(make(4, 20), rows) < 0.9 * lost(make(0, 20), rows));
  // What quantization cannot hold and rank 1 can: one number per vector of the page, of any size.
  CHECK(lost(make(32, 0), rows) < 1e-4 * plain);
  CHECK(gear::make(*inner_keys::make({64, 32}, 32), 33, 0, skive::outlier_vector::channel).error() == errc::invalid_argument);
  std::vector<std::byte> bytes(make(1, 1).group_bytes());
  test::number_rows out{1, 64};
  CHECK(make(1, 1).encode(rows.part(0, 32), bytes, {}).error() == errc::workspace_too_small);
  CHECK(make(1, 1).decode(bytes, 0, out.view(), {}).error() == errc::workspace_too_small);
}

TEST_CASE("codebook_group: laws, nearest entries, stages", "[kv]") {
  skive::codebook_shape const product{4, 1, 6};
  std::vector<float> const books = test::number_rows{codebook_group::numbers(64, product) / 64, 64, 3}.values;
  auto const group = *codebook_group::make(64, product, books);
  CHECK(group.group_bytes() == 12);
  test::check_key_quantizer<native_arch>(*skive::grouped_keys<codebook_group>::make(group, {64, 64}), 1e-5);
  skive::codebook_shape const residual{8, 2, 4};
  std::vector<float> stages = test::number_rows{codebook_group::numbers(64, residual) / 64, 64, 4}.values;
  auto const two = *codebook_group::make(64, residual, stages);
  CHECK(two.group_bytes() == 8);
  test::check_value_quantizer<native_arch>(*skive::grouped_values<codebook_group>::make(two, {64, 64}), 1e-5);

  // Every entry of the book is worse than the one that was taken; entries themselves come back.
  test::number_rows rows{8, 64, 9};
  for (std::size_t d = 0; d < 64; ++d) rows(0, d) = books[(d / 4 * 64 + d / 4) * 4 + d % 4];  // entry p of part p
  std::vector<std::byte> bytes(12);
  test::number_rows out{1, 64};
  for (std::size_t t = 0; t < 8; ++t) {
    REQUIRE(group.encode(rows.part(t, 1), bytes));
    REQUIRE(group.decode(bytes, 0, out.view()));
    for (std::size_t p = 0; p < 16; ++p) {
      auto const far = [&](float const* y) {
        double sum = 0;
        for (std::size_t i = 0; i < 4; ++i)
          sum += std::pow(static_cast<double>(rows(t, 4 * p + i)) - static_cast<double>(y[i]), 2);
        return sum;
      };
      auto const taken = far(&out(0, 4 * p));
      if (t == 0) REQUIRE(taken == 0);
      for (std::size_t c = 0; c < 64; ++c) REQUIRE(taken <= far(&books[(p * 64 + c) * 4]) + 1e-6);
    }
  }
  // A second stage of small entries with zero among them never loses.
  for (std::size_t p = 0; p < 8; ++p)
    for (std::size_t i = 0; i < 16 * 8; ++i) {
      auto& x = stages[(p * 2 + 1) * 16 * 8 + i];
      x = i < 8 ? 0.0f : 0.3f * x;
    }
  skive::codebook_shape const one{8, 1, 4};
  std::vector<float> first(codebook_group::numbers(64, one));
  for (std::size_t p = 0; p < 8; ++p)
    for (std::size_t i = 0; i < 128; ++i) first[p * 128 + i] = stages[p * 256 + i];
  CHECK(lost(*codebook_group::make(64, residual, stages), rows) < lost(*codebook_group::make(64, one, first), rows));
}

TEST_CASE("grouped_pages: refusals", "[kv]") {
  auto const levels = even_levels(4);
  std::vector<float> const zeros(64);
  CHECK(level_group::make(64, 2048, levels, {}, 0).error() == errc::invalid_argument);
  CHECK(level_group::make(64, 32, std::span{levels}.first(3), {}, 0).error() == errc::invalid_argument);
  CHECK(level_group::make(64, 32, even_levels(2), {zeros, {}}, 0).error() == errc::size_mismatch);
  CHECK(level_group::make(64, 32, levels, {}, 1025).error() == errc::invalid_argument);
  auto const group = *level_group::make(64, 32, levels, {}, 1);
  CHECK(skive::grouped_keys<level_group>::make(group, {72, 64}).error() == errc::invalid_argument);
  auto const keys = *skive::grouped_keys<level_group>::make(group, {64, 32});
  test::guarded_page page{keys.page_bytes()};
  test::number_rows const rows{32, 64, 1};
  CHECK(keys.append(rows.view(), 0, page.span(), {}).error() == errc::workspace_too_small);
  std::vector<std::byte> bytes(group.group_bytes());
  CHECK(group.encode(rows.view(), bytes, {}).error() == errc::workspace_too_small);
  // Bytes that nobody wrote: positions past the group are passed over, ranges that are no numbers make products corrupt.
  for (auto& b : page.span()) b = std::byte{0xFF};
  test::scratch_bytes_of scratch{keys.scratch_bytes(1)};
  test::number_rows logits{2, 32};
  CHECK(keys.dot(page.span(), 0, *keys.prepare(rows.part(0, 2)), logits.view(), scratch.get()).error() == errc::corrupt);
  std::vector<float> low(64), high(64);
  CHECK(skive::channel_ranges(rows.view(), 16, low, high).error() == errc::size_mismatch);
  CHECK(skive::channel_ranges({zeros.data(), 1, 64}, 0, std::span{low}.first(63), high).error() == errc::size_mismatch);
  low[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(skive::channel_ranges({low.data(), 1, 64}, 0, high, high).error() == errc::not_finite);
  CHECK(codebook_group::make(64, {5, 1, 4}, zeros).error() == errc::invalid_argument);
  CHECK(codebook_group::make(64, {4, 1, 9}, zeros).error() == errc::invalid_argument);
  CHECK(codebook_group::make(64, {4, 1, 4}, zeros).error() == errc::size_mismatch);
  std::vector<float> const infinite(codebook_group::numbers(64, {4, 1, 4}), std::numeric_limits<float>::infinity());
  CHECK(codebook_group::make(64, {4, 1, 4}, infinite).error() == errc::not_finite);
}
