// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a random rotation does to a matrix: incoherence FILE COLUMNS, FILE holding rows of little-endian floats; without arguments
// a heavy-tailed matrix. Prints excess kurtosis and the largest magnitude over the root of the mean square, as it is, with every
// row rotated, and with rows and columns rotated.
#include <skive/transform/random_hadamard.hpp>
#include <skive/transform/rows.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <vector>

namespace {

struct shape {
  double kurtosis;
  double peak;
};

shape print(char const* name, std::vector<float> const& x) {
  double square = 0;
  double fourth = 0;
  double most = 0;
  for (float const v : x) {
    auto const s = static_cast<double>(v) * static_cast<double>(v);
    square += s;
    fourth += s * s;
    most = std::max(most, s);
  }
  auto const n = static_cast<double>(x.size());
  shape const s{n * fourth / (square * square) - 3, std::sqrt(most * n / square)};
  std::printf("%-18s %9.2f %9.2f\n", name, s.kurtosis, s.peak);
  return s;
}

std::vector<float> read(char const* file) {
  std::ifstream in{file, std::ios::binary | std::ios::ate};
  std::vector<float> x(static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0)) / sizeof(float));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(x.data()), static_cast<std::streamsize>(x.size() * sizeof(float)));
  return x;
}

std::vector<float> heavy_tailed(std::size_t cols) {
  std::mt19937 random{1};
  std::student_t_distribution<float> tails{5.0f};
  std::vector<float> x(256 * cols);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = tails(random) * (i % cols % 37 == 5 ? 5.0f : 1.0f);
  return x;
}

}  // namespace

int main(int count, char const* const* arguments) {
  auto const cols = count == 3 ? std::strtoull(arguments[2], nullptr, 10) : 1024;
  auto x = count == 3 ? read(arguments[1]) : heavy_tailed(cols);
  if (cols == 0 || x.empty() || x.size() % cols != 0) return 2;
  skive::matrix_view<float> const m{x.data(), x.size() / cols, cols};
  auto const right = skive::random_hadamard::make(m.cols, 1);
  auto const left = skive::random_hadamard::make(m.rows, 2);
  if (!right || !left) return 2;
  skive::two_sided const both{*left, *right};
  std::vector<std::byte> scratch(both.scratch_bytes());

  std::printf("%zu x %zu             kurtosis  max / rms\n", m.rows, m.cols);
  auto const before = print("as it is", x);
  if (!skive::transform_rows(*right, m, skive::workspace{scratch})) return 1;
  auto const after = print("rows rotated", x);
  if (!skive::transform_rows<skive::direction::inverse>(*right, m, skive::workspace{scratch})) return 1;
  if (!both.forward(m, skive::workspace{scratch})) return 1;
  print("both sides rotated", x);
  return count == 3 || (before.kurtosis > 20 && std::fabs(after.kurtosis) < 0.5) ? 0 : 1;
}
