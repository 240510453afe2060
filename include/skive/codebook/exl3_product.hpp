// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/exl3_product.hpp - a vector times a tensor of exllamav3, in the basis that its tiles are stored in.
///
///   W x = diag(svh) H (T^T h),   h = H (suh x): codebook/exl3.hpp.   prepare() makes h once; multiply() reads tiles, no weights
///
/// A tile's numbers stay in their order: sixteen of them are columns c and c + 8 of eight rows, so that h comes in that order instead,
/// two registers for 16 rows. Lanes of one column are added at the end.
///
/// Model of : -
/// Cost     : a window by scalar code, a multiplication and about ten operations on sixteen numbers, per number; two transforms of 128.
/// Accuracy : |y - exact| <= (in + 32) 2^-24 sum |T| |h| |svh|, in the blocks of H.
/// Promise  : the same bits everywhere; any bytes decode. A refused call writes nothing to y.
/// Source   : codebook/exl3.hpp.

#include "skive/codebook/exl3.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/separate.hpp"
#include "skive/core/workspace.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/dot.hpp"
#include "skive/simd/half.hpp"

namespace skive {

/// h, each 16 numbers as two times sixteen.
struct exl3_query {
  float const* data = nullptr;
  std::size_t size = 0;  ///< inputs
};
static_assert(primitive<exl3_query>);

constexpr std::size_t exl3_query_bytes(std::size_t in) noexcept { return workspace::bytes<float>(saturating_multiply(in, 2)); }

namespace detail {

/// Row of a tile for lane l of register g.
constexpr std::size_t exl3_row(std::size_t g, std::size_t l) noexcept {
  return exl3_tensor::place(16 * g + l) / exl3_tensor::tile;
}

// Sixteen numbers from the words that their states are multiplied to.
template <class Arch>
[[gnu::always_inline]] inline simd::floats<Arch> exl3_numbers(exl3_codebook book, std::uint32_t const* from) noexcept {
  using words = simd::words<Arch>;
  using floats = simd::floats<Arch>;
  auto const x = words::load(from);
  std::uint16_t half[16];
  if (book == exl3_codebook::mul1) {
    auto const sum = simd::dot4<255>(simd::integers<Arch>::broadcast(1024), x, words::broadcast(0x01010101));
    simd::store_float16(simd::product(simd::to_float(sum), floats::broadcast(exl3_factor)) + floats::broadcast(exl3_offset),
                        half);
  } else {
    auto const y = (x & words::broadcast(0x8FFF8FFF)) ^ words::broadcast(0x3B603B60);
    auto const number = [](words const& h) noexcept {  // a normal half in the upper 16 bits
      auto const size = ((h & words::broadcast(0x7FFF0000)) >> 3) + words::broadcast(112U << 23);
      return simd::as<float>(size | (h & words::broadcast(0x80000000)));
    };
    simd::store_float16(number(y) + number(y << 16), half);
  }
  return simd::load_float16<Arch>(half);
}

/// Tiles of 16 outputs times h: register g of a tile goes to sum g / 2.
template <class Arch>
class exl3_column {
 public:
  exl3_column(exl3_tensor const& t, std::size_t column) noexcept : tensor_{t}, column_{column} {}

  /// The 16 outputs in the basis of the tiles.
  void outputs(exl3_query const& q, float* to) const noexcept {
    alignas(64) float lane[8][16]{};
    if constexpr (simd::vector_arch<Arch>) {
      using floats = simd::floats<Arch>;
      floats sum[8];
      for (auto& s : sum) s = floats::broadcast(0.0f);
      each_tile([&](std::size_t row, std::uint32_t const* x) noexcept {
        floats const h[2]{floats::load(q.data + 32 * row), floats::load(q.data + 32 * row + 16)};
#pragma GCC unroll 16
        for (std::size_t g = 0; g < 16; ++g)
          sum[g / 2] = sum[g / 2] + simd::product(exl3_numbers<Arch>(tensor_.codebook(), x + 16 * g), h[g % 2]);
      });
      for (std::size_t c = 0; c < 8; ++c) sum[c].store(lane[c]);
    } else {
      each_tile([&](std::size_t row, std::uint32_t const* x) noexcept {
        for (std::size_t i = 0; i < 256; ++i)
          lane[i / 32][i % 16] += detail::separate(exl3_number(tensor_.codebook(), x[i]) * q.data[32 * row + i % 32]);
      });
    }
    for (std::size_t c = 0; c < 8; ++c) {
      float pair[8];
      for (std::size_t i = 0; i < 8; ++i) pair[i] = lane[c][i] + lane[c][i + 8];
      to[c] = (pair[0] + pair[2]) + (pair[1] + pair[3]);
      to[c + 8] = (pair[4] + pair[6]) + (pair[5] + pair[7]);
    }
  }

 private:
  // f(row of tiles, 256 words)
  template <class F>
  void each_tile(F f) const noexcept {
    alignas(64) std::uint32_t x[256];
    for (std::size_t row = 0; row < tensor_.in() / exl3_tensor::tile; ++row) {
      tensor_.multiplied_states(row, column_, x);
      f(row, x);
    }
  }

  exl3_tensor const& tensor_;
  std::size_t column_;
};

}  // namespace detail

/// h of a vector. Fails with size_mismatch unless there is a number for each input, workspace_too_small below exl3_query_bytes(in),
/// not_finite if x or a scale is not, or overflow where a number of h is 2^90 or more.
template <class Arch = native_arch>
result<exl3_query> prepare(exl3_tensor const& t, std::span<float const> x, workspace w) noexcept {
  if (x.size() != t.in()) return errc::size_mismatch;
  if (w.size() < exl3_query_bytes(t.in())) return errc::workspace_too_small;
  auto const to = w.take<float>(2 * t.in());
  auto const transform = *walsh_hadamard::make(exl3_tensor::block);
  for (std::size_t i = 0; i < t.in(); i += exl3_tensor::block) {
    float h[exl3_tensor::block];
    for (std::size_t j = 0; j < exl3_tensor::block; ++j) h[j] = ieee_multiply(x[i + j], t.input_scale(i + j));
    for (auto const v : h) {
      if (!is_finite(v)) return errc::not_finite;
      if (magnitude(v) >= 0x1p86f) return errc::overflow;  // a transform adds at most a factor of 2^3.5
    }
    static_cast<void>(transform.template forward<Arch>(std::span<float>{h}, workspace{}));
    for (std::size_t r = 0; r < exl3_tensor::block; r += exl3_tensor::tile)
      for (std::size_t l = 0; l < 32; ++l) to[2 * (i + r) + l] = h[r + detail::exl3_row(l / 16, l % 16)];
  }
  return exl3_query{to.data(), t.in()};
}

/// y = outputs first ... first + y.size() - 1 of W x: parts may be shared between threads. Fails with size_mismatch unless the query
/// has the tensor's inputs and y ends within its outputs, or invalid_argument unless both ends are multiples of 128.
template <class Arch = native_arch>
status multiply(exl3_tensor const& t, exl3_query const& q, std::size_t first, std::span<float> y) noexcept {
  if (q.size != t.in() || first > t.out() || y.size() > t.out() - first) return errc::size_mismatch;
  if (first % exl3_tensor::block != 0 || y.size() % exl3_tensor::block != 0) return errc::invalid_argument;
  auto const transform = *walsh_hadamard::make(exl3_tensor::block);
  for (std::size_t o = 0; o < y.size(); o += exl3_tensor::block) {
    float part[exl3_tensor::block];
    for (std::size_t c = 0; c < exl3_tensor::block; c += exl3_tensor::tile)
      detail::exl3_column<Arch>{t, (first + o + c) / exl3_tensor::tile}.outputs(q, part + c);
    static_cast<void>(transform.template forward<Arch>(std::span<float>{part}, workspace{}));
    for (std::size_t i = 0; i < exl3_tensor::block; ++i) y[o + i] = ieee_multiply(part[i], t.output_scale(first + o + i));
  }
  return errc::ok;
}

}  // namespace skive
