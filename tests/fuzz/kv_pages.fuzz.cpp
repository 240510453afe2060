// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pages of every kind, filled with any bytes, in memory of exactly the right size: rows decode to whatever they stand for, products are
// numbers or errc::corrupt, and nothing outside is touched.
#include "input.hpp"

#include "skive/block/mx.hpp"
#include "skive/format/fp4.hpp"
#include "skive/kv/channel_map.hpp"
#include "skive/kv/codec_pages.hpp"
#include "skive/kv/float_pages.hpp"
#include "skive/kv/grouped_pages.hpp"
#include "skive/kv/joined_keys.hpp"
#include "skive/kv/level_group.hpp"
#include "skive/kv/low_rank_group.hpp"
#include "skive/kv/mapped_pages.hpp"
#include "skive/kv/normal_levels.hpp"
#include "skive/kv/per_channel_keys.hpp"
#include "skive/kv/per_token_keys.hpp"
#include "skive/kv/per_token_values.hpp"
#include "skive/kv/residual_pages.hpp"
#include "skive/transform/random_hadamard.hpp"

#include <array>

using namespace skive;
using fuzz::exactly;
using fuzz::require;

namespace {

constexpr std::size_t tokens = 64;
constexpr std::size_t head = 64;

struct numbers {
  exactly<float> memory;
  std::size_t cols;
  numbers(std::size_t rows, std::size_t n) : memory{rows * n}, cols{n} {
    for (std::size_t i = 0; i < rows * n; ++i) memory.get()[i] = static_cast<float>(i * 37 % 11) - 5.0f;
  }
  matrix_view<float> view(std::size_t rows) const { return {memory.get().data(), rows, cols}; }
};

void check_numbers(status s, matrix_view<float> m) {
  require(s || s.error() == errc::corrupt);
  for (std::size_t r = 0; s && r < m.rows; ++r)
    for (auto const x : m.row(r)) require(is_finite(x));
}

template <class Pages>
exactly<std::byte> page_of(Pages const& pages, fuzz::input& in) {
  exactly<std::byte> page{pages.page_bytes()};
  in.fill(page.get().data(), page.get().size());
  return page;
}

template <class Keys>
void keys(Keys const& codec, fuzz::input in) {
  auto const queries = 1 + in.byte() % 4U;
  auto const group = codec.group_tokens();
  auto const first = in.byte() % tokens / group * group;
  auto const count = (tokens - first) - in.byte() % (tokens - first) / group * group;
  auto const page = page_of(codec, in);
  exactly<std::byte> scratch{codec.scratch_bytes(queries)};
  numbers const out{tokens, head};
  (void)codec.decode(page.get(), first, out.view(count), workspace{scratch.get()});
  numbers const q{queries, head};
  exactly<std::byte> memory{codec.query_bytes(queries)};
  auto const query = codec.prepare(q.view(queries), workspace{memory.get()});
  require(query.has_value());
  numbers const logits{queries, count};
  check_numbers(codec.dot(page.get(), first, *query, logits.view(queries), workspace{scratch.get()}), logits.view(queries));
}

template <class Values>
void values(Values const& codec, fuzz::input in) {
  auto const queries = 1 + in.byte() % 4U;
  auto const group = codec.group_tokens();
  auto const first = in.byte() % tokens / group * group;
  auto const count = (tokens - first) - in.byte() % (tokens - first) / group * group;
  auto const page = page_of(codec, in);
  exactly<std::byte> scratch{codec.scratch_bytes(queries)};
  numbers const out{tokens, head};
  (void)codec.decode(page.get(), first, out.view(count), workspace{scratch.get()});
  numbers const weights{queries, count};
  numbers const sums{queries, head};
  check_numbers(codec.accumulate(page.get(), first, weights.view(queries), sums.view(queries), workspace{scratch.get()}),
                sums.view(queries));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in{data, size};
  page_shape const shape{head, tokens};
  using rht = random_hadamard;
  auto const rotation = *rht::make(head, 1);
  static constexpr std::array<float, 8> levels{-1.0f, -0.6f, -0.3f, -0.1f, 0.1f, 0.3f, 0.6f, 1.0f};
  switch (in.byte() % 16) {
    case 0: keys(*per_channel_keys<2>::make(shape, 32), in); break;
    case 1: keys(*per_channel_keys<4>::make(shape, 64), in); break;
    case 2: keys(*per_token_keys<4>::make(shape), in); break;
    case 3: keys(*per_token_keys<8>::make(shape), in); break;
    case 4: keys(*float_keys<float16>::make(shape), in); break;
    case 5: keys(*codec_keys<mx<e2m1>>::make(mx<e2m1>{32}, shape), in); break;
    case 6: keys(*normal_keys<2, rht>::make(shape, 0, {}, rotation), in); break;
    case 7:
      keys(*residual_keys<normal_keys<2, rht>, normal_keys<1, rht>>::make(*normal_keys<2, rht>::make(shape, 0, {}, rotation),
                                                                          *normal_keys<1, rht>::make(shape, 0, {}, rotation)),
           in);
      break;
    case 8: values(*per_token_values<2>::make(shape), in); break;
    case 9: values(*per_token_values<4>::make(shape), in); break;
    case 10: values(*float_values<bfloat16>::make(shape), in); break;
    case 11: values(*codec_values<mx<e2m1>>::make(mx<e2m1>{32}, shape), in); break;
    case 12: values(*grouped_values<level_group>::make(*level_group::make(head, 16, levels, {}, 10), shape), in); break;
    case 13: {
      using gear = low_rank_group<per_channel_keys<2>>;
      keys(*grouped_keys<gear>::make(*gear::make(*per_channel_keys<2>::make({head, 32}, 32), 3, 20, outlier_vector::channel),
                                     shape),
           in);
      break;
    }
    case 14: {
      using gear = low_rank_group<per_token_values<2>>;
      values(*grouped_values<gear>::make(*gear::make(*per_token_values<2>::make({head, 32}), 2, 8, outlier_vector::token), shape),
             in);
      break;
    }
    default: {
      std::array<std::uint16_t, head> order{};
      for (std::size_t i = 0; i < head; ++i) order[i] = static_cast<std::uint16_t>(i * 5 % head);
      using mapped = mapped_keys<per_token_keys<4>, channel_map>;
      keys(*mapped::make(*per_token_keys<4>::make(shape), *channel_map::make(head, {}, {}, order)), in);
      break;
    }
  }
  return 0;
}
