// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/kv_published.hpp - parts of the table, each compiled by itself.
///
///   codec      block codecs of single tokens
///   published  KVQuant, GEAR, ZipCache, SKVQ, RotateKV, low-rank projection
///   rotated    PolarQuant, TurboQuant's form for products (that for squared error: normal levels), QJL
///   trained    product, coupled and residual quantization

#include "kv_quantizers.hpp"

namespace skive::compare {

void add_codec_keys(std::vector<cache_quantizer>& all);
void add_codec_values(std::vector<cache_quantizer>& all);
void add_published_keys(std::vector<cache_quantizer>& all);
void add_published_values(std::vector<cache_quantizer>& all);
void add_rotated_keys(std::vector<cache_quantizer>& all);
void add_rotated_values(std::vector<cache_quantizer>& all);
void add_trained_keys(std::vector<cache_quantizer>& all);
void add_trained_values(std::vector<cache_quantizer>& all);

}  // namespace skive::compare
