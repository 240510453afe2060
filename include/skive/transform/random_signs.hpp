// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/random_signs.hpp - a diagonal of random signs that are computed where they are needed.
///
///   y_i = -x_i where bit i % 32 of word i / 32 of counter_random{seed, stream} is set, else x_i;   its own inverse
///
/// Model of : orthogonal_transform
/// Cost     : 20 multiplications for 128 signs (Philox), one exclusive-or for 16 numbers; 24 bytes.
/// Accuracy : exact, for every bit pattern: NaN and infinity stay where they are.
/// Promise  : the same signs for one seed everywhere.
/// Source   : core/random.hpp

#include "skive/core/concepts.hpp"
#include "skive/simd/bits.hpp"
#include "skive/simd/philox.hpp"
#include "skive/transform/butterflies.hpp"
#include "skive/transform/direction.hpp"

namespace skive {
namespace detail {

template <class Arch>
constexpr float with_sign_flipped(float x, bool flip) noexcept {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) ^ (flip ? 0x8000'0000U : 0U));
}

// x[i] of 128 numbers that bit i of the block flips.
template <class Arch>
void flip_block(float* x, philox::words const& block) noexcept {
  for (std::size_t k = 0; k < 8; ++k) {
    auto const half = block[k / 2] >> (16 * (k % 2));
    std::byte const bytes[2]{static_cast<std::byte>(half & 0xFF), static_cast<std::byte>(half >> 8 & 0xFF)};
    auto const sign = simd::load_fields<1, Arch>(bytes, bit_order::low_first) << 31;
    auto const bits = simd::as<std::uint32_t>(simd::floats<Arch>::load(x + 16 * k));
    simd::as<float>(bits ^ sign).store(x + 16 * k);
  }
}

template <class Arch>
constexpr void flip_signs(float* x, std::size_t n, std::uint64_t seed, std::uint64_t stream) noexcept {
  std::size_t i = 0;
  if constexpr (simd::vector_arch<Arch>)
    if (!std::is_constant_evaluated())
      while (n - i >= 512) {
        alignas(64) std::uint32_t words[64];
        simd::random_words<Arch>(seed, stream, i / 128, words);
        auto const blocks = (n - i) / 128 < 16 ? (n - i) / 128 : 16;
        for (std::size_t b = 0; b < blocks; ++b, i += 128)
          flip_block<Arch>(x + i, {words[4 * b], words[4 * b + 1], words[4 * b + 2], words[4 * b + 3]});
      }
  counter_random const random{seed, stream};
  for (; i < n; i += 128) {
    auto const block = random.block(i / 128);
    if constexpr (simd::vector_arch<Arch>)
      if (!std::is_constant_evaluated() && n - i >= 128) {
        flip_block<Arch>(x + i, block);
        continue;
      }
    for (std::size_t j = i; j < n && j < i + 128; ++j)
      x[j] = with_sign_flipped<Arch>(x[j], (block[(j - i) / 32] >> (j % 32) & 1) != 0);
  }
}

}  // namespace detail

class random_signs : public detail::both_ways<random_signs> {
 public:
  static constexpr bool is_orthogonal = true;

  constexpr random_signs() noexcept = default;  ///< of no number
  constexpr explicit random_signs(std::size_t n, std::uint64_t seed, std::uint64_t stream = 0) noexcept
      : seed_{seed}, stream_{stream}, size_{n} {}

  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::size_t scratch_bytes() const noexcept { return 0; }
  constexpr int growth() const noexcept { return 0; }
  constexpr detail::sign_source source() const noexcept { return {seed_, stream_, 0}; }
  constexpr bool negative(std::size_t i) const noexcept {
    return (counter_random{seed_, stream_}.bits(i / 32) >> (i % 32) & 1) != 0;
  }

  /// Fails with size_mismatch.
  template <class Arch, direction D, std::floating_point Real>
  constexpr status run(std::span<Real> x, workspace w) const noexcept {
    if (x.size() != size_) return errc::size_mismatch;
    apply<Arch, D>(x.data(), w);
    return errc::ok;
  }
  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D>
  constexpr void apply(float* x, workspace) const noexcept {
    detail::flip_signs<Arch>(x, size_, seed_, stream_);
  }
  template <class Arch, direction D>
  constexpr void apply(double* x, workspace) const noexcept {
    counter_random const random{seed_, stream_};
    for (std::size_t i = 0; i < size_; i += 128) {
      auto const block = random.block(i / 128);
      for (std::size_t j = i; j < size_ && j < i + 128; ++j) {
        auto const flip = static_cast<std::uint64_t>(block[(j - i) / 32] >> (j % 32) & 1) << 63;
        x[j] = std::bit_cast<double>(std::bit_cast<std::uint64_t>(x[j]) ^ flip);
      }
    }
  }

 private:
  std::uint64_t seed_ = 0;
  std::uint64_t stream_ = 0;
  std::size_t size_ = 0;
};

static_assert(orthogonal_transform<random_signs>);

}  // namespace skive
