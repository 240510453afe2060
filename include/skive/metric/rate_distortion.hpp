// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file metric/rate_distortion.hpp - the least squared error that any code of a given rate can reach, and the distance from it.
///
///   Gaussian  D(R)  = variance 2^(-2R)                                    (exact, R in bits per number)
///   any other D(R) >= 2^(2h - 2R) / (2 pi e),  h differential entropy in bits      (Shannon's lower bound)
///   Laplace   h     = log2(e sqrt(2 variance)),  so  D(R) >= variance (e / pi) 2^(-2R)
///   gap       10 log10(distortion / bound) dB; 6.02 dB are one bit
///
/// The Gaussian curve is the highest of all densities of one variance: an error below it means data that is not Gaussian or not
/// independent, never a broken bound. A scalar quantizer with entropy coding stays 1.53 dB above the bound at high rates.
///
/// Model of : -
/// Cost     : a few calls of the mathematical library.
/// Accuracy : that of std::exp2 and std::log10, a few ulp; these figures are for people and are no part of any coded byte.
/// Promise  : negative or NaN distortions give NaN, zero distortion a gap of -infinity; nothing is refused, nothing throws.
/// Source   : T. M. Cover, J. A. Thomas, Elements of Information Theory, 2nd ed., sections 8.6 and 10.3; C. E. Shannon, "Coding
///            theorems for a discrete source with a fidelity criterion", 1959.

#include "skive/version.hpp"

#include <cmath>
#include <numbers>

namespace skive {

/// Least mean squared error of independent Gaussian numbers at `rate` bits each.
[[nodiscard]] inline double gaussian_distortion(double variance, double rate) noexcept { return variance * std::exp2(-2 * rate); }

/// The rate that a mean squared error costs at least; 0 from the variance on.
[[nodiscard]] inline double gaussian_rate(double variance, double distortion) noexcept {
  return distortion >= variance ? 0.0 : 0.5 * std::log2(variance / distortion);
}

/// Shannon's lower bound for any density with this differential entropy (in bits). The factor 2^(2h) / (2 pi e) is the entropy
/// power: the variance of the Gaussian of equal entropy.
[[nodiscard]] inline double shannon_lower_bound(double entropy_bits, double rate) noexcept {
  return std::exp2(2 * (entropy_bits - rate)) / (2 * std::numbers::pi * std::numbers::e);
}

/// Shannon's lower bound for Laplace numbers, variance (e / pi) 2^(-2 rate): tight at high rates.
[[nodiscard]] inline double laplace_shannon_lower_bound(double variance, double rate) noexcept {
  return gaussian_distortion(variance, rate) * (std::numbers::e / std::numbers::pi);
}

/// How far a distortion lies above a bound, in dB.
[[nodiscard]] inline double gap_db(double distortion, double bound) noexcept { return 10 * std::log10(distortion / bound); }

/// The gap of a code of `rate` bits to the Gaussian curve; relative_mse = mean squared error / variance.
[[nodiscard]] inline double gaussian_gap_db(double relative_mse, double rate) noexcept {
  return gap_db(relative_mse, gaussian_distortion(1.0, rate));
}

}  // namespace skive
