// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/kv_published.hpp - rows of the table that follow published quantizers: KVQuant, GEAR, ZipCache, SKVQ, RotateKV,
/// low-rank projection.

#include "kv_quantizers.hpp"

namespace skive::compare {

void add_published_keys(std::vector<cache_quantizer>& all);
void add_published_values(std::vector<cache_quantizer>& all);

}  // namespace skive::compare
