// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A square matrix to decompose, and benchmarks of what decomposes it: op/f32[:peer]/size, items: numbers of the matrix. Random
// numbers in [-1, 1); results are checked before they are timed.

#include "skive/core/matrix_view.hpp"
#include "skive/core/workspace.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace skive::bench {

struct problem {
  std::size_t n;
  std::size_t k;  // triplets
  std::vector<float> a, u, sigma, vt;
  std::vector<std::byte> memory;

  problem(std::size_t size, std::size_t triplets, std::size_t bytes)
      : n{size}, k{triplets}, a(n * n), u(n * k), sigma(k), vt(k * n), memory(bytes) {
    std::minstd_rand random{1};
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j <= i; ++j)
        a[i * n + j] = a[j * n + i] = static_cast<float>(random() >> 7) * 0x1p-23f - 1.0f;  // symmetric, for all alike
  }
  matrix_view<float const> matrix() const { return {a.data(), n, n}; }
  matrix_view<float> left() { return {u.data(), n, k}; }
  matrix_view<float> right() { return {vt.data(), k, n}; }
  workspace scratch() { return workspace{memory}; }

  /// |A v_j - sigma_j u_j| <= bound |A| for every 16th triplet, or |A v - lambda v| if the vectors are the columns of u.
  bool right_within(double bound, bool eigen) const {
    double norm = 0;
    for (float const x : a) norm += static_cast<double>(x) * static_cast<double>(x);
    for (std::size_t j = 0; j < k; j += 16) {
      double error = 0;
      for (std::size_t i = 0; i < n; ++i) {
        double sum = -static_cast<double>(sigma[j]) * static_cast<double>(u[i * k + j]);
        for (std::size_t l = 0; l < n; ++l)
          sum += static_cast<double>(a[i * n + l]) * static_cast<double>(eigen ? u[l * k + j] : vt[j * n + l]);
        error += sum * sum;
      }
      if (!(std::sqrt(error) <= bound * std::sqrt(norm))) return false;
    }
    return true;
  }
};

enum class checked : std::uint8_t { values_only, triplets, eigenvectors };

template <class Bytes, class Step>
void add(char const* op, std::size_t n, std::size_t k, checked what, double bound, Bytes bytes, Step step,
         char const* peer = "") {
  auto const run = [=](benchmark::State& state) {
    problem p{n, k, bytes(n)};
    if (!step(p)) return state.SkipWithError("refused");
    if (what != checked::values_only && !p.right_within(bound, what == checked::eigenvectors))
      return state.SkipWithError("wrong");
    bool good = true;
    for (auto _ : state) {
      good &= static_cast<bool>(step(p));
      benchmark::ClobberMemory();
    }
    if (!good) return state.SkipWithError("refused while timed");
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(n * n));
  };
  benchmark::RegisterBenchmark((std::string{op} + "/f32" + peer + '/' + std::to_string(n)).c_str(), run)
      ->MinTime(0.1)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace skive::bench
