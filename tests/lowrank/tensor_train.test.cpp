// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/tensor_train.hpp: stated errors, exact cases, refusals.
#include "skive/lowrank/tensor_train.hpp"

#include "support/layer.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace skive;
using skive::test::matrix;

double norm_of(std::vector<float> const& a) {
  double sum = 0;
  for (float const x : a) sum += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(sum);
}

struct train {
  std::vector<std::size_t> ranks;
  std::vector<float> cores;
  std::size_t numbers;
};
train decompose(std::vector<float> const& a, std::vector<std::size_t> const& dims, tensor_train_options const& options) {
  train t{std::vector<std::size_t>(dims.size() - 1), std::vector<float>(tensor_train_numbers(dims, options.most)), 0};
  std::vector<std::byte> memory(tensor_train_scratch_bytes(dims, options.most));
  auto const numbers = tensor_train(a, dims, options, t.ranks, t.cores, workspace{memory});
  REQUIRE(numbers);
  t.numbers = *numbers;
  return t;
}
double error_of(std::vector<float> const& a, std::vector<std::size_t> const& dims, train const& t) {
  std::vector<float> b(a.size());
  std::vector<std::byte> memory(expand_tensor_train_scratch_bytes(dims, a.size()));
  REQUIRE(expand_tensor_train(std::span{t.cores}.first(t.numbers), dims, t.ranks, b, workspace{memory}));
  for (std::size_t i = 0; i < a.size(); ++i) {  // by definition, in double
    std::vector<double> row{1.0};
    std::size_t at = 0;
    auto rest = a.size();
    for (std::size_t p = 0; p < dims.size(); ++p) {
      rest /= dims[p];
      auto const index = i / rest % dims[p];
      auto const behind = p + 1 == dims.size() ? std::size_t{1} : t.ranks[p];
      std::vector<double> next(behind);
      for (std::size_t k = 0; k < row.size(); ++k)
        for (std::size_t l = 0; l < behind; ++l)
          next[l] += row[k] * static_cast<double>(t.cores[at + (k * dims[p] + index) * behind + l]);
      at += row.size() * dims[p] * behind;
      row = next;
    }
    REQUIRE(std::abs(row[0] - static_cast<double>(b[i])) <= 1e-5 * norm_of(a));
    b[i] -= a[i];
  }
  return norm_of(b);
}

}  // namespace

TEST_CASE("tensor_train: the error that was asked for, ranks of the array, never more than the caps", "[lowrank]") {
  std::mt19937 random{1};
  std::vector<std::size_t> const dims{4, 6, 5, 3};
  std::vector<float> a(360);
  for (float& x : a) x = skive::test::uniform<float>(random);
  CHECK(error_of(a, dims, decompose(a, dims, {})) <= 1e-5 * norm_of(a));
  std::size_t before = 1000;
  for (float const error : {0.01f, 0.2f, 0.5f, 0.9f}) {
    auto const t = decompose(a, dims, {error});
    CHECK(error_of(a, dims, t) <= static_cast<double>(error) * norm_of(a) * (1 + 1e-5));
    CHECK(t.numbers <= before);
    before = t.numbers;
  }
  for (std::size_t const most : {1U, 3U, 7U})
    for (auto const r : decompose(a, dims, {0, most}).ranks) CHECK(r <= most);
  std::vector<float> b(360);  // a sum of two products of vectors has ranks of two
  for (std::size_t i = 0; i < 360; ++i) {
    auto const w = static_cast<float>(i / 90), x = static_cast<float>(i / 15 % 6), y = static_cast<float>(i / 3 % 5);
    b[i] = (1 + w) * (x - 2.5f) * (y * y + 1) + (w - 1) * std::sin(x) * 3 * (y + static_cast<float>(i % 3));
  }
  auto const t = decompose(b, dims, {1e-5f});
  CHECK(t.ranks[0] == 2);
  CHECK(error_of(b, dims, t) <= 2e-5 * norm_of(b));
  for (auto const& other : {std::vector<std::size_t>{360}, {1, 360}, {360, 1}, {18, 20}, {2, 2, 2, 3, 3, 5}})
    CHECK(error_of(a, other, decompose(a, other, {})) <= 1e-5 * norm_of(a));
  std::vector<float> const zeros(360);
  CHECK(decompose(zeros, dims, {0.1f}).ranks == std::vector<std::size_t>{1, 1, 1});
}

TEST_CASE("tensor_train: refusals", "[lowrank]") {
  std::vector<float> a(24, 1.0f), cores(200), out(24);
  std::vector<std::size_t> const dims{4, 6};
  std::vector<std::size_t> ranks(1);
  std::vector<std::byte> memory(tensor_train_scratch_bytes(dims, 2) + expand_tensor_train_scratch_bytes(dims, 2));
  auto const some = std::span{cores}.first(tensor_train_numbers(dims, 2));
  auto const run = [&](std::span<std::size_t const> d, tensor_train_options const& o, std::span<float> c, std::size_t bytes) {
    return tensor_train(a, d, o, ranks, c, workspace{std::span{memory}.first(bytes)}).error();
  };
  std::vector<std::size_t> const wrong{4, 7};
  CHECK(run(wrong, {0, 2}, some, memory.size()) == errc::size_mismatch);
  CHECK(run(dims, {0, 2}, some.first(3), memory.size()) == errc::size_mismatch);
  CHECK(run(dims, {-1, 2}, some, memory.size()) == errc::invalid_argument);
  CHECK(run(dims, {0, 2}, std::span{a}.first(some.size()), memory.size()) == errc::overlap);
  CHECK(run(dims, {0, 2}, some, 10) == errc::workspace_too_small);
  REQUIRE(run(dims, {0, 2}, some, memory.size()) == errc::ok);
  CHECK(expand_tensor_train(some, wrong, ranks, out, workspace{memory}).error() == errc::size_mismatch);
  CHECK(expand_tensor_train(some, dims, ranks, some.first(24 < some.size() ? 24 : 0), workspace{memory}).error() != errc::ok);
  CHECK(expand_tensor_train(some, dims, ranks, out, workspace{}).error() == errc::workspace_too_small);
  a[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK(run(dims, {0, 2}, some, memory.size()) == errc::not_finite);
}
