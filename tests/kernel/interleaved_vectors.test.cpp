// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel/interleaved_vectors.hpp: where bytes stand, by the bits of the codes they meet; quantized numbers within half a step, levels of
// packed rows exactly; terms, tails, refusals. Products: interleaved_product.test.cpp.
#include "skive/kernel/interleaved_vectors.hpp"

#include "skive/block/absmax.hpp"
#include "support/packed_rows.hpp"

#include <limits>
#include <set>

namespace {

namespace test = skive::test;
using skive::bit_order;
using skive::errc;

// Byte i of 32 meets the bits i Width ... of the codes: byte b of those is byte b % 4 of word b / 4.
template <int Width>
std::size_t place_of(std::size_t i, bit_order order) {
  auto const bit = i * Width;
  auto const byte = bit / 8;
  auto const field = order == bit_order::low_first ? bit % 8 / Width : (8 - Width - bit % 8) / Width;
  return byte / 4 * (32 / Width) + 4 * field + byte % 4;
}

template <int Width>
void check_places() {
  for (auto const order : {bit_order::low_first, bit_order::high_first}) {
    auto const places = skive::detail::interleaved_places<Width>(order);
    for (std::size_t i = 0; i < 32; ++i) REQUIRE(places[i] == place_of<Width>(i, order));
    REQUIRE(std::set<int>(places.begin(), places.end()).size() == 32);
  }
}

// Number i of vector t as s q; zero behind the end.
template <int Width>
double number_of(skive::interleaved_vectors const& v, std::size_t t, std::size_t i) {
  auto const byte = v.bytes[(i / 32 * v.count + t) * 32 + place_of<Width>(i % 32, bit_order::low_first)];
  return static_cast<double>(static_cast<std::int8_t>(byte)) * static_cast<double>(v.scales[i / v.segment * v.count + t]);
}

TEST_CASE("interleaved vectors: every byte meets the field of its code", "[kernel]") {
  check_places<1>();
  check_places<2>();
  check_places<4>();
  check_places<8>();
  for (std::size_t i = 0; i < 32; ++i)
    REQUIRE(skive::detail::interleaved_places<3>(bit_order::low_first)[i] == (i / 4 * 4 + i % 4));
}

TEST_CASE("interleaved vectors: floats within half a step, terms, tails", "[kernel]") {
  skive::absmax<skive::int4> const codec{32};
  for (std::size_t const n : {0U, 1U, 16U, 31U, 32U, 33U, 100U})
    for (auto const kind : {skive::activation_scale::per_block, skive::activation_scale::per_token}) {
      std::vector<float> x;
      for (unsigned t = 0; t < 3; ++t) {
        auto const row = test::gaussian_numbers(n, t + 1);
        x.insert(x.end(), row.begin(), row.end());
      }
      test::scratch_memory scratch{skive::interleaved_vectors_bytes(3, n)};
      auto const v = skive::interleave_floats(codec, skive::matrix_view<float const>{x.data(), 3, n}, kind, scratch.get());
      REQUIRE(v);
      REQUIRE((v->count == 3 && v->size == n && v->segment == 32));
      for (std::size_t t = 0; t < 3; ++t)
        for (std::size_t first = 0; first < n; first += 32) {
          // In units of levels: E2M1 and others count in fractions, integers in 1.
          auto const step = static_cast<double>(v->scales[first / 32 * 3 + t]);
          int sum = 0;
          for (std::size_t i = first; i < first + 32; ++i) {
            auto const got = number_of<4>(*v, t, i);
            auto const exact = i < n ? static_cast<double>(x[t * n + i]) : 0.0;
            REQUIRE(std::fabs(got - exact) <= 0.5001 * step);
            if (i >= n) REQUIRE(got == 0);
            sum += static_cast<int>(std::lround(step == 0 ? 0 : got / step));
          }
          REQUIRE(v->terms[first / 32 * 3 + t] == -8 * sum);  // codes of int4 are levels plus 8
        }
    }
}

TEST_CASE("interleaved vectors: packed rows are exact, two scales for 32 numbers where groups have 16", "[kernel]") {
  for (std::size_t const group : {16U, 32U, 48U}) {
    skive::absmax<skive::int8> const of_rows{group};
    skive::absmax<skive::int4> const codec{32};
    std::size_t const n = 112;
    test::packed_rows<skive::absmax<skive::int8>> const rows{of_rows, 4, n,
                                                             [&](std::size_t r) { return test::gaussian_numbers(n, 7 + r); }};
    test::scratch_memory scratch{skive::interleaved_vectors_bytes(2, n)};
    auto const v = skive::interleave_rows(codec, of_rows, rows.matrix(), n, {1, 2}, scratch.get());
    REQUIRE(v);
    REQUIRE(v->segment == (group == 32 ? 32 : 16));
    for (std::size_t t = 0; t < 2; ++t)
      for (std::size_t i = 0; i < n; ++i) REQUIRE(static_cast<float>(number_of<4>(*v, t, i)) == rows.numbers[t + 1][i]);
    auto const why = [&](std::size_t size, skive::row_range range, skive::workspace w) {
      return skive::interleave_rows(codec, of_rows, rows.matrix(), size, range, w).error();
    };
    REQUIRE(why(n, {3, 2}, scratch.get()) == errc::size_mismatch);
    REQUIRE(why(10 * n, {1, 2}, scratch.get()) == errc::size_mismatch);
    REQUIRE(why(n, {1, 2}, skive::workspace{}) == errc::workspace_too_small);
  }
}

TEST_CASE("interleaved vectors: what is refused", "[kernel]") {
  skive::absmax<skive::int4> const codec{32};
  std::vector<float> x(80, 1.0f);
  test::scratch_memory scratch{skive::interleaved_vectors_bytes(2, 40)};
  auto const why = [&](skive::matrix_view<float const> rows, skive::workspace w) {
    return skive::interleave_floats(codec, rows, skive::activation_scale::per_block, w).error();
  };
  REQUIRE(why({x.data(), 2, 40}, scratch.get()) == errc::ok);
  REQUIRE(why({x.data(), 2, 40, 39}, scratch.get()) == errc::overflow);
  REQUIRE(why({x.data(), 2, 40}, skive::workspace{}) == errc::workspace_too_small);
  for (float const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    x[79] = bad;
    REQUIRE(why({x.data(), 2, 40}, scratch.get()) == errc::not_finite);
  }
  skive::absmax<skive::int8> const odd{24};
  test::packed_rows<skive::absmax<skive::int8>> const rows{odd, 2, 48,
                                                           [](std::size_t r) { return test::gaussian_numbers(48, r); }};
  REQUIRE(skive::interleave_rows(codec, odd, rows.matrix(), 48, {0, 2}, scratch.get()).error() == errc::invalid_argument);
}

}  // namespace
