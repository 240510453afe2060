// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The set of concepts on small models: a vector path across blocks in every layout, composers nested three deep, error feedback.
#define XSIMD_WITH_EMULATED 1    // registers of any width out of plain C++
#undef XSIMD_ENABLE_XTL_COMPLEX  // Debian's target sets it; the emulated registers of xsimd 13.2 do not compile with it
#include "skive/core/concepts.hpp"

#include "laws/stepwise_codec.hpp"
#include "skive/block/absmax.hpp"
#include "support/models/feedback.hpp"
#include "support/models/residual.hpp"
#include "support/models/toy_codec.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace {

using skive::test::residual;
using skive::test::rotated;
using skive::test::split_outliers;
using skive::test::toy_codec;
namespace test = skive::test;

// Orthonormal Hadamard transform of 2^k numbers; takes scratch to prove that nested workspaces hold.
struct hadamard {
  static constexpr bool is_orthogonal = true;
  std::size_t n = 16;
  constexpr std::size_t size() const noexcept { return n; }
  constexpr std::size_t scratch_bytes() const noexcept { return skive::workspace::bytes<float>(n); }
  skive::status forward(std::span<float> x, skive::workspace w) const noexcept {
    if (x.size() != n) return skive::errc::size_mismatch;
    auto const copy = w.take<float>(n);
    if (copy.size() != n) return skive::errc::workspace_too_small;
    for (std::size_t h = 1; h < n; h *= 2) {
      std::copy(x.begin(), x.end(), copy.begin());
      for (std::size_t i = 0; i < n; ++i) x[i] = (i & h) != 0 ? copy[i - h] - copy[i] : copy[i] + copy[i + h];
    }
    for (auto& v : x) v /= std::sqrt(static_cast<float>(n));
    return skive::errc::ok;
  }
  skive::status inverse(std::span<float> x, skive::workspace w) const noexcept { return forward(x, w); }
};

// One number in every `per`, the largest magnitudes; indices ascend.
struct top_count {
  std::size_t per = 20;
  constexpr std::size_t count(std::size_t n) const noexcept { return n / per; }
  skive::status select(std::span<float const> scores, std::span<std::uint32_t> out) const noexcept {
    if (out.size() != count(scores.size())) return skive::errc::size_mismatch;
    for (std::size_t k = 0; k < out.size(); ++k) {  // insertion of the k-th largest, quadratic and plain
      std::uint32_t best = 0;
      bool any = false;
      for (std::uint32_t i = 0; i < scores.size(); ++i) {
        if (std::find(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(k), i) !=
            out.begin() + static_cast<std::ptrdiff_t>(k))
          continue;
        if (!any || std::fabs(scores[i]) > std::fabs(scores[best])) best = i;
        any = true;
      }
      out[k] = best;
    }
    std::sort(out.begin(), out.end());
    return skive::errc::ok;
  }
};
static_assert(skive::orthogonal_transform<hadamard> && skive::outlier_rule<top_count>);

using int4_codec = skive::absmax<skive::int4>;
using int3_codec = skive::absmax<skive::int3>;

double relative_error(std::vector<float> const& x, std::vector<float> const& y) {
  double error = 0;
  double energy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
    energy += std::pow(static_cast<double>(x[i]), 2);
  }
  return error / energy;
}
std::vector<float> gaussian(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> out(n);
  for (auto& x : out) x = normal(random);
  return out;
}
std::size_t total(auto const& codec, std::size_t n) { return skive::total_bytes(codec.plane_bytes(n)); }

// The toy codec one number at a time: its scalar twin shares no vector code.
test::byte_rows scalar_twin(std::vector<float> const& row) {
  toy_codec const codec;
  auto const states = test::detail::settled(codec, row);
  auto const numbers = test::detail::rounded(codec, std::span{states}, row);
  test::packed_row<toy_codec> packed{codec, row.size()};
  REQUIRE(codec.write(std::span<toy_codec::block_state const>{states}, std::span<float const>{numbers}, packed.to(), {}));
  return packed.gathered();
}

template <class Arch>
void same_as_scalar() {
  toy_codec const codec;
  for (std::size_t n = 0; n < 300; n += n % 40 == 0 ? 1U : 13U) {
    auto row = test::mixed_row(n, static_cast<unsigned>(n));
    if (n > 100) row[77] = std::numeric_limits<float>::quiet_NaN();
    if (n > 200) row[160] = std::numeric_limits<float>::infinity();
    auto const expected = scalar_twin(row);
    for (auto const l : test::layouts) {
      test::packed_row<toy_codec> packed{codec, n, l, 3};
      REQUIRE(codec.encode<Arch>(row, packed.to()));
      REQUIRE(packed.guards_hold());
      REQUIRE((packed.gathered() == expected));
      std::vector<float> a(n);
      std::vector<float> b(n);
      REQUIRE(codec.decode<Arch>(packed.from(), a));
      for (std::size_t i = 0; i < n; i += 8)  // eight numbers never fill a batch: the scalar path
        for (std::size_t j = i; j < std::min(i + 8, n); ++j)
          b[j] = static_cast<float>(static_cast<std::int8_t>(expected[0][j])) *
              std::bit_cast<float>(std::to_integer<std::uint32_t>(expected[1][j / 8 * 4]) |
                                   std::to_integer<std::uint32_t>(expected[1][j / 8 * 4 + 1]) << 8 |
                                   std::to_integer<std::uint32_t>(expected[1][j / 8 * 4 + 2]) << 16 |
                                   std::to_integer<std::uint32_t>(expected[1][j / 8 * 4 + 3]) << 24);
      for (std::size_t i = 0; i < n; ++i) REQUIRE((std::isnan(a[i]) ? std::isnan(b[i]) : a[i] == b[i]));
    }
  }
}

}  // namespace

TEST_CASE("a vector path across blocks writes the scalar path's bytes in every layout", "[core]") {
  same_as_scalar<xsimd::default_arch>();
  same_as_scalar<xsimd::emulated<128>>();
  same_as_scalar<xsimd::emulated<256>>();
  same_as_scalar<xsimd::emulated<512>>();
  test::check_block_codec(toy_codec{}, {0, 1, 8, 63, 64, 200, 331});
  test::check_stepwise_codec(toy_codec{}, {0, 1, 8, 63, 64, 200, 331});
}

TEST_CASE("each composer keeps the laws", "[core]") {
  test::check_block_codec(rotated{hadamard{16}, toy_codec{}}, {0, 16, 64, 208});
  test::check_block_codec(rotated{hadamard{8}, int4_codec{32}}, {0, 8, 64, 200});  // the part's block is the larger one
  test::check_block_codec(rotated{hadamard{16}, int4_codec{0}}, {0, 16, 208});
  test::check_block_codec(split_outliers{top_count{20}, int4_codec{32}}, {0, 1, 64, 333});
  test::check_block_codec(residual{int4_codec{32}, int4_codec{32}}, {0, 1, 64, 333});
  test::check_block_codec(residual{int4_codec{32}, int4_codec{16}}, {0, 64, 320});  // blocks differ: not for solvers
  test::check_block_codec(residual{rotated{hadamard{16}, toy_codec{}}, toy_codec{}}, {0, 16, 208});
}

TEST_CASE("a residual of stepwise codecs is stepwise", "[core]") {
  static_assert(skive::stepwise_codec<residual<int4_codec, toy_codec>>);
  static_assert(skive::stepwise_codec<residual<int4_codec, residual<int3_codec, int4_codec>>>);
  static_assert(!skive::stepwise_codec<rotated<hadamard, toy_codec>>, "a solver works in the codec's own basis");
  static_assert(!skive::stepwise_codec<residual<rotated<hadamard, toy_codec>, toy_codec>>);
  test::check_stepwise_codec(residual{int4_codec{32}, int4_codec{32}}, {0, 1, 64, 333}, 1, false);
  test::check_stepwise_codec(residual{int4_codec{8}, toy_codec{}}, {0, 1, 64, 333}, 1, false);
  test::check_stepwise_codec(residual{int3_codec{0}, residual{int3_codec{0}, int4_codec{0}}}, {1, 64, 333}, 1, false);
}

TEST_CASE("three composers deep: laws, sizes, scratch, round trip", "[core]") {
  auto const pair = residual{int4_codec{32}, int4_codec{32}};
  auto const split = split_outliers{top_count{32}, pair};
  auto const deep = rotated{hadamard{64}, split};
  static_assert(skive::block_codec<decltype(deep)> && decltype(deep)::plane_count == 6);
  test::check_block_codec(deep, {0, 64, 256, 640});
  CHECK(deep.block_size() == 0);
  CHECK(deep.row_multiple() == 64);
  CHECK((deep.plane_bytes(640) == std::array<std::size_t, 6>{320, 40, 320, 40, 80, 80}));
  CHECK(total(deep, 640) == 880);
  CHECK(deep.scratch_bytes(640) >= skive::workspace::bytes<float>(640) + split.scratch_bytes(640));

  auto const other =
      residual{rotated{hadamard{16}, int4_codec{16}}, split_outliers{top_count{64}, rotated{hadamard{32}, toy_codec{}}}};
  static_assert(skive::block_codec<decltype(other)>);
  test::check_block_codec(other, {0, 32, 640});

  auto const x = gaussian(6400, 5);
  double const one = relative_error(x, test::through(int4_codec{32}, x));
  double const two = relative_error(x, test::through(pair, x));
  CHECK(one < 0.02);
  CHECK(two < one / 100);
  CHECK(relative_error(x, test::through(deep, x)) < two * 1.05);
  CHECK(relative_error(x, test::through(rotated{hadamard{64}, toy_codec{}}, x)) < 1e-4);
}

TEST_CASE("error feedback by columns reaches what feedback by blocks does not", "[core]") {
  // Second moments of inputs whose neighbours correlate by 0.92: H_ij = 0.92^|i-j|. 64 x 512 Gaussian weights.
  constexpr std::size_t rows = 64;
  constexpr std::size_t n = 512;
  test::square h(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) h[i * n + j] = std::pow(0.92, std::abs(static_cast<double>(i) - static_cast<double>(j)));
  auto const w = gaussian(rows * n, 7);

  auto const compare = [&](auto const& codec, std::size_t block, double good, double bad) {
    auto const nearest = test::through(codec, w);
    double const base = test::layer_loss(w, nearest, h, rows, n);
    auto const columns = test::with_feedback(codec, w, h, rows, n, 1);
    double const by_columns = test::layer_loss(w, columns.values, h, rows, n) / base;
    auto const blocks = test::with_feedback(codec, w, h, rows, n, block);
    double const by_blocks = test::layer_loss(w, blocks.values, h, rows, n) / base;
    INFO("by columns " << by_columns << ", by blocks " << by_blocks);
    CHECK(by_columns <= good);
    CHECK(by_blocks >= bad);
    // What the solver decided is what decodes from the planes.
    using codec_type = std::remove_cvref_t<decltype(codec)>;
    std::vector<float> out(n);
    for (std::size_t r = 0; r < rows; r += 21) {
      test::packed_row<codec_type> packed{codec, n, test::layout::interleaved};
      auto const row = std::span<float const>{columns.values}.subspan(r * n, n);
      REQUIRE(codec.write(std::span<typename codec_type::block_state const>{columns.states[r]}, row, packed.to(), {}));
      REQUIRE(codec.decode(packed.from(), std::span<float>{out}, {}));
      REQUIRE(std::equal(out.begin(), out.end(), row.begin()));
    }
  };
  compare(int3_codec{32}, 32, 0.25, 0.7);
  compare(toy_codec{}, 8, 0.25, 0.4);
}
