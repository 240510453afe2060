// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/tensor_train.hpp, tucker.hpp, shared_basis.hpp, rank_allocation.hpp: stated errors, exact cases, brute force, refusals.
#include "skive/lowrank/tensor_train.hpp"

#include "skive/lowrank/rank_allocation.hpp"
#include "skive/lowrank/shared_basis.hpp"
#include "skive/lowrank/tucker.hpp"
#include "support/layer.hpp"

#include <numeric>

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

TEST_CASE("tucker: what it drops is the error, full ranks drop nothing", "[lowrank]") {
  std::mt19937 random{2};
  constexpr std::size_t outputs = 12, inputs = 10, positions = 9;
  auto const x = skive::test::random_matrix<float>(outputs, inputs * positions, random);
  auto const size = skive::test::frobenius_norm<double>(x);
  for (auto const& [r1, r2] : {std::array<std::size_t, 2>{12, 10}, {5, 10}, {12, 3}, {4, 6}, {1, 1}}) {
    CAPTURE(r1, r2);
    matrix<float> first(outputs, r1), second(inputs, r2), core(r1, r2 * positions);
    std::vector<std::byte> memory(tucker_scratch_bytes(outputs, inputs, positions, r1));
    auto const dropped = tucker(x.view(), inputs, first.view(), second.view(), core.view(), workspace{memory});
    REQUIRE(dropped);
    double error = 0;
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t i = 0; i < inputs; ++i)
        for (std::size_t s = 0; s < positions; ++s) {
          auto d = static_cast<double>(x(o, i * positions + s));
          for (std::size_t p = 0; p < r1; ++p)
            for (std::size_t q = 0; q < r2; ++q)
              d -= static_cast<double>(first(o, p)) * static_cast<double>(second(i, q)) *
                  static_cast<double>(core(p, q * positions + s));
          error += d * d;
        }
    CHECK(std::abs(error - *dropped) <= 1e-5 * size * size);
    CHECK(skive::test::distance_from_orthonormal<double>(first, true) < 1e-5);
    CHECK(skive::test::distance_from_orthonormal<double>(second, true) < 1e-5);
  }
  matrix<float> first(outputs, 3), second(inputs, 3), core(3, 3 * positions);
  std::vector<std::byte> memory(tucker_scratch_bytes(outputs, inputs, positions, 3));
  auto broken = x;
  broken(11, 89) = std::numeric_limits<float>::infinity();
  auto const run = [&](matrix<float> const& from, std::size_t i, matrix_view<float> c, std::size_t bytes) {
    return tucker(from.view(), i, first.view(), second.view(), c, workspace{std::span{memory}.first(bytes)}).error();
  };
  CHECK(run(x, 7, core.view(), memory.size()) == errc::size_mismatch);
  CHECK(run(x, 10, submatrix(core.view(), 0, 0, 2, 27), memory.size()) == errc::size_mismatch);
  CHECK(run(x, 10, core.view(), 0) == errc::workspace_too_small);
  CHECK(run(broken, 10, core.view(), memory.size()) == errc::not_finite);
  CHECK(run(broken, 10, {broken.view().data, 3, 27}, memory.size()) == errc::overlap);
}

TEST_CASE("shared_basis: no other common basis leaves less, and own bases leave no more", "[lowrank]") {
  skive::test::layer const l{3}, other{4};
  constexpr std::size_t k = 12, m = skive::test::layer::m, n = skive::test::layer::n;
  auto const plain = *truncated_svd<>::make(k);
  std::vector<matrix_view<float const>> const w{l.w.view(), other.w.view()};
  matrix<float> first(m, k), second(m, k), right(k, n);
  std::vector<matrix_view<float>> const left{first.view(), second.view()};
  std::vector<std::byte> memory(shared_basis_scratch_bytes(plain, 2 * m, n));
  REQUIRE(shared_basis(plain, w, left, right.view(), workspace{memory}));
  auto const error = [&](matrix<float> const& a, matrix<float> const& f, matrix<float> const& r) {
    auto const e = skive::test::output_error(a, f, r, l.unit);
    return e * e;
  };
  auto const both = error(l.w, first, right) + error(other.w, second, right);
  matrix<float> all(2 * m, n);
  all.fill([&](std::size_t i, std::size_t j) { return i < m ? l.w(i, j) : other.w(i - m, j); });
  auto const values = skive::test::singular_values_by_rotation<double>(all);
  double tail = 0;
  for (std::size_t j = k; j < values.size(); ++j) tail += values[j] * values[j];
  CHECK(std::abs(both / tail - 1) < 1e-4);
  matrix<float> own(m, k), basis(k, n);
  REQUIRE(plain.factor(l.w.view(), own.view(), basis.view(), workspace{memory}));
  CHECK(error(l.w, own, basis) <= error(l.w, first, right) * (1 + 1e-5));

  CHECK(shared_basis(plain, w, std::span{left}.first(1), right.view(), workspace{memory}).error() == errc::size_mismatch);
  CHECK(shared_basis(plain, w, left, submatrix(right.view(), 0, 0, k - 1, n), workspace{memory}).error() == errc::size_mismatch);
  std::vector<matrix_view<float>> const same{first.view(), first.view()};
  CHECK(shared_basis(plain, w, same, right.view(), workspace{memory}).error() == errc::overlap);
  CHECK(shared_basis(plain, w, left, right.view(), workspace{}).error() == errc::workspace_too_small);
  auto broken = l.w;
  broken(0, 0) = std::numeric_limits<float>::quiet_NaN();
  std::vector<matrix_view<float const>> const bad{other.w.view(), broken.view()};
  CHECK(shared_basis(plain, bad, left, right.view(), workspace{memory}).error() == errc::not_finite);
}

TEST_CASE("rank allocation: the best of all choices where costs are equal, near it elsewhere", "[lowrank]") {
  std::mt19937 random{5};
  for (int trial = 0; trial < 40; ++trial) {
    bool const equal = trial % 2 == 0;
    std::vector<std::vector<float>> values(3);
    std::vector<rank_candidate> from;
    for (auto& v : values) {
      v.resize(3 + random() % 3);
      for (float& x : v) x = std::abs(skive::test::uniform<float>(random));
      std::sort(v.begin(), v.end(), std::greater<>{});
      from.push_back({v, equal ? 7U : 3U + random() % 9, equal ? 1.0 : 0.5 + static_cast<double>(random() % 4)});
    }
    std::vector<std::size_t> ranks(3), other(3);
    std::size_t const budget = random() % 70;
    auto const used = ranks_for_cost(from, budget, ranks);
    REQUIRE(used);
    auto const cost_of = [&](std::vector<std::size_t> const& r) {
      return r[0] * from[0].cost + r[1] * from[1].cost + r[2] * from[2].cost;
    };
    CHECK((*used == cost_of(ranks) && *used <= budget));
    auto const loss = rank_loss(from, ranks);
    double best = 1e30;
    double largest = 0;
    std::size_t cheapest = 1000;
    for (auto const& c : from)
      largest = std::max(largest, c.weight * static_cast<double>(c.sigma[0]) * static_cast<double>(c.sigma[0]));
    for (other[0] = 0; other[0] <= values[0].size(); ++other[0])
      for (other[1] = 0; other[1] <= values[1].size(); ++other[1])
        for (other[2] = 0; other[2] <= values[2].size(); ++other[2]) {
          if (cost_of(other) <= budget) best = std::min(best, rank_loss(from, other));
          if (rank_loss(from, other) <= loss) cheapest = std::min(cheapest, cost_of(other));
        }
    CHECK(loss >= best - 1e-12);
    CHECK(loss <= (equal ? best + 1e-12 : best + largest));
    auto const cost = ranks_for_loss(from, loss, other);
    REQUIRE(cost);
    CHECK(rank_loss(from, other) <= loss);
    if (equal) CHECK(*cost == cheapest);
  }
  std::vector<float> const falling{3, 2, 1}, rising{1, 2}, bad{1, -1};
  std::vector<rank_candidate> const good{{falling, 2, 1}};
  std::vector<std::size_t> ranks(1, 9);
  CHECK(ranks_for_cost(good, 5, std::span{ranks}.first(0)).error() == errc::size_mismatch);
  CHECK(ranks_for_cost(std::vector<rank_candidate>{{falling, 0, 1}}, 5, ranks).error() == errc::invalid_argument);
  CHECK(ranks_for_cost(std::vector<rank_candidate>{{rising, 1, 1}}, 5, ranks).error() == errc::invalid_argument);
  CHECK(ranks_for_cost(std::vector<rank_candidate>{{bad, 1, 1}}, 5, ranks).error() == errc::not_finite);
  CHECK(ranks_for_loss(good, -1, ranks).error() == errc::invalid_argument);
  CHECK(ranks[0] == 9);
  CHECK(*ranks_for_cost(good, 5, ranks) == 4);
  CHECK(*ranks_for_loss(good, 0, ranks) == 6);
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
