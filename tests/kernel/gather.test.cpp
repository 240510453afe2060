// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel/gather.hpp: rows by index, and bags of rows, against decoded rows summed in double; refusals.
#include "skive/kernel/gather.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "support/packed_rows.hpp"

namespace {

namespace test = skive::test;
using skive::errc;
using skive::bag_pooling;

template <class Codec>
auto table(Codec const& codec, std::size_t n) {
  return test::packed_rows<Codec>{codec, 11, n, [n](std::size_t r) { return test::gaussian_numbers(n, r + 1); }};
}

template <class Arch, class Index, class Codec>
void check(Codec const& codec, std::size_t n) {
  auto const rows = table(codec, n);
  std::vector<Index> const indices{3, 10, 0, 3, 7, 7, 1};
  std::vector<float> y(7 * (n + 1), -77.0f);
  test::scratch_memory scratch{skive::pool_bags_bytes(codec, n)};
  auto const at = std::span<Index const>{indices};
  REQUIRE(skive::gather_rows<Arch>(codec, rows.matrix(), at, {y.data(), 7, n, n + 1}, scratch.get()));
  for (std::size_t k = 0; k < 7; ++k) {
    for (std::size_t i = 0; i < n; ++i) REQUIRE(y[k * (n + 1) + i] == rows.numbers[static_cast<std::size_t>(indices[k])][i]);
    REQUIRE(y[k * (n + 1) + n] == -77.0f);
  }
  std::vector<std::size_t> const offsets{0, 3, 3, 4, 7};
  std::vector<float> const weights{0.5f, -1.25f, 3.0f, 1e-3f, 0.3f, 0.7f, 2.0f};
  for (auto const kind : {bag_pooling::sum, bag_pooling::mean})
    for (bool const weighted : {false, true}) {
      std::vector<float> pooled(4 * (n + 1), -77.0f);
      REQUIRE(skive::pool_bags<Arch>(codec, rows.matrix(), at, std::span<std::size_t const>{offsets}, kind,
                                     weighted ? std::span<float const>{weights} : std::span<float const>{},
                                     {pooled.data(), 4, n, n + 1}, scratch.get()));
      for (std::size_t b = 0; b < 4; ++b) {
        for (std::size_t i = 0; i < n; ++i) {
          double sum = 0;
          double size = 0;
          for (auto k = offsets[b]; k < offsets[b + 1]; ++k) {
            auto const x = static_cast<double>(rows.numbers[static_cast<std::size_t>(indices[k])][i]);
            sum += (weighted ? static_cast<double>(weights[k]) : 1.0) * x;
            size += std::fabs((weighted ? static_cast<double>(weights[k]) : 1.0) * x);
          }
          auto const count = static_cast<double>(offsets[b + 1] - offsets[b]);
          auto const by = kind == bag_pooling::mean && count > 0 ? count : 1.0;
          CAPTURE(n, b, i, weighted);
          REQUIRE(std::fabs(static_cast<double>(pooled[b * (n + 1) + i]) - sum / by) <= (count + 1) * 0x1p-23 * size / by);
        }
        REQUIRE(pooled[b * (n + 1) + n] == -77.0f);
      }
    }
}

}  // namespace

TEST_CASE("gather: rows and bags", "[kernel]") {
  for (std::size_t const n : {1U, 16U, 33U, 130U}) {
    check<skive::native_arch, std::uint32_t>(skive::absmax<skive::int4>{32}, n);
    check<skive::native_arch, int>(skive::affine_int<8>{0}, n);
  }
  check<skive::scalar_arch, std::int64_t>(skive::absmax<skive::int4>{32}, 33);
}

TEST_CASE("gather: what is refused, and nothing is written", "[kernel]") {
  skive::absmax<skive::int8> const codec{32};
  std::size_t const n = 40;
  auto const rows = table(codec, n);
  std::vector<float> y(2 * n, -77.0f);
  skive::matrix_view<float> const out{y.data(), 2, n};
  test::scratch_memory scratch{skive::pool_bags_bytes(codec, n)};
  test::scratch_memory little{skive::pool_bags_bytes(codec, n) - 64};
  auto cut = rows.matrix();
  --cut.first[0].size;
  auto const gather = [&](auto const& m, std::vector<int> const& at, skive::matrix_view<float> to) {
    return skive::gather_rows(codec, m, std::span<int const>{at}, to, scratch.get()).error();
  };
  CHECK(gather(rows.matrix(), {1, 11}, out) == errc::invalid_argument);
  CHECK(gather(rows.matrix(), {1, -1}, out) == errc::invalid_argument);
  CHECK(gather(rows.matrix(), {1}, out) == errc::size_mismatch);
  CHECK(gather(rows.matrix(), {1, 2}, {y.data(), 2, n, n - 1}) == errc::size_mismatch);
  CHECK(gather(cut, {1, 2}, out) == errc::size_mismatch);
  auto const pool = [&](auto const& m, std::vector<int> const& at, std::vector<std::size_t> const& offsets,
                        std::vector<float> const& weights, skive::workspace w) {
    return skive::pool_bags(codec, m, std::span<int const>{at}, std::span<std::size_t const>{offsets}, bag_pooling::sum,
                            std::span<float const>{weights}, out, w)
        .error();
  };
  CHECK(pool(rows.matrix(), {1, 11}, {0, 1, 2}, {}, scratch.get()) == errc::invalid_argument);
  CHECK(pool(rows.matrix(), {1, 2}, {0, 1, 3}, {}, scratch.get()) == errc::invalid_argument);
  CHECK(pool(rows.matrix(), {1, 2}, {1, 1, 2}, {}, scratch.get()) == errc::invalid_argument);
  CHECK(pool(rows.matrix(), {1, 2}, {0, 3, 2}, {}, scratch.get()) == errc::invalid_argument);
  CHECK(pool(rows.matrix(), {1, 2}, {0, 2}, {}, scratch.get()) == errc::size_mismatch);
  CHECK(pool(rows.matrix(), {1, 2}, {0, 1, 2}, {1.0f}, scratch.get()) == errc::size_mismatch);
  CHECK(pool(cut, {1, 2}, {0, 1, 2}, {}, scratch.get()) == errc::size_mismatch);
  CHECK(pool(rows.matrix(), {1, 2}, {0, 1, 2}, {}, little.get()) == errc::workspace_too_small);
  CHECK(y == std::vector<float>(2 * n, -77.0f));
  CHECK(pool(rows.matrix(), {1, 2}, {0, 1, 2}, {}, scratch.get()) == errc::ok);
}
