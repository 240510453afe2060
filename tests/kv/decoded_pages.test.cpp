// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/decoded_pages.hpp: pages that are only decoded, whatever the range of tokens; corrupt numbers and refusals.
#include "skive/kv/decoded_pages.hpp"

#include "support/cache_rows.hpp"

#include <cmath>
#include <limits>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::errc;
namespace test = skive::test;

// Numbers t + d / 64 of no bytes at all, but for a token whose numbers are infinite.
struct counting_page {
  struct codec_type {
    std::size_t corrupt = ~std::size_t{0};
  };
  skive::page_shape shape_{};
  std::size_t corrupt_ = 0;

  static skive::result<counting_page> make(codec_type const& codec, skive::page_shape shape) noexcept {
    if (!shape.valid()) return errc::invalid_argument;
    return counting_page{shape, codec.corrupt};
  }
  skive::page_shape shape() const noexcept { return shape_; }
  std::size_t head_size() const noexcept { return shape_.head_size; }
  std::size_t page_bytes() const noexcept { return 1; }
  std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }
  float number(std::size_t t, std::size_t d) const noexcept {
    return t == corrupt_ ? std::numeric_limits<float>::infinity() : static_cast<float>(t) + static_cast<float>(d) / 64;
  }
  template <class Arch>
  skive::status decode_rows(std::span<std::byte const>, std::size_t first, skive::matrix_view<float> out,
                            skive::workspace) const noexcept {
    for (std::size_t t = 0; t < out.rows; ++t)
      for (std::size_t d = 0; d < out.cols; ++d) out(t, d) = number(first + t, d);
    return errc::ok;
  }
};

constexpr skive::page_shape shape{24, 96};
constexpr std::byte page[1]{};

}  // namespace

TEST_CASE("decoded_pages: products over the ends of pieces of 32 tokens", "[kv]") {
  auto const k = *skive::decoded_keys<counting_page>::make({}, shape);
  auto const v = *skive::decoded_values<counting_page>::make({}, shape);
  test::number_rows const q{5, 24, 3};
  test::scratch_bytes_of scratch{k.scratch_bytes(5)};
  for (auto const& [first, count] : {std::pair<std::size_t, std::size_t>{0, 96}, {31, 2}, {5, 60}, {95, 1}, {7, 0}}) {
    test::number_rows const w{5, count, 9};
    test::number_rows logits{5, count};
    test::number_rows sums{5, 24};
    REQUIRE(k.dot(page, first, *k.prepare(q.view()), logits.view(), scratch.get()));
    REQUIRE(v.accumulate(page, first, w.view(), sums.view(), scratch.get()));
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t t = 0; t < count; ++t) {
        double sum = 0;
        for (std::size_t d = 0; d < 24; ++d) sum += static_cast<double>(q(i, d)) * static_cast<double>(k.number(first + t, d));
        CHECK(std::fabs(static_cast<double>(logits(i, t)) - sum) <= 1e-2);
      }
      for (std::size_t d = 0; d < 24; ++d) {
        double sum = 0;
        for (std::size_t t = 0; t < count; ++t) sum += static_cast<double>(w(i, t)) * static_cast<double>(v.number(first + t, d));
        CHECK(std::fabs(static_cast<double>(sums(i, d)) - sum) <= 2e-2);
      }
    }
  }
}

TEST_CASE("decoded_pages: a token that is not finite is found where it is read, refusals", "[kv]") {
  auto const k = *skive::decoded_keys<counting_page>::make({40}, shape);
  auto const v = *skive::decoded_values<counting_page>::make({40}, shape);
  test::number_rows const q{1, 24, 3};
  auto const query = *k.prepare(q.view());
  test::scratch_bytes_of scratch{k.scratch_bytes(1)};
  for (std::size_t const first : {33U, 40U, 41U}) {
    auto const code = first == 41 ? errc::ok : errc::corrupt;
    test::number_rows const w{1, 9, 7};
    test::number_rows logits{1, 9};
    test::number_rows sums{1, 24};
    CHECK(k.dot(page, first, query, logits.view(), scratch.get()).error() == code);
    CHECK(v.accumulate(page, first, w.view(), sums.view(), scratch.get()).error() == code);
  }
  test::number_rows logits{1, 9};
  CHECK(k.dot(page, 88, query, logits.view(), scratch.get()).error() == errc::size_mismatch);
  CHECK(k.dot(page, 0, query, logits.view(), {}).error() == errc::workspace_too_small);
  CHECK(k.dot({}, 0, query, logits.view(), scratch.get()).error() == errc::size_mismatch);
  CHECK(k.prepare(test::number_rows{1, 16, 3}.view()).error() == errc::size_mismatch);
  test::number_rows bad{1, 24, 3};
  bad(0, 23) = std::numeric_limits<float>::quiet_NaN();
  CHECK(k.prepare(bad.view()).error() == errc::not_finite);
  test::number_rows sums{1, 24};
  CHECK(v.accumulate(page, 0, bad.view(), sums.view(), scratch.get()).error() == errc::not_finite);
}
