// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Product, coupled and residual quantization with books that each head trains on one half of its tokens and uses on the other.
#include "kv_published.hpp"
#include "kv_through.hpp"

#include "skive/codebook/kmeans.hpp"
#include "skive/kv/codebook_group.hpp"

#include <fmt/format.h>

namespace skive::compare {
namespace {

using rows_view = matrix_view<float const>;

constexpr std::size_t most_samples = 4096;

// Books by k-means, stage after stage on what the stages before leave over. Nothing if there are no rows.
std::optional<std::vector<float>> trained_books(rows_view rows, codebook_shape shape) {
  auto const count = std::min(rows.rows, most_samples);
  auto const codewords = std::size_t{1} << shape.bits;
  auto const size = shape.part_size;
  std::vector<float> books(codebook_group::numbers(rows.cols, shape));
  std::vector<float> rest(count * size);
  std::vector<std::uint32_t> code(count);
  std::vector<std::byte> scratch(kmeans_bytes(count, size, codewords) + 64);
  auto* book = books.data();
  for (std::size_t p = 0; p < rows.cols / size; ++p) {
    for (std::size_t t = 0; t < count; ++t)
      for (std::size_t i = 0; i < size; ++i) rest[t * size + i] = rows(t, p * size + i);
    for (std::size_t s = 0; s < shape.stages; ++s, book += codewords * size) {
      rows_view const left{rest.data(), count, size};
      if (!kmeans(left, {book, codewords, size}, {}, {}, workspace{scratch}, code)) return std::nullopt;
      for (std::size_t t = 0; t < count; ++t)
        for (std::size_t i = 0; i < size; ++i) rest[t * size + i] -= book[code[t] * size + i];
    }
  }
  return books;
}

rows_view half(rows_view rows, bool second) {
  auto const middle = rows.rows / 2;
  return second ? rows_view{&rows(middle, 0), rows.rows - middle, rows.cols, rows.row_stride}
                : rows_view{rows.data, middle, rows.cols, rows.row_stride};
}

// All rows through books of one half; what it trained on is overwritten by the other call.
template <class Pages, class Through>
cache_quantizer trained_row(std::string name, codebook_shape shape, Through through) {
  return {std::move(name), [=](head_input const& in, matrix_view<float> decoded) -> std::optional<head_result> {
            if (in.rows.rows < 2 || in.rows.cols % shape.part_size != 0) return std::nullopt;
            std::optional<head_result> out;
            std::vector<float> first_half;
            for (bool const second : {true, false}) {  // the half that is trained on
              auto const books = trained_books(half(in.rows, second), shape);
              if (!books) return std::nullopt;
              auto const group = codebook_group::make(in.rows.cols, shape, *books);
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

struct trained {
  char const* name;
  codebook_shape shape;
};
constexpr trained all_trained[] = {{"3-bit CQ: 2 channels", {2, 1, 6}},
                                   {"2-bit PQ: 4 channels", {4, 1, 8}},
                                   {"1.5-bit PQ: 4 channels", {4, 1, 6}},
                                   {"1.5-bit residual VQ: 8 channels, 2 stages", {8, 2, 6}}};

std::string named(trained const& t) { return fmt::format("{}, trained on the other half", t.name); }

}  // namespace

void add_trained_keys(std::vector<cache_quantizer>& all) {
  using keys = grouped_keys<codebook_group>;
  for (auto const& t : all_trained)
    all.push_back(trained_row<keys>(named(t), t.shape, [](keys const& k, head_input const& in, matrix_view<float> decoded) {
      return keys_through(k, in, decoded);
    }));
}

void add_trained_values(std::vector<cache_quantizer>& all) {
  using values = grouped_values<codebook_group>;
  for (auto const& t : all_trained)
    all.push_back(trained_row<values>(named(t), t.shape, [](values const& v, head_input const& in, matrix_view<float> decoded) {
      return values_through(v, in, decoded);
    }));
}

}  // namespace skive::compare
