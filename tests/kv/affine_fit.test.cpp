// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kv/affine_fit.hpp: the searched pair is never worse than the range, clips where that pays, and is the same everywhere.
#include "skive/kv/affine_fit.hpp"

#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"

#include "support/cache_rows.hpp"
#include "support/simd_arches.hpp"

#include <cmath>

#include <catch2/catch_test_macros.hpp>

namespace {

using skive::affine_fit;
namespace test = skive::test;

template <class Arch, class Q>
test::number_rows through(Q const& codec, test::number_rows const& rows, std::vector<std::byte>& bytes) {
  test::guarded_page page{codec.page_bytes()};
  test::scratch_bytes_of scratch{codec.scratch_bytes(1)};
  test::number_rows out{rows.rows, rows.cols};
  REQUIRE(codec.template append<Arch>(rows.view(), 0, page.span(), scratch.get()));
  REQUIRE(codec.template decode<Arch>(page.span(), 0, out.view(), scratch.get()));
  bytes = page.memory;
  return out;
}

// sum |error|^Power of the group that `in` names.
template <int Power, class In>
double error_of(test::number_rows const& x, test::number_rows const& y, In in) {
  double sum = 0;
  for (std::size_t t = 0; t < x.rows; ++t)
    for (std::size_t d = 0; d < x.cols; ++d)
      if (in(t, d)) sum += std::pow(std::fabs(static_cast<double>(x(t, d)) - static_cast<double>(y(t, d))), Power);
  return sum;
}

template <template <int> class Q, int Bits, class In>
void check(skive::page_shape shape, std::size_t group, std::size_t groups, In in, double gain) {
  test::number_rows const rows{shape.tokens, shape.head_size, 11};
  std::vector<std::byte> bytes;
  std::vector<std::byte> first;
  auto const make = [&](affine_fit fit) {
    if constexpr (requires { Q<Bits>::make(shape, group, std::span<float const>{}, fit); })
      return *Q<Bits>::make(shape, group, std::span<float const>{}, fit);
    else
      return *Q<Bits>::make(shape, group, fit);
  };
  auto const plain = through<skive::native_arch>(make(affine_fit::min_max), rows, bytes);
  auto searched = plain;
  test::for_each(test::few_arches{}, [&]<class Arch>() {
    searched = through<Arch>(make(affine_fit::searched), rows, bytes);
    if (first.empty()) first = bytes;
    REQUIRE((first == bytes));
  });
  for (std::size_t g = 0; g < groups; ++g) {
    auto const of_group = [&](std::size_t t, std::size_t d) { return in(t, d) == g; };
    INFO("bits " << Bits << " group " << g);
    REQUIRE(error_of<3>(rows, searched, of_group) <= error_of<3>(rows, plain, of_group) * (1 + 1e-4));
  }
  auto const all = [](std::size_t, std::size_t) { return true; };
  CHECK(error_of<2>(rows, searched, all) <= gain * error_of<2>(rows, plain, all));
}

template <int Bits>
using token_keys = skive::per_token_keys<Bits>;

}  // namespace

TEST_CASE("affine_fit: the searched pair is never worse, and at two bits much better", "[kv]") {
  auto const channel = [](std::size_t t, std::size_t d) { return t / 128 * 64 + d; };
  check<skive::per_channel_keys, 2>({64, 256}, 128, 128, channel, 0.65);
  check<skive::per_channel_keys, 4>({64, 256}, 128, 128, channel, 0.95);
  auto const token = [](std::size_t t, std::size_t) { return t; };
  check<skive::per_token_values, 2>({64, 64}, 0, 64, token, 0.75);
  check<token_keys, 3>({72, 64}, 0, 64, token, 0.95);
}
