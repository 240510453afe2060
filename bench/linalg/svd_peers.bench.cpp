// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// op/format/size: batch_svd: all vectors of 1000 n x n matrices, f32:openblas being a loop over sgesdd; randomized_svd: 64 triplets
// of an n x n matrix, 8 columns more, one power iteration, f32:openblas being the same steps out of sgemm, sgeqrf, sorgqr and
// sgesdd. Random numbers in [-1, 1); OpenBLAS as in support/openblas.hpp. items: numbers of the matrices.
#include "skive/linalg/batch_svd.hpp"
#include "skive/linalg/randomized_svd.hpp"
#include "support/openblas.hpp"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace skive::bench {
namespace {

using sgemm = void(int, int, int, int, int, int, float, float const*, int, float const*, int, float, float*, int);
using sgeqrf = void(int const*, int const*, float*, int const*, float*, float*, int const*, int*);
using sorgqr = void(int const*, int const*, int const*, float*, int const*, float const*, float*, int const*, int*);
using sgesdd = void(char const*, int const*, int const*, float*, int const*, float*, float*, int const*, float*, int const*,
                    float*, int const*, int*, int*);

struct lapack {
  sgemm* gemm = openblas::open().find<sgemm>("cblas_sgemm");
  sgeqrf* geqrf = openblas::open().find<sgeqrf>("sgeqrf_");
  sorgqr* orgqr = openblas::open().find<sorgqr>("sorgqr_");
  sgesdd* gesdd = openblas::open().find<sgesdd>("sgesdd_");
  std::vector<float> work = std::vector<float>(1 << 20);
  std::vector<int> indices = std::vector<int>(8192);

  bool good() const { return gemm != nullptr && geqrf != nullptr && orgqr != nullptr && gesdd != nullptr; }
  // Column-major; a: m x n, lost; u: m x k, vt: k x n, k = min(m, n).
  bool svd(int m, int n, float* a, float* sigma, float* u, float* vt) {
    int const k = m < n ? m : n;
    int const length = static_cast<int>(work.size());
    int info = 0;
    gesdd("S", &m, &n, a, &m, sigma, u, &m, vt, &k, work.data(), &length, indices.data(), &info);
    return info == 0;
  }
  void orthonormalize(int m, int n, float* a, float* tau) {
    int const length = static_cast<int>(work.size());
    int info = 0;
    geqrf(&m, &n, a, &m, tau, work.data(), &length, &info);
    orgqr(&m, &n, &n, a, &m, tau, work.data(), &length, &info);
  }
  // C = op(A) B, column-major.
  void product(bool transposed, int m, int n, int k, float const* a, float const* b, float* c) {
    gemm(102, transposed ? 112 : 111, 111, m, n, k, 1.0f, a, transposed ? k : m, b, k, 0.0f, c, m);
  }
};

std::vector<float> numbers(std::size_t count) {
  std::minstd_rand random{1};
  std::vector<float> x(count);
  for (float& v : x) v = static_cast<float>(random() >> 7) * 0x1p-23f - 1.0f;
  return x;
}

// |A_b - U diag(sigma) V^T| <= 1e-5 |A_b| in the Frobenius norm.
bool rebuilds(float const* a, float const* u, float const* sigma, float const* vt, std::size_t n) {
  double error = 0;
  double size = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      auto x = static_cast<double>(a[i * n + j]);
      size += x * x;
      for (std::size_t k = 0; k < n; ++k)
        x -= static_cast<double>(u[i * n + k]) * static_cast<double>(sigma[k]) * static_cast<double>(vt[k * n + j]);
      error += x * x;
    }
  return std::sqrt(error) <= 1e-5 * std::sqrt(size);
}

template <class Step>
void add(std::string const& name, std::size_t count, Step step) {
  benchmark::RegisterBenchmark(
      name.c_str(),
      [=](benchmark::State& state) {
        auto work = step();
        if (!work()) return state.SkipWithError("refused or wrong");
        for (auto _ : state) benchmark::DoNotOptimize(work());
        state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(count));
      })
      ->MinTime(0.2)
      ->Unit(benchmark::kMillisecond);
}

void add_batch(std::size_t n) {
  constexpr std::size_t count = 1000;
  auto const size = std::to_string(n);
  add("batch_svd/f32/" + size, count * n * n, [n] {
    return [n, a = numbers(count * n * n), u = std::vector<float>(count * n * n), sigma = std::vector<float>(count * n),
            vt = std::vector<float>(count * n * n), memory = std::vector<std::byte>(batch_svd_scratch_bytes<float>(n, n)),
            checked = false]() mutable {
      if (!batch_svd<native_arch, float>({a.data(), count * n, n}, count, {u.data(), count * n, n}, {sigma.data(), count, n},
                                         {vt.data(), count * n, n}, workspace{memory}))
        return false;
      auto const last = (count - 1) * n * n;
      if (!checked) checked = rebuilds(a.data() + last, u.data() + last, sigma.data() + (count - 1) * n, vt.data() + last, n);
      return checked;
    };
  });
  if (lapack{}.good())
    add("batch_svd/f32:openblas/" + size, count * n * n, [n] {
      return [n, a = numbers(count * n * n), u = std::vector<float>(count * n * n), sigma = std::vector<float>(count * n),
              vt = std::vector<float>(count * n * n), copy = std::vector<float>(n * n), peer = lapack{}]() mutable {
        bool good = true;
        auto const m = static_cast<int>(n);
        for (std::size_t b = 0; b < count; ++b) {
          copy.assign(a.begin() + static_cast<std::ptrdiff_t>(b * n * n),
                      a.begin() + static_cast<std::ptrdiff_t>((b + 1) * n * n));
          good &= peer.svd(m, m, copy.data(), &sigma[b * n], &u[b * n * n], &vt[b * n * n]);
        }
        return good;
      };
    });
}

void add_randomized(std::size_t n) {
  constexpr std::size_t k = 64, l = 72;
  auto const size = std::to_string(n);
  add("randomized_svd/f32/" + size, n * n, [n] {
    return [n, a = numbers(n * n), u = std::vector<float>(n * k), sigma = std::vector<float>(k), vt = std::vector<float>(k * n),
            memory = std::vector<std::byte>(randomized_svd_scratch_bytes<float>(n, n, k, {}))]() mutable {
      return static_cast<bool>(randomized_svd<native_arch, float>({a.data(), n, n}, {u.data(), n, k}, sigma, {vt.data(), k, n},
                                                                  {l - k, 1, sketch::gaussian, 0}, workspace{memory}));
    };
  });
  if (lapack{}.good())
    add("randomized_svd/f32:openblas/" + size, n * n, [n] {
      return [n, a = numbers(n * n), omega = numbers(n * l), y = std::vector<float>(n * l), z = std::vector<float>(n * l),
              b = std::vector<float>(n * l), tau = std::vector<float>(l), sigma = std::vector<float>(l),
              left = std::vector<float>(l * l), vt = std::vector<float>(l * n), u = std::vector<float>(n * l),
              peer = lapack{}]() mutable {
        auto const m = static_cast<int>(n);
        constexpr int c = l;
        peer.product(false, m, c, m, a.data(), omega.data(), y.data());
        peer.orthonormalize(m, c, y.data(), tau.data());
        peer.product(true, m, c, m, a.data(), y.data(), z.data());
        peer.orthonormalize(m, c, z.data(), tau.data());
        peer.product(false, m, c, m, a.data(), z.data(), y.data());
        peer.orthonormalize(m, c, y.data(), tau.data());
        peer.gemm(102, 112, 111, c, m, m, 1.0f, y.data(), m, a.data(), m, 0.0f, b.data(), c);
        if (!peer.svd(c, m, b.data(), sigma.data(), left.data(), vt.data())) return false;
        peer.product(false, m, c, c, y.data(), left.data(), u.data());
        return true;
      };
    });
}

[[maybe_unused]] bool const registered = [] {
  for (std::size_t const n : {16U, 32U, 64U}) add_batch(n);
  add_randomized(4096);
  return true;
}();

}  // namespace
}  // namespace skive::bench
