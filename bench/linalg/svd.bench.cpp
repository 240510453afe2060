// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// op/format/size: op svd_fast, svd_accurate, svd_values, eigen: all vectors (svd_values: none) of an n x n float matrix, size n;
// randomized_svd: 64 triplets with one power iteration. items: numbers of the matrix. Random numbers in [-1, 1).
// f32:sgesdd and f32:sgejsv are LAPACK's, as OpenBLAS brings them (support/openblas.hpp).
#include "skive/linalg/jacobi_svd.hpp"
#include "skive/linalg/randomized_svd.hpp"
#include "skive/linalg/symmetric_eigen.hpp"
#include "support/openblas.hpp"
#include "support/svd_problem.hpp"

#include <memory>

namespace skive::bench {
namespace {

using sgesdd = void(char const*, int const*, int const*, float*, int const*, float*, float*, int const*, float*, int const*,
                    float*, int const*, int*, int*);
using sgejsv = void(char const*, char const*, char const*, char const*, char const*, char const*, int const*, int const*, float*,
                    int const*, float*, float*, int const*, float*, int const*, float*, int const*, int*, int*);

// LAPACK takes the matrix, which is symmetric, by columns: its V^T by columns is our U by rows.
void add_lapack(char const* op, std::size_t n) {
  struct memory {
    std::vector<float> copy, work;
    std::vector<int> indices;
    void make() {
      work.resize(4 << 20);
      indices.resize(16384);
    }
  };
  auto const room = std::make_shared<memory>();
  if (auto* const gesdd = openblas::open().find<sgesdd>("sgesdd_"))
    add(
        op, n, n, checked::triplets, 1e-5, [](std::size_t) { return std::size_t{0}; },
        [=](problem& p) {
          room->make();
          int const m = static_cast<int>(p.n), length = static_cast<int>(room->work.size());
          int info = 0;
          room->copy = p.a;
          gesdd("S", &m, &m, room->copy.data(), &m, p.sigma.data(), p.vt.data(), &m, p.u.data(), &m, room->work.data(), &length,
                room->indices.data(), &info);
          return info == 0;
        },
        ":sgesdd");
  auto* const gejsv = openblas::open().find<sgejsv>("sgejsv_");
  if (gejsv != nullptr && std::string{op} == "svd_accurate")
    add(
        op, n, n, checked::values_only, 0, [](std::size_t) { return std::size_t{0}; },
        [=](problem& p) {
          room->make();
          int const m = static_cast<int>(p.n), length = static_cast<int>(room->work.size());
          int info = 0;
          room->copy = p.a;
          gejsv("F", "U", "V", "R", "N", "P", &m, &m, room->copy.data(), &m, p.sigma.data(), p.u.data(), &m, p.vt.data(), &m,
                room->work.data(), &length, room->indices.data(), &info);
          return info == 0;
        },
        ":sgejsv");
}

[[maybe_unused]] bool const registered = [] {
  for (std::size_t const n : {64U, 256U, 1024U}) {
    add(
        "svd_fast", n, n, checked::triplets, 1e-5, [](std::size_t m) { return svd_fast_scratch_bytes<float>(m, m); },
        [](problem& p) { return svd_fast<native_arch, float>(p.matrix(), p.left(), p.sigma, p.right(), p.scratch()); });
    add(
        "svd_accurate", n, n, checked::triplets, 1e-5, [](std::size_t m) { return svd_accurate_scratch_bytes<float>(m, m); },
        [](problem& p) { return svd_accurate<native_arch, float>(p.matrix(), p.left(), p.sigma, p.right(), p.scratch()); });
    add_lapack("svd_fast", n);
    add_lapack("svd_accurate", n);
    add(
        "svd_values", n, n, checked::values_only, 0, [](std::size_t m) { return svd_fast_scratch_bytes<float>(m, m, false); },
        [](problem& p) { return singular_values_fast<native_arch, float>(p.matrix(), p.sigma, p.scratch()); });
    add(
        "eigen", n, n, checked::eigenvectors, 1e-5, [](std::size_t m) { return symmetric_eigen_scratch_bytes<float>(m); },
        [](problem& p) { return symmetric_eigen<native_arch, float>(p.matrix(), p.sigma, p.left(), p.scratch()); });
  }
  for (std::size_t const n : {1024U})
    add(
        "randomized_svd", n, 64, checked::triplets, 0.1,  // a flat spectrum: vectors mix with those behind them
        [](std::size_t m) { return randomized_svd_scratch_bytes<float>(m, m, 64, {}); },
        [](problem& p) { return randomized_svd<native_arch, float>(p.matrix(), p.left(), p.sigma, p.right(), {}, p.scratch()); });
  return true;
}();

}  // namespace
}  // namespace skive::bench
