// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes the tables of activations in docs/transforms.md:   methods FILE... -- WEIGHT=INPUTS ...
//
// FILE: safetensors; WEIGHT [outputs, inputs] and INPUTS [tokens, inputs] are names of tensors in them. The first half of the tokens
// calibrates, the second half is measured. Built and run by hand, as docs/transforms.md says.
#include "support/layer_tables.hpp"

#include "skive/block/absmax.hpp"
#include "skive/core/planes.hpp"
#include "skive/transform/dense.hpp"
#include "skive/transform/fitted_rotation.hpp"
#include "skive/transform/outlier_rotation.hpp"
#include "skive/transform/permutation.hpp"
#include "skive/transform/random_hadamard.hpp"
#include "skive/transform/rows.hpp"
#include "skive/transform/scaling.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace {

using namespace skive;
using skive::bench::matrix;
using skive::bench::need;

struct moments {
  double kurtosis, peak;
};
moments moments_of(matrix const& x) {
  double square = 0, fourth = 0, most = 0;
  for (float const v : x.numbers) {
    auto const s = static_cast<double>(v) * static_cast<double>(v);
    square += s;
    fourth += s * s;
    most = std::max(most, s);
  }
  auto const n = static_cast<double>(x.numbers.size());
  return {n * fourth / (square * square) - 3, std::sqrt(most * n / square)};
}

double decibels(double signal, double noise) { return 10 * std::log10(signal / noise); }

// Through int4 codes, a scale for each group, or for each row (group 0).
matrix coded(matrix const& x, std::size_t group) {
  absmax<int4> const codec{group};
  matrix y(x.rows, x.cols);
  std::vector<std::byte> memory(2 * x.cols + 64);
  planes<std::byte, 2> stored;
  need(planar(codec, x.cols, std::span{memory}, stored));
  for (std::size_t r = 0; r < x.rows; ++r) {
    need(codec.encode(x.view().row(r), stored));
    need(codec.decode(stored, y.view().row(r)));
  }
  return y;
}
double signal_to_error(matrix const& x, matrix const& y) {
  double signal = 0, noise = 0;
  for (std::size_t i = 0; i < x.numbers.size(); ++i) {
    auto const v = static_cast<double>(x.numbers[i]);
    signal += v * v;
    noise += (v - static_cast<double>(y.numbers[i])) * (v - static_cast<double>(y.numbers[i]));
  }
  return decibels(signal, noise);
}
matrix outputs(matrix const& x, matrix const& w) {  // X W^T
  matrix y(x.rows, w.rows);
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t o = 0; o < w.rows; ++o) {
      double sum = 0;
      for (std::size_t c = 0; c < x.cols; ++c) sum += static_cast<double>(x.view()(t, c)) * static_cast<double>(w.view()(o, c));
      y.view()(t, o) = static_cast<float>(sum);
    }
  return y;
}

struct layer {
  matrix w, seen, test;
  layer(matrix weights, matrix const& inputs)
      : w{std::move(weights)}, seen(inputs.rows / 2, inputs.cols), test(inputs.rows - inputs.rows / 2, inputs.cols) {
    auto const half = static_cast<std::ptrdiff_t>(seen.numbers.size());
    std::copy(inputs.numbers.begin(), inputs.numbers.begin() + half, seen.numbers.begin());
    std::copy(inputs.numbers.begin() + half, inputs.numbers.end(), test.numbers.begin());
  }
};

void report(char const* name, layer const& l, layer const& moved) {
  auto const m = moments_of(moved.test);
  auto const exact = outputs(l.test, l.w);
  std::printf("| %s | %.2f | %.1f | %.2f | %.2f | %.2f | %.2f |\n", name, m.kurtosis, m.peak,
              signal_to_error(moved.test, coded(moved.test, 32)), signal_to_error(moved.test, coded(moved.test, 0)),
              signal_to_error(exact, outputs(coded(moved.test, 32), coded(moved.w, 32))),
              signal_to_error(exact, outputs(coded(moved.test, 0), coded(moved.w, 0))));
}

template <class T>
void move_by(layer& l, T const& t) {
  std::vector<std::byte> memory(column_bytes(t));
  need(transform_rows(t, l.test.view(), workspace{memory}));
  need(transform_rows(t, l.seen.view(), workspace{memory}));
  need(fold(t, l.w.view(), matrix_side::rows, workspace{memory}));
}

std::vector<std::uint32_t> falling(matrix const& x, column_key key) {
  std::vector<float> keys(x.cols);
  std::vector<std::uint32_t> order(x.cols);
  need(column_keys(x.view(), key, keys));
  need(order_by(keys, order));
  return order;
}
permutation checked(std::vector<std::uint32_t> const& order) {
  std::vector<std::byte> memory(permutation::check_bytes(order.size()));
  return need(permutation::make(order, workspace{memory}));
}

// DuQuant's rotation of every block of channels, as one matrix.
void rotate_blocks(layer& l, std::size_t block) {
  auto const n = l.w.cols;
  matrix q(n, n);
  std::vector<std::byte> memory(outlier_rotation_bytes(l.seen.rows, block));
  for (std::size_t at = 0; at < n; at += block)
    static_cast<void>(need(outlier_rotation({l.seen.numbers.data() + at, l.seen.rows, block, n}, 32, at,
                                            {q.numbers.data() + at * n + at, block, block, n}, workspace{memory})));
  move_by(l, need(dense_rotation::make(q.view())));
}
void duquant(layer& l, std::size_t block) {
  rotate_blocks(l, block);
  auto const order = falling(l.seen, column_key::largest);
  std::vector<std::uint32_t> spread(order.size());
  need(zigzag(order, order.size() / block, spread));
  move_by(l, checked(spread));
  rotate_blocks(l, block);
}

void tables(layer const& l) {
  auto const n = l.w.cols;
  auto const each = [&](char const* name, auto f) {
    auto moved = l;
    f(moved);
    report(name, l, moved);
  };
  std::printf("\n| transform | kurtosis | max / rms | int4_g32 | int4_row | outputs, int4_g32 | outputs, int4_row |\n");
  std::printf("| --- | --- | --- | --- | --- | --- | --- |\n");
  report("none", l, l);
  each("had", [&](layer& m) { move_by(m, need(hadamard::make(n))); });
  each("rht", [&](layer& m) { move_by(m, need(random_hadamard::make(n, 1))); });
  each("perm", [&](layer& m) { move_by(m, checked(falling(m.seen, column_key::range))); });
  each("SmoothQuant, 1/2", [&](layer& m) {
    std::vector<float> a(n), w(n), s(n);
    need(column_keys(m.seen.view(), column_key::largest, a));
    need(column_keys(m.w.view(), column_key::largest, w));
    need(smoothing_scales(a, w, 0.5, s));
    for (std::size_t i = 0; i < n; ++i)
      if (a[i] == 0.0f) s[i] = 1.0f;  // says nothing
    move_by(m, need(channel_scaling::make(s)));
  });
  each("principal axes, rht", [&](layer& m) {
    matrix q(n, n);
    matrix moment(n, n);
    for (std::size_t t = 0; t < m.seen.rows; ++t)
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) moment.view()(i, j) += m.seen.view()(t, i) * m.seen.view()(t, j);
    std::vector<float> values(n);
    std::vector<std::byte> memory(principal_rotation_bytes<float>(n));
    need(principal_rotation(moment.view(), values, q.view(), workspace{memory}));
    for (float& v : q.numbers) v = std::abs(v) < 1e-30f ? 0.0f : v;  // channels that are dead
    move_by(m, need(dense_rotation::make(q.view())));
    move_by(m, need(random_hadamard::make(n, 1)));
  });
  each("DuQuant", [&](layer& m) { duquant(m, n % 64 == 0 ? 64 : n / 4); });
}

}  // namespace

int main(int count, char** arguments) {
  bench::for_each_layer(count, arguments, bench::heading::pair,
                        [](matrix weights, matrix const& inputs) { tables({std::move(weights), inputs}); });
}
