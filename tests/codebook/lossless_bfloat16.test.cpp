// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// codebook/lossless_bfloat16.hpp: every bit comes back, in about 11 bits; corrupt bytes are told.
#include "skive/codebook/lossless_bfloat16.hpp"

#include "skive/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace skive {
namespace {

std::vector<bfloat16> gaussian_row(std::size_t n, std::uint64_t stream) {
  std::vector<float> x(n);
  counter_random{6, stream}.fill_gaussian(x);
  std::vector<bfloat16> row(n);
  for (std::size_t i = 0; i < n; ++i) row[i] = bfloat16::from(0.02f * x[i]);
  return row;
}
std::vector<bfloat16> any_row(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::vector<bfloat16> row(n);
  for (auto& x : row) x.code = static_cast<std::uint16_t>(random());
  return row;
}
std::unique_ptr<prefix_code> code_of(std::vector<bfloat16> const& row) {
  std::vector<std::uint64_t> counts(256);
  lossless_bfloat16::count(row, std::span<std::uint64_t, 256>{counts});
  auto const code = prefix_code::make(std::span<std::uint64_t const, 256>{counts});
  REQUIRE(code);
  return std::make_unique<prefix_code>(*code);
}

void check_there_and_back(lossless_bfloat16 const& codec, std::vector<bfloat16> const& row) {
  auto const n = row.size();
  std::vector<std::byte> memory(codec.max_bytes(n) + 3, std::byte{0xEE});
  auto const size = codec.encode(row, std::span{memory});
  REQUIRE(size);
  std::vector<std::byte> scratch(codec.scratch_bytes(n));
  std::vector<bfloat16> back(n);
  auto const exact = std::make_unique<std::byte[]>(*size);  // a sanitizer sees its end
  std::copy_n(memory.begin(), *size, exact.get());
  REQUIRE(*codec.decode(std::span{exact.get(), *size}, std::span{back}, workspace{scratch}) == *size);
  for (std::size_t i = 0; i < n; ++i) REQUIRE(back[i].code == row[i].code);
  auto const read = codec.decode(memory, std::span{back}, workspace{scratch});  // what follows is not looked at
  REQUIRE(read);
  REQUIRE(*read == *size);
  if (n != 0) REQUIRE(!codec.decode(std::span{exact.get(), *size - 1}, std::span{back}, workspace{scratch}));
}

TEST_CASE("Every bit comes back", "[codebook]") {
  auto const code = code_of(gaussian_row(50000, 1));
  lossless_bfloat16 const codec{*code};
  for (std::size_t const n : {0U, 1U, 2U, 3U, 4U, 5U, 63U, 500U, 4096U, 10001U}) {
    check_there_and_back(codec, gaussian_row(n, 2));
    check_there_and_back(codec, any_row(n, 3));  // all exponents, also those without a code
  }
  std::vector<bfloat16> const zeros(77);
  auto const single = code_of(zeros);
  check_there_and_back(lossless_bfloat16{*single}, zeros);
  auto const flat = code_of(any_row(100000, 5));  // 256 codes of eight bits
  check_there_and_back(lossless_bfloat16{*flat}, any_row(3000, 6));
}

TEST_CASE("About eleven bits a number", "[codebook]") {
  auto const code = code_of(gaussian_row(100000, 1));
  lossless_bfloat16 const codec{*code};
  auto const row = gaussian_row(16384, 9);
  std::vector<std::uint64_t> counts(256);
  lossless_bfloat16::count(row, std::span<std::uint64_t, 256>{counts});
  double entropy = 0;
  for (auto const c : counts)
    if (c != 0) entropy -= static_cast<double>(c) / 16384 * std::log2(static_cast<double>(c) / 16384);
  std::vector<std::byte> memory(codec.max_bytes(row.size()));
  auto const bits = static_cast<double>(8 * *codec.encode(row, std::span{memory})) / 16384;
  CAPTURE(bits, entropy);
  REQUIRE(bits < 8 + entropy + 0.06);
  REQUIRE(bits < 11);
}

TEST_CASE("Corrupt bytes of lossless rows", "[codebook]") {
  std::mt19937 random{8};
  auto const row = gaussian_row(700, 4);
  auto const code = code_of(row);
  lossless_bfloat16 const codec{*code};
  std::vector<std::byte> memory(codec.max_bytes(700));
  auto const size = *codec.encode(row, std::span{memory});
  std::vector<std::byte> scratch(codec.scratch_bytes(700));
  std::vector<bfloat16> back(700);
  int told = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    auto const n = trial % 2 == 0 ? size : random() % size;
    auto const bytes = std::make_unique<std::byte[]>(n);
    for (std::size_t i = 0; i < n; ++i) bytes[i] = trial % 4 < 2 ? memory[i] : static_cast<std::byte>(random() % 4);
    if (trial % 4 == 0)
      for (int k = 0; k < 3; ++k) bytes[trial % 8 == 0 ? random() % 20 : random() % n] = static_cast<std::byte>(random());
    auto const read = codec.decode(std::span{bytes.get(), n}, std::span{back}, workspace{scratch});
    if (!read) REQUIRE(read.error() == errc::corrupt);
    if (!read) ++told;
    if (read) REQUIRE(*read <= n);
  }
  REQUIRE(told > 3000);
  REQUIRE(codec.encode(row, std::span{memory}.first(100)).error() == errc::size_mismatch);
  REQUIRE(codec.decode(memory, std::span{back}, workspace{}).error() == errc::workspace_too_small);
  REQUIRE(lossless_bfloat16{}.encode(row, std::span{memory}).error() == errc::unsupported);
  REQUIRE(lossless_bfloat16{}.decode(memory, std::span{back}, workspace{scratch}).error() == errc::unsupported);
  auto const unmade = std::make_unique<prefix_code>();  // its look-ups would never advance
  REQUIRE(lossless_bfloat16{*unmade}.encode(row, std::span{memory}).error() == errc::unsupported);
  REQUIRE(lossless_bfloat16{*unmade}.decode(memory, std::span{back}, workspace{scratch}).error() == errc::unsupported);
}

}  // namespace
}  // namespace skive
