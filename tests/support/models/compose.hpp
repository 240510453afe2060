// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Composers as small models: a codec made from others, whose planes are those of its parts one after another.
//
// A composer's block may be larger than those of its parts (a rotation of 64 over groups of 8). Inside one block of the composer
// the bytes of a plane are contiguous, so that a part sees, for each such block, its own planes without gaps.

#include "skive/core/concepts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>

namespace skive::test {

// The block of two units used together; 0 (the whole row) swallows the other.
constexpr std::size_t common_block(std::size_t a, std::size_t b) noexcept { return a == 0 || b == 0 ? 0 : std::lcm(a, b); }

template <std::size_t N, std::size_t M>
constexpr std::array<std::size_t, N + M> joined(std::array<std::size_t, N> const& a,
                                                std::array<std::size_t, M> const& b) noexcept {
  std::array<std::size_t, N + M> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = a[i];
  for (std::size_t i = 0; i < M; ++i) out[N + i] = b[i];
  return out;
}

// Whether a row of n numbers fits into `p`: each block inside its plane and apart from the next.
template <class Codec, class Byte>
constexpr status fits(Codec const& codec, std::size_t n, planes<Byte, Codec::plane_count> const& p) noexcept {
  if (n % codec.row_multiple() != 0) return errc::size_mismatch;
  auto const block = codec.block_size();
  auto const before_last = block == 0 || n == 0 ? 0 : (n - 1) / block;
  auto const last = codec.plane_bytes(n - before_last * block);
  auto const each = codec.plane_bytes(block);
  for (std::size_t i = 0; i < last.size(); ++i) {
    if (last[i] > p[i].size) return errc::size_mismatch;
    if (before_last == 0 || each[i] == 0) continue;
    if (each[i] > p[i].block_stride || before_last > (p[i].size - last[i]) / p[i].block_stride) return errc::size_mismatch;
  }
  return errc::ok;
}

// What `part` sees of a composer's block b that holds n numbers: its own blocks without gaps.
template <class Part, class Byte>
constexpr planes<Byte, Part::plane_count> inside_block(Part const& part, std::size_t n, planes<Byte, Part::plane_count> p,
                                                       std::size_t b) noexcept {
  auto const bytes = part.plane_bytes(n);
  auto const each = part.block_size() == 0 ? bytes : part.plane_bytes(part.block_size());
  for (std::size_t i = 0; i < bytes.size(); ++i) p[i] = {p[i].data + b * p[i].block_stride, bytes[i], each[i]};
  return p;
}

// f(b, first, size) for each block of a row.
template <class F>
constexpr status each_block(std::size_t block, std::size_t n, F f) noexcept {
  for (std::size_t first = 0, b = 0; first < n; ++b) {
    std::size_t const size = block == 0 || n - first < block ? n - first : block;
    if (auto const s = f(b, first, size); !s) return s;
    first += size;
  }
  return errc::ok;
}

/// Numbers in the basis of a transform, chunk by chunk of its size.
template <orthogonal_transform T, block_codec C>
struct rotated {
  T t;
  C c;

  static constexpr std::size_t plane_count = C::plane_count;
  constexpr std::size_t block_size() const noexcept { return common_block(t.size(), c.block_size()); }
  constexpr std::size_t row_multiple() const noexcept { return std::lcm(t.size(), c.row_multiple()); }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept { return c.plane_bytes(n); }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    auto const unit = block_size() == 0 ? n : std::min(n, block_size());
    return saturating_add(workspace::bytes<float>(unit), saturating_add(t.scratch_bytes(), c.scratch_bytes(unit)));
  }
  status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w) const noexcept {
    if (auto const s = fits(*this, row.size(), to); !s) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    return each_block(block_size(), row.size(), [&](std::size_t b, std::size_t first, std::size_t size) {
      auto inner = w;
      auto const x = inner.template take<float>(size);
      std::copy_n(row.begin() + static_cast<std::ptrdiff_t>(first), size, x.begin());
      for (std::size_t i = 0; i < size; i += t.size())
        if (auto const s = t.forward(x.subspan(i, t.size()), inner); !s) return s;
      return c.encode(std::span<float const>{x}, inside_block(c, size, to, b), inner);
    });
  }
  status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace w) const noexcept {
    if (auto const s = fits(*this, row.size(), from); !s) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    return each_block(block_size(), row.size(), [&](std::size_t b, std::size_t first, std::size_t size) {
      auto const x = row.subspan(first, size);
      if (auto const s = c.decode(inside_block(c, size, from, b), x, w); !s) return s;
      for (std::size_t i = 0; i < size; i += t.size())
        if (auto const s = t.inverse(x.subspan(i, t.size()), w); !s) return s;
      return status{};
    });
  }
};
template <class T, class C>
rotated(T, C) -> rotated<T, C>;

/// A few numbers of the row kept in full (planes: those of c, indices in 4 bytes, values in 4 bytes), zero for c.
template <outlier_rule R, block_codec C>
struct split_outliers {
  R rule;
  C c;

  static constexpr std::size_t plane_count = C::plane_count + 2;
  constexpr std::size_t block_size() const noexcept { return 0; }  // the rule looks at the row
  constexpr std::size_t row_multiple() const noexcept { return c.row_multiple(); }
  constexpr std::array<std::size_t, plane_count> plane_bytes(std::size_t n) const noexcept {
    return joined(c.plane_bytes(n), std::array<std::size_t, 2>{4 * rule.count(n), 4 * rule.count(n)});
  }
  constexpr std::size_t scratch_bytes(std::size_t n) const noexcept {
    auto const own = saturating_add(workspace::bytes<float>(n), workspace::bytes<std::uint32_t>(rule.count(n)));
    return saturating_add(own, c.scratch_bytes(n));
  }
  status encode(std::span<float const> row, planes<std::byte, plane_count> to, workspace w) const noexcept {
    if (auto const s = fits(*this, row.size(), to); !s) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    auto const rest = w.take<float>(row.size());
    auto const chosen = w.take<std::uint32_t>(rule.count(row.size()));
    if (auto const s = rule.select(row, chosen); !s) return s;
    std::copy(row.begin(), row.end(), rest.begin());
    for (std::size_t k = 0; k < chosen.size(); ++k) {
      store(chosen[k], to[plane_count - 2].data + 4 * k);
      store(std::bit_cast<std::uint32_t>(row[chosen[k]]), to[plane_count - 1].data + 4 * k);
      rest[chosen[k]] = 0.0f;
    }
    return c.encode(std::span<float const>{rest}, inside_block(c, row.size(), to.template part<0, C::plane_count>(), 0), w);
  }
  status decode(planes<std::byte const, plane_count> from, std::span<float> row, workspace w) const noexcept {
    if (auto const s = fits(*this, row.size(), from); !s) return s;
    if (w.size() < scratch_bytes(row.size())) return errc::workspace_too_small;
    for (std::size_t k = 0; k < rule.count(row.size()); ++k)
      if (load(from[plane_count - 2].data + 4 * k) >= row.size()) return errc::corrupt;
    if (auto const s = c.decode(inside_block(c, row.size(), from.template part<0, C::plane_count>(), 0), row, w); !s) return s;
    for (std::size_t k = 0; k < rule.count(row.size()); ++k)
      row[load(from[plane_count - 2].data + 4 * k)] = std::bit_cast<float>(load(from[plane_count - 1].data + 4 * k));
    return errc::ok;
  }

 private:
  static void store(std::uint32_t v, std::byte* out) noexcept {
    for (int i = 0; i < 4; ++i) out[i] = static_cast<std::byte>((v >> (8 * i)) & 0xFF);
  }
  static std::uint32_t load(std::byte const* in) noexcept {
    std::uint32_t v = 0;
    for (int i = 0; i < 4; ++i) v |= std::to_integer<std::uint32_t>(in[i]) << (8 * i);
    return v;
  }
};
template <class R, class C>
split_outliers(R, C) -> split_outliers<R, C>;

}  // namespace skive::test
