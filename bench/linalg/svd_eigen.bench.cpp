// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// svd_fast/f32:eigen/size: Eigen's BDCSVD of the matrix of svd.bench.cpp, where the machine has Eigen; a unit of its own, since it
// takes a compiler most of a minute.
#include "support/svd_problem.hpp"

#if __has_include(<eigen3/Eigen/SVD>)
#define EIGEN_DONT_PARALLELIZE  // one thread for all, where the program is built with OpenMP for other peers
#include <eigen3/Eigen/SVD>

namespace skive::bench {
namespace {

void add_eigen(std::size_t n) {
  using dense = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  add(
      "svd_fast", n, n, checked::triplets, 1e-5, [](std::size_t) { return std::size_t{0}; },
      [](problem& p) {
        auto const m = static_cast<Eigen::Index>(p.n);
        Eigen::BDCSVD<dense> const svd(Eigen::Map<dense const>(p.a.data(), m, m), Eigen::ComputeThinU | Eigen::ComputeThinV);
        Eigen::Map<dense>(p.u.data(), m, m) = svd.matrixU();
        Eigen::Map<dense>(p.vt.data(), m, m) = svd.matrixV().transpose();
        Eigen::Map<Eigen::VectorXf>(p.sigma.data(), m) = svd.singularValues();
        return svd.info() == Eigen::Success;
      },
      ":eigen");
}

[[maybe_unused]] bool const registered = [] {
  for (std::size_t const n : {64U, 256U, 1024U}) add_eigen(n);
  return true;
}();

}  // namespace
}  // namespace skive::bench
#endif
