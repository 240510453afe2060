// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sparse/packed_n_of_m.hpp: round trips over all masks and lengths, stored bits against a bit string written by hand, refusals,
// random bytes.
#include "skive/sparse/packed_n_of_m.hpp"

#include "skive/format/half.hpp"
#include "support/simd_arches.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

namespace test = skive::test;
using skive::errc;
using skive::packed_n_of_m;
using skive::position_layout;
using bytes = std::vector<std::byte>;

// All masks that keep n of m, by std::prev_permutation.
std::vector<std::vector<bool>> all_masks(int n, int m) {
  std::vector<bool> mask(static_cast<std::size_t>(m));
  std::fill(mask.begin(), mask.begin() + n, true);
  std::vector<std::vector<bool>> all;
  do {
    all.push_back(mask);
  } while (std::prev_permutation(mask.begin(), mask.end()) && all.size() < 20000);
  return all;
}

bytes as_bits(std::vector<bool> const& bits) {
  bytes out((bits.size() + 7) / 8);
  for (std::size_t i = 0; i < bits.size(); ++i)
    if (bits[i]) out[i / 8] |= std::byte{1} << static_cast<int>(i % 8);
  return out;
}

std::vector<bool> random_mask(int n, int m, std::size_t groups, std::mt19937& random) {
  std::vector<bool> mask;
  for (std::size_t g = 0; g < groups; ++g) {
    std::vector<bool> one(static_cast<std::size_t>(m));
    std::fill(one.begin(), one.begin() + n, true);
    std::shuffle(one.begin(), one.end(), random);
    mask.insert(mask.end(), one.begin(), one.end());
  }
  return mask;
}

template <class T>
T number(std::uint32_t x) {
  T out;
  std::memcpy(static_cast<void*>(&out), &x, sizeof(T));
  return out;
}

// gather_at: the numbers of another row at the kept places; false where unpack says corrupt.
template <class Packed, class Arch>
bool gathered(std::vector<float> const& row, std::span<std::byte const> positions, std::vector<float>& kept) {
  kept.assign(Packed::value_count(row.size()) + 17, -7.0f);
  constexpr auto n = static_cast<int>(Packed::kept);
  constexpr auto m = static_cast<int>(Packed::group);
  bool const good = skive::detail::gather_at<n, m, Packed::layout, Arch>(row, positions, kept.data());
  REQUIRE(kept.back() == -7.0f);
  kept.resize(kept.size() - 17);
  return good;
}

// Values and positions keep exactly what the mask keeps; nothing around them changes.
template <class Packed, class T, class Arch>
void round_trip(std::vector<bool> const& mask, std::mt19937& random) {
  auto const n = mask.size();
  std::vector<T> row, kept, expected, values(Packed::value_count(n) + 2, number<T>(0x5A5A5A5A));
  for (std::size_t i = 0; i < n; ++i) {
    row.push_back(number<T>(static_cast<std::uint32_t>(random())));
    expected.push_back(mask[i] ? row.back() : T{});
    if (mask[i]) kept.push_back(row.back());
  }
  auto const same = [](auto const& a, auto const& b) {
    return b.empty() || std::memcmp(a.data(), b.data(), b.size() * sizeof(b[0])) == 0;
  };
  auto const bits = as_bits(mask);
  bytes positions(Packed::position_bytes(n) + 2, std::byte{0x5A});
  auto const places = std::span{positions}.subspan(1, positions.size() - 2);
  auto const inside = std::span{values}.subspan(1, kept.size());
  REQUIRE(Packed::template pack<Arch>(std::span<T const>{row}, bits, inside, places));
  REQUIRE(same(inside, kept));
  std::vector<T> back(n + 2, number<T>(0x5A5A5A5A));
  REQUIRE(Packed::template unpack<Arch>(std::span<T const>{inside}, places, std::span{back}.subspan(1, n)));
  REQUIRE(same(std::span{back}.subspan(1, n), expected));
  if constexpr (std::is_same_v<T, float>) {
    std::vector<float> at_places;
    REQUIRE(gathered<Packed, Arch>(row, places, at_places));
    REQUIRE(same(at_places, kept));
  }
  bytes mask_back(bits.size());
  REQUIRE(Packed::template unpack_positions<Arch>(places, n, mask_back));
  REQUIRE((mask_back == bits));
  REQUIRE((positions.front() == std::byte{0x5A} && positions.back() == std::byte{0x5A}));
  REQUIRE(same(std::vector<T>{values.front(), values.back()}, std::vector<T>(2, number<T>(0x5A5A5A5A))));
  REQUIRE(same(std::vector<T>{back.front(), back.back()}, std::vector<T>(2, number<T>(0x5A5A5A5A))));
}

template <int N, int M, position_layout Layout = position_layout::combinadic>
void round_trips() {
  std::mt19937 random{static_cast<unsigned>(N * 100 + M)};
  using packed = packed_n_of_m<N, M, Layout>;
  auto const on = [&]<class Arch>() {
    for (std::size_t groups = 0; groups < 40; ++groups)
      round_trip<packed, float, Arch>(random_mask(N, M, groups, random), random);
    for (std::size_t const groups : {0U, 3U, 9U, 16U, 33U, 200U}) {
      auto const mask = random_mask(N, M, groups, random);
      round_trip<packed, std::uint8_t, Arch>(mask, random);
      round_trip<packed, skive::float16, Arch>(mask, random);
    }
  };
  test::for_each(test::arches<skive::native_arch, skive::scalar_arch>{}, on);
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    for (auto const groups : {8U, 50U}) round_trip<packed, float, Arch>(random_mask(N, M, groups, random), random);
  });
  // Positions of every mask there is.
  std::vector<bool> all;
  for (auto const& m : all_masks(N, M)) all.insert(all.end(), m.begin(), m.end());
  round_trip<packed, float, skive::native_arch>(all, random);
}

// The stored bits, one mask after another, written by the definition.
template <position_layout Layout>
void bits_of_2_of_4(std::vector<std::string> const& codes) {
  auto const masks = all_masks(2, 4);  // 1100 1010 1001 0110 0101 0011, entry 0 first
  std::vector<bool> row, stored;
  for (std::size_t i = 0; i < masks.size(); ++i) {
    row.insert(row.end(), masks[i].begin(), masks[i].end());
    for (auto bit = codes[i].rbegin(); bit != codes[i].rend(); ++bit) stored.push_back(*bit == '1');  // lowest bit first
  }
  using packed = packed_n_of_m<2, 4, Layout>;
  bytes positions(packed::position_bytes(row.size()));
  REQUIRE(packed::pack_positions(as_bits(row), row.size(), positions));
  CHECK((positions == as_bits(stored)));
}

template <class Packed, class Arch>
void survives_random_bytes(std::size_t groups, unsigned seed) {
  std::mt19937 random{seed};
  auto const n = groups * Packed::group;
  std::vector<float> const values(Packed::value_count(n), 1.0f);
  std::size_t bad = 0;
  for (int trial = 0; trial < 200; ++trial) {
    bytes positions(Packed::position_bytes(n));
    for (auto& p : positions) p = static_cast<std::byte>(trial == 0 ? 0xFF : random());
    std::vector<float> row(n + 2, -7.0f);
    bytes mask(skive::mask_bytes(n));
    auto const s = Packed::template unpack<Arch>(std::span<float const>{values}, positions, std::span{row}.subspan(1, n));
    auto const t = Packed::template unpack_positions<Arch>(positions, n, mask);
    REQUIRE((s.error() == errc::ok || s.error() == errc::corrupt));
    REQUIRE(s == t);
    std::vector<float> kept;
    REQUIRE(gathered<Packed, Arch>(std::vector<float>(n), positions, kept) == static_cast<bool>(s));
    REQUIRE((row.front() == -7.0f && row.back() == -7.0f));
    if (!s) ++bad;
    if (s) REQUIRE(skive::count_kept(mask) == values.size());
  }
  REQUIRE(bad > 0);
}

}  // namespace

TEST_CASE("packed_n_of_m: 4 x 4 masks of 2:4 in both layouts", "[sparse]") {
  std::mt19937 random{3};
  auto const rows = all_masks(2, 4);
  std::vector<bool> all;
  for (auto const& a : rows)
    for (auto const& b : rows)
      for (auto const& c : rows)
        for (auto const& d : rows)
          for (auto const* row : {&a, &b, &c, &d}) all.insert(all.end(), row->begin(), row->end());
  REQUIRE(all.size() == std::size_t{1296} * 16);
  round_trip<packed_n_of_m<2, 4>, float, skive::native_arch>(all, random);
  round_trip<packed_n_of_m<2, 4, position_layout::index_list>, float, skive::native_arch>(all, random);
  bits_of_2_of_4<position_layout::combinadic>({"000", "001", "011", "010", "100", "101"});
  bits_of_2_of_4<position_layout::index_list>({"0100", "1000", "1100", "1001", "1101", "1110"});  // 4 8 C 9 D E
}

TEST_CASE("packed_n_of_m: round trips", "[sparse]") {
  round_trips<2, 4>();
  round_trips<2, 4, position_layout::index_list>();
  round_trips<4, 8>();
  round_trips<8, 16>();
  round_trips<3, 5>();
}

TEST_CASE("packed_n_of_m: groups of 32, short and long codes", "[sparse]") {
  std::mt19937 random{8};
  for (std::size_t const groups : {0U, 1U, 2U, 7U, 40U}) {
    round_trip<packed_n_of_m<16, 32>, float, skive::native_arch>(random_mask(16, 32, groups, random), random);
    round_trip<packed_n_of_m<1, 4>, float, skive::native_arch>(random_mask(1, 4, groups, random), random);
    round_trip<packed_n_of_m<7, 20, position_layout::index_list>, float, skive::native_arch>(random_mask(7, 20, groups, random),
                                                                                             random);
  }
}

TEST_CASE("packed_n_of_m: random bytes are a row or corrupt", "[sparse]") {
  survives_random_bytes<packed_n_of_m<2, 4>, skive::native_arch>(7, 1);
  survives_random_bytes<packed_n_of_m<2, 4>, skive::native_arch>(16, 6);
  survives_random_bytes<packed_n_of_m<2, 4>, skive::scalar_arch>(7, 1);
  survives_random_bytes<packed_n_of_m<2, 4, position_layout::index_list>, skive::native_arch>(5, 2);
  survives_random_bytes<packed_n_of_m<8, 16>, skive::native_arch>(9, 3);
  survives_random_bytes<packed_n_of_m<16, 32>, skive::native_arch>(5, 4);
  survives_random_bytes<packed_n_of_m<3, 5>, skive::native_arch>(4, 5);
}

TEST_CASE("packed_n_of_m: refuses before it writes", "[sparse]") {
  std::mt19937 random{3};
  using packed = packed_n_of_m<2, 4>;
  std::vector<float> const row(72, 1.0f);
  std::vector<float> values(36, -7.0f);
  bytes positions(packed::position_bytes(72), std::byte{0x5A});
  auto const untouched = [&] {
    for (auto const v : values) REQUIRE(v == -7.0f);
    for (auto const p : positions) REQUIRE(p == std::byte{0x5A});
  };
  auto good = random_mask(2, 4, 18, random);
  for (std::size_t i = 0; i < good.size(); ++i) {  // one entry too many or too few, anywhere
    good[i] = !good[i];
    REQUIRE(packed::pack(std::span<float const>{row}, as_bits(good), values, positions).error() == errc::invalid_argument);
    good[i] = !good[i];
  }
  untouched();
  auto const mask = as_bits(good);
  CHECK(packed::pack(std::span<float const>{row}.first(71), mask, values, positions).error() == errc::size_mismatch);
  CHECK(packed::pack(std::span<float const>{row}, mask, std::span{values}.first(35), positions).error() == errc::size_mismatch);
  CHECK(packed::pack(std::span<float const>{row}, mask, values, std::span{positions}.first(13)).error() == errc::size_mismatch);
  untouched();
  std::vector<float> out(72, -3.0f);
  auto const in = std::span<float const>{values};
  CHECK(packed::unpack(in.first(35), positions, out).error() == errc::size_mismatch);
  CHECK(packed::unpack(in, std::span{positions}.first(13), out).error() == errc::size_mismatch);
  CHECK(packed::unpack(in, positions, std::span{out}.first(71)).error() == errc::size_mismatch);
  CHECK((out == std::vector<float>(72, -3.0f)));
  bytes past(3, std::byte{0});  // 5 of 3:5 and a bit behind the last entry
  past = as_bits(random_mask(3, 5, 4, random));
  past[2] |= std::byte{0x80};
  bytes places(packed_n_of_m<3, 5>::position_bytes(20));
  CHECK(packed_n_of_m<3, 5>::pack_positions(past, 20, places).error() == errc::invalid_argument);
}
