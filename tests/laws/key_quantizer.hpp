// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The laws of key_quantizer and value_quantizer: groups are written once, chunks give the bytes of one shot, products equal
// decode-then-multiply in double, refusals leave the page alone, nothing is allocated and nothing outside is touched. They are
// compiled once for an instruction set, not for each quantizer: through kv/any_pages.hpp.

#include "skive/kv/any_pages.hpp"
#include "support/allocations.hpp"
#include "support/cache_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

/// Rows as a page of a quantizer of either kind gives them back.
template <class Q>
number_rows through(Q const& codec, number_rows const& rows) {
  guarded_page page{codec.page_bytes()};
  scratch_bytes_of scratch{codec.scratch_bytes(1)};
  number_rows out{rows.rows, rows.cols};
  REQUIRE(codec.append(rows.view(), 0, page.span(), scratch.get()));
  REQUIRE(codec.decode(page.span(), 0, out.view(), scratch.get()));
  return out;
}

/// What both kinds share; returns the page and what it decodes to.
template <class Arch>
guarded_page check_page(any_page<Arch> const& codec, number_rows const& rows, number_rows& decoded) {
  auto const group = codec.group_tokens();
  auto const n = codec.page_tokens();
  scratch_bytes_of scratch{codec.scratch_bytes(1)};
  guarded_page whole{codec.page_bytes()};
  auto const before = allocations();
  auto const all = codec.append(rows.view(), 0, whole.span(), scratch.get());
  auto const after = allocations();
  REQUIRE(all);
  REQUIRE(after == before);
  REQUIRE(whole.guarded());

  guarded_page pieces{codec.page_bytes()};
  for (std::size_t t = n; t != 0; t -= group) {  // the last group first
    REQUIRE(codec.append(rows.part(t - group, group), t - group, pieces.span(), scratch.get()));
  }
  REQUIRE((pieces.memory == whole.memory));

  REQUIRE(codec.decode(whole.span(), 0, decoded.view(), scratch.get()));
  number_rows some{3, decoded.cols};  // any range
  for (auto const first : {std::size_t{0}, std::size_t{1}, n / 2 - 2, n - 3}) {
    REQUIRE(codec.decode(whole.span(), first, some.view(), scratch.get()));
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t d = 0; d < some.cols; ++d) REQUIRE(some(i, d) == decoded(first + i, d));
  }
  return whole;
}

template <class Arch>
void check_refusals(any_page<Arch> const& codec, number_rows const& rows, guarded_page const& page) {
  auto const group = codec.group_tokens();
  scratch_bytes_of scratch{codec.scratch_bytes(1)};
  auto copy = page;
  auto const refused = [&](matrix_view<float const> r, std::size_t first, std::span<std::byte> to) {
    auto const error = codec.append(r, first, to, scratch.get()).error();
    REQUIRE((copy.memory == page.memory));
    return error;
  };
  CHECK(refused(rows.part(0, group), 0, copy.span().first(copy.bytes - 1)) == errc::size_mismatch);
  CHECK(refused(rows.part(0, group), codec.page_tokens(), copy.span()) == errc::size_mismatch);
  CHECK(refused(rows.part(0, group), ~std::size_t{0} - 31, copy.span()) == errc::size_mismatch);
  CHECK(refused({rows.values.data(), group, rows.cols - 8}, 0, copy.span()) == errc::size_mismatch);
  if (group > 1) {
    CHECK(refused(rows.part(0, group), 1, copy.span()) == errc::size_mismatch);
    CHECK(refused(rows.part(0, group - 1), 0, copy.span()) == errc::size_mismatch);
  }
  for (auto const bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    auto spoiled = rows;
    spoiled(group - 1, rows.cols - 1) = bad;
    CHECK(refused(spoiled.part(0, group), 0, copy.span()) == errc::not_finite);
  }
  number_rows out{2, rows.cols};
  CHECK(codec.decode(copy.span(), codec.page_tokens() - 1, out.view(), scratch.get()).error() == errc::size_mismatch);
  CHECK(codec.decode(copy.span().first(copy.bytes - 1), 0, out.view(), scratch.get()).error() == errc::size_mismatch);
}

/// `tolerance`: of a logit, relative to sum |q_d k'_d|.
template <class Arch>
void check_keys(any_keys<Arch> codec, double tolerance, unsigned seed) {
  auto const n = codec.page_tokens();
  auto const size = codec.head_size();
  number_rows const rows{n, size, seed};
  number_rows decoded{n, size};
  auto const page = check_page<Arch>(codec, rows, decoded);
  check_refusals<Arch>(codec, rows, page);
  for (std::size_t queries = 1; queries <= 6; ++queries) {
    number_rows const q{queries, size, seed + 77};
    scratch_bytes_of prepared{codec.query_bytes(queries)};
    scratch_bytes_of scratch{codec.scratch_bytes(queries)};
    auto const before = allocations();
    auto const query = codec.prepare(q.view(), prepared.get());
    auto const after = allocations();
    REQUIRE(query);
    REQUIRE(after == before);
    std::size_t const range[][2] = {{0, n}, {0, 1}, {n - 1, 1}, {5, n - 9}, {n / 2 - 1, 2}, {3, 0}};
    for (auto const& [first, count] : range) {
      number_rows logits{queries, count + 1};
      for (auto& x : logits.values) x = -77.0f;
      REQUIRE(codec.dot(page.span(), first, *query, {logits.values.data(), queries, count, count + 1}, scratch.get()));
      for (std::size_t i = 0; i < queries; ++i) {
        for (std::size_t j = 0; j < count; ++j) {
          double sum = 0;
          double size_of_terms = 1e-3;
          for (std::size_t d = 0; d < size; ++d) {
            auto const term = static_cast<double>(q(i, d)) * static_cast<double>(decoded(first + j, d));
            sum += term;
            size_of_terms += std::fabs(term);
          }
          INFO("query " << i << " token " << first + j << ": " << logits(i, j) << " for " << sum);
          REQUIRE(std::fabs(static_cast<double>(logits(i, j)) - sum) <= tolerance * size_of_terms);
        }
        REQUIRE(logits(i, count) == -77.0f);
      }
    }
    number_rows logits{queries, n};
    REQUIRE(codec.dot(page.span(), 1, *query, logits.view(), scratch.get()).error() == errc::size_mismatch);
    REQUIRE(codec.dot(page.span().first(page.bytes - 1), 0, *query, logits.view(), scratch.get()).error() == errc::size_mismatch);
    number_rows more{queries + 1, n};
    REQUIRE(codec.dot(page.span(), 0, *query, more.view(), scratch.get()).error() == errc::size_mismatch);
    number_rows wide{queries, size + 8, 1};
    REQUIRE(codec.prepare(wide.view(), prepared.get()).error() == errc::size_mismatch);
    auto spoiled = q;
    spoiled(queries - 1, 0) = std::numeric_limits<float>::quiet_NaN();
    REQUIRE(codec.prepare(spoiled.view(), prepared.get()).error() == errc::not_finite);
  }
}

template <class Arch, key_quantizer K>
void check_key_quantizer(K const& codec, double tolerance, unsigned seed = 1) {
  check_keys(any_keys<Arch>{codec}, tolerance, seed);
}

/// `tolerance`: of a sum, relative to count max |w_t| max |v'|.
template <class Arch>
void check_values(any_values<Arch> codec, double tolerance, unsigned seed) {
  auto const n = codec.page_tokens();
  auto const size = codec.head_size();
  number_rows const rows{n, size, seed};
  number_rows decoded{n, size};
  auto const page = check_page<Arch>(codec, rows, decoded);
  check_refusals<Arch>(codec, rows, page);
  double largest = 0;
  for (auto const x : decoded.values) largest = std::max(largest, std::fabs(static_cast<double>(x)));
  for (std::size_t queries = 1; queries <= 6; ++queries) {
    scratch_bytes_of scratch{codec.scratch_bytes(queries)};
    std::size_t const range[][2] = {{0, n}, {0, 1}, {n - 1, 1}, {5, n - 9}, {n / 2 - 1, 2}, {3, 0}};
    for (auto const& [first, count] : range) {
      number_rows weights{queries, count, seed + 5};
      for (auto& w : weights.values) w = std::exp(w);
      number_rows sums{queries, size + 1};
      for (auto& x : sums.values) x = -77.0f;
      matrix_view<float> const to{sums.values.data(), queries, size, size + 1};
      for (std::size_t i = 0; i < queries; ++i)
        for (std::size_t d = 0; d < size; ++d) to(i, d) = 1.0f;
      auto const before = allocations();
      auto const done = codec.accumulate(page.span(), first, weights.view(), to, scratch.get());
      auto const after = allocations();
      REQUIRE(done);
      REQUIRE(after == before);
      for (std::size_t i = 0; i < queries; ++i) {
        double heaviest = 1;
        for (std::size_t j = 0; j < count; ++j) heaviest = std::max(heaviest, static_cast<double>(weights(i, j)));
        for (std::size_t d = 0; d < size; ++d) {
          double sum = 1;
          for (std::size_t j = 0; j < count; ++j)
            sum += static_cast<double>(weights(i, j)) * static_cast<double>(decoded(first + j, d));
          INFO("row " << i << " channel " << d << ": " << to(i, d) << " for " << sum);
          REQUIRE(std::fabs(static_cast<double>(to(i, d)) - sum) <=
                  tolerance * (static_cast<double>(count) * heaviest * largest + 1));
        }
        REQUIRE(sums(i, size) == -77.0f);
      }
    }
    number_rows const weights{queries, n};
    number_rows sums{queries, size};
    REQUIRE(codec.accumulate(page.span(), 1, weights.view(), sums.view(), scratch.get()).error() == errc::size_mismatch);
    REQUIRE(codec.accumulate(page.span().first(page.bytes - 1), 0, weights.view(), sums.view(), scratch.get()).error() ==
            errc::size_mismatch);
    number_rows more{queries + 1, size};
    REQUIRE(codec.accumulate(page.span(), 0, weights.view(), more.view(), scratch.get()).error() == errc::size_mismatch);
  }
}

template <class Arch, value_quantizer V>
void check_value_quantizer(V const& codec, double tolerance, unsigned seed = 1) {
  check_values(any_values<Arch>{codec}, tolerance, seed);
}

}  // namespace skive::test
