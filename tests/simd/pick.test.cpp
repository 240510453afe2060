// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// simd/pick.hpp: every code in every group against the list of sets; wrong codes are found where they count and nowhere else;
// nothing is read past the codes.
#include "skive/simd/pick.hpp"

#include "support/simd_arches.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;

constexpr int sets[6][2] = {{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}};

std::vector<std::byte> packed(std::vector<unsigned> const& codes, std::size_t bytes) {
  std::vector<std::byte> to(bytes);
  for (std::size_t bit = 0; bit < 3 * codes.size(); ++bit)
    if ((codes[bit / 3] >> (bit % 3) & 1) != 0) to[bit / 8] |= std::byte{1} << static_cast<int>(bit % 8);
  return to;
}
std::vector<unsigned> random_codes(std::size_t n, std::mt19937& random) {
  std::vector<unsigned> codes(n);
  for (auto& c : codes) c = static_cast<unsigned>(random() % 6);
  return codes;
}

template <class Arch>
void check_floats(std::mt19937& random) {
  std::vector<float> x(128);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(0x7F80'0001U + 97 * i));
  for (int round = 0; round < 200; ++round) {
    auto const codes = random_codes(8, random);
    simd::picker_2_of_4<Arch> picker;
    std::array<std::uint32_t, 16> seen;
    simd::as<std::uint32_t>(picker.pick(x.data(), packed(codes, 4).data())).store(seen.data());
    for (std::size_t k = 0; k < 16; ++k)
      REQUIRE(seen[k] == std::bit_cast<std::uint32_t>(x[k / 2 * 4 + static_cast<std::size_t>(sets[codes[k / 2]][k % 2])]));
    REQUIRE(!picker.met_wrong_code());
    auto wrong = codes;
    wrong[static_cast<std::size_t>(round) % 8] = 6 + static_cast<unsigned>(round / 8 % 2);
    picker.pick(x.data(), packed(wrong, 4).data()).store(x.data() + 32);
    REQUIRE(picker.met_wrong_code());
  }
  for (int round = 0; round < 200; ++round) {
    auto codes = random_codes(32, random);
    simd::picker_2_of_4<Arch> picker;
    simd::floats<Arch> out[4];
    picker.pick_128(x.data(), packed(codes, 16).data(), out);
    std::array<float, 64> seen;
    for (std::size_t k = 0; k < 4; ++k) out[k].store(seen.data() + 16 * k);
    for (std::size_t k = 0; k < 64; ++k)
      REQUIRE(std::memcmp(&seen[k], &x[k / 2 * 4 + static_cast<std::size_t>(sets[codes[k / 2]][k % 2])], 4) == 0);
    REQUIRE(!picker.met_wrong_code());
    codes[static_cast<std::size_t>(round) % 32] = 6 + static_cast<unsigned>(round / 32 % 2);
    picker.pick_128(x.data(), packed(codes, 16).data(), out);
    REQUIRE(picker.met_wrong_code());
  }
}

template <class Arch>
void check_bytes(std::mt19937& random) {
  std::vector<std::byte> x(128);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::byte>(static_cast<std::uint8_t>(3 * i + 1));
  for (std::size_t n = 2; n <= 64; n += 2)
    for (int round = 0; round < 20; ++round) {
      auto const codes = random_codes(n / 2, random);
      auto bytes = packed(codes, (3 * (n / 2) + 7) / 8);
      for (std::size_t bit = 3 * (n / 2); bit < 8 * bytes.size(); ++bit)
        bytes[bit / 8] |= std::byte{1} << static_cast<int>(bit % 8);
      simd::byte_picker_2_of_4<Arch> picker;
      alignas(64) std::array<std::uint32_t, 16> kept;
      auto const check = [&] {
        auto const* const seen = reinterpret_cast<std::byte const*>(kept.data());
        for (std::size_t k = 0; k < n; ++k)
          REQUIRE(seen[k] == x[k / 2 * 4 + static_cast<std::size_t>(sets[codes[k / 2]][k % 2])]);
        REQUIRE(!picker.met_wrong_code());
      };
      picker.pick(x.data(), picker.places(bytes.data(), n)).store(kept.data());
      check();
      if (n == 64) {
        bytes.resize(16, std::byte{0xFF});
        picker.pick(x.data(), picker.places(bytes.data())).store(kept.data());
        check();
      }
      auto wrong = codes;
      wrong[static_cast<std::size_t>(random()) % wrong.size()] = 6 + static_cast<unsigned>(round % 2);
      simd::byte_picker_2_of_4<Arch> other;
      (void)other.places(packed(wrong, (3 * (n / 2) + 7) / 8).data(), n);
      REQUIRE(other.met_wrong_code());
    }
}

}  // namespace

TEST_CASE("two of four floats or bytes, by codes", "[simd]") {
  test::for_each_arch([]<class Arch>() {
    [[maybe_unused]] std::mt19937 random{1};
    if constexpr (simd::has_picker<Arch>) check_floats<Arch>(random);
    if constexpr (simd::has_byte_picker<Arch>) check_bytes<Arch>(random);
  });
  SUCCEED("machines without pickers have nothing to check");
}
