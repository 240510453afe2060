// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "skive/compose/stored_as.hpp"

#include "skive/compose/sparse_codec.hpp"
#include "skive/format/fp8.hpp"

#include "laws/block_codec.hpp"
#include "laws/dot_codec.hpp"

namespace {

using namespace skive;

template <class Format>
void holds_the_formats_codes() {
  stored_as<Format> const codec;
  auto const row = test::mixed_row(100, 4);
  auto const bytes = test::encoded(codec, row)[0];
  auto const back = test::through(codec, row);
  auto const each = bytes.size() / 100;
  for (std::size_t i = 0; i < 100; ++i) {
    auto const code = Format::encode(row[i], nearest_even{}, saturating_finite);
    for (std::size_t b = 0; b < each; ++b)
      REQUIRE(bytes[i * each + b] == static_cast<std::byte>((std::uint64_t{code} >> (8 * b)) & 0xFF));
    REQUIRE(back[i] == Format::decode(code));
  }
}

template <class Codec>
void products_keep_the_laws(Codec const& codec, std::vector<std::size_t> const& lengths) {
  for (auto const n : lengths) {
    auto const terms = static_cast<double>(n) / 64 + 12;
    test::detail::check_products<native_arch>(codec, n, terms, 5);
    test::detail::check_product_refusals<native_arch>(codec, n);
    test::detail::check_product_of_nan<native_arch>(codec, n);
  }
}

}  // namespace

TEST_CASE("stored_as: laws of block_codec and dot_codec", "[compose]") {
  test::check_block_codec(stored_as<float16>{}, {0, 1, 17, 200});
  test::check_block_codec(stored_as<bfloat16>{}, {0, 16, 33});
  test::check_block_codec(stored_as<e4m3fn>{}, {0, 1, 100});
  test::check_block_codec(stored_as<tf32>{}, {0, 1, 20});
  products_keep_the_laws(stored_as<float16>{}, {0, 1, 63, 64, 65, 1000});
  products_keep_the_laws(stored_as<bfloat16>{}, {1, 300});
  products_keep_the_laws(stored_as<e4m3fn>{}, {1, 300});
  products_keep_the_laws(stored_as<tf32>{}, {1, 100});
}

TEST_CASE("stored_as: holds the codes of its format", "[compose]") {
  holds_the_formats_codes<float16>();
  holds_the_formats_codes<bfloat16>();
  holds_the_formats_codes<e5m2>();
  holds_the_formats_codes<tf32>();
}

TEST_CASE("stored_as: as the values of sparse rows", "[compose]") {
  sparse_codec const codec{n_of_m<2, 4>{}, stored_as<float16>{}};
  CHECK(codec.block_size() == 32);
  CHECK(total_bytes(codec.plane_bytes(64)) == 64 + 6);
  test::check_block_codec(codec, {0, 4, 32, 100});
  for (std::size_t const n : {4U, 32U, 1000U, 10000U}) test::detail::check_products<native_arch>(codec, n, 200, 5);
}
