// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/trellis_dot.hpp - blocks of a trellis code become numbers, or meet a vector without becoming any.
///
///   with bytes:   y = sum_groups u step sum_blocks s_b sum_i t_i q_i      (x ~ s_b q, block/int8_query.hpp; level = u t)
///
/// The tables hold t + bias, so that the products are those of unsigned with signed bytes; the vector's record carries
/// -bias sum q for each lane. The bias is 64 where no entry is above 63, which saves AVX2 six instructions a product, else 128.
/// Lanes are added as simd/reduce.hpp says.
///
/// Model of : -
/// Cost     : B = 2, AVX-512 with GFNI: 13 instructions on registers for 256 numbers (L <= 6), 17 (8), 25 (12), 27 (16); without,
///            about 40 (8). per_token keeps integers through a whole group.
/// Accuracy : integer sums are exact (1024 chunks of at most 2^20 a lane); |y - exact| <= terms 2^-24 sum |x'_i s q_i|, terms =
///            groups + 16 per token, chunks + 16 per block.
/// Promise  : any bytes are safe; nothing outside of the blocks is read. Codes without registers take the same sums in double.
/// Source   : -

#include "skive/block/int8_query.hpp"
#include "skive/codebook/level_step.hpp"
#include "skive/codebook/trellis_linear_lanes.hpp"
#include "skive/simd/arithmetic.hpp"
#include "skive/simd/bytes.hpp"
#include "skive/simd/dot.hpp"
#include "skive/simd/reduce.hpp"

namespace skive::detail {

/// The symbols of a path, packed; steps * step_bits is a multiple of 8.
template <class Code>
constexpr void store_trellis_path(std::span<std::uint32_t const> path, std::byte* to) noexcept {
  constexpr auto bits = static_cast<unsigned>(Code::step_bits);
  std::uint32_t word = 0;
  unsigned filled = 0;
  for (auto const state : path) {
    word |= (state & ((1U << bits) - 1)) << filled;
    for (filled += bits; filled >= 8; filled -= 8, word >>= 8) *to++ = static_cast<std::byte>(static_cast<std::uint8_t>(word));
  }
}

/// out[i] = number i of a block of `coded` numbers, out.size() <= coded.
template <class Code>
constexpr void decode_trellis_by_rule(Code const& code, std::byte const* codes, std::size_t coded, float step,
                                      std::span<float> out) noexcept {
  constexpr auto step_values = static_cast<std::size_t>(Code::values);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = level_value(
        code.level(trellis_state<Code>(codes, coded / step_values, i / step_values), static_cast<int>(i % step_values)), step);
}

/// What a table entry is worth.
template <class Code>
constexpr float entry_step(float step) noexcept {
  return static_cast<float>(Code::entry_levels) * step;
}

template <class Arch, class Code>
[[gnu::always_inline]] inline void store_levels(simd::words<Arch> const& bytes, float step, float* out) noexcept {
  alignas(64) std::byte memory[64];
  bytes.store(reinterpret_cast<std::uint32_t*>(memory));
  auto const scale = simd::floats<Arch>::broadcast(step);
  for (std::size_t i = 0; i < 64; i += 16) {
    auto const t = simd::as<std::int32_t>(simd::load_bytes<Arch>(memory + i) << 24) >> 24;
    simd::product(simd::to_float(t), scale).store(out + i);
  }
}

template <class Arch, class Code>
void decode_trellis_block(Code const& code, std::byte const* codes, std::size_t coded, float step,
                          std::span<float> out) noexcept {
  if constexpr (trellis_in_lanes<Code, Arch>) {
    using lanes = trellis_lanes<Code, Arch>;
    if (out.size() == trellis_block && lanes::numbers <= trellis_block && !is_zero(step)) {
      lanes const levels{code.table(), 0};
      for (std::size_t c = 0; c < lanes::block_chunks; ++c) {
        simd::words<Arch> field[lanes::fields];
        levels(codes, c, [&](std::size_t r, simd::words<Arch> const& w) { field[r] = w; });
        simd::words<Arch> even[2];
        auto* const to = out.data() + c * lanes::numbers;
        if constexpr (lanes::fields == 2) {
          simd::zip_bytes(field[0], field[1], even);
          for (std::size_t i = 0; i < 2; ++i) store_levels<Arch, Code>(even[i], entry_step<Code>(step), to + 64 * i);
        } else if constexpr (lanes::fields == 4) {
          simd::words<Arch> odd[2];
          simd::words<Arch> whole[2];
          simd::zip_bytes(field[0], field[2], even);
          simd::zip_bytes(field[1], field[3], odd);
          for (std::size_t i = 0; i < 2; ++i) {
            simd::zip_bytes(even[i], odd[i], whole);
            for (std::size_t k = 0; k < 2; ++k) store_levels<Arch, Code>(whole[k], entry_step<Code>(step), to + 128 * i + 64 * k);
          }
        }
      }
      return;
    }
  }
  decode_trellis_by_rule(code, codes, coded, step, out);
}

template <class Code>
inline constexpr int trellis_bias = Code::largest_entry <= 63 ? 64 : 128;

/// Which vectors fit a trellis code: apart from those of other codecs.
template <class Code>
inline constexpr std::uint32_t trellis_query_order =
    query_order(Code::step_bits, trellis_bias<Code>, false, bit_order::low_first) | 1U << 18;

/// Rows times one vector of bytes: begin(), then add() for each group, then total().
template <class Code, class Arch>
class trellis_product {
  static constexpr int width = Code::step_bits;
  static constexpr bool in_lanes = trellis_in_lanes<Code, Arch>;

 public:
  trellis_product(Code const& code, int8_query const& q) noexcept : code_{code}, query_{q}, lanes_{code} {}

  void begin() noexcept {
    lanes_.clear();
    rule_ = 0;
  }
  /// Numbers first ... first + size - 1, whose blocks start at `codes`. coded(n): the length that a block of n numbers is coded
  /// in.
  template <class Coded>
  void add(std::byte const* codes, float step, std::size_t first, std::size_t size, Coded coded) noexcept {
    std::size_t done = 0;
    if constexpr (in_lanes) {
      if (first % trellis_lanes<Code, Arch>::numbers == 0)
        done = query_.kind == activation_scale::per_block ? multiply<true>(codes, step, first, size)
                                                          : multiply<false>(codes, step, first, size);
    }
    for (; done < size; done += trellis_block) {
      auto const count = size - done < trellis_block ? size - done : trellis_block;
      by_rule(codes + done / trellis_block * (trellis_block * width / 8), step, first + done, count,
              count == trellis_block ? count : coded(count));
    }
  }
  float total() const noexcept { return static_cast<float>((rule_ + lanes_.total()) * static_cast<double>(query_.scale)); }

 private:
  // Every number whose chunk lies in whole blocks; how many.
  template <bool PerBlock>
  [[gnu::noinline]] std::size_t multiply(std::byte const* codes, float step, std::size_t first, std::size_t size) noexcept {
    using tables = trellis_lanes<Code, Arch>;
    using words = simd::words<Arch>;
    using floats = simd::floats<Arch>;
    using integers = simd::integers<Arch>;
    constexpr auto pitch = record_bytes(tables::fields, PerBlock ? activation_scale::per_block : activation_scale::per_token);
    constexpr auto turn = tables::numbers * tables::block_chunks;  // whole blocks
    constexpr std::size_t flush = 1024;                            // chunks whose sums stay below 2^31
    constexpr std::size_t read_ahead = 4096;                       // bytes: four rows of 4096 numbers of 2 bits
    // Chunks are independent where each has a scale; else one sum would wait for its last product.
    constexpr std::size_t chains = PerBlock ? 1 : simd::has_avx512<Arch> && tables::fields >= 4 ? 4 : 2;
    tables const levels = lanes_.levels;
    auto const chunks = size / turn * tables::block_chunks;
    auto const* record = query_.data + first / tables::numbers * pitch;
    auto const weight = floats::broadcast(entry_step<Code>(step));
    auto const zero = integers::broadcast(0);
    floats of_group = floats::broadcast(0.0f);
    for (std::size_t from = 0; from < chunks; from += flush) {
      auto const to = chunks - from < flush ? chunks : from + flush;
      integers sum[4]{zero, zero, zero, zero};
      for (std::size_t c = from; c < to; ++c, record += pitch) {
        auto const term =
            simd::as<std::int32_t>(words::load(reinterpret_cast<std::uint32_t const*>(record + 64 * tables::fields)));
        sum[0] = PerBlock ? term : sum[0] + term;
        auto const half = tables::block_chunks == 1 ? 0 : c % 2;
        simd::prefetch<Arch>(codes + 64 * c, read_ahead);
        levels(codes + 64 * (c - half), half, [&](std::size_t r, words const& t) {
          auto const q = words::load(reinterpret_cast<std::uint32_t const*>(record + 64 * r));
          sum[r % chains] = simd::dot4<2 * trellis_bias<Code> - 1>(sum[r % chains], t, q);
        });
        if constexpr (PerBlock) {
          auto const scale = floats::load(reinterpret_cast<float const*>(record + 64 * tables::fields + 64));
          of_group = of_group + simd::product(simd::to_float(sum[0]), scale);
        }
      }
      if constexpr (!PerBlock) of_group = of_group + simd::to_float((sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
    lanes_.sum = lanes_.sum + simd::product(of_group, weight);
    return chunks * tables::numbers;
  }

  void by_rule(std::byte const* codes, float step, std::size_t first, std::size_t size, std::size_t coded) noexcept {
    for (std::size_t i = 0; i < size;) {
      float scale = 1.0f;
      if (query_.kind == activation_scale::per_block)
        std::memcpy(&scale, query_.data + query_place<width>{first + i, bit_order::low_first, query_.kind}.scale, 4);
      std::int64_t sum = 0;
      auto const end = i + activation_block < size ? i + activation_block : size;
      for (; i < end; ++i) {
        query_place<width> const at{first + i, bit_order::low_first, query_.kind};
        auto const x = static_cast<std::int8_t>(std::to_integer<std::uint8_t>(query_.data[at.value]));
        sum += code_.level(trellis_state<Code>(codes, coded, i), 0) * x;
      }
      rule_ += static_cast<double>(sum) * static_cast<double>(step) * static_cast<double>(scale);
    }
  }

  struct none {
    explicit none(Code const&) noexcept {}
    void clear() noexcept {}
    double total() const noexcept { return 0; }
  };
  template <class A>
  struct some {
    trellis_lanes<Code, A> levels;
    simd::floats<A> sum;
    explicit some(Code const& code) noexcept : levels{code.table(), trellis_bias<Code>} { clear(); }
    void clear() noexcept { sum = simd::floats<A>::broadcast(0.0f); }
    double total() const noexcept { return static_cast<double>(simd::sum(sum)); }
  };
  template <class A, bool InLanes>
  struct choice {
    using type = none;
  };
  template <class A>
  struct choice<A, true> {
    using type = some<A>;
  };

  Code code_;
  int8_query query_;
  typename choice<Arch, in_lanes>::type lanes_;
  double rule_ = 0;
};

}  // namespace skive::detail
