// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What the first codec leaves goes to the second: x' = a'(x) + b'(x - a'(x)). Planes: a's, then b's.
//
// Where both parts are stepwise with the same groups, so is the whole. A stored row consists of sums y = ya + yb, and write() has
// to find the parts again: ya = round_a(y), yb = round_b(y - ya). At ties of a that is another pair than round() used, so that
// encode() goes by way of write() as well: settle + round + write gives encode's bytes by construction.

#include "support/models/compose.hpp"

namespace skive::test {
namespace detail {

struct no_state {};
template <class A, class B>
struct residual_state {
  using type = no_state;
};
template <stepwise_codec A, stepwise_codec B>
struct residual_state<A, B> {
  struct type {
    typename A::block_state a;
    typename B::block_state b;
  };
};

}  // namespace detail

template <block_codec A, block_codec B>
struct residual {
  A a;
  B b;

  static constexpr bool stepwise_parts = stepwise_codec<A> && stepwise_codec<B>;
  using block_state = typename detail::residual_state<A, B>::type;
  static constexpr std::size_t plane_count = A::plane_count + B::plane_count;

  constexpr std::size_t block_size() const noexcept { return common_block(a.block_size(), b.block_size()); }
  constexpr std::size_t row_multiple() const noexcept { return std::lcm(a.row_multiple(), b.row_multiple()); }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return joined(a.plane_bytes(n), b.plane_bytes(n));
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    auto const unit = block_size() == 0 ? n : std::min(n, block_size());
    auto sum = saturating_add(4 * workspace::bytes<float>(unit), std::max(a.scratch_bytes(unit), b.scratch_bytes(unit)));
    if constexpr (stepwise_parts)
      sum = saturating_add(saturating_add(sum, settle_bytes(unit)), 3 * workspace::bytes<block_state>(groups(unit)));
    return sum;
  }
  status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w) const noexcept {
    if (auto const s = ready(row.size(), to, w); !s) return s;
    return each_block(block_size(), row.size(), [&](std::size_t k, std::size_t first, std::size_t size) {
      return encode_block(row.subspan(first, size), first_planes(to, size, k), second_planes(to, size, k), w);
    });
  }
  status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace w) const noexcept {
    if (auto const s = ready(row.size(), from, w); !s) return s;
    return each_block(block_size(), row.size(), [&](std::size_t k, std::size_t first, std::size_t size) {
      auto inner = w;
      auto const x = row.subspan(first, size);
      auto const rest = inner.template take<float>(size);
      if (auto const s = a.decode(first_planes(from, size, k), x, inner); !s) return s;
      if (auto const s = b.decode(second_planes(from, size, k), rest, inner); !s) return s;
      for (std::size_t i = 0; i < size; ++i) x[i] += rest[i];
      return status{};
    });
  }

  // Stepwise, for parts with groups of the same size and steps of one number.
  constexpr std::size_t group_size() const noexcept
    requires stepwise_parts
  {
    return a.group_size();
  }
  constexpr std::size_t step() const noexcept
    requires stepwise_parts
  {
    return a.step();
  }
  constexpr std::size_t settle_bytes(std::size_t n) const noexcept
    requires stepwise_parts
  {
    return saturating_add(workspace::bytes<float>(n), std::max(a.settle_bytes(n), b.settle_bytes(n)));
  }
  block_state settle(std::span<float const> x, workspace w) const noexcept
    requires stepwise_parts
  {
    auto const rest = w.take<float>(x.size());
    block_state state{a.settle(x, w), {}};
    for (std::size_t i = 0; i < x.size(); ++i) a.round(state.a, x.subspan(i, 1), rest.subspan(i, 1));
    for (std::size_t i = 0; i < x.size(); ++i) rest[i] = x[i] - rest[i];
    state.b = b.settle(rest, w);
    return state;
  }
  void round(block_state const& state, std::span<float const> x, std::span<float> y) const noexcept
    requires stepwise_parts
  {
    auto const p = split(state, x[0]);
    y[0] = p[0] + p[1];
  }
  void round(std::span<block_state const> states, matrix_view<float const> x, matrix_view<float> y) const noexcept
    requires stepwise_parts
  {
    for (std::size_t r = 0; r < x.rows; ++r) round(states[r], x.row(r), y.row(r));
  }
  status write(std::span<block_state const> states, std::span<float const> values, planes<std::byte, plane_count> to,
               workspace w) const noexcept
    requires stepwise_parts
  {
    if (states.size() != groups(values.size())) return errc::size_mismatch;
    if (auto const s = ready(values.size(), to, w); !s) return s;
    return each_block(block_size(), values.size(), [&](std::size_t k, std::size_t first, std::size_t size) {
      auto const own = states.subspan(group_size() == 0 ? 0 : first / group_size(), groups(size));
      return write_block(own, values.subspan(first, size), first_planes(to, size, k), second_planes(to, size, k), w);
    });
  }

 private:
  template <class Byte>
  status ready(std::size_t n, planes<Byte, plane_count> const& p, workspace w) const noexcept {
    if (auto const s = fits(*this, n, p); !s) return s;
    return w.size() < scratch_bytes(n) ? errc::workspace_too_small : errc::ok;
  }
  template <class Byte>
  auto first_planes(planes<Byte, plane_count> const& p, std::size_t n, std::size_t k) const noexcept {
    return inside_block(a, n, p.template part<0, A::plane_count>(), k);
  }
  template <class Byte>
  auto second_planes(planes<Byte, plane_count> const& p, std::size_t n, std::size_t k) const noexcept {
    return inside_block(b, n, p.template part<A::plane_count, B::plane_count>(), k);
  }
  constexpr std::size_t groups(std::size_t n) const noexcept {
    auto const group = a.group_size();
    return group == 0 ? (n != 0 ? 1 : 0) : n / group + (n % group != 0 ? 1 : 0);
  }
  std::array<float, 2> split(block_state const& state, float x) const noexcept {
    std::array<float, 2> p{};
    a.round(state.a, std::span<float const>{&x, 1}, std::span{p}.first(1));
    float const rest = x - p[0];
    b.round(state.b, std::span<float const>{&rest, 1}, std::span{p}.last(1));
    return p;
  }
  status encode_block(std::span<float const> x, planes<std::byte, A::plane_count> pa, planes<std::byte, B::plane_count> pb,
                      workspace w) const noexcept {
    auto const y = w.take<float>(x.size());
    if constexpr (stepwise_parts) {
      if (a.group_size() != b.group_size()) return encode_whole(x, y, pa, pb, w);
      auto const group = group_size() == 0 ? x.size() : group_size();
      auto const states = w.take<block_state>(groups(x.size()));
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (i % group == 0) states[i / group] = settle(x.subspan(i, std::min(group, x.size() - i)), w);
        round(states[i / group], x.subspan(i, 1), y.subspan(i, 1));
      }
      return write_block(states, y, pa, pb, w);
    } else {
      return encode_whole(x, y, pa, pb, w);
    }
  }
  status encode_whole(std::span<float const> x, std::span<float> y, planes<std::byte, A::plane_count> pa,
                      planes<std::byte, B::plane_count> pb, workspace w) const noexcept {
    if (auto const s = a.encode(x, pa, w); !s) return s;
    if (auto const s = a.decode(planes<std::byte const, A::plane_count>(pa), y, w); !s) return s;
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] - y[i];
    return b.encode(std::span<float const>{y}, pb, w);
  }
  status write_block(std::span<block_state const> states, std::span<float const> values, planes<std::byte, A::plane_count> pa,
                     planes<std::byte, B::plane_count> pb, workspace w) const noexcept
    requires stepwise_parts
  {
    auto const sa = w.take<typename A::block_state>(states.size());
    auto const sb = w.take<typename B::block_state>(states.size());
    auto const ya = w.take<float>(values.size());
    auto const yb = w.take<float>(values.size());
    for (std::size_t g = 0; g < states.size(); ++g) {
      sa[g] = states[g].a;
      sb[g] = states[g].b;
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto const p = split(states[group_size() == 0 ? 0 : i / group_size()], values[i]);
      ya[i] = p[0];
      yb[i] = p[1];
    }
    if (auto const s = a.write(sa, ya, pa, w); !s) return s;
    return b.write(sb, yb, pb, w);
  }
};
template <class A, class B>
residual(A, B) -> residual<A, B>;

}  // namespace skive::test
