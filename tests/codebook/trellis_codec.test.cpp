// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/trellis_codec.hpp: the laws of its concepts, the same bytes on every instruction set, the format bit by bit, refusals.
#include "skive/codebook/trellis_codec.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "laws/stepwise_codec.hpp"
#include "skive/codebook/trellis_trained.hpp"
#include "skive/kernel/matrix_vector.hpp"
#include "support/simd_arches.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

using plain = tcq<2, 8>;
using halves = tcq<2, 8, float16>;

constexpr std::int8_t small_table[128] = {1, -9, 30, -40, 5, 77, -60, 12, 8, -3, 20, -25};  // V = 2, L = 6: mostly zeros
using pairs = trellis_codec<table_code<6, 4, 2>>;

template <class Codec>
Codec made(std::size_t group, typename Codec::code_type code = {}, trellis_scale choice = trellis_scale::rms) {
  auto const c = Codec::make(group, code, choice);
  REQUIRE(c);
  return *c;
}

TEST_CASE("Trellis codecs keep the laws of block_codec", "[codebook]") {
  test::check_block_codec(plain{}, {0, 1, 8, 255, 256, 700});
  test::check_block_codec(made<halves>(256), {0, 3, 256, 600});
  test::check_block_codec(made<plain>(512, {}, trellis_scale::search), {0, 512, 769});
  test::check_block_codec(pairs{table_code<6, 4, 2>{small_table, 40.0f}}, {0, 1, 300});
  test::check_block_codec(trellis_codec<mad1<7, 3>>{}, {0, 5, 261});
}

TEST_CASE("Trellis codecs keep the law of stepwise_codec", "[codebook]") {
  test::check_stepwise_codec(plain{}, {0, 256, 768});
  test::check_stepwise_codec(made<tcq<3, 8, float16>>(256), {512});
  test::check_stepwise_codec(made<tcq<1, 6>>(512), {1024});
}

TEST_CASE("Trellis codecs keep the law of dot_codec", "[codebook]") {
  auto const terms = [](std::size_t n) { return static_cast<double>(n / 16 + 24); };
  test::check_dot_codec<native_arch>(plain{}, {0, 1, 256, 517}, terms);
  test::check_dot_codec<scalar_arch>(made<halves>(256), {5, 600}, terms);
  test::check_dot_codec<native_arch>(trellis_codec<mad1<9, 2>>{}, {300}, terms);
}

template <class Arch, class Codec>
test::byte_rows encoded_by(Codec const& codec, std::vector<float> const& row) {
  test::packed_row<Codec> packed{codec, row.size()};
  test::scratch_memory scratch{codec.scratch_bytes(row.size())};
  REQUIRE(codec.template encode<Arch>(std::span<float const>{row}, packed.to(), scratch.get()));
  return packed.gathered();
}
template <class Arch, class Codec>
std::vector<std::uint32_t> decoded_by(Codec const& codec, test::byte_rows const& bytes, std::size_t n) {
  planes<std::byte const, 2> const from{
      {plane<std::byte const>{bytes[0].data(), bytes[0].size(), codec.plane_bytes(codec.block_size())[0]},
       plane<std::byte const>{bytes[1].data(), bytes[1].size(), codec.plane_bytes(codec.block_size())[1]}}};
  std::vector<float> out(n);
  REQUIRE(codec.template decode<Arch>(from, std::span<float>{out}));
  return test::bits_of(out);
}

template <class Codec>
void check_arches(Codec const& codec, std::size_t n) {
  auto const row = test::mixed_row(n, 5);
  auto const bytes = encoded_by<scalar_arch>(codec, row);
  auto const numbers = decoded_by<scalar_arch>(codec, bytes, n);
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    REQUIRE((encoded_by<Arch>(codec, row) == bytes));
    REQUIRE((decoded_by<Arch>(codec, bytes, n) == numbers));
  });
}

TEST_CASE("Every instruction set gives the bytes and numbers of the rule", "[codebook]") {
  check_arches(tcq<2, 4>{}, 520);
  check_arches(plain{}, 520);
  check_arches(tcq<2, 12>{}, 300);
  check_arches(tcq<1, 8>{}, 520);
  check_arches(tcq<4, 8>{}, 520);
  check_arches(tcq<3, 10>{}, 260);
  check_arches(pairs{table_code<6, 4, 2>{small_table, 40.0f}}, 520);
}

TEST_CASE("State i is the window of L bits at bit B i", "[codebook]") {
  // 256 steps of 2 bits: a single 1 at bit 511 is the top bit of the windows that end there and the lowest of the last.
  std::vector<std::byte> codes(64);
  codes[63] = std::byte{0x80};
  using code = trained_code<8, 2>;
  for (std::size_t i = 0; i < 256; ++i) {
    std::uint32_t expected = 0;
    for (std::uint32_t b = 0; b < 8; ++b)
      if ((2 * i + b) % 512 == 511) expected |= 1U << b;
    REQUIRE(trellis_state<code>(codes.data(), 256, i) == expected);
  }
  float const scale = 3.0f;
  std::vector<float> out(256);
  planes<std::byte const, 2> const from{
      {plane<std::byte const>{codes.data(), 64, 64}, plane<std::byte const>{reinterpret_cast<std::byte const*>(&scale), 4, 4}}};
  REQUIRE(plain{}.decode(from, std::span<float>{out}));
  for (std::size_t i = 0; i < 256; ++i) {
    auto const& t = detail::trained_table<8, 2>::table;
    auto const s = trellis_state<code>(codes.data(), 256, i);
    auto const entry = t.level[(s & 15) ^ t.map[0][s >> 4]];
    REQUIRE(out[i] == static_cast<float>(entry) * (scale / t.sigma));
  }
}

TEST_CASE("Zero, tiny, huge and infinite groups", "[codebook]") {
  auto const codec = made<plain>(256);
  std::vector<float> row(5 * 256);
  auto const noise = test::gaussian_row(256, 9);
  for (std::size_t i = 0; i < 256; ++i) {
    row[256 + i] = noise[i] * 0x1p-100f;
    row[512 + i] = noise[i] * 0x1p120f;
    row[768 + i] = i == 77 ? std::numeric_limits<float>::infinity() : noise[i];
    row[1024 + i] = noise[i];
  }
  auto const out = test::through(codec, row);
  double error = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    REQUIRE(std::bit_cast<std::uint32_t>(out[i]) == 0);
    REQUIRE(std::bit_cast<std::uint32_t>(out[256 + i]) == 0);
    REQUIRE(std::isfinite(out[512 + i]));
    REQUIRE(std::isnan(out[768 + i]));
    error += std::pow(static_cast<double>(out[1024 + i] - row[1024 + i]), 2);
  }
  REQUIRE(error / 256 < 0.1);
}

TEST_CASE("The scale search is never worse, and better where rows are not Gaussian", "[codebook]") {
  auto const error = [](plain const& codec, std::vector<float> const& row) {
    auto const out = test::through(codec, row);
    double sum = 0;
    for (std::size_t i = 0; i < row.size(); ++i) sum += std::pow(static_cast<double>(out[i]) - static_cast<double>(row[i]), 2);
    return sum;
  };
  auto row = test::gaussian_row(1024, 3);
  REQUIRE(error(plain{{}, trellis_scale::search}, row) <= error(plain{}, row));
  for (std::size_t i = 0; i < row.size(); i += 7) row[i] *= 3;
  REQUIRE(error(plain{{}, trellis_scale::search}, row) < 0.98 * error(plain{}, row));
}

TEST_CASE("Trellis codecs refuse bad arguments", "[codebook]") {
  REQUIRE(plain::make(255).error() == errc::invalid_argument);
  REQUIRE(plain::make(768));
  std::vector<float> x(256);
  std::vector<float> y(255);
  REQUIRE(plain{}.round(scale_state{}, x, y, workspace{}).error() == errc::size_mismatch);
  y.resize(256);
  REQUIRE(plain{}.round(scale_state{}, x, y, workspace{}).error() == errc::workspace_too_small);
}

}  // namespace
}  // namespace skive
