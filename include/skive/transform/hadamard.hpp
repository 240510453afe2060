// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/hadamard.hpp - in-place orthonormal Hadamard transform of any length, of floats or doubles.
///
///   y = (O (x) H_m3 (x) H_m2 (x) H_m1 (x) H_2^s) x / sqrt(h),   n = odd h,  h = 2^s m1 m2 m3: the plan of hadamard_plan.hpp
///
/// O is the identity wherever h = n: all entries of the matrix are then +-1 / sqrt(n). Otherwise (n without enough factors of 2,
/// or an order without a matrix here) O is the Kronecker product of the Hartley matrices of the odd part's prime factors
/// (transform/hartley.hpp); plan() says which case it is. Stages of 2 come first, then m1, m2, m3, the product, and the primes.
///
/// Model of : orthogonal_transform
/// Cost     : s + sum of (m / 4 + 5) additions and one product a number, p double multiply-adds for each prime factor p of
///            the odd part; matrices past 512 bytes of codes (order 48 and more, or two of which one is 44), and
///            for the way back those that are not symmetric, are expanded to scratch in every call. A value has 1800 bytes.
/// Accuracy : ||y - exact|| <= roundings() u ||x|| to first order, u = 2^-24: roundings() = s + 2 + sum of (m / 4 + 1) + sum of
///            (1 + sqrt(p) / 16); of doubles (roundings() + 2 + sum of (p + 8)) 2^-53. Small entries beside large ones count as
///            zero as in walsh_hadamard.hpp.
/// Promise  : the same bits on every instruction set, under FTZ, DAZ and contraction. A refused row is untouched.
/// Source   : those of its parts; Kronecker products as in A. Tseng et al., "QuIP#", ICML 2024.

#include "skive/transform/hadamard_factor.hpp"
#include "skive/transform/hadamard_plan.hpp"
#include "skive/transform/hartley.hpp"
#include "skive/transform/sign_codes.hpp"
#include "skive/transform/walsh_hadamard.hpp"

namespace skive {

class hadamard : public detail::both_ways<hadamard> {
 public:
  static constexpr bool is_orthogonal = true;
  static constexpr std::size_t max_size = walsh_hadamard::max_size;

  /// `n`: 1 to 2^26. Fails with invalid_argument.
  static constexpr result<hadamard> make(std::size_t n) noexcept {
    if (n == 0 || n > max_size) return errc::invalid_argument;
    hadamard h;
    h.size_ = n;
    h.plan_ = hadamard_plan::of(n);
    h.scale_ = detail::inverse_root(h.plan_.hadamard_order());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < h.plan_.count; ++i) {
      h.cores_[i] = *hadamard_matrix::make_core(h.plan_.cores[i]);
      auto const bytes = detail::sign_code_bytes(h.plan_.cores[i]);
      if (bytes > kept_bytes - kept) continue;
      detail::make_sign_codes<scalar_arch>(h.cores_[i], false, std::span{h.codes_}.subspan(kept, bytes));
      h.first_code_[i] = static_cast<std::uint16_t>(kept);
      kept += bytes;
    }
    return h;
  }

  constexpr hadamard() noexcept = default;  ///< of one number
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr hadamard_plan const& plan() const noexcept { return plan_; }
  /// Core i of the plan, which says how it was constructed.
  constexpr hadamard_matrix const& core(std::size_t i) const noexcept { return cores_[i]; }
  /// Every entry of the matrix is +-1 / sqrt(n).
  constexpr bool is_hadamard() const noexcept { return plan_.odd == 1; }

  constexpr std::size_t scratch_bytes() const noexcept {
    auto const stages = detail::walsh_hadamard_floats(std::size_t{1} << plan_.stages);
    auto most = stages == 0 ? 0 : workspace::bytes<float>(stages);
    for (std::size_t i = 0; i < plan_.count; ++i) {
      auto const m = plan_.cores[i];
      auto const need =
          workspace::bytes<float>(detail::mix_blocks_floats(m)) + workspace::bytes<std::uint8_t>(detail::sign_code_bytes(m));
      most = need > most ? need : most;
    }
    for_each_prime([&](std::size_t p) {
      auto const need = workspace::bytes<double>(detail::hartley_doubles(p));
      most = need > most ? need : most;
    });
    return most;
  }
  constexpr int growth() const noexcept { return static_cast<int>(std::bit_width(size_ - 1)); }
  /// The bound of the header, in units of 2^-24.
  constexpr double roundings() const noexcept {
    double sum = plan_.stages + 2;
    for (std::size_t i = 0; i < plan_.count; ++i) sum += static_cast<double>(plan_.cores[i]) / 4 + 1;
    for_each_prime([&](std::size_t p) {
      double root = 1;
      while (root * root < static_cast<double>(p)) root += 1;
      sum += 1 + root / 16;
    });
    return sum;
  }

  /// Without checks (transform/direction.hpp). The parts act on different indices: their order is the same both ways.
  template <class Arch, direction D, std::floating_point T>
  constexpr void apply(T* x, workspace w) const noexcept {
    apply_many<Arch, D>(x, 1, w);
  }
  /// `count` rows without gaps: narrow blocks of several rows share registers. `signs`: see transform/butterflies.hpp; stages are
  /// then at least signs_at_once long.
  template <class Arch, direction D, std::floating_point T>
  constexpr void apply_many(T* x, std::size_t count, workspace w, detail::sign_source const* signs = nullptr) const noexcept {
    auto const total = count * size_;
    auto width = std::size_t{1} << plan_.stages;
    T scale{};
    if constexpr (std::is_same_v<T, float>)
      scale = scale_;
    else
      scale = detail::inverse_root_double<Arch>(plan_.hadamard_order());
    apply_stages<Arch, T>(x, total, width, plan_.count == 0 ? &scale : nullptr, w, signs);
    for (std::size_t i = 0; i < plan_.count; ++i) {
      apply_core<Arch, D, T>(x, total, width, i, i + 1 == plan_.count ? &scale : nullptr, w);
      width *= plan_.cores[i];
    }
    for_each_prime([&](std::size_t p) {
      auto* const room = w_take<double>(w, detail::hartley_doubles(p));
      for (std::size_t at = 0; at < total; at += p * width) detail::hartley_blocks<Arch>(x + at, width, p, room);
      width *= p;
    });
  }

 private:
  static constexpr std::uint16_t kept_bytes = 512;
  template <class T>
  static constexpr T* w_take(workspace w, std::size_t count) noexcept {
    return count == 0 ? nullptr : w.take<T>(count).data();
  }
  template <class Arch, class T>
  constexpr void apply_stages(T* x, std::size_t total, std::size_t width, T const* scale, workspace w,
                              [[maybe_unused]] detail::sign_source const* signs) const noexcept {
    if (width == 1) return;  // the scale is 1 then, or that of a core
    auto* const tile = w_take<float>(w, detail::walsh_hadamard_floats(width));
    if constexpr (std::is_same_v<T, float>)
      detail::walsh_hadamard_blocks<Arch>(x, total / width, width, scale, tile, signs);
    else
      detail::walsh_hadamard_blocks<Arch>(x, total / width, width, scale, tile);
  }
  template <class Arch, direction D, class T>
  constexpr void apply_core(T* x, std::size_t total, std::size_t width, std::size_t i, T const* scale,
                            workspace w) const noexcept {
    auto const m = plan_.cores[i];
    auto* const room = w.take<T>(detail::mix_blocks_floats(m) * sizeof(float) / sizeof(T)).data();
    detail::sign_codes codes{m, codes_.data() + (first_code_[i] < kept_bytes ? first_code_[i] : 0)};
    if (first_code_[i] >= kept_bytes || (D == direction::inverse && !cores_[i].symmetric()))
      codes = detail::make_sign_codes<Arch>(cores_[i], D == direction::inverse, w.take<std::uint8_t>(detail::sign_code_bytes(m)));
    detail::mix_blocks<Arch>(x, width, total / (m * width), codes, scale, room);
  }
  // The prime factors of the odd part, the smallest first.
  template <class F>
  constexpr void for_each_prime(F f) const noexcept {
    auto rest = plan_.odd;
    for (std::uint64_t p = 3; rest > 1; p = p * p > rest ? rest : p + 2)
      for (; rest % p == 0 && rest > 1; rest /= p) f(static_cast<std::size_t>(p));
  }

  std::size_t size_ = 1;
  float scale_ = 1.0f;
  hadamard_plan plan_{};
  std::array<hadamard_matrix, hadamard_plan::most_cores> cores_{};
  std::array<std::uint16_t, hadamard_plan::most_cores> first_code_{kept_bytes, kept_bytes, kept_bytes};  // kept_bytes: none kept
  std::array<std::uint8_t, kept_bytes> codes_{};  // of small cores, not transposed, so that short rows need not make them
};

static_assert(orthogonal_transform<hadamard>);

}  // namespace skive
