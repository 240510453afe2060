// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/random_hadamard.hpp - random signs, then Hadamard transforms: the incoherence processing of QuIP#.
///
///   y = S' (I (x) H_block) S x;   S: the signs of stream 0 of the seed;   S': those of stream 1, or the identity
///
/// One block over the whole row spreads every entry over all; blocks of a head or of a quantization group stay local.
///
/// Model of : orthogonal_transform
/// Cost     : that of transform/hadamard.hpp and of one or two passes of transform/random_signs.hpp; the first of them is part of
///            the first pass of butterflies where at least 11 stages of 2 come first.
/// Accuracy : that of the Hadamard transform: signs are exact.
/// Promise  : the same bits on every instruction set; one seed gives one transform everywhere. A refused row is untouched.
/// Source   : A. Tseng, J. Chee, Q. Sun, V. Kuleshov, C. De Sa, "QuIP#", ICML 2024; N. Ailon, B. Chazelle, STOC 2006.

#include "skive/transform/hadamard.hpp"
#include "skive/transform/random_signs.hpp"

namespace skive {

enum class sign_places : std::uint8_t {
  before,  ///< S alone
  both,    ///< S and S'
};

class random_hadamard : public detail::both_ways<random_hadamard> {
 public:
  static constexpr bool is_orthogonal = true;
  static constexpr std::size_t max_size = hadamard::max_size;

  /// `n`: 1 to 2^26. Fails with invalid_argument.
  static constexpr result<random_hadamard> make(std::size_t n, std::uint64_t seed,
                                                sign_places places = sign_places::before) noexcept {
    return make_blocked(n, n, seed, places);
  }
  /// Transforms of `block` numbers each, under signs for all n. Fails with invalid_argument, also unless `block` divides n.
  static constexpr result<random_hadamard> make_blocked(std::size_t n, std::size_t block, std::uint64_t seed,
                                                        sign_places places = sign_places::before) noexcept {
    auto const h = hadamard::make(block);
    if (!h || n == 0 || n > max_size || n % block != 0) return errc::invalid_argument;
    random_hadamard r;
    r.hadamard_ = *h;
    r.before_ = random_signs{n, seed, 0};
    r.after_ = random_signs{n, seed, 1};
    r.places_ = places;
    return r;
  }

  constexpr random_hadamard() noexcept = default;  ///< of one number, which keeps its sign
  constexpr std::size_t size() const noexcept { return before_.size(); }
  constexpr hadamard const& block() const noexcept { return hadamard_; }
  constexpr random_signs const& signs() const noexcept { return before_; }
  constexpr std::size_t scratch_bytes() const noexcept { return hadamard_.scratch_bytes(); }
  constexpr int growth() const noexcept { return hadamard_.growth(); }
  constexpr double roundings() const noexcept { return hadamard_.roundings(); }

  /// Without checks (transform/direction.hpp).
  template <class Arch, direction D, std::floating_point T>
  constexpr void apply(T* x, workspace w) const noexcept {
    bool const first = D == direction::forward || places_ == sign_places::both;
    bool const last = D == direction::inverse || places_ == sign_places::both;
    auto const& signs = D == direction::forward ? before_ : after_;
    auto const count = size() / hadamard_.size();
    if constexpr (std::is_same_v<T, float> && simd::vector_arch<Arch>)
      if (!std::is_constant_evaluated() && first && (std::size_t{1} << hadamard_.plan().stages) >= detail::signs_at_once) {
        auto const source = signs.source();
        hadamard_.template apply_many<Arch, D>(x, count, w, &source);
        if (last) (D == direction::forward ? after_ : before_).template apply<Arch, D>(x, w);
        return;
      }
    if (first) signs.template apply<Arch, D>(x, w);
    hadamard_.template apply_many<Arch, D>(x, count, w);
    if (last) (D == direction::forward ? after_ : before_).template apply<Arch, D>(x, w);
  }

 private:
  hadamard hadamard_;
  random_signs before_{1, 1};  // seed 1 leaves one number as it is
  random_signs after_{1, 1};
  sign_places places_ = sign_places::before;
};

static_assert(orthogonal_transform<random_hadamard>);

}  // namespace skive
