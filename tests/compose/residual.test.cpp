// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/compose/residual.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/format/fp4.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"
#include "support/plain_floats.hpp"
#include "support/processor_modes.hpp"

#include <cmath>

namespace {

using namespace skive;

// Without the law of neighbours: a codec that refuses groups which are not finite passes the refusal on.
template <block_codec Codec>
void keeps_the_laws(Codec const& codec, std::size_t n) {
  CAPTURE(n);
  auto const row = test::mixed_row(n, 1 + static_cast<unsigned>(n));
  test::detail::check_sizes(codec, n);
  test::detail::check_layouts(codec, row);
  test::detail::check_refusals(codec, row);
  test::detail::check_random_bytes(codec, n, 1);
  test::detail::check_concatenation(codec, row);
}

double energy(std::vector<float> const& a, std::vector<float> const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto const d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d * d;
  }
  return sum;
}

using two_fours = residual<absmax<int4>, absmax<int4>>;
static_assert(block_codec<two_fours> && dot_codec<two_fours> && !stepwise_codec<two_fours>);
static_assert(block_codec<residual<test::plain_floats, mx<e2m1>>> && !dot_codec<residual<test::plain_floats, mx<e2m1>>>);

}  // namespace

TEST_CASE("residual: laws of block_codec", "[compose]") {
  two_fours const same{absmax<int4>{32}, absmax<int4>{32}};
  CHECK(same.block_size() == 32);
  test::check_block_codec(same, {0, 1, 31, 32, 33, 96, 200});
  residual const other{absmax<int4>{32}, absmax<int3>{64}};
  CHECK(other.block_size() == 0);
  test::check_block_codec(other, {0, 1, 63, 64, 65, 200});
  residual const nested{residual{mx<e2m1>{}, mx<e2m1>{}}, mx<e2m1>{}};
  CHECK(nested.block_size() == 32);
  test::check_block_codec(nested, {0, 5, 32, 100});
  for (std::size_t const n : {0U, 7U, 64U, 700U})
    keeps_the_laws(residual{absmax<int4>{64}, *double_quantized<nf4>::make(64, 0.1f)}, n);
}

TEST_CASE("residual: what it decodes is the sum of what its parts decode", "[compose]") {
  absmax<int4> const a{32};
  absmax<int3> const b{64};
  auto const row = test::mixed_row(1000, 5);
  auto const coarse = test::through(a, row);
  std::vector<float> rest(row.size());
  for (std::size_t i = 0; i < row.size(); ++i)
    rest[i] = static_cast<float>(static_cast<double>(row[i]) - static_cast<double>(coarse[i]));
  auto const fine = test::through(b, rest);
  auto const both = test::through(residual{a, b}, row);
  for (std::size_t i = 0; i < row.size(); ++i)
    REQUIRE(both[i] == static_cast<float>(static_cast<double>(coarse[i]) + static_cast<double>(fine[i])));
  CHECK(energy(both, row) < energy(coarse, row) / 20);
  CHECK(test::through(residual{a, test::plain_floats{}}, row) == row);
}

TEST_CASE("residual: the bytes do not depend on the processor's mode", "[compose]") {
  residual const codec{absmax<int4>{32}, absmax<int4>{32}};
  auto row = test::mixed_row(256, 6);
  for (std::size_t i = 0; i < 64; ++i) row[i] = std::ldexp(row[i], -138);  // the rest is subnormal
  auto const expected = test::encoded(codec, row);
  if (!test::flush_subnormals::effective()) SKIP("this processor has no mode that flushes");
  test::flush_subnormals const mode;
  CHECK((test::encoded(codec, row) == expected));
}

TEST_CASE("residual: a part's refusal comes before the first write", "[compose]") {
  residual const codec{absmax<int4>{64}, *double_quantized<nf4>::make(64, 0.1f)};
  auto row = test::mixed_row(200, 7);
  row[70] = std::numeric_limits<float>::infinity();
  test::packed_row packed{codec, row.size()};
  test::scratch_memory scratch{codec.scratch_bytes(row.size())};
  CHECK(codec.encode(row, packed.to(), scratch.get()).error() == errc::not_finite);
  CHECK(packed.untouched());
}

TEST_CASE("residual: products", "[compose]") {
  auto const terms = [](std::size_t n) { return 2.0 * static_cast<double>(n) + 16; };
  test::check_dot_codec<scalar_arch>(two_fours{absmax<int4>{32}, absmax<int4>{32}}, {0, 1, 32, 77}, terms);
  test::check_dot_codec<native_arch>(two_fours{absmax<int4>{32}, absmax<int4>{32}}, {0, 1, 32, 77, 512}, terms);
  test::check_dot_codec<native_arch>(residual{absmax<int4>{32}, mx<e2m1>{64}}, {0, 1, 32, 77, 512}, terms);
}
