// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear algebra of floats on one thread: product (C = A B; skinny: 4096 x 4096 x 72; tn: A^T B), syrk, solve (X L^T = B),
// cholesky, qr (with the thin Q), cholesky_qr, pivoted_qr, gram (tokens of n channels). size is n, of n x n, or m x n. An element
// is a multiply-add, and fraction_of_ceiling the share of the multiply-add rate that a loop in registers reaches right after the
// measurement. format f32:openblas and f32:eigen are the peers, where the machine has them: OpenBLAS is opened at run time, its
// kernels being those of the instruction set that this program is built for.
#include "skive/linalg/cholesky_qr.hpp"
#include "skive/linalg/gram.hpp"
#include "skive/linalg/pivoted_cholesky.hpp"
#include "skive/linalg/pivoted_qr.hpp"
#include "support/measure.hpp"
#include "support/openblas.hpp"

#include <functional>
#include <memory>

#if __has_include(<eigen3/Eigen/Core>)
#define EIGEN_DONT_PARALLELIZE  // one thread for all, where the program is built with OpenMP for other peers
#include <eigen3/Eigen/Core>
#endif

namespace skive::bench {
namespace {

// Multiply-adds per second in registers: the median of several loops.
double multiply_add_rate() {
  using batch = xsimd::batch<float, native_arch>;
  std::array<double, 9> seconds{};
  constexpr std::size_t rounds = 100000;
  for (double& s : seconds) {
    batch sum[12];
    for (auto& x : sum) x = batch(0.5f);
    batch factor(0.999f);
    batch term(0.001f);
    benchmark::DoNotOptimize(factor);
    benchmark::DoNotOptimize(term);
    auto const start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < rounds; ++i)
      [&]<std::size_t... K>(std::index_sequence<K...>) {
        ((sum[K] = xsimd::fma(sum[K], factor, term)), ...);
      }(std::make_index_sequence<12>{});
    benchmark::DoNotOptimize(sum);
    s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  std::sort(seconds.begin(), seconds.end());
  return static_cast<double>(rounds * 12 * batch::size) / seconds[seconds.size() / 2];
}

using sgemm = void(int, int, int, int, int, int, float, float const*, int, float const*, int, float, float*, int);
using ssyrk = void(int, int, int, int, int, float, float const*, int, float, float*, int);
using strsm = void(int, int, int, int, int, int, int, float, float const*, int, float*, int);
using spotrf = void(char const*, int const*, float*, int const*, int*, std::size_t);
using sgeqrf = void(int const*, int const*, float*, int const*, float*, float*, int const*, int*);
using sorgqr = void(int const*, int const*, int const*, float*, int const*, float const*, float*, int const*, int*);
using sgeqp3 = void(int const*, int const*, float*, int const*, int*, float*, float*, int const*, int*);

// m x k and k x n numbers, m x n results, scratch for everything.
struct arena {
  int m, n, k;
  std::vector<float> a, b, c, tau, work;
  std::vector<int> pivots;
  std::vector<std::size_t> order;
  std::vector<std::byte> scratch;

  arena(std::size_t rows, std::size_t cols, std::size_t depth)
      : m{static_cast<int>(rows)},
        n{static_cast<int>(cols)},
        k{static_cast<int>(depth)},
        a(rows * depth),
        b(depth * cols),
        c(rows * cols),
        tau(cols),
        work(64 * (rows + cols)),
        pivots(cols),
        order(cols),
        scratch(product_scratch_bytes<float>(rows, cols, depth) + qr_scratch_bytes<float>(rows, cols) +
                apply_q_scratch_bytes<float>(rows, cols, cols) + pivoted_qr_scratch_bytes<float>(rows, cols) +
                cholesky_scratch_bytes<float>(cols) + cholesky_qr_scratch_bytes<float>(rows, cols)) {
    std::minstd_rand random{5};
    auto const fill = [&random](std::vector<float>& x) {
      for (float& v : x) v = static_cast<float>(random() >> 7) * 0x1p-23f - 1.0f;
    };
    fill(a);
    fill(b);
  }
  std::size_t rows() const { return static_cast<std::size_t>(m); }
  std::size_t cols() const { return static_cast<std::size_t>(n); }
  std::size_t depth() const { return static_cast<std::size_t>(k); }
  matrix_view<float> left() { return {a.data(), rows(), depth()}; }
  matrix_view<float> right() { return {b.data(), depth(), cols()}; }
  matrix_view<float> out() { return {c.data(), rows(), cols()}; }
  workspace memory() { return workspace{scratch}; }
};

// `prepare` runs before each timing, `step` is timed and says whether it went well, `error` is checked before the first.
struct operation {
  std::function<void(arena&)> prepare;
  std::function<bool(arena&)> step;
  std::function<double(arena&)> error;
};

void add(std::string const& name, std::array<std::size_t, 3> shape, double multiply_adds, operation const& op) {
  auto const run = [=](benchmark::State& state) {
    arena memory(shape[0], shape[1], shape[2]);
    op.prepare(memory);
    if (!op.step(memory)) return state.SkipWithError("refused");
    if (!(op.error(memory) <= 1e-4)) return state.SkipWithError("wrong result");
    for (auto _ : state) {
      state.PauseTiming();
      op.prepare(memory);
      state.ResumeTiming();
      op.step(memory);
      benchmark::ClobberMemory();
    }
    auto const times = static_cast<double>(state.iterations());
    state.SetItemsProcessed(static_cast<std::int64_t>(times * multiply_adds));
    state.counters["fraction_of_ceiling"] =
        benchmark::Counter(times * multiply_adds / multiply_add_rate(), benchmark::Counter::kIsRate);
  };
  benchmark::RegisterBenchmark(name.c_str(), run)->MinTime(0.2)->Unit(benchmark::kMicrosecond);
}

void nothing(arena&) {}

// Element (m - 1, n - 1) of a product, relative to the sizes of its terms.
double product_error(arena& x, bool transposed_left) {
  double sum = 0;
  double size = 0;
  for (std::size_t l = 0; l < x.depth(); ++l) {
    auto const left = transposed_left ? x.a[l * x.rows() + x.rows() - 1] : x.a[(x.rows() - 1) * x.depth() + l];
    auto const p = static_cast<double>(left) * static_cast<double>(x.b[l * x.cols() + x.cols() - 1]);
    sum += p;
    size += std::fabs(p);
  }
  return std::fabs(sum - static_cast<double>(x.c.back())) / size;
}

void add_products(std::string const& size, std::size_t m, std::size_t n, std::size_t k, bool t) {
  auto const name = t ? "product_tn/f32" : "product/f32";
  auto const flops = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  auto const error = [t](arena& x) { return product_error(x, t); };
  add(name + ('/' + size), {m, n, k}, flops,
      {nothing,
       [t](arena& x) {
         auto const left = t ? transposed(matrix_view<float const>{x.a.data(), x.depth(), x.rows()}) : operand<float>{x.left()};
         return static_cast<bool>(product(left, x.right(), x.out(), x.memory()));
       },
       error});
  if (auto* const gemm = openblas::open().find<sgemm>("cblas_sgemm"))
    add(name + (":openblas/" + size), {m, n, k}, flops,
        {nothing,
         [gemm, t](arena& x) {
           gemm(101, t ? 112 : 111, 111, x.m, x.n, x.k, 1.0f, x.a.data(), t ? x.m : x.k, x.b.data(), x.n, 0.0f, x.c.data(), x.n);
           return true;
         },
         error});
#if __has_include(<eigen3/Eigen/Core>)
  using dense = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  if (!t)
    add(name + (":eigen/" + size), {m, n, k}, flops,
        {nothing,
         [](arena& x) {
           Eigen::Map<dense>(x.c.data(), x.m, x.n).noalias() =
               Eigen::Map<dense>(x.a.data(), x.m, x.k) * Eigen::Map<dense>(x.b.data(), x.k, x.n);
           return true;
         },
         error});
#endif
}

// A A^T + n I in c: well conditioned.
void definite(arena& x) {
  static_cast<void>(symmetric_product(x.left(), x.out(), x.memory()));
  for (std::size_t i = 0; i < x.rows(); ++i) x.c[i * x.cols() + i] += static_cast<float>(x.rows());
  static_cast<void>(mirror_lower(x.out()));
}

double good(arena& x) { return std::isfinite(x.c[0]) ? 0.0 : 1.0; }

// The Cholesky factor of such a matrix in c, right-hand sides in b.
void factored(arena& x) {
  definite(x);
  cholesky_report<float> report;
  static_cast<void>(cholesky(x.out(), report, x.memory()));
  x.b = x.a;
}

void add_symmetric(std::size_t n) {
  auto const size = std::to_string(n);
  auto const cube = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
  add("syrk/f32/" + size, {n, n, n}, cube / 2,
      {nothing, [](arena& x) { return static_cast<bool>(symmetric_product(x.left(), x.out(), x.memory())); }, good});
  add("cholesky/f32/" + size, {n, n, n}, cube / 6,
      {definite,
       [](arena& x) {
         cholesky_report<float> report;
         return static_cast<bool>(cholesky(x.out(), report, x.memory())) && report.damping == 0.0f;
       },
       good});
  add("pivoted_cholesky/f32/" + size, {n, n, n}, cube / 6,
      {definite,
       [](arena& x) {
         pivoted_cholesky_report<float> report;
         return static_cast<bool>(pivoted_cholesky(x.out(), x.order, report, x.memory())) && report.rank == x.rows();
       },
       good});
  add("solve/f32/" + size, {n, n, n}, cube / 2,
      {factored, [](arena& x) { return static_cast<bool>(solve_right(transposed(lower(x.out())), x.right(), x.memory())); },
       good});
}

void add_symmetric_peers(std::size_t n) {
  auto const size = std::to_string(n);
  auto const cube = static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
  if (auto* const syrk = openblas::open().find<ssyrk>("cblas_ssyrk"))
    add("syrk/f32:openblas/" + size, {n, n, n}, cube / 2,
        {nothing,
         [syrk](arena& x) {
           syrk(101, 122, 111, x.n, x.k, 1.0f, x.a.data(), x.k, 0.0f, x.c.data(), x.n);
           return true;
         },
         good});
  if (auto* const potrf = openblas::open().find<spotrf>("spotrf_"))
    add("cholesky/f32:openblas/" + size, {n, n, n}, cube / 6,
        {definite,
         [potrf](arena& x) {
           int info = 0;
           potrf("U", &x.n, x.c.data(), &x.n, &info, 1);
           return info == 0;
         },
         good});
  if (auto* const trsm = openblas::open().find<strsm>("cblas_strsm"))
    add("solve/f32:openblas/" + size, {n, n, n}, cube / 2,
        {factored,
         [trsm](arena& x) {
           trsm(101, 142, 122, 112, 131, x.n, x.n, 1.0f, x.c.data(), x.n, x.b.data(), x.n);
           return true;
         },
         good});
}

// Multiply-adds of R and the thin Q.
double orthogonal_work(std::size_t m, std::size_t n) {
  return 2 * static_cast<double>(n) * static_cast<double>(n) * (static_cast<double>(m) - static_cast<double>(n) / 3);
}
void fresh(arena& x) { std::copy(x.a.begin(), x.a.begin() + x.m * x.n, x.c.begin()); }

void add_qr(std::size_t m, std::size_t n) {
  auto const size = std::to_string(m) + 'x' + std::to_string(n);
  auto const flops = orthogonal_work(m, n);
  add("qr/f32/" + size, {m, n, n}, flops,
      {nothing,
       [](arena& x) {
         std::vector<float>& r = x.work;
         r.assign(x.a.begin(), x.a.end());
         matrix_view<float> const factors{r.data(), x.rows(), x.cols()};
         return qr(factors, x.tau, x.memory()) && form_q(factors, x.tau, x.out(), x.memory());
       },
       good});
  add("cholesky_qr/f32/" + size, {m, n, n}, flops,
      {fresh,
       [](arena& x) {
         cholesky_qr_report<float> report;
         return static_cast<bool>(cholesky_qr(x.out(), {x.b.data(), x.cols(), x.cols()}, report, x.memory()));
       },
       good});
  add("pivoted_qr/f32/" + size, {m, n, n}, flops / 2,
      {fresh, [](arena& x) { return static_cast<bool>(pivoted_qr(x.out(), x.tau, x.order, x.memory())); }, good});
}

void add_qr_peers(std::size_t m, std::size_t n) {
  auto const size = std::to_string(m) + 'x' + std::to_string(n);
  auto const flops = orthogonal_work(m, n);
  auto const& p = openblas::open();
  auto* const geqrf = p.find<sgeqrf>("sgeqrf_");
  auto* const orgqr = p.find<sorgqr>("sorgqr_");
  if (geqrf != nullptr && orgqr != nullptr)
    add("qr/f32:openblas/" + size, {m, n, n}, flops,
        {fresh,
         [geqrf, orgqr](arena& x) {
           int info = 0;
           int const length = static_cast<int>(x.work.size());
           geqrf(&x.m, &x.n, x.c.data(), &x.m, x.tau.data(), x.work.data(), &length, &info);
           orgqr(&x.m, &x.n, &x.n, x.c.data(), &x.m, x.tau.data(), x.work.data(), &length, &info);
           return info == 0;
         },
         good});
  if (auto* const geqp3 = p.find<sgeqp3>("sgeqp3_"))
    add("pivoted_qr/f32:openblas/" + size, {m, n, n}, flops / 2,
        {fresh,
         [geqp3](arena& x) {
           int info = 0;
           int const length = static_cast<int>(x.work.size());
           std::fill(x.pivots.begin(), x.pivots.end(), 0);
           geqp3(&x.m, &x.n, x.c.data(), &x.m, x.pivots.data(), x.tau.data(), x.work.data(), &length, &info);
           return info == 0;
         },
         good});
}

void add_gram(std::size_t channels) {
  constexpr std::size_t tokens = 512;
  auto const flops = static_cast<double>(tokens) * static_cast<double>(channels) * static_cast<double>(channels) / 2;
  auto const sums = std::make_shared<std::vector<double>>();
  auto const waiting = std::make_shared<std::vector<float>>();
  auto const g = std::make_shared<gram_accumulator>();
  add("gram/f32/" + std::to_string(channels), {tokens, channels, 1}, flops,
      {nothing,
       [=](arena& x) {
         if (sums->empty()) {
           sums->resize(gram_accumulator::sum_count(channels));
           waiting->resize(gram_accumulator::waiting_count(channels));
           *g = *gram_accumulator::make(channels, *sums, *waiting);
           for (std::size_t i = 0; i < x.c.size(); ++i) x.c[i] = x.a[i % x.a.size()];
         }
         if (x.scratch.size() < g->scratch_bytes()) x.scratch.resize(g->scratch_bytes());
         return static_cast<bool>(g->add(x.out(), x.memory()));
       },
       [=](arena&) { return g->counts().tokens > 0 && g->waiting() == 0 ? 0.0 : 1.0; }});
}

[[maybe_unused]] bool const registered = [] {
  for (std::size_t const n : {64U, 256U, 1024U}) add_products(std::to_string(n), n, n, n, false);
  add_products("4096x72x4096", 4096, 72, 4096, false);
  add_products("72x4096x4096", 72, 4096, 4096, true);
  for (std::size_t const n : {256U, 1024U}) {
    add_symmetric(n);
    add_symmetric_peers(n);
  }
  for (auto const& [m, n] : std::array<std::array<std::size_t, 2>, 2>{{{1024, 1024}, {4096, 72}}}) {
    add_qr(m, n);
    add_qr_peers(m, n);
  }
  for (std::size_t const n : {1024U, 4096U}) add_gram(n);
  return true;
}();

}  // namespace
}  // namespace skive::bench
