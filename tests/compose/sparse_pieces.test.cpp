// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/sparse_pieces.hpp: sizes of pieces, positions and codes of one in every layout are those of the planar row.
#include "skive/compose/sparse_pieces.hpp"

#include "skive/block/absmax.hpp"
#include "skive/compose/residual.hpp"
#include "skive/compose/sparse_codec.hpp"

#include "laws/dot_codec.hpp"

namespace {

using namespace skive;
using two_of_four = n_of_m<2, 4>;

template <class Codec>
std::size_t size(Codec const& codec, std::size_t n, std::size_t step) {
  return detail::sparse_pieces<native_arch, Codec>::size(codec, n, step);
}

template <class Codec>
void same_bytes(Codec const& codec, std::size_t n, std::size_t kept) {
  constexpr auto inner = Codec::plane_count - 1;
  using pieces = detail::sparse_pieces<native_arch, Codec>;
  auto const row = test::gaussian_row(n, 1);
  std::vector<std::byte> expected;
  for (auto const l : test::layouts) {
    test::packed_row<Codec> packed{codec, n, l};
    test::fill_codes(codec, packed, row);
    pieces const p{codec, n, 2, packed.from()};
    REQUIRE(p.size() == n);
    CHECK(p.gaps() == (l != test::layout::planar && n > codec.block_size()));
    std::vector<std::byte> close(4 * pieces::most_at_once);
    auto const positions = p.positions_of(packed.from()[inner], n, close);
    std::vector<std::byte> seen(positions.begin(), positions.end());
    std::vector<std::byte> copy(4 * pieces::most_at_once);
    auto const codes = p.codes_of(packed.from(), kept, copy);
    auto const each = codec.codec().plane_bytes(kept);
    for (std::size_t i = 0; i < inner; ++i) seen.insert(seen.end(), codes[i].data, codes[i].data + each[i]);
    if (l == test::layout::planar) {
      auto planes = packed.gathered();
      expected = planes[inner];
      for (std::size_t i = 0; i < inner; ++i) expected.insert(expected.end(), planes[i].begin(), planes[i].end());
    }
    REQUIRE((seen == expected));
  }
}

}  // namespace

TEST_CASE("sparse_pieces: sizes", "[compose]") {
  sparse_codec const codec{two_of_four{}, absmax<int4>{32}};  // blocks of 64 numbers
  CHECK(size(codec, 0, 2) == 4);
  CHECK(size(codec, 100, 2) == 100);
  CHECK(size(codec, 8192, 2) == 8192);
  CHECK(size(codec, 8196, 2) == 8192);
  CHECK(size(codec, 8196, 128) == 8192);
  CHECK(size(codec, 8196, 96) == 8064);  // lcm(64, 192) = 192, 42 times
  sparse_codec const long_blocks{two_of_four{}, absmax<int4>{4096}};
  CHECK(size(long_blocks, 20000, 2) == 8192);
  sparse_codec const longer{two_of_four{}, absmax<int4>{4128}};
  CHECK(size(longer, 8192, 2) == 8192);
  CHECK(size(longer, 20000, 2) == 0);
  CHECK(size(sparse_codec{two_of_four{}, absmax<int4>{0}}, 20000, 2) == 0);
}

TEST_CASE("sparse_pieces: positions and codes without gaps", "[compose]") {
  for (std::size_t const n : {4U, 64U, 100U, 1000U}) {
    same_bytes(sparse_codec{two_of_four{}, absmax<int4>{32}}, n, n / 2);
    same_bytes(sparse_codec{two_of_four{}, residual{absmax<int4>{4}, absmax<int4>{4}}}, n, n / 2);
  }
}
