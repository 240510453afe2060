// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The laws of stepwise_codec: settle + round + write gives encode's bytes, by single steps and by columns of many rows.

#include "laws/block_codec.hpp"

namespace skive::test {

namespace detail {

template <class Codec>
std::vector<typename Codec::block_state> settled(Codec const& codec, std::span<float const> row) {
  auto const group = codec.group_size() == 0 ? row.size() : codec.group_size();
  std::vector<typename Codec::block_state> states;
  for (std::size_t first = 0; first < row.size(); first += group) {
    auto const size = row.size() - first < group ? row.size() - first : group;
    scratch_memory scratch{codec.settle_bytes(size)};
    auto const lent = scratch.get();
    auto const before = allocations();
    auto const state = codec.settle(row.subspan(first, size), lent);
    auto const after = allocations();
    REQUIRE(after == before);
    states.push_back(state);
  }
  return states;
}

template <class Codec>
std::vector<float> rounded(Codec const& codec, std::span<typename Codec::block_state const> states, std::span<float const> row) {
  auto const group = codec.group_size() == 0 ? row.size() : codec.group_size();
  std::vector<float> out(row.size(), -77.0f);
  for (std::size_t i = 0; i < row.size(); i += codec.step())
    codec.round(states[i / group], row.subspan(i, codec.step()), std::span{out}.subspan(i, codec.step()));
  return out;
}

// Columns of rows with another state each give what the steps give; y may have another stride than x.
template <class Codec>
void check_columns(Codec const& codec, std::size_t n, unsigned seed) {
  constexpr std::size_t rows = 5;
  auto const step = codec.step();
  std::vector<float> x;
  std::vector<typename Codec::block_state> states;
  std::vector<std::vector<float>> expected;
  for (std::size_t r = 0; r < rows; ++r) {
    auto const row = mixed_row(n, seed + 100 * static_cast<unsigned>(r));
    auto const own = settled(codec, row);
    expected.push_back(rounded(codec, std::span{own}, row));
    states.push_back(own[0]);
    x.insert(x.end(), row.begin(), row.end());
  }
  auto const group = codec.group_size() == 0 || codec.group_size() > n ? n : codec.group_size();
  for (std::size_t c = 0; c + step <= group; c += step) {
    std::vector<float> y(rows * (step + 2), -77.0f);
    codec.round(std::span<typename Codec::block_state const>{states}, matrix_view<float const>{x.data() + c, rows, step, n},
                matrix_view<float>{y.data(), rows, step, step + 2});
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = 0; j < step + 2; ++j)
        REQUIRE(std::bit_cast<std::uint32_t>(y[r * (step + 2) + j]) ==
                std::bit_cast<std::uint32_t>(j < step ? expected[r][c + j] : -77.0f));
  }
}

}  // namespace detail

/// `lengths`: rows to try, multiples of row_multiple() and step(). `exact`: what round() returned is what decodes.
template <stepwise_codec Codec>
void check_stepwise_codec(Codec const& codec, std::vector<std::size_t> const& lengths, unsigned seed = 1, bool exact = true) {
  using state_type = typename Codec::block_state;
  for (auto const n : lengths) {
    CAPTURE(n, codec.group_size(), codec.step());
    auto const row = mixed_row(n, seed + static_cast<unsigned>(n));
    auto const states = detail::settled(codec, row);
    auto const numbers = detail::rounded(codec, std::span{states}, row);
    auto const expected = encoded(codec, row);
    for (auto const l : layouts) {
      packed_row<Codec> packed{codec, n, l, 1};
      scratch_memory scratch{codec.scratch_bytes(n)};
      auto const s =
          codec.write(std::span<state_type const>{states}, std::span<float const>{numbers}, packed.to(), scratch.get());
      REQUIRE(s.error() == errc::ok);
      REQUIRE(packed.guards_hold());
      REQUIRE((packed.gathered() == expected));
    }
    if (exact) REQUIRE((bits_of(through(codec, row)) == bits_of(numbers)));
    packed_row<Codec> packed{codec, n};
    scratch_memory scratch{codec.scratch_bytes(n)};
    auto more = states;
    more.push_back(state_type{});
    REQUIRE(codec.write(std::span<state_type const>{more}, std::span<float const>{numbers}, packed.to(), scratch.get()).error() ==
            errc::size_mismatch);
    if (n != 0) {
      auto to = packed.to();
      --to[0].size;
      REQUIRE(codec.write(std::span<state_type const>{states}, std::span<float const>{numbers}, to, scratch.get()).error() ==
              errc::size_mismatch);
      detail::check_columns(codec, n, seed);
    }
    REQUIRE(packed.untouched());
  }
}

}  // namespace skive::test
