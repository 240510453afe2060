// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes the tables of docs/low_rank.md:   methods FILE... -- WEIGHT=INPUTS ...
//
// FILE: safetensors; WEIGHT [outputs, inputs] and INPUTS [tokens, inputs] are names of tensors in them. The first half of the tokens
// calibrates, the second half is what errors of outputs are measured on. Built and run by hand, as docs/low_rank.md says.
#include "support/layer_tables.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/stored_as.hpp"
#include "skive/linalg/gram.hpp"
#include "skive/lowrank/interpolative.hpp"
#include "skive/lowrank/migration.hpp"
#include "skive/lowrank/nystrom.hpp"
#include "skive/lowrank/quantized.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace skive;
using skive::bench::matrix;
using skive::bench::need;

struct scratch {
  std::vector<std::byte> memory;
  explicit scratch(std::size_t bytes) : memory(bytes) {}
  operator workspace() { return workspace{memory}; }
};

matrix times(matrix const& a, matrix const& b) {
  matrix c(a.rows, b.cols);
  scratch s{product_scratch_bytes<float>(a.rows, b.cols, a.cols)};
  if (a.cols != 0) need(product<native_arch, float>(a.view(), b.view(), c.view(), s));
  return c;
}
double norm(matrix const& a) {
  double sum = 0;
  for (float const x : a.numbers) sum += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(sum);
}
matrix minus(matrix a, matrix const& b) {
  for (std::size_t i = 0; i < a.numbers.size(); ++i) a.numbers[i] -= b.numbers[i];
  return a;
}

// A layer: weights, inputs that it is calibrated on (tokens are rows) and others, as columns, and what the first ones say.
struct layer {
  matrix w, seen, test, gram, lower;
  std::vector<float> rms, mean, largest;

  layer(matrix weights, matrix const& inputs)
      : w{std::move(weights)},
        seen(inputs.rows / 2, inputs.cols),
        test(inputs.cols, inputs.rows - inputs.rows / 2),
        gram(inputs.cols, inputs.cols),
        lower(0, 0),
        rms(inputs.cols),
        mean(inputs.cols),
        largest(inputs.cols) {
    for (std::size_t t = 0; t < inputs.rows; ++t)
      for (std::size_t j = 0; j < inputs.cols; ++j)
        (t < seen.rows ? seen.view()(t, j) : test.view()(j, t - seen.rows)) = inputs.view()(t, j);
    std::vector<double> sums(gram_accumulator::sum_count(inputs.cols));
    std::vector<float> waiting(gram_accumulator::waiting_count(inputs.cols));
    auto g = need(gram_accumulator::make(inputs.cols, sums, waiting));
    scratch memory{g.scratch_bytes()};
    need(g.add(seen.view(), memory));
    need(g.flush(memory));
    need(g.read(gram.view()));
    lower = gram;
    scratch space{cholesky_scratch_bytes<float>(inputs.cols)};
    cholesky_report<float> report;
    need(cholesky(lower.view(), report, space, {1e-4f}));  // damped: 512 tokens say little of hundreds of channels
    for (std::size_t j = 0; j < inputs.cols; ++j) {
      double sum = 0;
      for (std::size_t t = 0; t < seen.rows; ++t) {
        float const x = std::abs(seen.view()(t, j));
        sum += static_cast<double>(x);
        largest[j] = std::max(largest[j], x);
      }
      mean[j] = static_cast<float>(std::sqrt(sum / static_cast<double>(seen.rows)) + 1e-6);  // ASVD, alpha = 1/2
      rms[j] = std::sqrt(gram.view()(j, j) / static_cast<float>(seen.rows)) + 1e-6f;
    }
  }

  // |E| / |W| and |E X| / |W X|, in per cent.
  void print(char const* method, std::size_t rank, double bits, matrix const& e) const {
    std::printf("| %s | %zu | %.2f | %.1f | %.1f |\n", method, rank, bits, 100 * norm(e) / norm(w),
                100 * norm(times(e, test)) / norm(times(w, test)));
  }
  double per_number(double bits) const { return bits / static_cast<double>(w.rows * w.cols); }
};

template <class S>
void truncate(char const* method, layer const& l, std::size_t rank, S const& s) {
  auto const f = need(truncated_svd<S>::make(rank, s));
  matrix left(l.w.rows, rank), right(rank, l.w.cols);
  scratch memory{f.scratch_bytes(l.w.rows, l.w.cols)};
  need(f.factor(l.w.view(), left.view(), right.view(), memory));
  l.print(method, rank, l.per_number(16.0 * static_cast<double>(rank * (l.w.rows + l.w.cols))), minus(l.w, times(left, right)));
}

void select(layer const& l, std::size_t rank) {
  auto const m = l.w.rows;
  auto const n = l.w.cols;
  std::vector<std::size_t> rows(rank), columns(rank);
  matrix middle(rank, rank), c(m, rank), r(rank, n);
  scratch memory{cur_scratch_bytes(m, n, rank)};
  need(cur(l.w.view(), rows, columns, middle.view(), memory));
  for (std::size_t k = 0; k < rank; ++k) {
    for (std::size_t i = 0; i < m; ++i) c.view()(i, k) = l.w.view()(i, columns[k]);
    for (std::size_t j = 0; j < n; ++j) r.view()(k, j) = l.w.view()(rows[k], j);
  }
  l.print("CUR", rank, l.per_number(16.0 * static_cast<double>(rank * (m + n + rank))), minus(l.w, times(c, times(middle, r))));

  matrix q(n, rank), qt(rank, n);
  scratch room{principal_inputs_scratch_bytes(n)};
  (void)need(principal_inputs(l.gram.view(), q.view(), room));
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t k = 0; k < rank; ++k) qt.view()(k, j) = q.view()(j, k);
  l.print("principal inputs (SliceGPT)", rank, l.per_number(16.0 * static_cast<double>(rank * m)),
          minus(l.w, times(times(l.w, q), qt)));

  std::vector<float> scores(n);
  scratch space{leverage_scores_scratch_bytes(n) + nystrom_scratch_bytes(n, rank)};
  double trace = 0;
  for (std::size_t j = 0; j < n; ++j) trace += static_cast<double>(l.gram.view()(j, j));
  need(leverage_scores(l.gram.view(), static_cast<float>(trace / static_cast<double>(n)), scores, space));
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] > scores[b] || (scores[a] == scores[b] && a < b); });
  order.resize(rank);
  matrix coefficients(n, rank), pick(rank, n);
  (void)need(nystrom(l.gram.view(), order, coefficients.view(), space));
  for (std::size_t k = 0; k < rank; ++k) pick.view()(k, order[k]) = 1;
  l.print("inputs kept, Nystrom (MoDeGPT)", rank, l.per_number(16.0 * static_cast<double>(rank * m)),
          minus(l.w, times(times(l.w, coefficients), pick)));
}

using codec = absmax<int4>;
constexpr double codec_bits = 4 + 16.0 / 64;

template <class S, class F>
void quantize(char const* method, layer const& l, std::size_t rank, S const& s, split_settings const& how, F const& factors,
              double factor_bits, std::vector<float> const& lambda = {}) {
  auto w = l.w;
  if (!lambda.empty()) need(migrate(lambda, w.view()));
  auto const split = need(quantized_low_rank<codec, S, F>::make(codec{64}, rank, s, how, factors));
  matrix q(w.rows, w.cols), left(w.rows, rank), right(rank, w.cols);
  scratch memory{split.scratch_bytes(w.rows, w.cols)};
  (void)need(split.split(w.view(), q.view(), left.view(), right.view(), memory));
  auto e = minus(minus(w, q), times(left, right));
  for (std::size_t i = 0; i < e.rows && !lambda.empty(); ++i)
    for (std::size_t j = 0; j < e.cols; ++j) e.view()(i, j) /= lambda[j];
  l.print(method, rank, codec_bits + l.per_number(factor_bits * static_cast<double>(rank * (w.rows + w.cols))), e);
}

template <class Codec>
void alone(char const* name, layer const& l, Codec const& with, double bits) {
  auto const split = need(quantized_low_rank<Codec>::make(with, 0));
  matrix q(l.w.rows, l.w.cols), left(l.w.rows, 0), right(0, l.w.cols);
  scratch memory{split.scratch_bytes(l.w.rows, l.w.cols)};
  (void)need(split.split(l.w.view(), q.view(), left.view(), right.view(), memory));
  l.print(name, 0, bits, minus(l.w, q));
}

void tables(layer const& l) {
  std::puts("\n| method | rank | bits a weight | weight error, % | output error, % |\n|---|---|---|---|---|");
  triangular_factor const whitening{l.lower.view()};
  for (std::size_t const rank : {32U, 64U, 96U}) {
    truncate("SVD", l, rank, identity_factor{});
    truncate("ASVD", l, rank, diagonal_factor{l.mean});
    truncate("QERA-approx (root mean square)", l, rank, diagonal_factor{l.rms});
    truncate("SVD-LLM, QERA-exact (whitened)", l, rank, whitening);
    select(l, rank);
  }
  std::puts("\n| method, beside int4_g64 | rank | bits a weight | weight error, % | output error, % |\n|---|---|---|---|---|");
  stored_as<float16> const halves;
  alone("int4_g64 alone", l, codec{64}, codec_bits);
  alone("int5_g64 alone", l, absmax<int5>{64}, codec_bits + 1);
  std::vector<float> lambda(l.w.cols);
  need(migration_scales(l.largest, l.w.view(), 0.5f, lambda));
  for (std::size_t const rank : {8U, 32U}) {
    quantize("LQER (plain)", l, rank, identity_factor{}, {}, halves, 16);
    quantize("QERA-approx, L2QER", l, rank, diagonal_factor{l.rms}, {}, halves, 16);
    quantize("QERA-exact, EoRA", l, rank, whitening, {}, halves, 16);
    quantize("LoftQ, 5 rounds", l, rank, identity_factor{}, {split_order::quantize_first, 5, 4, {}}, halves, 16);
    quantize("whitened, 5 rounds", l, rank, whitening, {split_order::quantize_first, 5, 4, {}}, halves, 16);
    quantize("CALDERA, factors int4_g32, 5 rounds", l, rank, whitening, {split_order::quantize_first, 5, 8, {}}, codec{32}, 4.5);
    quantize("SVDQuant split, no migration", l, rank, identity_factor{}, {split_order::factor_first, 1, 4, {}}, halves, 16);
    quantize("SVDQuant, migrated", l, rank, identity_factor{}, {split_order::factor_first, 1, 4, {}}, halves, 16, lambda);
  }
}

}  // namespace

int main(int count, char** arguments) {
  bench::for_each_layer(count, arguments, bench::heading::weights,
                        [](matrix weights, matrix const& inputs) { tables(layer{std::move(weights), inputs}); });
}
