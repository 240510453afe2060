// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kv_through.hpp"

#include "skive/format/half.hpp"
#include "skive/kv/roped_keys.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace skive::compare {
namespace {

// Seconds of one call: median of nine measurements of a millisecond and more.
template <class F>
double seconds_of(F f) {
  using clock = std::chrono::steady_clock;
  std::array<double, 9> seconds{};
  std::size_t times = 1;
  for (std::size_t i = 0; i < seconds.size();) {
    auto const start = clock::now();
    for (std::size_t j = 0; j < times; ++j) f();
    auto const all = std::chrono::duration<double>(clock::now() - start).count();
    if (all < 1e-3 && times < (std::size_t{1} << 20)) {
      times *= 2;
      continue;
    }
    seconds[i++] = all / static_cast<double>(times);
  }
  std::nth_element(seconds.begin(), seconds.begin() + 4, seconds.end());
  return seconds[4];
}

// Calls use(page number, page, tokens in it).
template <class Use>
void each_page(std::vector<std::vector<std::byte>> const& pages, std::size_t packed, Use use) {
  for (std::size_t p = 0; p < pages.size(); ++p) use(p, pages[p], std::min(kv_page_tokens, packed - p * kv_page_tokens));
}

}  // namespace

std::optional<head_result> fill(any_page<native_arch> const& quantizer, matrix_view<float const> rows, matrix_view<float> decoded,
                                std::vector<std::vector<std::byte>>& pages) {
  auto const group = quantizer.group_tokens();
  auto const packed = rows.rows / group * group;
  std::vector<std::byte> scratch(quantizer.scratch_bytes(1) + 64);
  for (std::size_t t = 0; t < packed; t += kv_page_tokens) {
    auto const count = std::min(kv_page_tokens, packed - t);
    auto& page = pages.emplace_back(quantizer.page_bytes());
    if (!quantizer.append({&rows(t, 0), count, rows.cols, rows.row_stride}, 0, page, workspace{scratch})) return std::nullopt;
    if (!quantizer.decode(page, 0, {&decoded(t, 0), count, rows.cols, decoded.row_stride}, workspace{scratch}))
      return std::nullopt;
  }
  for (std::size_t t = packed; t < rows.rows; ++t)
    for (std::size_t d = 0; d < rows.cols; ++d) decoded(t, d) = float16::decode(float16::encode(rows(t, d)));
  auto const numbers = static_cast<double>(rows.cols);
  return head_result{8.0 * static_cast<double>(quantizer.page_bytes()) * static_cast<double>(packed) / kv_page_tokens +
                         16.0 * numbers * static_cast<double>(rows.rows - packed),
                     {}};
}

std::optional<head_result> keys_through(any_keys<> keys, head_input const& in, matrix_view<float> decoded) {
  std::vector<std::vector<std::byte>> pages;
  auto out = fill(keys, in.rows, decoded, pages);
  if (!out) return out;
  if (in.rope != nullptr)
    for (std::size_t t = 0; t < in.rows.rows; ++t)
      if (!in.rope->rotate(decoded.row(t), t)) return std::nullopt;
  auto const packed = in.rows.rows / keys.group_tokens() * keys.group_tokens();
  if (!in.timing || in.queries.rows == 0 || packed == 0) return out;
  auto const time = [&](auto const& at) {
    std::vector<std::byte> scratch(at(0).scratch_bytes(in.queries.rows) + 64);
    std::vector<std::byte> memory(at(0).query_bytes(in.queries.rows) + 64);
    std::vector<float> logits(in.queries.rows * kv_page_tokens);
    bool good = true;
    out->nanoseconds =
        1e9 * seconds_of([&] {
          auto const query = at(0).prepare(in.queries, workspace{memory});
          good &= query.has_value();
          if (!good) return;
          each_page(pages, packed, [&](std::size_t p, auto const& page, std::size_t count) {
            good &= static_cast<bool>(
                at(p * kv_page_tokens).dot(page, 0, *query, {logits.data(), in.queries.rows, count}, workspace{scratch}));
          });
        });
    if (!good) out->nanoseconds.reset();
  };
  if (in.rope == nullptr) {
    time([&](std::size_t) { return keys; });
  } else if (auto const roped = roped_keys<any_keys<>>::make(keys, *in.rope)) {
    time([&](std::size_t position) { return roped->at(position); });
  }
  return out;
}

std::optional<head_result> values_through(any_values<> values, head_input const& in, matrix_view<float> decoded) {
  std::vector<std::vector<std::byte>> pages;
  auto out = fill(values, in.rows, decoded, pages);
  auto const packed = in.rows.rows / values.group_tokens() * values.group_tokens();
  if (!out || !in.timing || in.queries.rows == 0 || packed == 0) return out;
  std::vector<std::byte> scratch(values.scratch_bytes(in.queries.rows) + 64);
  std::vector<float> const weights(in.queries.rows * kv_page_tokens, 0.01f);
  std::vector<float> sums(in.queries.rows * in.rows.cols);
  bool good = true;
  out->nanoseconds = 1e9 * seconds_of([&] {
                       std::fill(sums.begin(), sums.end(), 0.0f);
                       each_page(pages, packed, [&](std::size_t, auto const& page, std::size_t count) {
                         matrix_view<float const> const w{weights.data(), in.queries.rows, count};
                         good &= static_cast<bool>(
                             values.accumulate(page, 0, w, {sums.data(), in.queries.rows, in.rows.cols}, workspace{scratch}));
                       });
                     });
  if (!good) out->nanoseconds.reset();
  return out;
}

std::span<float const> frozen_mean(matrix_view<float const> rows, constants& memory) {
  auto const first = calibration(rows);
  auto& mean = more(memory, rows.cols);
  for (std::size_t t = 0; t < first.rows; ++t)
    for (std::size_t d = 0; d < rows.cols; ++d) mean[d] += first(t, d) / static_cast<float>(first.rows);
  return mean;
}

cache_quantizer erased_key_row(std::string name, make_keys make) {
  return {std::move(name),
          [make = std::move(make)](head_input const& in, matrix_view<float> decoded) -> std::optional<head_result> {
            constants memory;
            auto const keys = make(page_shape{in.rows.cols, kv_page_tokens}, in.rows, memory);
            return keys ? keys_through(*keys, in, decoded) : std::nullopt;
          }};
}
cache_quantizer erased_value_row(std::string name, make_values make) {
  return {std::move(name),
          [make = std::move(make)](head_input const& in, matrix_view<float> decoded) -> std::optional<head_result> {
            constants memory;
            auto const values = make(page_shape{in.rows.cols, kv_page_tokens}, in.rows, memory);
            return values ? values_through(*values, in, decoded) : std::nullopt;
          }};
}

}  // namespace skive::compare
