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
/// Promise  : deterministic; the same bits on all instruction sets that fuse products with sums. More codewords than different
///            samples: each sample has its own, codewords left over stay where they were seeded and report.used counts the
///            others. Samples of weight 0, and of length 0 with `cosine`, do not count.
/// Source   : S. P. Lloyd (codebook/lloyd_max.hpp); I. S. Dhillon, D. S. Modha, "Concept decompositions for large sparse text
///            data using clustering", Machine Learning 42, 2001 (cosine).

#include "skive/codebook/kmeans_1d.hpp"
#include "skive/codebook/kmeans_seeding.hpp"

#include <cmath>

namespace skive {

struct kmeans_options {
  kmeans_seeding seeding = kmeans_seeding::greedy;
  int iterations = 25;  ///< at most; fewer when no sample changes its codeword
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
      : codewords_{codewords}, options_{o} {
    auto const n = x.rows;
    auto const d = x.cols;
    auto const lanes = w.take<float>(lane_floats(n, d));
    auto const rows = w.take<float>(lane_floats(n, d));
    samples_ = {x, lanes.data(), nullptr, weights.samples};
    if (o.cosine) samples_.rows = normalised(x, rows);
    for (std::size_t b = 0; b < samples_.blocks(); ++b)
      fill_lanes<Arch>(samples_.rows, 16 * b, n - 16 * b, lanes.data() + 16 * d * b);
    if (weights.numbers.data != nullptr) {
      auto const diagonal = w.take<float>(lane_floats(n, d));
      for (std::size_t b = 0; b < samples_.blocks(); ++b)
        fill_lanes<Arch>(weights.numbers, 16 * b, n - 16 * b, diagonal.data() + 16 * d * b);
      samples_.diagonal = diagonal.data();
      numbers_ = weights.numbers;
    }
    index_ = w.take<std::uint32_t>(lane_floats(n, 1));
    distance_ = w.take<float>(lane_floats(n, 1));
    block_sums_ = w.take<double>(n / 16 + 1);
    sums_ = w.take<double>(codewords.rows * d);
    mass_ = w.take<double>(codewords.rows * d);
    half_ = w.take<float>(codewords.rows);
    count_ = w.take<std::uint32_t>(codewords.rows);
    if (o.balanced) spare_ = w.take<std::uint32_t>(3 * lane_floats(n, 1));
    for (auto& i : index_) i = ~std::uint32_t{0};
  }

  kmeans_report operator()() noexcept {
    if (options_.seeding != kmeans_seeding::given)
      kmeans_seeder<Arch>{samples_, counter_random{options_.seed, 0}, distance_, block_sums_}.seed(options_.seeding, codewords_);
    if (options_.cosine)
      for (std::size_t k = 0; k < codewords_.rows; ++k) static_cast<void>(normalise(codewords_.row(k)));
    kmeans_report report;
    while (report.iterations < options_.iterations && !report.converged) {
      ++report.iterations;
      auto const changed = options_.balanced ? assign_balanced() : assign();
      add_up();
      auto const moved = options_.balanced ? 0 : repair();
      if (moved != 0) add_up();
      report.converged = changed == 0 && moved == 0;
      update();
    }
    for (std::size_t k = 0; k < codewords_.rows; ++k) report.used += std::size_t{count_[k] != 0};
    report.error = error();
    return report;
  }

  std::span<std::uint32_t const> indices() const noexcept { return index_.first(samples_.rows.rows); }

 private:
  std::size_t take(std::size_t first, std::uint32_t const* found) noexcept {
    std::size_t changed = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      changed += std::size_t{index_[first + i] != found[i]};
      index_[first + i] = found[i];
    }
    return changed;
  }
  std::size_t assign() noexcept {
    std::size_t changed = 0;
    if (samples_.diagonal == nullptr) {
      half_squares<Arch>(codewords_, half_);
      each_nearest<Arch>(samples_.lanes, samples_.blocks(), codewords_, half_.data(),
                         [&](std::size_t first, std::uint32_t const* found) noexcept { changed += take(first, found); });
      return changed;
    }
    alignas(64) float now[16];
    for (std::size_t b = 0; b < samples_.blocks(); ++b) {
      std::uint32_t found[16]{};
      auto* const best = distance_.data() + 16 * b;
      for (std::size_t k = 0; k < codewords_.rows; ++k) {
        distances_of_block<Arch>(samples_, b, codewords_.row(k).data(), now);
        for (std::size_t i = 0; i < 16; ++i)
          if (k == 0 || now[i] < best[i]) best[i] = now[i], found[i] = static_cast<std::uint32_t>(k);
      }
      changed += take(16 * b, found);
    }
    return changed;
  }

  double distance(std::size_t i, std::size_t k) const noexcept {
    double sum = 0;
    for (std::size_t j = 0; j < samples_.rows.cols; ++j) {
      auto const t = static_cast<double>(samples_.rows(i, j)) - static_cast<double>(codewords_(k, j));
      sum += numbers_.data == nullptr ? t * t : static_cast<double>(numbers_(i, j)) * t * t;
    }
    return sum;
  }
  // The nearest codeword with room, and by how much the next one with room is worse.
  std::size_t nearest_with_room(std::size_t i, double& regret) const noexcept {
    auto best = std::numeric_limits<double>::infinity();
    auto second = best;
    auto at = codewords_.rows;
    for (std::size_t k = 0; k < codewords_.rows; ++k) {
      if (!has_room(k)) continue;
      auto const d = distance(i, k);
      if (at == codewords_.rows || d < best) {
        second = best;
        best = d;
        at = k;
      } else if (d < second) {
        second = d;
      }
    }
    regret = second - best;
    return at;
  }
  bool has_room(std::size_t k) const noexcept {
    auto const least = samples_.rows.rows / codewords_.rows;
    return count_[k] < least || (count_[k] == least && larger_ != 0);
  }
  std::size_t assign_balanced() noexcept {
    auto const n = samples_.rows.rows;
    auto const whole = lane_floats(n, 1);
    for (auto& c : count_) c = 0;
    larger_ = n % codewords_.rows;
    for (std::size_t i = 0; i < n; ++i) {
      double regret = 0;
      static_cast<void>(nearest_with_room(i, regret));
      distance_[i] = regret < 0x1p127 ? -static_cast<float>(regret) : -0x1p127f;
    }
    auto const order = spare_.first(n);
    sorted_positions(distance_.first(n), order, spare_.subspan(whole, n), spare_.subspan(2 * whole, n));
    std::size_t changed = 0;
    for (auto const i : order) {
      double regret = 0;
      auto const k = nearest_with_room(i, regret);
      if (count_[k] == n / codewords_.rows) --larger_;
      ++count_[k];
      changed += std::size_t{index_[i] != k};
      index_[i] = static_cast<std::uint32_t>(k);
    }
    return changed;
  }

  bool counts(std::size_t i) const noexcept {
    if (!(samples_.weight(i) > 0)) return false;
    if (!options_.cosine) return true;
    for (auto const v : samples_.rows.row(i))
      if (!is_zero(v)) return true;
    return false;
  }
  static void add_row(float const* x, std::size_t d, double* sum) noexcept {
    std::size_t j = 0;
    for (; j + 4 <= d; j += 4)  // of fixed length: registers
      for (std::size_t i = j; i < j + 4; ++i) sum[i] += static_cast<double>(x[i]);
    for (; j < d; ++j) sum[j] += static_cast<double>(x[j]);
  }
  // Products of two floats are exact in double, so that contraction changes nothing.
  void add_up() noexcept {
    auto const d = samples_.rows.cols;
    for (auto& s : sums_) s = 0;
    for (auto& m : mass_) m = 0;
    for (auto& c : count_) c = 0;
    bool const plain = numbers_.data == nullptr && samples_.weights.empty() && !options_.cosine;
    for (std::size_t i = 0; i < samples_.rows.rows; ++i) {
      auto const* const x = samples_.rows.row(i).data();
      std::size_t const k = index_[i];
      auto* const sum = sums_.data() + k * d;
      if (plain) {
        add_row(x, d, sum);
        ++count_[k];
        continue;
      }
      if (!counts(i)) continue;
      ++count_[k];
      auto const w = static_cast<double>(samples_.weight(i));
      for (std::size_t j = 0; j < d; ++j) {
        auto const u =
            numbers_.data == nullptr ? w : static_cast<double>(static_cast<float>(w * static_cast<double>(numbers_(i, j))));
        mass_[k * d + j] += u;
        sum[j] += u * static_cast<double>(x[j]);
      }
    }
    if (plain)
      for (std::size_t k = 0; k < count_.size(); ++k)
        for (std::size_t j = 0; j < d; ++j) mass_[k * d + j] = count_[k];
  }

  // Codewords without samples take those that are farthest from their own.
  std::size_t repair() noexcept {
    std::size_t moved = 0;
    bool measured = false;
    for (std::size_t k = 0; k < codewords_.rows; ++k) {
      if (count_[k] != 0) continue;
      if (!measured)
        for (std::size_t i = 0; i < samples_.rows.rows; ++i)
          distance_[i] = counts(i) ? static_cast<float>(distance(i, index_[i])) * samples_.weight(i) : 0.0f;
      measured = true;
      std::size_t at = samples_.rows.rows;
      for (std::size_t i = 0; i < samples_.rows.rows; ++i)
        if (distance_[i] > 0 && count_[index_[i]] > 1 && (at == samples_.rows.rows || distance_[i] > distance_[at])) at = i;
      if (at == samples_.rows.rows) break;
      --count_[index_[at]];
      index_[at] = static_cast<std::uint32_t>(k);
      ++count_[k];
      distance_[at] = 0;
      ++moved;
    }
    return moved;
  }

  void update() noexcept {
    auto const d = samples_.rows.cols;
    for (std::size_t k = 0; k < codewords_.rows; ++k) {
      if (count_[k] == 0) continue;
      if (options_.cosine) {
        for (std::size_t j = 0; j < d; ++j) codewords_(k, j) = static_cast<float>(sums_[k * d + j] / mass_[k * d + j]);
        static_cast<void>(normalise(codewords_.row(k)));
        continue;
      }
      for (std::size_t j = 0; j < d; ++j)  // a number that no sample gives weight to stays
        if (mass_[k * d + j] > 0) codewords_(k, j) = static_cast<float>(sums_[k * d + j] / mass_[k * d + j]);
    }
  }
  double error() const noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < samples_.rows.rows; ++i)
      if (options_.iterations > 0 && counts(i)) sum += distance(i, index_[i]) * static_cast<double>(samples_.weight(i));
    return sum;
  }

  static bool normalise(std::span<float> x) noexcept {
    double square = 0;
    for (auto const v : x) square += static_cast<double>(v) * static_cast<double>(v);
    if (!(square > 0)) return false;
    auto const length = std::sqrt(square);
    for (auto& v : x) v = static_cast<float>(static_cast<double>(v) / length);
    return true;
  }
  static matrix_view<float const> normalised(matrix_view<float const> x, std::span<float> to) noexcept {
    matrix_view<float> const rows{to.data(), x.rows, x.cols};
    for (std::size_t i = 0; i < x.rows; ++i) {
      for (std::size_t j = 0; j < x.cols; ++j) rows(i, j) = x(i, j);
      static_cast<void>(normalise(rows.row(i)));
    }
    return rows;
  }

  matrix_view<float> codewords_;
  kmeans_options options_;
  kmeans_samples samples_;
  matrix_view<float const> numbers_;
  std::span<std::uint32_t> index_;
  std::span<float> distance_;
  std::span<double> block_sums_;
  std::span<double> sums_;
  std::span<double> mass_;
  std::span<float> half_;
  std::span<std::uint32_t> count_;
  std::span<std::uint32_t> spare_;
  std::size_t larger_ = 0;
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

}  // namespace detail

/// Fills `codewords`, one a row. `assigned`: where each sample's index goes, or nothing. Fails with size_mismatch,
/// invalid_argument (no sample of positive weight, no codeword, a negative or infinite weight, a view), overflow (2^32 samples or
/// codewords), not_finite or workspace_too_small below kmeans_bytes; nothing is then written. Samples are below 2^60 in
/// magnitude, else distances may overflow and samples go to codeword 0.
template <class Arch = native_arch>
result<kmeans_report> kmeans(matrix_view<float const> x, matrix_view<float> codewords, kmeans_weights const& weights,
                             kmeans_options const& options, workspace scratch, std::span<std::uint32_t> assigned = {}) noexcept {
  if (auto const s = detail::check_kmeans(x, codewords, weights); !s) return s;
  if (!assigned.empty() && assigned.size() != x.rows) return errc::size_mismatch;
  if (options.iterations < 0) return errc::invalid_argument;
  if (options.seeding == kmeans_seeding::given)
    for (std::size_t k = 0; k < codewords.rows; ++k)
      for (auto const v : codewords.row(k))
        if (!is_finite(v)) return errc::not_finite;
  auto const need = kmeans_bytes(x.rows, x.cols, codewords.rows, weights.numbers.data != nullptr, options.balanced);
  if (scratch.size() < need) return errc::workspace_too_small;
  detail::kmeans_run<Arch> run{x, codewords, weights, options, scratch};
  auto const report = run();
  for (std::size_t i = 0; i < assigned.size(); ++i) assigned[i] = run.indices()[i];
  return report;
}

}  // namespace skive
