// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Statuses that headers document and the tests of those headers leave out (tests/documented_statuses.sh finds them).
#include "skive/block/absmax.hpp"
#include "skive/block/grouped.hpp"
#include "skive/codebook/kmeans_1d.hpp"
#include "skive/codebook/lloyd_max.hpp"
#include "skive/codebook/trellis_codec.hpp"
#include "skive/codebook/trellis_trained.hpp"
#include "skive/compose/rotated.hpp"
#include "skive/kv/codec_pages.hpp"
#include "skive/kv/online_softmax.hpp"
#include "skive/linalg/cholesky_qr.hpp"
#include "skive/linalg/pivoted_qr.hpp"
#include "skive/linalg/qr.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <limits>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

std::vector<std::byte> memory(std::size_t bytes) { return std::vector<std::byte>(bytes); }

// A density that nothing can be integrated over.
struct no_density {
  using real_type = double;
  double density(double) const noexcept { return std::numeric_limits<double>::quiet_NaN(); }
  partial_moments<double> between(double, double) const noexcept {
    return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  }
  double variance() const noexcept { return 1.0; }
  double low() const noexcept { return -1.0; }
  double high() const noexcept { return 1.0; }
  double bulk() const noexcept { return 1.0; }
};

template <class Codec, class Other>
void refuses_queries(Codec const& codec, Other const& other) {
  constexpr std::size_t n = 256;
  std::vector<float> x(n, 0.5f);
  auto query = memory(codec.int8_query_bytes(n));
  x[3] = no_number;
  CHECK(codec.prepare_int8(x, activation_scale::per_block, workspace{query}).error() == errc::not_finite);
  x[3] = 0.0f;
  auto foreign = memory(other.int8_query_bytes(n));
  auto const q = other.prepare_int8(x, activation_scale::per_block, workspace{foreign});
  REQUIRE(q);
  auto bytes = memory(total_bytes(codec.plane_bytes(n)));
  planes<std::byte, Codec::plane_count> p;
  REQUIRE(planar(codec, n, std::span{bytes}, p));
  CHECK(codec.dot(planes<std::byte const, Codec::plane_count>(p), *q).error() == errc::invalid_argument);
}

}  // namespace

TEST_CASE("Refused: queries with NaN, and those of another kind of codec", "[skive]") {
  refuses_queries(absmax<int4>{32}, absmax<int8>{32});
  refuses_queries(tcq2_l8{}, absmax<int8>{32});
}

TEST_CASE("Refused: more samples than positions of 32 bits", "[skive]") {
  float const sample = 0;
  float level = 0;
  std::span<float const> const endless{&sample, 0xFFFF'FFFFU};  // looked at for its size only
  CHECK(kmeans_1d(endless, {}, {&level, 1}, kmeans_memory::fast, workspace{}).error() == errc::overflow);
}

TEST_CASE("Refused: a distribution that has no Lloyd-Max levels", "[skive]") {
  std::vector<double> levels(4);
  std::vector<double> scratch(lloyd_max_scratch(4));
  CHECK(lloyd_max(no_density{}, std::span{levels}, std::span{scratch}).error() == errc::no_convergence);
}

TEST_CASE("Refused: pages of a codec that takes no rows of head_size numbers", "[skive]") {
  rotated odd{*random_hadamard::make(48, 1), absmax<int4>{0}};
  CHECK(codec_keys<decltype(odd)>::make(odd, {64, 32}).error() == errc::invalid_argument);
  CHECK(codec_values<decltype(odd)>::make(odd, {64, 32}).error() == errc::invalid_argument);
  CHECK(codec_keys<decltype(odd)>::make(odd, {96, 32}).has_value());
}

TEST_CASE("Refused: sinks that are no numbers", "[skive]") {
  std::vector<float> maximum(1), sum(1), accumulator(64);
  attention_state const state{maximum, sum, {accumulator.data(), 1, 64}};
  REQUIRE(reset(state));
  CHECK(add_sink(state, {&no_number, 1}).error() == errc::not_finite);
  CHECK(sum[0] == 0.0f);
  attention_state const other{{maximum.data(), 0}, sum, {accumulator.data(), 1, 64}};
  float const two[2]{};
  CHECK(add_sink(state, two).error() == errc::size_mismatch);
  CHECK(reset(other).error() == errc::size_mismatch);
  CHECK(merge(state, other).error() == errc::size_mismatch);
  CHECK(finish(state, {accumulator.data(), 1, 32}).error() == errc::size_mismatch);
}

TEST_CASE("Refused: matrices whose rows overlap", "[skive]") {
  std::vector<float> numbers(64, 1.0f);
  matrix_view<float> const broken{numbers.data(), 4, 3, 2};
  matrix_view<float> const good{numbers.data() + 32, 3, 3};
  std::vector<float> tau(3);
  std::vector<std::size_t> order(3);
  auto scratch = memory(1 << 16);
  cholesky_qr_report<float> report;
  CHECK(qr(broken, tau, workspace{scratch}).error() == errc::invalid_argument);
  CHECK(pivoted_qr(broken, tau, order, workspace{scratch}).error() == errc::invalid_argument);
  CHECK(cholesky_qr(broken, good, report, workspace{scratch}).error() == errc::invalid_argument);
  CHECK(numbers == std::vector<float>(64, 1.0f));
}
