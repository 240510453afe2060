// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowrank/{truncated,shared_basis,nystrom,tensor_train,tucker}.hpp, kv/channel_fit.hpp: no_convergence of the decomposition inside
// comes out. No matrix of floats is known that needs so many steps (tests/linalg/out_of_steps.test.cpp): here an instruction set
// of which the iterations give up at once.
#include "skive/kv/channel_fit.hpp"
#include "skive/lowrank/nystrom.hpp"
#include "skive/lowrank/shared_basis.hpp"
#include "skive/lowrank/tensor_train.hpp"
#include "skive/lowrank/truncated.hpp"
#include "skive/lowrank/tucker.hpp"

#include "support/matrices.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

namespace {
struct out_of_steps {};  // plain numbers, as every instruction set without registers
}  // namespace

namespace skive::detail {
template <>
status bidiagonal_qr<float, out_of_steps>::run() noexcept {
  return errc::no_convergence;
}
template <>
status tridiagonal_qr<float, out_of_steps>::run() noexcept {
  return errc::no_convergence;
}
template <>
status tridiagonal_qr<double, out_of_steps>::run() noexcept {
  return errc::no_convergence;
}
}  // namespace skive::detail

TEST_CASE("a decomposition that gives up: low rank", "[lowrank]") {
  using namespace skive;
  using arch = out_of_steps;
  using test::matrix;
  std::mt19937 random{3};
  auto const w = test::random_matrix<float>(12, 8, random);
  matrix<float> left(12, 3), right(3, 8);
  auto const truncation = *truncated_svd<>::make(3);
  std::vector<std::byte> memory(shared_basis_scratch_bytes<arch>(truncation, 12, 8) + truncation.scratch_bytes<arch>(12, 8) +
                                principal_inputs_scratch_bytes<arch>(8) + tucker_scratch_bytes<arch>(12, 4, 2, 3) +
                                tensor_train_scratch_bytes<arch>(std::array<std::size_t, 3>{4, 6, 4}, 4));
  workspace const room{memory};
  CHECK(truncation.factor<arch>(w.view(), left.view(), right.view(), room).error() == errc::no_convergence);
  std::array<matrix_view<float const>, 1> const all{w.view()};
  std::array<matrix_view<float>, 1> const lefts{left.view()};
  CHECK(shared_basis<arch>(truncation, all, lefts, right.view(), room).error() == errc::no_convergence);

  matrix<float> gram(8, 8), q(8, 2, 0, 0, 7.0f);
  gram.fill([](std::size_t i, std::size_t j) { return i == j ? 2.0f : 0.25f; });
  CHECK(principal_inputs<arch>(gram.view(), q.view(), room).error() == errc::no_convergence);
  CHECK(q(0, 0) == 7.0f);

  matrix<float> first(12, 3), second(4, 2), core(3, 4);
  CHECK(tucker<arch>(w.view(), 4, first.view(), second.view(), core.view(), room).error() == errc::no_convergence);

  std::array<std::size_t, 3> const dims{4, 6, 4};
  std::array<std::size_t, 2> ranks{};
  std::vector<float> cores(tensor_train_numbers(dims, 4));
  std::vector<float> const a(96, 0.5f);
  CHECK(tensor_train<arch>(a, dims, {0.1f, 4}, ranks, cores, room).error() == errc::no_convergence);
}

TEST_CASE("a decomposition that gives up: principal rows of keys", "[lowrank]") {
  std::mt19937 random{3};
  auto const rows = skive::test::random_matrix<float>(12, 8, random);
  skive::test::matrix<float> out(2, 8);
  std::vector<std::byte> memory(skive::principal_rows_scratch_bytes<out_of_steps>(8, 2));
  CHECK(skive::principal_rows<out_of_steps>(rows.view(), {}, out.view(), skive::workspace{memory}).error() ==
        skive::errc::no_convergence);
}
