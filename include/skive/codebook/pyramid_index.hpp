// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/pyramid_index.hpp - integer vectors of one sum of magnitudes, numbered without gaps.
///
///   points of the pyramid P(n, k): y in Z^n, sum |y_i| = k;   |P(n, k)| = |P(n - 1, k)| + 2 sum_(0 < j <= k) |P(n - 1, k - j)|
///   in order of y_0: 0, 1, -1, 2, -2, ..., then of the rest;   index(y) = points before y
///
/// Indices are unsigned integers of W words of 64 bits; a table of running sums of |P(m, .)| makes each step one subtraction.
///
/// Model of : -
/// Cost     : index: 2 additions of W words a coordinate; point: a comparison more for each unit. Table: 8 W (n + 1)(k + 1) bytes.
/// Accuracy : exact.
/// Promise  : constexpr. An index past the last point gives errc::corrupt.
/// Source   : T. R. Fischer, "A pyramid vector quantizer", IEEE Trans. Information Theory 32, 1986.

#include "skive/core/status.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace skive {

/// W words of 64 bits, the lowest first; sums and differences wrap.
template <std::size_t W>
struct wide_integer {
  std::uint64_t word[W]{};

  constexpr wide_integer() noexcept = default;
  constexpr wide_integer(std::uint64_t x) noexcept { word[0] = x; }
  friend constexpr wide_integer operator+(wide_integer a, wide_integer const& b) noexcept {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < W; ++i) {
      auto const sum = a.word[i] + carry;
      carry = sum < carry ? 1U : 0U;
      a.word[i] = sum + b.word[i];
      carry += a.word[i] < sum ? 1U : 0U;
    }
    return a;
  }
  friend constexpr wide_integer operator-(wide_integer a, wide_integer const& b) noexcept {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < W; ++i) {
      auto const rest = a.word[i] - b.word[i];
      auto const less = a.word[i] < b.word[i] ? 1U : 0U;
      a.word[i] = rest - borrow;
      borrow = less + (rest < borrow ? 1U : 0U);
    }
    return a;
  }
  friend constexpr bool operator<(wide_integer const& a, wide_integer const& b) noexcept {
    for (std::size_t i = W; i-- > 0;)
      if (a.word[i] != b.word[i]) return a.word[i] < b.word[i];
    return false;
  }
  friend constexpr bool operator==(wide_integer const&, wide_integer const&) noexcept = default;
  constexpr int bits() const noexcept {
    for (std::size_t i = W; i-- > 0;)
      if (word[i] != 0) return static_cast<int>(64 * i) + 64 - std::countl_zero(word[i]);
    return 0;
  }
};

/// P(N, K) with indices of W words.
template <std::size_t N, std::size_t K, std::size_t W>
class pyramid_index {
  static_assert(N >= 1 && K >= 1 && 8 * W * (N + 1) * (K + 1) <= (std::size_t{1} << 20));

 public:
  using number = wide_integer<W>;

  /// |P(N, K)|. A size that does not fit W words does not compile.
  static constexpr number size() noexcept { return count(N, K); }
  /// Bits of the largest index.
  static constexpr int bits() noexcept { return (size() - number{1}).bits(); }

  /// Precondition: sum |y_i| = K.
  static constexpr number index(std::span<std::int16_t const, N> y) noexcept {
    number i{};
    std::size_t left = K;
    for (std::size_t at = 0; at < N; ++at) {
      auto const v = y[at];
      auto const size = static_cast<std::size_t>(v < 0 ? -v : v);
      auto const m = N - 1 - at;
      if (size == 0) continue;
      i = i + before(m, left, size);
      if (v < 0) i = i + count(m, left - size);
      left -= size;
    }
    return i;
  }
  /// The point of an index; corrupt past the last one.
  static constexpr status point(number i, std::span<std::int16_t, N> y) noexcept {
    if (!(i < size())) return errc::corrupt;
    std::size_t left = K;
    for (std::size_t at = 0; at < N; ++at) {
      auto const m = N - 1 - at;
      y[at] = 0;
      if (i < count(m, left)) continue;
      std::size_t size = 1;
      while (size < left && !(i < before(m, left, size + 1))) ++size;
      i = i - before(m, left, size);
      left -= size;
      auto const v = static_cast<std::int16_t>(size);
      y[at] = v;
      if (i < count(m, left)) continue;
      i = i - count(m, left);
      y[at] = static_cast<std::int16_t>(-v);
    }
    return errc::ok;
  }

 private:
  // |P(N, K)| in floating point, to see that it fits.
  static constexpr bool fits() noexcept {
    std::array<double, K + 1> c{1.0};
    for (std::size_t m = 1; m <= N; ++m) {
      auto next = c;
      for (std::size_t k = 1; k <= K; ++k) next[k] = next[k - 1] + c[k] + c[k - 1];
      c = next;
    }
    auto rest = c[K];
    for (std::size_t w = 0; w < W; ++w) rest *= 0x1p-64;
    return rest < 1 - 1e-9;
  }
  static_assert(fits(), "skive::pyramid_index: W words are too few");

  // sums.at[m][k]: points of P(m, 0) ... P(m, k), which may wrap: only differences count. |P(m, k)| = |P(m, k - 1)| +
  // |P(m - 1, k)| + |P(m - 1, k - 1)|, and so with sums; of P(0, .) there is one, for k = 0. Plain arrays: compilers evaluate this
  // wherever an index is used.
  struct table {
    number at[N + 1][K + 1]{};
  };
  static constexpr table sums = [] {
    table t{};
    for (auto& sum : t.at[0]) sum.word[0] = 1;
    for (std::size_t m = 1; m <= N; ++m) {
      auto* const own = t.at[m];
      auto const* const before = t.at[m - 1];
      own[0].word[0] = 1;
      for (std::size_t k = 1; k <= K; ++k) {
        if constexpr (W == 1)
          own[k].word[0] = own[k - 1].word[0] + before[k].word[0] + before[k - 1].word[0];
        else
          own[k] = own[k - 1] + before[k] + before[k - 1];
      }
    }
    return t;
  }();
  static constexpr number count(std::size_t m, std::size_t k) noexcept {
    return k == 0 ? sums.at[m][0] : sums.at[m][k] - sums.at[m][k - 1];
  }
  // Points of P(m + 1, k) with a smaller magnitude first than size >= 1.
  static constexpr number before(std::size_t m, std::size_t k, std::size_t size) noexcept {
    auto const smaller = sums.at[m][k - 1] - sums.at[m][k - size];  // magnitudes 1 ... size - 1
    return count(m, k) + smaller + smaller;
  }
};

}  // namespace skive
