// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Product, coupled and residual quantization and sparse codes, with books or atoms that each head takes from one half of its tokens
// and uses on the other.
#include "kv_published.hpp"
#include "kv_through.hpp"

#include "skive/codebook/kmeans.hpp"
#include "skive/kv/codebook_group.hpp"
#include "skive/kv/sparse_code_group.hpp"

#include <fmt/format.h>

#include <cmath>

namespace skive::compare {
namespace {

using rows_view = matrix_view<float const>;

constexpr std::size_t most_samples = 4096;

// Books by k-means, stage after stage on what the stages before leave over. Nothing if there are no rows, or parts do not fill them.
result<codebook_group> trained(rows_view rows, codebook_shape shape, constants& memory) {
  if (rows.cols % shape.part_size != 0) return errc::invalid_argument;
  auto const count = std::min(rows.rows, most_samples);
  auto const codewords = std::size_t{1} << shape.bits;
  auto const size = shape.part_size;
  auto& books = more(memory, codebook_group::numbers(rows.cols, shape));
  std::vector<float> rest(count * size);
  std::vector<std::uint32_t> code(count);
  std::vector<std::byte> scratch(kmeans_bytes(count, size, codewords) + 64);
  auto* book = books.data();
  for (std::size_t p = 0; p < rows.cols / size; ++p) {
    for (std::size_t t = 0; t < count; ++t)
      for (std::size_t i = 0; i < size; ++i) rest[t * size + i] = rows(t, p * size + i);
    for (std::size_t s = 0; s < shape.stages; ++s, book += codewords * size) {
      rows_view const left{rest.data(), count, size};
      if (!kmeans(left, {book, codewords, size}, {}, {}, workspace{scratch}, code)) return errc::invalid_argument;
      for (std::size_t t = 0; t < count; ++t)
        for (std::size_t i = 0; i < size; ++i) rest[t * size + i] -= book[code[t] * size + i];
    }
  }
  return codebook_group::make(rows.cols, shape, books);
}

// The tokens themselves, of length 1, are the dictionary: at most 256, evenly taken.
result<sparse_code_group> trained(rows_view rows, std::size_t terms, constants& memory) {
  auto const count = std::min<std::size_t>(rows.rows, 256);
  auto& atoms = more(memory, count * rows.cols);
  for (std::size_t k = 0; k < count; ++k) {
    auto const row = rows.row(k * rows.rows / count);
    double square = 0;
    for (auto const x : row) square += static_cast<double>(x) * static_cast<double>(x);
    for (std::size_t d = 0; d < rows.cols; ++d)
      atoms[k * rows.cols + d] = square > 0 ? static_cast<float>(static_cast<double>(row[d]) / std::sqrt(square)) : 0.0f;
    if (!(square > 0)) atoms[k * rows.cols] = 1.0f;
  }
  return sparse_code_group::make({atoms.data(), count, rows.cols}, terms);
}

rows_view half(rows_view rows, bool second) {
  auto const middle = rows.rows / 2;
  return second ? rows_view{&rows(middle, 0), rows.rows - middle, rows.cols, rows.row_stride}
                : rows_view{rows.data, middle, rows.cols, rows.row_stride};
}

// All rows through books of one half; what it trained on is overwritten by the other call. Settings: of trained().
template <class Pages, class Settings, class Through>
cache_quantizer trained_row(std::string name, Settings settings, Through through) {
  return {name + ", trained on the other half",
          [=](head_input const& in, matrix_view<float> decoded) -> std::optional<head_result> {
            if (in.rows.rows < 2) return std::nullopt;
            std::optional<head_result> out;
            std::vector<float> first_half;
            for (bool const second : {true, false}) {  // the half that is trained on
              constants memory;
              auto const group = trained(half(in.rows, second), settings, memory);
              if (!group) return std::nullopt;
              auto const pages = Pages::make(*group, {in.rows.cols, kv_page_tokens});
              if (!pages) return std::nullopt;
              out = through(*pages, in, decoded);
              if (!out) return out;
              if (second) first_half.assign(decoded.data, decoded.data + in.rows.rows / 2 * decoded.cols);
            }
            std::copy(first_half.begin(), first_half.end(), decoded.data);
            return out;
          }};
}

struct book_row {
  char const* name;
  codebook_shape shape;
};
constexpr book_row all_books[] = {{"3-bit CQ: 2 channels", {2, 1, 6}},
                                  {"2-bit PQ: 4 channels", {4, 1, 8}},
                                  {"1.5-bit PQ: 4 channels", {4, 1, 6}},
                                  {"1.5-bit residual VQ: 8 channels, 2 stages", {8, 2, 6}}};
constexpr std::size_t all_terms[] = {16, 8, 4};

// Pages<Group>: grouped_keys or grouped_values.
template <template <token_group> class Pages, class Through>
void add_trained(std::vector<cache_quantizer>& all, Through through) {
  for (auto const& b : all_books) all.push_back(trained_row<Pages<codebook_group>>(b.name, b.shape, through));
  for (auto const terms : all_terms)
    all.push_back(trained_row<Pages<sparse_code_group>>(fmt::format("Lexico: {} terms", terms), terms, through));
}

}  // namespace

void add_trained_keys(std::vector<cache_quantizer>& all) {
  add_trained<grouped_keys>(all, [](auto const& k, head_input const& in, matrix_view<float> decoded) {
    return keys_through(any_keys<>{k}, in, decoded);
  });
}

void add_trained_values(std::vector<cache_quantizer>& all) {
  add_trained<grouped_values>(all, [](auto const& v, head_input const& in, matrix_view<float> decoded) {
    return values_through(any_values<>{v}, in, decoded);
  });
}

}  // namespace skive::compare
