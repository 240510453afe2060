// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/pyramid_codec.hpp - pyramid vector quantization: groups of N numbers as a direction of K units and a gain.
///
///   y: integers, sum |y_i| = K, with the largest found <x, y>^2 / <y, y>;   x' = s g sqrt(N) y / |y|
///   s = kept(rms of the row);   g nearest to <x, y> / (|y| s sqrt(N)) of 0 and the 15 levels 0.95 2^((i - 8) 0.36 / sqrt(N))
///   planes: indices (codebook/pyramid_index.hpp) in whole bytes a group, gains in 4 bits, scales
///
/// y begins with floor(K |x_i| / sum |x|); each unit that is left goes where it makes the quotient largest. Gains suit rows whose
/// groups have much the same norm, as behind a rotation: levels span 2^-2.5/sqrt(N) ... 2^2.5/sqrt(N) of it.
///
/// Model of : block_codec. The last group is filled up with zeros.
/// Cost     : encoding: N comparisons for each unit that is left (about N / 2), on sixteen groups at once where there are registers.
/// Accuracy : N(0, 1): N = 32, K = 22, 2.125 bits 0.092; N = 16, K = 12, 2.25 bits 0.083;
///            N = 16, K = 58, 4.25 bits 0.0047.
/// Promise  : the same bytes everywhere. Bytes that are no index give corrupt, before the first write. A row below 2^-80 decodes to
///            zeros, one with a NaN or infinity to NaN.
/// Source   : T. R. Fischer, 1986; T. van der Ouderaa et al., "PVQ", 2024.

#include "skive/block/walk_lanes.hpp"
#include "skive/codebook/pyramid_index.hpp"
#include "skive/codebook/root_mean_square.hpp"
#include "skive/core/concepts.hpp"
#include "skive/core/ieee.hpp"
#include "skive/format/half.hpp"

#include <cmath>

namespace skive {

namespace detail {

/// y for the magnitudes of each lane: a[i] >= 0, below 2^7 and not all below 2^-20.
template <class Arch, std::size_t N, std::size_t K>
class pyramid_search {
  using lanes = walk_lanes<Arch>;
  using number = typename lanes::numbers;

 public:
  number y[N];

  explicit pyramid_search(number const (&a)[N]) noexcept {
    auto sum = a[0];
    for (std::size_t i = 1; i < N; ++i) sum = sum + a[i];
    auto const share = lanes::of(static_cast<float>(K) * (1 - 0x1p-18f)) / sum;  // floors add up to K at most
    left_ = lanes::of(static_cast<float>(K));
    product_ = square_ = lanes::of(0.0f);
    for (std::size_t i = 0; i < N; ++i) {
      auto const v = lanes::times(a[i], share);
      auto const near = (v + lanes::of(0x1.8p23f)) - lanes::of(0x1.8p23f);
      y[i] = lanes::pick(near > v, near - lanes::of(1.0f), near);
      left_ = left_ - y[i];
      product_ = product_ + lanes::times(a[i], y[i]);
      square_ = square_ + lanes::times(y[i], y[i]);
    }
    while (lanes::lanes(left_ > lanes::of(0.0f)) != 0) add_unit(a);
  }

 private:
  // <x, y>^2 and <y, y> with one unit more at place `at`.
  struct candidate {
    number quotient, over, at;
  };
  [[gnu::always_inline]] candidate with_unit(number const (&a)[N], std::size_t i) const noexcept {
    auto const p = product_ + a[i];
    return {lanes::times(p, p), square_ + (y[i] + y[i] + lanes::of(1.0f)), lanes::of(static_cast<float>(i))};
  }
  // The earlier of equals.
  [[gnu::always_inline]] static candidate better(candidate const& a, candidate const& b) noexcept {
    auto const second = lanes::times(b.quotient, a.over) > lanes::times(a.quotient, b.over);
    return {lanes::pick(second, b.quotient, a.quotient), lanes::pick(second, b.over, a.over), lanes::pick(second, b.at, a.at)};
  }
  void add_unit(number const (&a)[N]) noexcept {
    // Four chains, so that none waits for each step of the one: places i mod 4; of chains the earlier wins where they are equal.
    constexpr std::size_t chains = N % 4 == 0 ? 4 : 1;
    candidate best[chains];
#pragma GCC unroll 4
    for (std::size_t c = 0; c < chains; ++c) best[c] = with_unit(a, c);
    for (std::size_t i = chains; i < N; i += chains)
#pragma GCC unroll 4
      for (std::size_t c = 0; c < chains; ++c) best[c] = better(best[c], with_unit(a, i + c));
    for (std::size_t c = 1; c < chains; ++c) best[0] = better(best[0], best[c]);
    auto const over = best[0].over;
    auto const at = best[0].at;
    auto const unit = lanes::pick(left_ > lanes::of(0.0f), lanes::of(1.0f), lanes::of(0.0f));
    left_ = left_ - unit;
    square_ = lanes::pick(unit > lanes::of(0.0f), over, square_);
    auto added = lanes::of(0.0f);
    for (std::size_t i = 0; i < N; ++i) {
      auto const here = at == lanes::of(static_cast<float>(i));
      y[i] = lanes::pick(here, y[i] + unit, y[i]);
      added = lanes::pick(here, a[i], added);
    }
    product_ = product_ + lanes::times(added, unit);
  }

  number left_, product_, square_;
};

}  // namespace detail

template <std::size_t N, std::size_t K, std::size_t Words = 1, class Scale = float16>
class pyramid_codec {
  using indices = pyramid_index<N, K, Words>;
  static constexpr std::size_t index_bytes = static_cast<std::size_t>(indices::bits() + 7) / 8;

 public:
  static constexpr std::size_t plane_count = 3;

  constexpr std::size_t block_size() const noexcept { return 0; }
  constexpr std::size_t row_multiple() const noexcept { return 1; }
  constexpr std::array<std::size_t, 3> plane_bytes(std::size_t n) const noexcept {
    auto const groups = n / N + (n % N != 0 ? 1 : 0);
    return {saturating_multiply(groups, index_bytes), groups / 2 + groups % 2, n == 0 ? 0 : std::size_t{Scale::bits / 8}};
  }
  constexpr std::size_t scratch_bytes(std::size_t) const noexcept { return 0; }

  /// Fails with size_mismatch if a plane is too small; `to` is then untouched.
  template <class Arch = native_arch>
  status encode(std::span<float const> row, planes<std::byte, 3> to, workspace = {}) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), to); !s) return s;
    if (row.empty()) return errc::ok;
    auto const state = detail::largest_magnitude(row) >= float_infinity_bits
        ? detail::not_finite_scale<Scale>()
        : detail::keep_root_mean_square<Scale>(detail::root_mean_square(row));
    detail::store_fields(std::span{&state.code, 1}, Scale::bits, bit_order::low_first, to[2].data);
    auto const known = usable(state.scale);
    for (std::size_t first = 0; first < row.size(); first += 16 * N) {
      auto const part = row.subspan(first, row.size() - first < 16 * N ? row.size() - first : 16 * N);
      encode_groups<Arch>(part, known ? ieee_divide(1.0f, state.scale) : 0.0f, to[0].data + first / N * index_bytes,
                          to[1].data + first / N / 2);
    }
    return errc::ok;
  }
  /// Fails with size_mismatch or corrupt; `row` is then untouched.
  status decode(planes<std::byte const, 3> from, std::span<float> row, workspace = {}) const noexcept {
    if (auto const s = check_blocks(*this, row.size(), from); !s) return s;
    if (row.empty()) return errc::ok;
    for (std::size_t g = 0; g * N < row.size(); ++g)
      if (!(load_index(from[0].data + g * index_bytes) < indices::size())) return errc::corrupt;
    auto const scale = detail::load_scale<Scale>(detail::load_field(from[2].data, 0, Scale::bits, bit_order::low_first)).scale;
    for (std::size_t g = 0; g * N < row.size(); ++g) {
      std::int16_t y[N]{};
      static_cast<void>(indices::point(load_index(from[0].data + g * index_bytes), std::span<std::int16_t, N>{y}));
      auto const gain = std::to_integer<unsigned>(from[1].data[g / 2]) >> (4 * (g % 2)) & 15;
      auto const unit = ieee_multiply(of_unit(y, gain), is_finite(scale) && !usable(scale) ? 0.0f : scale);
      for (std::size_t i = 0; i < N && g * N + i < row.size(); ++i)
        row[g * N + i] = ieee_multiply(static_cast<float>(y[i]), unit);
    }
    return errc::ok;
  }

 private:
  static constexpr bool usable(float s) noexcept { return s >= 0x1p-80f && s <= 0x1p110f; }

  // Level i of 1 ... 15; exp(t) by its series.
  static constexpr auto gains = [] {
    double root = 1;
    for (int i = 0; i < 64; ++i) root = (root + static_cast<double>(N) / root) / 2;
    std::array<float, 16> g{};
    for (int i = 1; i < 16; ++i) {
      auto const t = (i - 8) * 0.36 / root * 0.69314718055994531;
      double sum = 0;
      for (int k = 30; k > 0; --k) sum = (sum + 1) * t / k;
      g[static_cast<std::size_t>(i)] = static_cast<float>(0.95 * (sum + 1) * root);
    }
    return g;
  }();
  // What a unit of y is worth at gain code g, for a scale of 1.
  static float of_unit(std::int16_t const (&y)[N], unsigned gain) noexcept {
    std::int64_t square = 0;
    for (auto const v : y) square += std::int64_t{v} * v;
    return static_cast<float>(static_cast<double>(gains[gain]) / std::sqrt(static_cast<double>(square)));
  }
  static typename indices::number load_index(std::byte const* from) noexcept {
    typename indices::number i{};
    for (std::size_t b = 0; b < index_bytes; ++b) i.word[b / 8] |= std::to_integer<std::uint64_t>(from[b]) << (8 * (b % 8));
    return i;
  }

  template <class Arch>
  static void encode_groups(std::span<float const> part, float inverse, std::byte* to, std::byte* gain_to) noexcept {
    float x[16 * N];
    for (std::size_t i = 0; i < 16 * N; ++i) {
      auto const v = i < part.size() ? part[i] * inverse : 0.0f;  // only compared and kept: nothing to contract
      x[i] = v > 64.0f ? 64.0f : v < -64.0f ? -64.0f : v;
      if (!is_finite(part[i < part.size() ? i : 0])) x[i] = 0.0f;
    }
    auto const groups = part.size() / N + (part.size() % N != 0 ? 1 : 0);
    constexpr auto width = detail::walk_lanes<Arch>::width;
    for (std::size_t g = 0; g < groups; g += width) {
      alignas(64) float y[N][width];
      search<Arch>(x + g * N, y);
      for (std::size_t l = 0; l < width && g + l < groups; ++l) store_group(x + (g + l) * N, y, l, g + l, to, gain_to);
    }
  }
  template <class Arch, std::size_t Width>
  static void search(float const* x, float (&y)[N][Width]) noexcept {
    using lanes = detail::walk_lanes<Arch>;
    alignas(64) float a[N][Width];
    for (std::size_t l = 0; l < Width; ++l) {
      float most = 0.0f;
      for (std::size_t i = 0; i < N; ++i) {
        a[i][l] = std::bit_cast<float>(magnitude_bits(x[l * N + i]));
        most = a[i][l] > most ? a[i][l] : most;
      }
      if (most < 0x1p-20f) a[0][l] = 1.0f;  // no direction: the gain will be 0
    }
    typename lanes::numbers in[N];
    for (std::size_t i = 0; i < N; ++i) in[i] = lanes::load(a[i]);
    detail::pyramid_search<Arch, N, K> const found{in};
    for (std::size_t i = 0; i < N; ++i) lanes::store(found.y[i], y[i]);
  }
  template <std::size_t Width>
  static void store_group(float const* x, float const (&y)[N][Width], std::size_t l, std::size_t g, std::byte* to,
                          std::byte* gain_to) noexcept {
    std::int16_t point[N]{};
    double product = 0;
    double square = 0;
    for (std::size_t i = 0; i < N; ++i) {
      auto const v = static_cast<std::int16_t>(y[i][l]);
      point[i] = std::bit_cast<std::uint32_t>(x[i]) >> 31 != 0 ? static_cast<std::int16_t>(-v) : v;
      product += static_cast<double>(x[i]) * static_cast<double>(point[i]);
      square += static_cast<double>(v) * static_cast<double>(v);
    }
    auto const gain = product / std::sqrt(square);
    unsigned code = 0;
    for (unsigned c = 0; c < 15; ++c)
      if (gain > (static_cast<double>(gains[c]) + static_cast<double>(gains[c + 1])) / 2) code = c + 1;
    auto const index = indices::index(std::span<std::int16_t const, N>{point});
    for (std::size_t b = 0; b < index_bytes; ++b)
      to[g * index_bytes + b] = static_cast<std::byte>(static_cast<std::uint8_t>(index.word[b / 8] >> (8 * (b % 8))));
    auto const kept = g % 2 == 0 ? 0U : std::to_integer<unsigned>(gain_to[g / 2]);
    gain_to[g / 2] = static_cast<std::byte>(static_cast<std::uint8_t>(kept | code << (4 * (g % 2))));
  }
};

/// 32 numbers in 64 bits and a gain: 2.125 bits a number.
using pvq_n32_k22 = pyramid_codec<32, 22>;
static_assert(block_codec<pyramid_codec<4, 2>>);

}  // namespace skive
