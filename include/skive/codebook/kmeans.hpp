// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/kmeans.hpp - weighted k-means in d dimensions, over the caller's memory.
///
///   minimise sum_i w_i D(x_i, codeword of i),   D(x, c) = sum_j u_ij (x_j - c_j)^2
///   repeat: every sample to its nearest codeword, the lower index in a tie;   c = sum w u x / sum w u of its samples
///
/// u are weights of single numbers (a diagonal of second moments), 1 without them; full second moments: kmeans_moments.hpp.
/// `cosine` works on samples of length 1 and keeps codewords there: x.c is maximised. `balanced` gives every codeword floor(n /
/// k) or one more: samples that lose most by a second choice choose first. A codeword without samples takes the sample that is
/// farthest from its own.
///
/// Model of : -
/// Cost     : an iteration: codebook/nearest_codeword.hpp and n d additions in double; with u 3 operations a number and codeword
///            instead of 1; with `balanced` 2 n k distances by scalar code.
/// Accuracy : sums in double; the error never grows but by rounding (not promised with `balanced`).
/// Promise  : deterministic; the same bits on every instruction set and under contraction. More codewords than different samples:
///            each sample has its own, codewords left over stay where they were seeded and report.used counts the
///            others. Samples of weight 0, and of length 0 with `cosine`, do not count.
/// Source   : S. P. Lloyd (codebook/lloyd_max.hpp); I. S. Dhillon, D. S. Modha, "Concept decompositions for large sparse text
///            data using clustering", Machine Learning 42, 2001 (cosine).

#include "skive/codebook/kmeans_update.hpp"

namespace skive {

struct kmeans_options {
  kmeans_seeding seeding = kmeans_seeding::greedy;
  int iterations = 25;  ///< at most; fewer when no sample changes its codeword; 0: the seeds stay
  std::uint64_t seed = 0;
  bool cosine = false;
  bool balanced = false;
};

struct kmeans_report {
  double error = 0;      ///< sum of w D for the samples' last assignment and the codewords returned
  std::size_t used = 0;  ///< codewords with samples
  int iterations = 0;
  bool converged = false;
};

/// None, or one a sample, or one a number of each sample; all finite and not negative.
struct kmeans_weights {
  std::span<float const> samples;
  matrix_view<float const> numbers;
};

constexpr std::size_t kmeans_bytes(std::size_t n, std::size_t d, std::size_t k, bool weighted_numbers = false,
                                   bool balanced = false) noexcept {
  auto const lanes = workspace::bytes<float>(detail::lane_floats(n, d));
  auto const per_sample = workspace::bytes<float>(detail::lane_floats(n, 1));
  auto const sums = workspace::bytes<double>(saturating_multiply(k, d));
  auto sum = saturating_add(saturating_multiply(lanes, weighted_numbers ? 3 : 2), saturating_multiply(per_sample, 2));
  sum = saturating_add(sum, saturating_add(workspace::bytes<double>(n / 16 + 1), saturating_multiply(sums, 2)));
  sum = saturating_add(sum, saturating_add(workspace::bytes<float>(k), workspace::bytes<std::uint32_t>(k)));
  return balanced ? saturating_add(sum, saturating_multiply(per_sample, 4)) : sum;
}

namespace detail {

template <class Arch>
class kmeans_run {
 public:
  kmeans_run(matrix_view<float const> x, matrix_view<float> codewords, kmeans_weights const& weights, kmeans_options const& o,
             workspace w) noexcept
      : options_{o} {
    auto const n = x.rows;
    auto const d = x.cols;
    auto const lanes = w.take<float>(lane_floats(n, d));
    auto const rows = w.take<float>(lane_floats(n, d));
    auto& s = state_;
    s.samples = {x, lanes.data(), nullptr, weights.samples};
    s.codewords = codewords;
    s.cosine = o.cosine;
    if (o.cosine) s.samples.rows = normalised(x, rows);
    for (std::size_t b = 0; b < s.samples.blocks(); ++b)
      fill_lanes<Arch>(s.samples.rows, 16 * b, n - 16 * b, lanes.data() + 16 * d * b);
    if (weights.numbers.data != nullptr) {
      auto const diagonal = w.take<float>(lane_floats(n, d));
      for (std::size_t b = 0; b < s.samples.blocks(); ++b)
        fill_lanes<Arch>(weights.numbers, 16 * b, n - 16 * b, diagonal.data() + 16 * d * b);
      s.samples.diagonal = diagonal.data();
      s.numbers = weights.numbers;
    }
    s.index = w.take<std::uint32_t>(lane_floats(n, 1));
    s.distance = w.take<float>(lane_floats(n, 1));
    block_sums_ = w.take<double>(n / 16 + 1);
    s.sums = w.take<double>(codewords.rows * d);
    s.mass = w.take<double>(codewords.rows * d);
    s.half = w.take<float>(codewords.rows);
    s.count = w.take<std::uint32_t>(codewords.rows);
    if (o.balanced) s.spare = w.take<std::uint32_t>(3 * lane_floats(n, 1));
    for (auto& i : s.index) i = ~std::uint32_t{0};
    for (auto& c : s.count) c = 0;
  }

  kmeans_report operator()() noexcept {
    auto& s = state_;
    if (options_.seeding != kmeans_seeding::given)
      kmeans_seeder<Arch>{s.samples, counter_random{options_.seed, 0}, s.distance, block_sums_}.seed(options_.seeding,
                                                                                                     s.codewords);
    if (options_.cosine)
      for (std::size_t k = 0; k < s.codewords.rows; ++k) static_cast<void>(normalise<Arch>(s.codewords.row(k)));
    kmeans_assignment<Arch> assignment{s};
    kmeans_update<Arch> update{s};
    kmeans_report report;
    auto const assign = [&] { return options_.balanced ? assignment.balanced() : assignment.nearest(); };
    while (report.iterations < options_.iterations && !report.converged) {
      ++report.iterations;
      auto const changed = assign();
      update.add_up();
      auto const moved = options_.balanced ? 0 : update.repair();
      if (moved != 0) update.add_up();
      report.converged = changed == 0 && moved == 0;
      update.move();
    }
    if (report.iterations == 0) {
      assign();
      update.add_up();
    }
    for (auto const c : s.count) report.used += std::size_t{c != 0};
    report.error = update.error();
    return report;
  }

  std::span<std::uint32_t const> indices() const noexcept { return state_.index.first(state_.samples.rows.rows); }

 private:
  static matrix_view<float const> normalised(matrix_view<float const> x, std::span<float> to) noexcept {
    matrix_view<float> const rows{to.data(), x.rows, x.cols};
    for (std::size_t i = 0; i < x.rows; ++i) {
      for (std::size_t j = 0; j < x.cols; ++j) rows(i, j) = x(i, j);
      static_cast<void>(normalise<Arch>(rows.row(i)));
    }
    return rows;
  }

  kmeans_options options_;
  kmeans_state state_;
  std::span<double> block_sums_;
};

inline status check_kmeans(matrix_view<float const> x, matrix_view<float const> codewords, kmeans_weights const& w) noexcept {
  if (x.cols != codewords.cols) return errc::size_mismatch;
  if (!w.samples.empty() && w.samples.size() != x.rows) return errc::size_mismatch;
  if (w.numbers.data != nullptr && (w.numbers.rows != x.rows || w.numbers.cols != x.cols)) return errc::size_mismatch;
  if (!x.valid() || !codewords.valid() || !w.numbers.valid()) return errc::invalid_argument;
  if (x.rows == 0 || x.cols == 0 || codewords.rows == 0) return errc::invalid_argument;
  if (x.rows >= 0xFFFF'FFF0U || codewords.rows >= 0xFFFF'FFFFU) return errc::overflow;
  for (std::size_t i = 0; i < x.rows; ++i)
    for (auto const v : x.row(i))
      if (!is_finite(v)) return errc::not_finite;
  bool any = w.samples.empty();
  for (auto const v : w.samples) {
    if (!is_finite(v) || v < 0) return errc::invalid_argument;
    any = any || v > 0;
  }
  if (w.numbers.data != nullptr)
    for (std::size_t i = 0; i < x.rows; ++i)
      for (auto const v : w.numbers.row(i))
        if (!is_finite(v) || v < 0) return errc::invalid_argument;
  return any ? errc::ok : errc::invalid_argument;
}

/// What else kmeans() refuses, but for its memory.
inline status check_kmeans_call(std::size_t samples, matrix_view<float const> codewords, kmeans_options const& options,
                                std::span<std::uint32_t const> assigned) noexcept {
  if (!assigned.empty() && assigned.size() != samples) return errc::size_mismatch;
  if (options.iterations < 0) return errc::invalid_argument;
  if (options.seeding == kmeans_seeding::given)
    for (std::size_t k = 0; k < codewords.rows; ++k)
      for (auto const v : codewords.row(k))
        if (!is_finite(v)) return errc::not_finite;
  return errc::ok;
}

}  // namespace detail

/// Fills `codewords`, one a row. `assigned`: where each sample's index goes, or nothing. Fails with size_mismatch,
/// invalid_argument (no sample of positive weight, no codeword, a negative or infinite weight, a view), overflow (2^32 samples or
/// codewords), not_finite or workspace_too_small below kmeans_bytes; nothing is then written. Samples are below 2^60 in
/// magnitude, else distances may overflow and samples go to codeword 0.
template <class Arch = native_arch>
result<kmeans_report> kmeans(matrix_view<float const> x, matrix_view<float> codewords, kmeans_weights const& weights,
                             kmeans_options const& options, workspace scratch, std::span<std::uint32_t> assigned = {}) noexcept {
  if (auto const s = detail::check_kmeans(x, codewords, weights); !s) return s;
  if (auto const s = detail::check_kmeans_call(x.rows, codewords, options, assigned); !s) return s;
  auto const need = kmeans_bytes(x.rows, x.cols, codewords.rows, weights.numbers.data != nullptr, options.balanced);
  if (scratch.size() < need) return errc::workspace_too_small;
  detail::kmeans_run<Arch> run{x, codewords, weights, options, scratch};
  auto const report = run();
  for (std::size_t i = 0; i < assigned.size(); ++i) assigned[i] = run.indices()[i];
  return report;
}

}  // namespace skive
