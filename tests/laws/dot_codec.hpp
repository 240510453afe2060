// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The laws of dot_codec: a product equals decode-then-dot within the model's bound, in every layout and for any bytes.

#include "skive/core/concepts.hpp"
#include "support/allocations.hpp"
#include "support/packed_row.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>

#include <catch2/catch_test_macros.hpp>

namespace skive::test {

/// sum w_i x_i and sum |w_i x_i| in double, over the numbers that decode() gives.
struct exact_product {
  double sum = 0;
  double magnitude = 0;
  double numbers = 0;  // sum |w_i|
  bool finite = true;
  bool nan = false;
};

/// Rows, here and below: the instruction set that rows are packed and unpacked by, void: the codec's own choice. Where only products
/// are looked at scalar_arch halves the time to compile, and then no lanes are between a product and its oracle.
template <class Rows = void, class Codec>
exact_product decode_then_dot(Codec const& codec, planes<std::byte const, Codec::plane_count> const& from,
                              std::vector<float> const& x) {
  std::vector<float> w(x.size());
  scratch_memory scratch{codec.scratch_bytes(x.size())};
  if constexpr (std::is_void_v<Rows>)
    REQUIRE(codec.decode(from, std::span<float>{w}, scratch.get()));
  else
    REQUIRE(codec.template decode<Rows>(from, std::span<float>{w}, scratch.get()));
  exact_product p;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(w[i])) p.finite = false;
    if (std::isnan(w[i])) p.nan = true;
    auto const product = static_cast<double>(w[i]) * static_cast<double>(x[i]);
    p.sum += product;
    p.magnitude += std::fabs(product);
    p.numbers += std::fabs(static_cast<double>(w[i]));
  }
  return p;
}

inline std::vector<float> gaussian_row(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> row(n);
  for (auto& x : row) x = normal(random);
  return row;
}

template <class Rows = void, class Codec>
void fill_codes(Codec const& codec, packed_row<Codec>& packed, std::vector<float> const& row) {
  scratch_memory scratch{codec.scratch_bytes(row.size())};
  if constexpr (std::is_void_v<Rows>)
    REQUIRE(codec.encode(std::span<float const>{row}, packed.to(), scratch.get()));
  else
    REQUIRE(codec.template encode<Rows>(std::span<float const>{row}, packed.to(), scratch.get()));
}

/// The product itself; what it may not do is checked on the way.
template <class Arch, class Codec>
float product_of(Codec const& codec, packed_row<Codec>& packed, std::vector<float> const& x) {
  scratch_memory scratch{codec.query_bytes(x.size())};
  auto const bytes = packed.memory();
  auto const before = allocations();
  auto const q = codec.template prepare<Arch>(x, scratch.get());
  auto const y = codec.template dot<Arch>(packed.from(), *q);
  auto const after = allocations();
  REQUIRE(q);
  REQUIRE(y);
  REQUIRE(after == before);
  REQUIRE((packed.memory() == bytes));
  return *y;
}

namespace detail {

template <class Arch, class Rows = void, class Codec>
void check_products(Codec const& codec, std::size_t n, double terms, unsigned seed) {
  auto const row = gaussian_row(n, seed);
  auto const x = gaussian_row(n, seed + 1000);
  std::vector<float> seen;
  for (auto const l : layouts)
    for (std::size_t const shift : {0U, 1U}) {
      packed_row<Codec> packed{codec, n, l, shift};
      fill_codes<Rows>(codec, packed, row);
      auto const exact = decode_then_dot<Rows>(codec, packed.from(), x);
      auto const y = product_of<Arch>(codec, packed, x);
      CAPTURE(n, y, exact.sum, exact.magnitude);
      REQUIRE(std::fabs(static_cast<double>(y) - exact.sum) <= terms * 0x1p-24 * exact.magnitude + 0x1p-120);
      if (seen.empty()) seen.push_back(y);
      REQUIRE(std::bit_cast<std::uint32_t>(y) == std::bit_cast<std::uint32_t>(seen[0]));
    }
}

template <class Arch, class Rows = void, class Codec>
void check_product_of_any_bytes(Codec const& codec, std::size_t n, double terms, unsigned seed) {
  std::mt19937 random{seed};
  auto const x = gaussian_row(n, seed);
  packed_row<Codec> packed{codec, n};
  for (int trial = 0; trial < 40; ++trial) {
    for (auto& m : packed.memory()) m = trial == 0 ? std::byte{0xFF} : static_cast<std::byte>(random());
    auto const y = static_cast<double>(product_of<Arch>(codec, packed, x));
    auto const exact = decode_then_dot<Rows>(codec, packed.from(), x);
    CAPTURE(n, trial, y, exact.sum);
    if (exact.nan)
      REQUIRE(!std::isfinite(y));
    else if (exact.finite && exact.magnitude < 0x1p120)  // a scale too large for one number need not be so for the product
      REQUIRE(std::fabs(y - exact.sum) <= terms * 0x1p-24 * exact.magnitude + 0x1p-110);
  }
}

template <class Arch, class Codec>
void check_product_refusals(Codec const& codec, std::size_t n) {
  auto const x = gaussian_row(n, 3);
  packed_row<Codec> packed{codec, n};
  scratch_memory scratch{codec.query_bytes(n)};
  auto const q = codec.template prepare<Arch>(x, scratch.get());
  REQUIRE(q);
  for (std::size_t i = 0; i < Codec::plane_count; ++i) {
    auto from = packed.from();
    if (from[i].size == 0) continue;
    --from[i].size;
    REQUIRE(codec.template dot<Arch>(from, *q).error() == errc::size_mismatch);
  }
}

// One NaN anywhere makes the product NaN.
template <class Arch, class Rows = void, class Codec>
void check_product_of_nan(Codec const& codec, std::size_t n) {
  if (n == 0) return;
  for (auto const at : {std::size_t{0}, n / 2, n - 1}) {
    auto row = gaussian_row(n, 4);
    row[at] = std::numeric_limits<float>::quiet_NaN();
    packed_row<Codec> packed{codec, n};
    fill_codes<Rows>(codec, packed, row);
    auto const x = std::vector<float>(n, 1.0f);
    if (!decode_then_dot<Rows>(codec, packed.from(), x).finite) REQUIRE(std::isnan(product_of<Arch>(codec, packed, x)));
  }
}

}  // namespace detail

/// `terms(n)`: how many roundings of 2^-24 the model's bound allows a row of n.
template <class Arch, class Rows = void, class Codec, class Terms>
  requires dot_codec<Codec>
void check_dot_codec(Codec const& codec, std::vector<std::size_t> const& lengths, Terms terms, unsigned seed = 1) {
  for (auto const n : lengths) {
    detail::check_products<Arch, Rows>(codec, n, terms(n), seed + static_cast<unsigned>(n));
    detail::check_product_of_any_bytes<Arch, Rows>(codec, n, terms(n), seed);
    detail::check_product_refusals<Arch>(codec, n);
    detail::check_product_of_nan<Arch, Rows>(codec, n);
  }
}

}  // namespace skive::test
