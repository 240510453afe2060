// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluate.hpp"

#include "parallel.hpp"
#include "skive/metric/rate_distortion.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace skive::compare {
namespace {

matrix_view<float const> rows_of(matrix_view<float const> w, std::size_t first, std::size_t count) noexcept {
  return {w.data + first * w.row_stride, std::min(count, w.rows - first), w.cols, w.row_stride};
}

// Rows of a piece: about a chunk, but whole tiles.
std::size_t piece_rows(fitted const& codec, matrix_view<float const> w) noexcept {
  auto const multiple = codec.row_multiple();
  auto const count = (chunk_rows(w.cols) - 1) / multiple + 1;
  return count > w.rows / multiple ? std::max<std::size_t>(1, w.rows) : count * multiple;
}

tally evaluate_rows(fitted const& codec, subject const& s, std::size_t first, std::size_t count) {
  auto const rows = rows_of(s.weights, first, count);
  std::vector<std::byte> bytes(codec.bytes({rows.rows, rows.cols}));
  std::vector<float> numbers(rows.rows * rows.cols);
  matrix_view<float> const decoded{numbers.data(), rows.rows, rows.cols, rows.cols};
  codec.encode_rows(rows, bytes.data());
  codec.decode_rows(bytes.data(), decoded);
  tally sums;
  add_errors(rows, decoded, sums);
  if (s.inputs) {
    for (std::size_t r = 0; r < rows.rows; ++r)
      for (std::size_t c = 0; c < rows.cols; ++c) decoded(r, c) = rows(r, c) - decoded(r, c);
    sums.output_error_squares = output_squares(decoded, *s.inputs);
  }
  return sums;
}

// Median time of one call in nanoseconds: after one call to warm up, at least three and until the budget is spent.
template <class Call>
double median_ns(double budget_ns, Call call) {
  using clock = std::chrono::steady_clock;
  std::vector<double> times;
  double spent = 0;
  call();
  while (times.size() < 3 || (spent < budget_ns && times.size() < 10'000)) {
    auto const start = clock::now();
    call();
    times.push_back(std::chrono::duration<double, std::nano>(clock::now() - start).count());
    spent += times.back();
  }
  auto const middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return std::max(*middle, 1.0);
}

void add_times(fitted const& codec, subject const& s, double budget_ns, tally& sums) {
  auto const slice = rows_of(s.weights, 0, piece_rows(codec, s.weights));
  std::vector<std::byte> bytes(codec.bytes({slice.rows, slice.cols}));
  std::vector<float> numbers(slice.rows * slice.cols);
  matrix_view<float> const decoded{numbers.data(), slice.rows, slice.cols, slice.cols};
  auto const per_element = s.sums.elements / static_cast<double>(numbers.size());
  sums.encode_ns = per_element * median_ns(budget_ns, [&] { codec.encode_rows(slice, bytes.data()); });
  sums.decode_ns = per_element * median_ns(budget_ns, [&] { codec.decode_rows(bytes.data(), decoded); });
}

}  // namespace

tally evaluate(format const& codec, subject const& s, evaluation_options const& options) {
  auto const constants = codec.fit(s.weights);
  auto const step = piece_rows(*constants, s.weights);
  std::vector<tally> parts((s.weights.rows + step - 1) / step);
  for_each_index(parts.size(), options.threads, [&](std::size_t i) { parts[i] = evaluate_rows(*constants, s, i * step, step); });
  tally sums;
  for (auto const& part : parts) sums += part;
  sums.bits = codec.total_bits({s.weights.rows, s.weights.cols});
  sums.bound = s.sums.elements * gaussian_distortion(s.sums.variance(), sums.bits / s.sums.elements);
  sums.has_output = s.inputs.has_value();
  sums.output_squares = s.output_squares;
  // Timed alone, on one thread, so that the threads above don't disturb it.
  if (options.timing_budget_ns > 0) add_times(*constants, s, options.timing_budget_ns, sums);
  return sums;
}

double output_squares_of(matrix_view<float const> weights, matrix_view<float const> inputs, unsigned threads) {
  auto const step = chunk_rows(weights.cols);
  std::vector<double> parts((weights.rows + step - 1) / step);
  for_each_index(parts.size(), threads,
                 [&](std::size_t i) { parts[i] = output_squares(rows_of(weights, i * step, step), inputs); });
  double sum = 0;
  for (double const part : parts) sum += part;
  return sum;
}

double copy_ns_per_element() {
  std::size_t const count = std::size_t{16} << 20;  // 64 MiB: beyond the caches of most machines
  std::vector<float> from(count, 1.0f);
  std::vector<float> to(count);
  double const ns = median_ns(50e6, [&] {
    std::memcpy(to.data(), from.data(), count * sizeof(float));
    from[0] = to[count / 2];  // the copy is used, so it cannot be left out
  });
  return ns / static_cast<double>(count);
}

}  // namespace skive::compare
