// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compose/sparse_blocks.hpp: the smallest blocks that are whole for the codec and for positions, found by trying all.
#include "skive/compose/sparse_blocks.hpp"

#include "skive/block/absmax.hpp"
#include "skive/format/integer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

namespace {

using namespace skive;

template <int N, int M, position_layout Layout>
struct pattern_of {
  static constexpr std::size_t kept = N;
  static constexpr std::size_t group = M;
};

// The fewest numbers: whole groups of M, whole blocks of the codec, whole bytes of positions.
template <int N, int M, position_layout Layout>
void check_block(std::size_t codec_block) {
  detail::sparse_blocks<pattern_of<N, M, Layout>, absmax<int4>, Layout> const blocks{absmax<int4>{codec_block}};
  std::size_t n = M;
  while (n / M * N % codec_block != 0 || n / M * packed_n_of_m<N, M, Layout>::position_bits % 8 != 0) n += M;
  CAPTURE(N, M, codec_block);
  CHECK(blocks.block_size() == n);
  CHECK(blocks.codec_blocks() == n / M * N / codec_block);
  CHECK(blocks.plane_bytes(n)[0] == n / M * N / 2);
  CHECK(blocks.plane_bytes(n)[2] * 8 == n / M * packed_n_of_m<N, M, Layout>::position_bits);
}

}  // namespace

TEST_CASE("sparse_blocks: the fewest numbers with whole blocks and whole bytes", "[compose]") {
  for (std::size_t const block : {16U, 24U, 32U, 96U, 128U}) {
    check_block<2, 4, position_layout::combinadic>(block);
    check_block<3, 4, position_layout::combinadic>(block);
    check_block<5, 8, position_layout::combinadic>(block);
    check_block<4, 8, position_layout::combinadic>(block);
  }
}

TEST_CASE("sparse_blocks: blocks apart go to bytes without gaps and back", "[compose]") {
  using blocks_type =
      detail::sparse_blocks<pattern_of<2, 4, position_layout::combinadic>, absmax<int4>, position_layout::combinadic>;
  blocks_type const blocks{absmax<int4>{32}};
  auto const n = 2 * blocks.block_size() + 16;  // the last block is short
  auto const each = blocks.plane_bytes(blocks.block_size());
  std::vector<std::byte> memory(3 * (each[0] + 5), std::byte{0xEE});
  plane<std::byte> const apart{memory.data(), memory.size(), each[0] + 5};
  std::vector<std::byte> close(blocks.plane_bytes(n)[0]);
  for (std::size_t i = 0; i < close.size(); ++i) close[i] = static_cast<std::byte>(i + 1);

  blocks.copy_blocks(n, 0, static_cast<std::byte const*>(close.data()), apart);
  for (std::size_t i = 0; i < close.size(); ++i) CHECK(memory[i / each[0] * (each[0] + 5) + i % each[0]] == close[i]);
  CHECK(memory[each[0]] == std::byte{0xEE});
  std::vector<std::byte> back(close.size());
  blocks.copy_blocks(n, 0, plane<std::byte const>{memory.data(), memory.size(), each[0] + 5}, back.data());
  CHECK(back == close);

  planes<std::byte, 3> all;
  for (std::size_t i = 0; i < 3; ++i) all.parts[i] = {memory.data(), memory.size(), each[i]};
  CHECK(blocks.contiguous(all));
  CHECK(blocks.position_run(n, all[2]) == n);
  all.parts[2].block_stride += 1;
  CHECK_FALSE(blocks.contiguous(all));
  CHECK(blocks.position_run(n, all[2]) == blocks.block_size());
  auto const second = blocks_type::planes_from(all, 1);
  CHECK(second[1].data == memory.data() + each[1]);
  CHECK(second[1].size == memory.size() - each[1]);
}
