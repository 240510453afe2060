// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/short_groups.hpp - groups that are shorter than what a code searches at once, encoded several together.
///
///   Groups::run numbers fill the lanes of a search; groups of run / 2, run / 4, ... numbers share one, each with its own step:
///   groups.encode_run<Arch>(values, steps, codes, stride)   run values; codes of group g at codes + g stride; all steps are known
///
/// Where a step is not known (a group of zeros, a NaN) its run is encoded group by group.
///
/// Model of : -
/// Cost     : a search for each run in place of one for each group.
/// Promise  : the bytes of groups encoded one by one.
/// Source   : -

#include "skive/codebook/group_code.hpp"

namespace skive::detail {

template <class G>
concept encodes_runs = requires {
  { G::run } -> std::convertible_to<std::size_t>;
};

/// Encodes whole runs of `values` in groups of `group` numbers by their rms; how many numbers those are.
template <class Arch, class Scale, class Groups, class T>
std::size_t encode_short_groups([[maybe_unused]] Groups const& groups, [[maybe_unused]] std::size_t group,
                                [[maybe_unused]] std::span<T const> values, [[maybe_unused]] planes<std::byte, 2> const& to,
                                [[maybe_unused]] workspace w) noexcept {
  std::size_t done = 0;
  if constexpr (encodes_runs<Groups> && simd::vector_arch<Arch>) {
    if (group == 0 || 2 * group > Groups::run || Groups::run % group != 0) return 0;
    constexpr auto most = Groups::run / Groups::multiple;
    auto const count = Groups::run / group;
    for (std::size_t g = 0; done + Groups::run <= values.size(); done += Groups::run, g += count) {
      float steps[most];
      bool known = true;
      for (std::size_t k = 0; k < count; ++k) {
        auto const own = values.subspan(done + k * group, group);
        auto const state = settle_group<Arch, Scale>(groups, group_scale::rms, own, w);
        steps[k] = level_step(state.scale, groups.sigma());
        known = known && known_step(steps[k]);
        store_fields(std::span{&state.code, 1}, Scale::bits, bit_order::low_first, to[1].data + (g + k) * to[1].block_stride);
      }
      auto* const codes = to[0].data + g * to[0].block_stride;
      if (known) {
        groups.template encode_run<Arch>(values.subspan(done, Groups::run), std::span<float const>{steps, count}, codes,
                                         to[0].block_stride);
      } else {
        for (std::size_t k = 0; k < count; ++k)
          groups.template encode<Arch>(values.subspan(done + k * group, group), steps[k], codes + k * to[0].block_stride, w);
      }
    }
  }
  return done;
}

}  // namespace skive::detail
