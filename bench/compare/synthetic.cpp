// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "synthetic.hpp"

#include <cmath>
#include <numbers>
#include <utility>

namespace skive::compare {
namespace {

constexpr std::size_t rows = 512;
constexpr std::size_t cols = 1024;

class random_numbers {
 public:
  explicit random_numbers(std::uint64_t seed) : state_{seed} {}

  double uniform() {  // in (0, 1): 53 bits, never 0, so that its logarithm is finite
    return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53;
  }
  double gaussian() {
    double const radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  double laplace() {
    double const u = uniform() - 0.5;
    return std::copysign(std::log(1 - 2 * std::fabs(u)), u) / -std::numbers::sqrt2;
  }
  double student_t5() {
    double const z = gaussian();
    double chi_squared = 0;
    for (int i = 0; i < 5; ++i) {
      double const g = gaussian();
      chi_squared += g * g;
    }
    return z / std::sqrt(chi_squared / 5) * std::sqrt(3.0 / 5.0);
  }

 private:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

template <class Draw>  // draw(row, column)
tensor make(char const* name, Draw draw) {
  auto const numbers = std::make_shared<std::vector<float>>(rows * cols);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c) (*numbers)[r * cols + c] = static_cast<float>(0.02 * draw(r, c));
  return {name, "", number_type::f32, {rows, cols}, std::as_bytes(std::span{*numbers}), numbers, false};
}

tensor low_rank() {
  constexpr std::size_t rank = 16;
  random_numbers random{5};
  std::vector<double> left(rows * rank);
  std::vector<double> right(rank * cols);
  for (auto& v : left) v = random.gaussian();
  for (auto& v : right) v = random.gaussian();
  return make("synthetic.low_rank", [&](std::size_t r, std::size_t c) {
    double sum = 0;
    for (std::size_t k = 0; k < rank; ++k) sum += left[r * rank + k] * right[k * cols + c];
    return sum / 4 + 0.3 * random.gaussian();
  });
}

}  // namespace

std::vector<tensor> synthetic_checkpoint() {
  random_numbers gaussian{1};
  random_numbers laplace{2};
  random_numbers student{3};
  random_numbers outlier{4};
  std::vector<tensor> out;
  out.push_back(make("synthetic.gaussian", [&](auto, auto) { return gaussian.gaussian(); }));
  out.push_back(make("synthetic.laplace", [&](auto, auto) { return laplace.laplace(); }));
  out.push_back(make("synthetic.student_t5", [&](auto, auto) { return student.student_t5(); }));
  out.push_back(make("synthetic.outlier_channels", [&](auto, std::size_t c) {
    return outlier.gaussian() * (c % 128 == 37 ? 20 : 1);  // eight channels, each in another block of 128
  }));
  out.push_back(low_rank());
  return out;
}

}  // namespace skive::compare
