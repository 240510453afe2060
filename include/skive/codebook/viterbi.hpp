// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/viterbi.hpp - the cheapest cyclic path through a bitshift trellis, for any additive cost in any real type.
///
///   minimise sum_i cost(i, state_i) over the bit strings of codebook/trellis.hpp;   weighted_distance: w_n (x_n - level scale)^2
///
/// exact runs once for every class of states at the seam; windowed chooses the class by a run over some steps on both sides of
/// it, as codebook/trellis_encoder.hpp does, which is the fast way for unweighted squares.
///
/// Model of : -
/// Cost     : 2^L costs and comparisons a step; exact: times 2^(L - B) + 1. One byte of scratch for each class and step.
/// Accuracy : exact is the minimum up to the rounding of Real; windowed is up to 0.8 % above it on Gaussian blocks of 256 steps,
/// 2 %
///            on 64 (the encoder of codebook/trellis_encoder.hpp removes that by one more turn).
/// Promise  : of equal costs the lower predecessor wins. Costs may be infinite, not NaN.
/// Source   : A. J. Viterbi, "Error bounds for convolutional codes", IEEE Trans. IT-13, 1967.

#include "skive/codebook/trellis.hpp"
#include "skive/core/planes.hpp"
#include "skive/core/status.hpp"
#include "skive/core/workspace.hpp"

#include <limits>
#include <span>

namespace skive {

enum class tail_biting : std::uint8_t { windowed, exact };

/// The squared distance of step i, diagonal weights included: w has the size of x, or none.
template <trellis_code Code, class Real>
struct weighted_distance {
  Code code;
  std::span<Real const> x;
  std::span<Real const> weights;
  Real scale;  ///< what a level is worth

  constexpr Real operator()(std::size_t step, std::uint32_t state) const noexcept {
    Real sum = 0;
    for (int v = 0; v < Code::values; ++v) {
      auto const n = step * static_cast<std::size_t>(Code::values) + static_cast<std::size_t>(v);
      Real const d = x[n] - scale * Real(code.level(state, v));
      sum += weights.empty() ? Real{d * d} : Real{weights[n] * d * d};
    }
    return sum;
  }
};

template <trellis_code Code, class Real>
constexpr std::size_t viterbi_bytes(std::size_t steps) noexcept {
  using shape = detail::trellis_shape<Code>;
  return saturating_add(2 * workspace::bytes<Real>(shape::classes),
                        workspace::bytes<std::uint8_t>(saturating_multiply(steps, shape::classes)));
}

namespace detail {

template <trellis_code Code, class Real, class Cost>
class viterbi_run {
  using shape = trellis_shape<Code>;

 public:
  viterbi_run(Cost const& cost, std::size_t steps, workspace w) noexcept
      : cost_{cost},
        steps_{steps},
        now_{w.take<Real>(shape::classes)},
        next_{w.take<Real>(shape::classes)},
        from_{w.take<std::uint8_t>(steps * shape::classes)} {}

  /// From class `seam` back to it; the path's cost.
  Real closed(std::uint32_t seam) noexcept {
    for (std::uint32_t m = 0; m < shape::classes; ++m) now_[m] = m == seam ? Real{0} : std::numeric_limits<Real>::infinity();
    for (std::size_t t = 0; t < steps_; ++t) advance(steps_ - 1 - t, t);
    return now_[seam];
  }
  /// The states of the path that closed(seam) found.
  void trace(std::uint32_t seam, std::span<std::uint32_t> states) const noexcept {
    auto at = seam;
    for (std::size_t t = steps_; t-- > 0; at >>= shape::step_bits) {
      at += shape::classes * from_[t * shape::classes + at];
      states[steps_ - 1 - t] = at;
    }
  }
  /// The class at the seam of the best path over `window` steps before and after it.
  std::uint32_t likely_seam(std::size_t window) noexcept {
    for (auto& m : now_) m = 0;
    for (std::size_t t = 0; t < 2 * window; ++t) advance(t < window ? window - 1 - t : steps_ + window - 1 - t, t);
    std::uint32_t at = 0;
    for (std::uint32_t m = 1; m < shape::classes; ++m)
      if (now_[m] < now_[at]) at = m;
    for (std::size_t t = 2 * window; t-- > window;)
      at = (at + shape::classes * from_[t * shape::classes + at]) >> shape::step_bits;
    return at;
  }

 private:
  void advance(std::size_t step, std::size_t t) noexcept {
    for (std::uint32_t m = 0; m < shape::classes; ++m) {
      Real best{};
      for (std::uint32_t j = 0; j < shape::symbols; ++j) {
        auto const state = j * shape::classes + m;
        Real const here = now_[state >> shape::step_bits] + cost_(step, state);
        if (j != 0 && !(here < best)) continue;
        best = here;
        from_[t * shape::classes + m] = static_cast<std::uint8_t>(j);
      }
      next_[m] = best;
    }
    auto const kept = now_;
    now_ = next_;
    next_ = kept;
  }

  Cost const& cost_;
  std::size_t steps_;
  std::span<Real> now_, next_;
  std::span<std::uint8_t> from_;
};

}  // namespace detail

/// The states of the best block of states.size() steps and its cost. Fails with invalid_argument unless the steps fill whole
/// bytes and hold a state, or with workspace_too_small.
template <trellis_code Code, class Real, class Cost>
result<Real> viterbi(Cost const& cost, tail_biting kind, std::span<std::uint32_t> states, workspace w) noexcept {
  using shape = detail::trellis_shape<Code>;
  auto const steps = states.size();
  auto const bits = steps * static_cast<std::size_t>(Code::step_bits);
  if (steps == 0 || bits % 8 != 0 || bits < static_cast<std::size_t>(Code::state_bits)) return errc::invalid_argument;
  if (w.size() < viterbi_bytes<Code, Real>(steps)) return errc::workspace_too_small;
  detail::viterbi_run<Code, Real, Cost> run{cost, steps, w};
  auto const memories = static_cast<std::size_t>(8 * Code::state_bits / Code::step_bits);
  auto seam = run.likely_seam(memories < steps / 2 ? memories : steps / 2);
  if (kind == tail_biting::exact) {
    auto least = std::numeric_limits<Real>::infinity();
    for (std::uint32_t m = 0; m < shape::classes; ++m) {
      auto const here = run.closed(m);
      if (!(here < least)) continue;
      least = here;
      seam = m;
    }
  }
  auto const total = run.closed(seam);
  run.trace(seam, states);
  return total;
}

}  // namespace skive
