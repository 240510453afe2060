// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations in an order that the input chooses, against a plain model.
//   stepwise codecs: groups settled and numbers rounded in any order, one by one or as columns, then written: the bytes of encode()
//   random streams: any stretch of a stream is what its numbers are one by one; a row's stochastic rounding is the same by any path
#include "rows.hpp"

#include "skive/block/absmax.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/mx.hpp"
#include "skive/codebook/lloyd_codec.hpp"
#include "skive/core/ieee.hpp"
#include "skive/core/random.hpp"
#include "skive/core/stochastic_stream.hpp"
#include "skive/format/fp4.hpp"

#include <array>

using namespace skive;
using fuzz::require;

namespace {

template <class Codec>
void stepwise(Codec const& codec, fuzz::input in) {
  auto const n = in.number() % 300 / codec.step() * codec.step();
  if (n == 0) return;
  auto const group = codec.group_size() == 0 ? n : codec.group_size();
  auto const groups = (n + group - 1) / group;
  std::vector<float> row(n);
  std::vector<std::uint8_t> order(64);
  in.fill(order.data(), order.size());
  in.fill(row.data(), n * sizeof(float));
  for (auto& x : row)
    if (!is_finite(x)) x = 1.0f;

  std::vector<typename Codec::block_state> states(groups);
  std::vector<char> settled(groups);
  std::vector<float> rounded(n);
  auto const settle = [&](std::size_t g) {
    if (settled[g] != 0) return;
    auto const first = g * group;
    auto const size = std::min(group, n - first);
    fuzz::exactly<std::byte> scratch{codec.settle_bytes(size)};
    states[g] = codec.settle(std::span<float const>{row}.subspan(first, size), workspace{scratch.get()});
    settled[g] = 1;
  };
  auto const steps = n / codec.step();
  for (std::size_t k = 0; k < steps; ++k) {
    auto const s = (k + order[0]) % steps;  // a turn of all of them
    auto const at = s * codec.step();
    settle(at / group);
    auto const x = std::span<float const>{row}.subspan(at, codec.step());
    auto const y = std::span{rounded}.subspan(at, codec.step());
    if ((order[1 + k % 63] & 1) != 0) {
      codec.round(states[at / group], x, y);
    } else {
      codec.round(std::span<typename Codec::block_state const>{&states[at / group], 1},
                  matrix_view<float const>{x.data(), 1, codec.step(), codec.step()},
                  matrix_view<float>{y.data(), 1, codec.step(), codec.step()});
    }
  }
  fuzz::exactly<std::byte> scratch{codec.scratch_bytes(n)};
  fuzz::rows_of_bytes<Codec> whole{codec, n};
  fuzz::rows_of_bytes<Codec> written{codec, n};
  require(codec.encode(std::span<float const>{row}, whole.to, workspace{scratch.get()}).error() == errc::ok);
  require(codec
              .write(std::span<typename Codec::block_state const>{states}, std::span<float const>{rounded}, written.to,
                     workspace{scratch.get()})
              .error() == errc::ok);
  for (std::size_t i = 0; i < whole.memory.size(); ++i)
    require(std::ranges::equal(whole.memory[i].get(), written.memory[i].get()));
}

void stretches(fuzz::input in) {
  std::uint64_t parts[3];
  in.fill(parts, sizeof parts);
  counter_random const random{parts[0], parts[1]};
  while (in.left() != 0) {
    auto const first = parts[2] + in.number();
    std::vector<std::uint32_t> words(in.byte() % 40U);
    random.fill_bits(words, first);
    for (std::size_t j = 0; j < words.size(); ++j) require(words[j] == random.bits(first + j));
    std::vector<float> numbers(in.byte() % 40U);
    random.fill_gaussian(numbers, first);
    for (std::size_t j = 0; j < numbers.size(); ++j)
      require(std::bit_cast<std::uint32_t>(numbers[j]) == std::bit_cast<std::uint32_t>(random.gaussian(first + j)));
  }
}

void stochastic_rows(fuzz::input in) {
  stochastic_stream stream{in.number(), 0, 1 + in.byte() % 16, stochastic_variant::c};
  std::vector<float> row(in.number() % 300);
  auto const r = in.number();
  in.fill(row.data(), row.size() * sizeof(float));
  using codec_type = absmax<int4, float16, stochastic_stream>;
  codec_type const codec{32, typename codec_type::scheme_type{scale_choice::absmax, stream.at_row(r)}};
  fuzz::exactly<std::byte> scratch{codec.scratch_bytes(row.size())};
  fuzz::rows_of_bytes<codec_type> fast{codec, row.size()};
  fuzz::rows_of_bytes<codec_type> plain{codec, row.size()};
  auto const a = codec.encode(std::span<float const>{row}, fast.to, workspace{scratch.get()});
  auto const b = codec.encode<scalar_arch>(std::span<float const>{row}, plain.to, workspace{scratch.get()});
  require(a == b);
  for (std::size_t i = 0; i < fast.memory.size(); ++i) require(std::ranges::equal(fast.memory[i].get(), plain.memory[i].get()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in{data, size};
  std::size_t const groups[]{16, 32, 20, 0};
  auto const which = in.byte() % 8;
  auto const group = groups[in.byte() % 4];
  switch (which) {
    case 0: stepwise(absmax<int4>{group}, in); break;
    case 1: stepwise(absmax<nf4>{group}, in); break;
    case 2: stepwise(affine_int<3>{group}, in); break;
    case 3: stepwise(mx<e2m1>{32}, in); break;
    case 4: stepwise(lloyd<2>{group}, in); break;
    case 5: stretches(in); break;
    default: stochastic_rows(in); break;
  }
  return 0;
}
