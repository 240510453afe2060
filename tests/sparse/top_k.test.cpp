// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/top_k.hpp: the laws of mask_pattern and outlier_rule, counts, whole matrices.
#include "skive/sparse/top_k.hpp"

#include "laws/mask_pattern.hpp"

#include <array>
#include <cmath>
#include <random>
#include <utility>

namespace {

namespace test = skive::test;
using skive::errc;

constexpr unsigned mask_of(std::array<float, 8> const& scores, std::size_t k) {
  std::array<std::byte, 1> mask{};
  return skive::top_k{k}.select(scores, mask) ? std::to_integer<unsigned>(mask[0]) : 0U;
}
static_assert(mask_of({3, 1, 2, 4, 1, 1, 1, 1}, 5) == 0b0001'1111);
static_assert(skive::top_fraction{0.005f}.count(4096) == 20 && skive::top_fraction{0.5f}.count(3) == 2);
static_assert(skive::top_fraction{-1.0f}.count(9) == 0 && skive::top_fraction{2.0f}.count(9) == 9);
static_assert(skive::top_fraction{std::numeric_limits<float>::quiet_NaN()}.count(9) == 0);

template <class Arch>
void rows_keep_the_laws() {
  for (std::size_t const n : {0U, 1U, 15U, 16U, 17U, 33U, 130U, 1000U})
    for (std::size_t const k : {std::size_t{0}, std::size_t{1}, n / 3, n / 2, n})
      if (k <= n) test::check_masks<Arch>(skive::top_k{k}, {n}, 0, [k](std::size_t) { return k; });
  test::check_mask_refusals<Arch>(skive::top_k{3}, 100);
  auto const half = skive::top_fraction{0.5f};
  test::check_masks<Arch>(half, {0, 3, 64, 101}, 0, [](std::size_t n) { return (n + 1) / 2; });
  for (std::size_t const group : {1U, 5U, 8U, 100U, 128U})
    for (std::size_t const k : {std::size_t{0}, std::size_t{1}, group / 2, group}) {
      auto const count = [=](std::size_t size) { return size == group ? k : (k * size + group - 1) / group; };
      test::check_masks<Arch>(skive::top_k_of_group{k, group}, {0, 1, 99, 100, 256, 333}, group, count);
    }
  test::check_mask_refusals<Arch>(skive::top_k_of_group{3, 7}, 100);
}

}  // namespace

TEST_CASE("top_k: masks of rows and groups keep the laws", "[sparse]") {
  test::for_each(test::few_arches{}, []<class Arch>() { rows_keep_the_laws<Arch>(); });
  test::for_each(test::arches<skive::scalar_arch>{}, []<class Arch>() { rows_keep_the_laws<Arch>(); });
}

TEST_CASE("top_k: indices are those of the mask, ascending", "[sparse]") {
  for (unsigned kind = 0; kind < 4; ++kind) {
    auto const scores = test::scores_of_kind(1001, kind, 4);
    skive::top_fraction const rule{0.1f};
    std::vector<std::uint32_t> indices(rule.count(1001));
    REQUIRE(indices.size() == 100);
    REQUIRE(rule.select(scores, indices));
    auto const mask = test::expected_mask(scores, 0, [](std::size_t) { return 100U; });
    std::size_t found = 0;
    for (std::uint32_t i = 0; i < 1001; ++i)
      if (skive::is_kept(mask, i)) REQUIRE(indices[found++] == i);
    CHECK(rule.select(scores, std::span{indices}.first(99)).error() == errc::size_mismatch);
  }
  for (std::size_t const group : {1U, 8U, 100U, 2000U}) {  // so many of each group
    auto const scores = test::scores_of_kind(1001, 1, 5);
    skive::top_k_of_group const rule{(group + 3) / 4, group};
    std::vector<std::byte> mask(skive::mask_bytes(scores.size()));
    std::vector<std::uint32_t> indices(rule.count(1001)), expected;
    REQUIRE((rule.select(scores, mask) && rule.select(scores, indices)));
    for (std::uint32_t i = 0; i < 1001; ++i)
      if (skive::is_kept(mask, i)) expected.push_back(i);
    CHECK((indices == expected));
    indices.push_back(0);
    CHECK(rule.select(scores, indices).error() == errc::size_mismatch);
  }
  std::vector<float> scores(9, std::numeric_limits<float>::quiet_NaN());
  std::vector<std::uint32_t> indices(2, 77U);
  CHECK(skive::top_k_of_group{1, 5}.select(scores, indices).error() == errc::not_finite);
  CHECK(skive::top_k_of_group{6, 5}.select(scores, indices).error() == errc::invalid_argument);
  CHECK(skive::top_k{2}.select(scores, indices).error() == errc::not_finite);
  CHECK(skive::top_k{10}.select(scores, indices).error() == errc::invalid_argument);
  std::vector<std::byte> mask(2);
  CHECK(skive::top_k{10}.select(scores, mask).error() == errc::invalid_argument);
  CHECK((indices == std::vector<std::uint32_t>(2, 77U)));
  CHECK(skive::top_k_of_group{3, 2}.select(scores, mask).error() == errc::invalid_argument);
  CHECK(skive::top_k_of_group{0, 0}.select(scores, mask).error() == errc::invalid_argument);
}

TEST_CASE("top_k: energy that masks without groups take from Gaussian weights", "[sparse]") {
  std::mt19937 random{3};
  std::normal_distribution<float> normal;
  std::vector<float> w(1U << 20);
  for (auto& v : w) v = std::fabs(normal(random));
  std::vector<std::byte> mask(w.size() / 8);
  for (auto const& [part, lost] : {std::pair{0.5f, 0.0713}, std::pair{0.25f, 0.276}}) {
    REQUIRE(skive::top_fraction{part}.select(w, mask));
    double all = 0;
    double taken = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      auto const energy = static_cast<double>(w[i]) * static_cast<double>(w[i]);
      all += energy;
      taken += skive::is_kept(mask, i) ? 0.0 : energy;
    }
    CHECK(std::fabs(taken / all - lost) < 0.002);
  }
}

TEST_CASE("top_k: the largest of a matrix", "[sparse]") {
  std::size_t const rows = 7, cols = 37, stride = 41;
  for (unsigned kind = 0; kind < 4; ++kind)
    for (std::size_t const k : {std::size_t{0}, std::size_t{1}, std::size_t{100}, rows * cols}) {
      auto const dense = test::scores_of_kind(rows * cols, kind, 12);
      std::vector<float> scores(rows * stride, std::numeric_limits<float>::quiet_NaN());
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < cols; ++c) scores[r * stride + c] = dense[r * cols + c];
      std::vector<std::byte> masks(rows * 6, std::byte{0xA5});
      skive::matrix_view<float const> const view{scores.data(), rows, cols, stride};
      REQUIRE(skive::select_largest(view, k, {masks.data(), rows, 5, 6}));
      auto const expected = test::expected_mask(dense, 0, [k](std::size_t) { return k; });
      for (std::size_t r = 0; r < rows; ++r) {
        auto const mask = std::span<std::byte const>{masks}.subspan(r * 6, 5);
        for (std::size_t c = 0; c < cols; ++c) REQUIRE(skive::is_kept(mask, c) == skive::is_kept(expected, r * cols + c));
        REQUIRE((mask[4] >> 5) == std::byte{0});
        REQUIRE(masks[r * 6 + 5] == std::byte{0xA5});
      }
    }
  std::vector<float> scores(8, 1.0f);
  std::vector<std::byte> masks(2);
  CHECK(skive::select_largest({scores.data(), 2, 4}, 9, {masks.data(), 2, 1}).error() == errc::invalid_argument);
  CHECK(skive::select_largest({scores.data(), 2, 4}, 1, {masks.data(), 1, 2}).error() == errc::size_mismatch);
  scores[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK(skive::select_largest({scores.data(), 2, 4}, 1, {masks.data(), 2, 1}).error() == errc::not_finite);
}
