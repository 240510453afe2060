// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file kv/sparse_code_group.hpp - tokens as sums of a few atoms of a dictionary: Lexico.
///
///   x' = sum_j coefficient_j atom(index_j)
///   token: [index of each term: 1 byte for at most 256 atoms, else 2][coefficient of each term: E4M3]
///
/// The dictionary is the caller's, one atom of length 1 a row, shared by all sequences. 16 or 24 bits a term, whatever the head
/// size: 8 terms of 4096 atoms are 1.5 bits a number of a head of 128.
///
/// Model of : token_group (of one token)
/// Cost     : encode: codebook/matching_pursuit.hpp; decode: a multiply-add a term and number.
/// Accuracy : what the terms leave over, and 2^-4 of each coefficient; coefficients beyond 448 are cut.
/// Promise  : the same bytes on one instruction set. Decode fails with corrupt on an index past the dictionary.
/// Source   : J. Kim et al., "Lexico: extreme KV cache compression via sparse coding over universal dictionaries",
///            arXiv:2412.08890.

#include "skive/codebook/matching_pursuit.hpp"
#include "skive/format/fp8.hpp"
#include "skive/kv/grouped_pages.hpp"

#include <cstring>

namespace skive {

class sparse_code_group {
 public:
  constexpr sparse_code_group() noexcept = default;
  /// Fails with invalid_argument (no atom or more than 65536, no term or more than 64 or than the head has channels, atoms whose
  /// length is not 1), not_finite.
  static result<sparse_code_group> make(matrix_view<float const> dictionary, std::size_t terms) noexcept {
    if (!page_shape{dictionary.cols, tile_tokens}.valid() || dictionary.rows == 0 || dictionary.rows > 65536)
      return errc::invalid_argument;
    if (terms == 0 || terms > detail::pursuit_most || terms > dictionary.cols) return errc::invalid_argument;
    if (auto const s = check_dictionary(dictionary); !s) return s.error();
    return sparse_code_group{dictionary, terms};
  }
  constexpr std::size_t head_size() const noexcept { return dictionary_.cols; }
  constexpr std::size_t group_tokens() const noexcept { return 1; }
  constexpr std::size_t group_bytes() const noexcept { return terms_ * (index_bytes() + 1); }
  constexpr std::size_t scratch_bytes() const noexcept {
    return workspace::bytes<std::uint32_t>(terms_) + workspace::bytes<float>(terms_) +
        matching_pursuit_bytes(dictionary_.rows, dictionary_.cols);
  }

  /// Precondition: a row of numbers of at most 65504. Fails with workspace_too_small.
  status encode(matrix_view<float const> rows, std::span<std::byte> to, workspace scratch) const noexcept {
    if (scratch.size() < scratch_bytes()) return errc::workspace_too_small;
    auto const indices = scratch.take<std::uint32_t>(terms_);
    auto const coefficients = scratch.take<float>(terms_);
    auto const done = matching_pursuit(dictionary_, rows.row(0), {terms_, 0.0f}, indices, coefficients, scratch);
    if (!done) return done.error();
    for (std::size_t j = 0; j < terms_; ++j) {
      auto const index = static_cast<std::uint16_t>(indices[j]);
      std::memcpy(to.data() + j * index_bytes(), &index, index_bytes());  // little-endian, as all of a page
      auto const c = coefficients[j] < -largest ? -largest : detail::smaller_float(coefficients[j], largest);
      to[terms_ * index_bytes() + j] = static_cast<std::byte>(e4m3fn::encode(c));
    }
    return errc::ok;
  }
  /// Fails with corrupt.
  status decode(std::span<std::byte const> from, std::size_t, matrix_view<float> out, workspace = {}) const noexcept {
    for (std::size_t t = 0; t < out.rows; ++t) {
      for (auto& x : out.row(t)) x = 0.0f;
      for (std::size_t j = 0; j < terms_; ++j) {
        std::uint16_t index = 0;
        std::memcpy(&index, from.data() + j * index_bytes(), index_bytes());
        if (index >= dictionary_.rows) return errc::corrupt;
        auto const c = e4m3fn::decode(std::to_integer<std::uint8_t>(from[terms_ * index_bytes() + j]));
        auto const atom = dictionary_.row(index);
        for (std::size_t d = 0; d < out.cols; ++d) out(t, d) += c * atom[d];
      }
    }
    return errc::ok;
  }

 private:
  static constexpr float largest = 448.0f;
  constexpr sparse_code_group(matrix_view<float const> dictionary, std::size_t terms) noexcept
      : dictionary_{dictionary}, terms_{terms} {}
  constexpr std::size_t index_bytes() const noexcept { return dictionary_.rows <= 256 ? 1 : 2; }

  matrix_view<float const> dictionary_;
  std::size_t terms_ = 0;
};

static_assert(token_group<sparse_code_group>);

}  // namespace skive
