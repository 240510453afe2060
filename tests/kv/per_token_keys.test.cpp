// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/kv/per_token_keys.hpp"

#include "laws/key_quantizer.hpp"
#include "support/simd_arches.hpp"

#include <bit>

namespace {

using skive::errc;
using skive::page_shape;
namespace test = skive::test;

// Sylvester's matrix over the root of n = 64, row by row.
struct hadamard {
  static constexpr bool is_orthogonal = true;
  std::size_t n = 64;
  std::size_t size() const noexcept { return n; }
  std::size_t scratch_bytes() const noexcept { return skive::workspace::bytes<float>(n); }
  skive::status forward(std::span<float> x, skive::workspace w) const noexcept {
    auto const y = w.take<float>(n);
    if (y.empty()) return errc::workspace_too_small;
    for (std::size_t i = 0; i < n; ++i) {
      y[i] = 0;
      for (std::size_t j = 0; j < n; ++j) y[i] += (std::popcount(i & j) % 2 == 0 ? x[j] : -x[j]) / 8;
    }
    std::copy(y.begin(), y.end(), x.begin());
    return errc::ok;
  }
  skive::status inverse(std::span<float> x, skive::workspace w) const noexcept { return forward(x, w); }
};
static_assert(skive::orthogonal_transform<hadamard> && skive::key_quantizer<skive::per_token_keys<4, hadamard>>);

template <int Bits>
void check_width() {
  auto const mean = test::mean_of({64, 64, 1});
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    test::check_key_quantizer<Arch>(*skive::per_token_keys<Bits>::make({72, 64}), 3e-4);
    test::check_key_quantizer<Arch>(*skive::per_token_keys<Bits, hadamard>::make({64, 64}, 16, mean, hadamard{64}), 3e-4);
  });
}

}  // namespace

TEST_CASE("per_token_keys: laws of 4 and 3 bits, plain, centred and rotated", "[kv]") {
  check_width<4>();
  using native = skive::native_arch;
  test::check_key_quantizer<native>(*skive::per_token_keys<3>::make({72, 64}), 3e-4);
}

TEST_CASE("per_token_keys: every other width", "[kv]") {
  using native = skive::native_arch;
  test::check_key_quantizer<native>(*skive::per_token_keys<1>::make({64, 64}, 32), 3e-4);
  test::check_key_quantizer<native>(*skive::per_token_keys<2>::make({136, 96}, 48), 3e-4);
  test::check_key_quantizer<native>(*skive::per_token_keys<8>::make({256, 32}), 3e-4);
}

TEST_CASE("per_token_keys: the mean of the first tokens takes away what channels have in common", "[kv]") {
  test::number_rows const rows{256, 64, 3};  // unit noise around channels two apart
  auto const shape = page_shape{64, 256};
  test::number_rows first{64, 64};
  std::copy_n(rows.values.begin(), first.values.size(), first.values.begin());
  auto const mean = test::mean_of(first);
  auto const plain = test::squared_error(rows, test::through(*skive::per_token_keys<4>::make(shape), rows));
  auto const centred = test::squared_error(rows, test::through(*skive::per_token_keys<4>::make(shape, 0, mean), rows));
  auto const both =
      test::squared_error(rows, test::through(*skive::per_token_keys<4, hadamard>::make(shape, 0, mean, hadamard{64}), rows));
  CHECK(centred < 0.5 * plain);
  CHECK(both < 0.5 * plain);
}

TEST_CASE("per_token_keys: bytes, what is refused, corrupt pages", "[kv]") {
  using keys = skive::per_token_keys<4>;
  static_assert(keys::make({128, 128})->page_bytes() == 128 * (64 + 4));
  CHECK(keys::make({64, 64}, 8).error() == errc::invalid_argument);
  CHECK(keys::make({64, 64}, 0, std::vector<float>(63)).error() == errc::size_mismatch);
  CHECK(keys::make({64, 64}, 0, std::vector<float>(64, std::numeric_limits<float>::infinity())).error() == errc::not_finite);
  CHECK(skive::per_token_keys<4, hadamard>::make({64, 64}, 0, {}, hadamard{32}).error() == errc::invalid_argument);
  auto const codec = *keys::make({64, 64});
  test::scratch_bytes_of scratch{codec.scratch_bytes(1)};
  test::guarded_page page{codec.page_bytes()};
  test::number_rows rows{64, 64, 4};
  REQUIRE(codec.append(rows.view(), 0, page.span(), scratch.get()));
  auto const before = page.memory;
  CHECK(codec.append(rows.view(), 0, page.span(), {}).error() == errc::workspace_too_small);
  for (std::size_t d = 0; d < 64; ++d) rows(63, d) = 10000.0f;  // 80000 away
  CHECK(codec.append(rows.view(), 0, page.span(), scratch.get()).error() == errc::not_finite);
  CHECK((page.memory == before));
  test::number_rows const q{2, 64, 1};
  test::scratch_bytes_of prepared{codec.query_bytes(2)};
  CHECK(codec.prepare(q.view(), {}).error() == errc::workspace_too_small);
  auto const query = *codec.prepare(q.view(), prepared.get());
  test::number_rows logits{2, 32};
  page.memory[33 + 64 * 32 + 64] = std::byte{0};
  page.memory[33 + 64 * 32 + 65] = std::byte{0x7C};  // the step of token 32 becomes infinite
  CHECK(codec.dot(page.span(), 0, query, logits.view()));
  CHECK(codec.dot(page.span(), 32, query, logits.view()).error() == errc::corrupt);
}
