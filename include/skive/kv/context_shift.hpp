// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/context_shift.hpp - keys that were stored after rotary embedding, moved to earlier positions: at a loss.
///
///   k'(t - by) = encode(R_-by decode(k(t)));   reported: ||k' - R_-by k|| / ||R_-by k||, k as decoded before
///
/// Each shift quantizes what was quantized already. Keys that are stored before rotary embedding shift without a loss and without
/// touching a byte (kv/roped_keys.hpp).
///
/// Model of : -
/// Cost     : decoding twice, a rotation and an append, a group at a time.
/// Accuracy : that of the quantizer, on top of the loss before.
/// Promise  : sizes are checked before the first write. Keys that the quantizer refuses after the rotation (not_finite: it makes
///            single numbers larger) leave their group and those behind it as they are.
/// Source   : -

#include "skive/kv/rope.hpp"

namespace skive {

template <key_quantizer Keys>
constexpr std::size_t shift_keys_scratch_bytes(Keys const& keys) noexcept {
  return saturating_add(2 * workspace::bytes<float>(saturating_multiply(keys.group_tokens(), keys.head_size())),
                        keys.scratch_bytes(0));
}

/// Tokens first ... first + count - 1 of a page, whole groups, turned back by `by` positions. Fails with size_mismatch, overflow
/// (by), workspace_too_small, and what the quantizer fails with.
template <class Arch = native_arch, key_quantizer Keys>
result<double> shift_keys(Keys const& keys, std::span<std::byte> page, std::size_t first, std::size_t count,
                          rope_table const& table, std::size_t by, workspace scratch) noexcept {
  auto const n = keys.head_size();
  auto const group = keys.group_tokens();
  if (auto const s = detail::check_range({n, keys.page_tokens()}, keys.page_bytes(), page.size(), first, count); !s)
    return s.error();
  if (first % group != 0 || count % group != 0 || table.head_size() != n) return errc::size_mismatch;
  if (by >= table.positions()) return errc::overflow;
  if (scratch.size() < shift_keys_scratch_bytes(keys)) return errc::workspace_too_small;
  matrix_view<float> const turned{scratch.take<float>(group * n).data(), group, n};
  matrix_view<float> const again{scratch.take<float>(group * n).data(), group, n};
  double error = 0;
  double square = 0;
  for (std::size_t t = first; t < first + count; t += group) {
    if (auto const s = keys.template decode<Arch>(page, t, turned, scratch); !s) return s.error();
    for (std::size_t i = 0; i < group; ++i)
      if (auto const s = table.rotate(turned.row(i), by, true); !s) return s.error();
    if (auto const s = keys.template append<Arch>(turned, t, page, scratch); !s) return s.error();
    if (auto const s = keys.template decode<Arch>(page, t, again, scratch); !s) return s.error();
    for (std::size_t i = 0; i < group; ++i)
      for (std::size_t d = 0; d < n; ++d) {
        auto const x = static_cast<double>(turned(i, d));
        auto const e = static_cast<double>(again(i, d)) - x;
        error += e * e;
        square += x * x;
      }
  }
  return square > 0 ? std::sqrt(error / square) : 0.0;
}

}  // namespace skive
