// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/picked_product.hpp: which codecs have one, which rows it takes, the bits of the codec's own product with the picked
// numbers, wrong codes.
#include "skive/compose/picked_product.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/stored_as.hpp"

#include "support/kept_groups.hpp"
#include "support/packed_rows.hpp"
#include "support/simd_arches.hpp"

namespace {

using namespace skive;

static_assert(!detail::picked_product<absmax<int4>, scalar_arch>::exists);
static_assert(!detail::picked_product<residual<absmax<int4>, absmax<int4>>, native_arch>::exists);
static_assert(!detail::picked_product<stored_as<float32>, native_arch>::exists);
static_assert(detail::picked_product<stored_as<float16>, native_arch>::exists == simd::has_picker<native_arch>);

template <class Arch, class Codec>
void check(Codec const& codec, std::size_t kept, std::mt19937& random) {
  using picked = detail::picked_product<Codec, Arch>;
  CAPTURE(kept);
  auto const l = picked::layout(codec, kept);
  REQUIRE(l.n == kept);
  REQUIRE(picked::fits(l));
  test::kept_groups<2, 4> row{kept / 2, random};
  auto const x = test::gaussian_numbers(row.size(), random());
  std::vector<float> at_places;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (row.kept(i)) at_places.push_back(x[i]);
  test::packed_rows<Codec> packed{codec, 1, kept, [&](std::size_t) { return test::gaussian_numbers(kept, random()); }};
  auto const from = packed.matrix().first;
  auto const y = picked::of(codec, from, l, row.positions.data(), x.data());
  auto const own = codec.template dot<Arch>(from, *codec.prepare(at_places));
  REQUIRE((y && own));
  REQUIRE(*y == *own);
  row.spoil(static_cast<std::size_t>(random() % (kept / 2)));
  REQUIRE(picked::of(codec, from, l, row.positions.data(), x.data()).error() == errc::corrupt);
}

template <class Codec, class Arch>
bool takes(Codec const& codec, std::size_t kept) {
  using picked = detail::picked_product<Codec, Arch>;
  return picked::fits(picked::layout(codec, kept));
}

}  // namespace

TEST_CASE("picked_product: the codec's own product with what positions pick", "[compose]") {
  test::for_each(test::few_arches{}, []<class Arch>() {
    [[maybe_unused]] std::mt19937 random{1};
    if constexpr (simd::has_picker<Arch>) {
      for (std::size_t const kept : {64U, 128U, 192U, 4096U}) {
        check<Arch>(stored_as<float16>{}, kept, random);
        check<Arch>(stored_as<bfloat16>{}, kept, random);
        check<Arch>(absmax<int8>{32}, kept, random);
        check<Arch>(absmax<int4>{64}, kept, random);
      }
      for (std::size_t const kept : {0U, 32U, 63U, 65U, 96U}) {
        CHECK(!takes<stored_as<float16>, Arch>({}, kept));
        CHECK(!takes<absmax<int4>, Arch>(absmax<int4>{32}, kept));
      }
      CHECK(!takes<absmax<int4>, Arch>(absmax<int4>{48}, 192));
    }
  });
  SUCCEED("machines without pickers have nothing to check");
}
