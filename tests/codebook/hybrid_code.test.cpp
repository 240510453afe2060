// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/hybrid_code.hpp: HYB by its rule, rates between whole bits, the cyclic minimum, errors on N(0, 1), laws.
#include "skive/codebook/hybrid_code.hpp"

#include "laws/block_codec.hpp"
#include "laws/stepwise_codec.hpp"
#include "skive/codebook/trellis_training.hpp"
#include "skive/codebook/viterbi.hpp"
#include "skive/core/random.hpp"
#include "support/simd_arches.hpp"

#include <cmath>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

TEST_CASE("HYB reads its table by the published hash", "[codebook]") {
  hybrid_code<> const code;
  bool right = true;
  for (unsigned long long s = 0; s < 65536; ++s) {
    auto const h = s * (s + 1) % 4294967296ULL;
    auto const entry = h / 64 % 512;
    auto const first = detail::hybrid_levels_low[2 * entry] * (h / 32768 % 2 == 1 ? -1 : 1);
    right &= code.level(static_cast<std::uint32_t>(s), 0) == first;
    right &= code.level(static_cast<std::uint32_t>(s), 1) == detail::hybrid_levels_low[2 * entry + 1];
  }
  REQUIRE(right);
  std::int16_t const own[]{100, -200, 300, 400};  // Q = 1: bit 14 of h chooses the pair
  hybrid_code<16, 4, 1> const small{own, 150.0f};
  REQUIRE(small.level(0, 0) == 100);
  REQUIRE(small.level(128, 0) == 300);  // h = 16512: bit 14
  REQUIRE(small.level(128, 1) == 400);
  REQUIRE(small.level(181, 0) == -100);  // h = 32942: bit 15
  REQUIRE(small.level(181, 1) == -200);
}

template <class Codec>
double error_of(Codec const& codec, std::size_t rows) {
  constexpr std::size_t length = 4096;
  test::packed_row<Codec> packed{codec, length};
  test::scratch_memory scratch{codec.scratch_bytes(length)};
  std::vector<float> x(length);
  std::vector<float> y(length);
  double error = 0;
  double power = 0;
  for (std::uint64_t r = 0; r < rows; ++r) {
    counter_random{77, r}.fill_gaussian(x);
    REQUIRE(codec.encode(std::span<float const>{x}, packed.to(), scratch.get()));
    REQUIRE(codec.decode(packed.from(), std::span{y}));
    for (std::size_t i = 0; i < length; ++i) {
      error += std::pow(static_cast<double>(x[i]) - static_cast<double>(y[i]), 2);
      power += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
  }
  return error / power;
}

TEST_CASE("Bytes of rates between whole bits", "[codebook]") {
  REQUIRE(tcq_pair<3, 8>{}.plane_bytes(4096)[0] == 4096 * 3 / 16);
  REQUIRE(tcq_pair<5, 8>{}.plane_bytes(256)[0] == 80);
  REQUIRE(hyb<7>{}.plane_bytes(512)[0] == 224);
}

TEST_CASE("Mean square errors of pairs", "[codebook]") {
  auto const near = [](double error, double known) {
    CAPTURE(error, known);
    CHECK(std::fabs(error / known - 1) < 0.02);
  };
  near(error_of(tcq_pair<3, 8>{}, 10), 0.1510);
  near(error_of(tcq_pair<5, 8>{}, 10), 0.0428);
  near(error_of(tcq_pair<7, 8>{}, 10), 0.0131);
  near(error_of(hyb<2>{}, 6), 0.2675);
  near(error_of(hyb2{}, 6), 0.0701);
  near(error_of(hyb<5>{}, 6), 0.0362);
  near(error_of(hyb<8>{}, 6), 0.0053);
}

// The exact minimum over all cyclic strings, by Viterbi's algorithm from every class.
TEST_CASE("Pairs come within a five-hundredth of the cyclic minimum", "[codebook]") {
  using code = trained_pair<3, 8>;
  std::vector<std::byte> memory(viterbi_bytes<code, double>(128));
  std::vector<std::byte> scratch(detail::trellis_encoder<code>::scratch_bytes(128));
  double ours = 0;
  double exact = 0;
  for (std::uint64_t b = 0; b < 6; ++b) {
    std::vector<float> row(256);
    counter_random{4, b}.fill_gaussian(row);
    std::vector<std::int16_t> x;
    for (auto const v : row) x.push_back(detail::source_level(v, code{}.sigma()));
    std::vector<double> const source(x.begin(), x.end());
    weighted_distance<code, double> const cost{{}, source, {}, 1.0};
    std::vector<std::uint32_t> states(128);
    auto const least = viterbi<code, double>(cost, tail_biting::exact, states, workspace{memory});
    REQUIRE(least);
    exact += *least;
    detail::trellis_encoder<code> encoder{{}, 128, workspace{scratch}};
    auto const path = encoder.encode<native_arch>(x, 256);
    for (std::size_t i = 0; i < 128; ++i) {
      auto const before = path[(i + 127) % 128];
      REQUIRE(before == ((path[i] << 3 | (before & 7)) & 255U));
      ours += cost(i, path[i]);
    }
  }
  REQUIRE(ours <= 1.002 * exact);
}

TEST_CASE("Codecs of pairs keep the laws", "[codebook]") {
  test::check_block_codec(*tcq_pair<3, 8, float16>::make(256), {0, 1, 256, 517});
  test::check_block_codec(hyb2{}, {0, 9});
  test::check_stepwise_codec(tcq_pair<5, 8>{}, {0, 512});
  auto const row = test::mixed_row(520, 5);
  auto const encoded = [&]<class Arch>(auto const& codec) {
    test::packed_row<std::remove_cvref_t<decltype(codec)>> packed{codec, row.size()};
    test::scratch_memory scratch{codec.scratch_bytes(row.size())};
    REQUIRE(codec.template encode<Arch>(std::span<float const>{row}, packed.to(), scratch.get()));
    return packed.gathered();
  };
  auto const rule = encoded.operator()<scalar_arch>(tcq_pair<7, 8>{});
  test::for_each(test::few_arches{},
                 [&]<class Arch>() { REQUIRE((encoded.template operator()<Arch>(tcq_pair<7, 8>{}) == rule)); });
}

TEST_CASE("Levels of a code of pairs are trained", "[codebook]") {
  std::vector<float> samples(256 * 40);
  counter_random{5, 6}.fill_gaussian(samples);
  std::vector<std::int16_t> levels(1024);
  for (std::size_t i = 0; i < levels.size(); ++i) levels[i] = static_cast<std::int16_t>(8192 * samples[i]);
  using code = hybrid_code<10, 4>;
  code const moving{levels.data(), 8192.0f};
  auto const place = [](std::uint32_t s, int v) noexcept {
    return detail::level_place{2 * std::size_t{code::entry(s)} + static_cast<std::size_t>(v), v == 0 && code::turned(s)};
  };
  std::vector<std::byte> memory(trellis_training_bytes<code>(256, levels.size()));
  auto const first = train_trellis_levels(moving, place, samples, 256, 1, levels, workspace{memory});
  auto const last = train_trellis_levels(moving, place, samples, 256, 5, levels, workspace{memory});
  REQUIRE(first);
  REQUIRE(last);
  REQUIRE(*last < 0.9 * *first);
  auto const why = [&](std::size_t block, std::size_t bytes) {
    return train_trellis_levels(moving, place, samples, block, 1, levels, workspace{std::span{memory}.first(bytes)}).error();
  };
  REQUIRE(why(264, memory.size()) == errc::invalid_argument);
  REQUIRE(why(0, memory.size()) == errc::invalid_argument);
  REQUIRE(why(256, memory.size() - 1) == errc::workspace_too_small);
  samples[3] = std::numeric_limits<float>::infinity();
  REQUIRE(why(256, memory.size()) == errc::not_finite);
}

}  // namespace
}  // namespace skive
