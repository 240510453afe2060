// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file codebook/additive_quantizer.hpp - vectors as sums of codewords, one from each of M codebooks.
///
///   x' = sum_m codeword(m, code m);   encoding: beam search, codebook after codebook: of all sums of a kept partial sum and a
///   codeword the `width` of least squared error are kept. A sweep takes one codebook after the other out of all kept sums and
///   puts the best back.
///
/// Codebooks trained on what the ones before leave over make a residual quantizer (width 1: greedy); codebooks trained together
/// (codebook/additive_training.hpp) an additive one.
///
/// Model of : primitive
/// Cost     : encoding 2 width K d / 16 operations a codebook and vector, and a scan of width K errors.
/// Accuracy : errors rounded as float.
/// Promise  : ties to the partial sum kept first, then to the lower index; no two kept sums have the same codes. As
///            codebook/kmeans.hpp. An index that is no codeword's is errc::corrupt, seen before the first write.
/// Source   : Y. Chen, T. Guan, C. Wang, "Approximate nearest neighbor search by residual vector quantization", Sensors 10, 2010;
///            A. Babenko, V. Lempitsky, "Additive quantization for extreme vector compression", CVPR 2014; V. Egiazarian et al.,
///            "Extreme compression of large language models via additive quantization", ICML 2024.

#include "skive/codebook/code_rows.hpp"
#include "skive/codebook/kmeans.hpp"
#include "skive/core/primitive.hpp"

namespace skive {

struct beam_search {
  std::size_t width = 8;   ///< 1 to 64 partial sums
  std::size_t sweeps = 0;  ///< through all codebooks, after the first search
};

/// M codebooks of K codewords of d numbers, one after another: a view of the caller's floats.
class additive_quantizer {
 public:
  static constexpr std::size_t most_codebooks = 16;
  static constexpr std::size_t most_width = 64;

  constexpr additive_quantizer() noexcept = default;
  /// Fails with invalid_argument unless 1 <= M <= 16, 1 <= K <= 256, size_mismatch unless there are M K d floats.
  static constexpr result<additive_quantizer> make(std::size_t dimension, std::size_t codebooks, std::size_t codewords,
                                                   std::span<float const> floats) noexcept {
    if (dimension == 0 || codebooks == 0 || codebooks > most_codebooks || codewords == 0 || codewords > 256)
      return errc::invalid_argument;
    if (floats.size() != saturating_multiply(codebooks * codewords, dimension)) return errc::size_mismatch;
    additive_quantizer q;
    q.data_ = floats.data();
    q.dimension_ = dimension;
    q.codebooks_ = codebooks;
    q.codewords_ = codewords;
    return q;
  }

  constexpr std::size_t dimension() const noexcept { return dimension_; }
  constexpr std::size_t codebooks() const noexcept { return codebooks_; }
  constexpr std::size_t codewords() const noexcept { return codewords_; }
  constexpr matrix_view<float const> codebook(std::size_t m) const noexcept {
    return {data_ + m * codewords_ * dimension_, codewords_, dimension_};
  }
  static constexpr std::size_t scratch_bytes(std::size_t dimension, std::size_t codebooks, std::size_t codewords,
                                             std::size_t width) noexcept {
    auto const lanes = saturating_multiply(detail::lane_floats(codewords, dimension), codebooks);
    auto const rests = saturating_multiply(saturating_multiply(2, width), dimension);
    auto const errors = saturating_multiply(width, detail::lane_floats(codewords, 1));
    return saturating_add(saturating_add(workspace::bytes<float>(lanes), workspace::bytes<float>(rests)),
                          workspace::bytes<float>(errors));
  }
  constexpr std::size_t scratch_bytes(beam_search const& beam) const noexcept {
    return scratch_bytes(dimension_, codebooks_, codewords_, beam.width);
  }

  /// Fails with size_mismatch, invalid_argument (a view, a width outside 1 ... 64) or workspace_too_small; nothing is then
  /// written.
  template <class Arch = native_arch>
  status encode(matrix_view<float const> x, matrix_view<std::uint8_t> codes, beam_search const& beam,
                workspace scratch) const noexcept;

  /// Fails with size_mismatch, invalid_argument (a view) or corrupt; nothing is then written.
  constexpr status decode(matrix_view<std::uint8_t const> codes, matrix_view<float> x) const noexcept {
    if (auto const s = detail::check_code_rows(x, codes, dimension_, codebooks_); !s) return s;
    if (auto const s = check(codes); !s) return s;
    for (std::size_t i = 0; i < x.rows; ++i)
      for (std::size_t j = 0; j < dimension_; ++j) {
        float sum = 0;
        for (std::size_t m = 0; m < codebooks_; ++m) sum += codebook(m)(codes(i, m), j);
        x(i, j) = sum;
      }
    return errc::ok;
  }
  /// corrupt if an index is no codeword's.
  constexpr status check(matrix_view<std::uint8_t const> codes) const noexcept {
    return detail::check_code_indices(codes, codewords_);
  }

 private:
  float const* data_ = nullptr;
  std::size_t dimension_ = 1;
  std::size_t codebooks_ = 0;
  std::size_t codewords_ = 0;
};

static_assert(primitive<additive_quantizer>);

namespace detail {

// The kept sums of one vector, by what they leave of it.
template <class Arch>
class beam_encoder {
 public:
  beam_encoder(additive_quantizer const& q, beam_search const& beam, workspace w) noexcept : q_{q}, beam_{beam} {
    auto const d = q.dimension();
    auto const k = q.codewords();
    auto const each = lane_floats(k, d);
    lanes_ = w.take<float>(each * q.codebooks());
    for (std::size_t m = 0; m < q.codebooks(); ++m)
      for (std::size_t b = 0; 16 * b < k; ++b)
        fill_lanes<Arch>(q.codebook(m), 16 * b, k - 16 * b, &lanes_[m * each + 16 * d * b]);
    auto const rests = w.take<float>(2 * beam.width * d);
    now_ = rests.first(beam.width * d);
    next_ = rests.subspan(beam.width * d);
    errors_ = w.take<float>(beam.width * lane_floats(k, 1));
  }

  void operator()(std::span<float const> x, std::span<std::uint8_t> codes) noexcept {
    kept_ = 1;
    for (std::size_t j = 0; j < x.size(); ++j) now_[j] = x[j];
    for (std::size_t m = 0; m < q_.codebooks(); ++m) choose(m, m);
    for (std::size_t s = 0; s < beam_.sweeps; ++s)
      for (std::size_t m = 0; m < q_.codebooks(); ++m) {
        take_out(m);
        choose(m, q_.codebooks());
      }
    for (std::size_t m = 0; m < codes.size(); ++m) codes[m] = path_[0].code[m];
  }

 private:
  struct path {
    std::uint8_t code[additive_quantizer::most_codebooks];
  };
  struct choice {
    float error;
    std::uint32_t place;  // kept sum times stride plus codeword
  };

  // Is one of sixteen errors below a limit?
  static bool any_below(float const* errors, float limit) noexcept {
    if constexpr (simd::vector_arch<Arch>) {
      using floats = simd::floats<Arch>;
      return (floats::load(errors) < floats::broadcast(limit)).bits() != 0;
    } else {
      return true;
    }
  }
  // The best `width` sums of a kept one and a codeword of m, the least error first. `known`: codes that paths have already.
  void choose(std::size_t m, std::size_t known) noexcept {
    auto const d = q_.dimension();
    auto const stride = lane_floats(q_.codewords(), 1);
    kmeans_samples const codewords{q_.codebook(m), lanes_.data() + m * lane_floats(q_.codewords(), d), nullptr, {}};
    choice best[additive_quantizer::most_width];
    std::size_t count = 0;
    for (std::size_t e = 0; e < kept_; ++e) {
      auto* const errors = errors_.data() + e * stride;
      for (std::size_t b = 0; b < codewords.blocks(); ++b) {
        distances_of_block<Arch>(codewords, b, now_.data() + e * d, errors + 16 * b);
        if (count == beam_.width && !any_below(errors + 16 * b, best[count - 1].error)) continue;
        auto const end = q_.codewords() - 16 * b < 16 ? q_.codewords() : 16 * (b + 1);
        for (std::size_t k = 16 * b; k < end; ++k) {
          if (count == beam_.width && !(errors[k] < best[count - 1].error)) continue;
          auto at = count < beam_.width ? count++ : count - 1;
          for (; at > 0 && errors[k] < best[at - 1].error; --at) best[at] = best[at - 1];
          best[at] = {errors[k], static_cast<std::uint32_t>(e * stride + k)};
        }
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      auto const e = best[i].place / stride;
      auto const k = best[i].place % stride;
      for (std::size_t t = 0; t < known; ++t) next_path_[i].code[t] = path_[e].code[t];
      next_path_[i].code[m] = static_cast<std::uint8_t>(k);
      auto const c = q_.codebook(m).row(k);
      for (std::size_t j = 0; j < d; ++j) next_[i * d + j] = now_[e * d + j] - c[j];
    }
    for (std::size_t i = 0; i < count; ++i) path_[i] = next_path_[i];
    kept_ = count;
    auto const t = now_;
    now_ = next_;
    next_ = t;
  }

  // Codebook m out of all kept sums; those that are then the same as an earlier one go.
  void take_out(std::size_t m) noexcept {
    auto const d = q_.dimension();
    std::size_t left = 0;
    for (std::size_t e = 0; e < kept_; ++e) {
      bool again = false;
      for (std::size_t o = 0; o < left && !again; ++o) {
        again = true;
        for (std::size_t t = 0; t < q_.codebooks(); ++t) again = again && (t == m || path_[o].code[t] == path_[e].code[t]);
      }
      if (again) continue;
      auto const c = q_.codebook(m).row(path_[e].code[m]);
      for (std::size_t j = 0; j < d; ++j) now_[left * d + j] = now_[e * d + j] + c[j];
      path_[left++] = path_[e];
    }
    kept_ = left;
  }

  additive_quantizer const& q_;
  beam_search beam_;
  std::span<float> lanes_, now_, next_, errors_;
  std::size_t kept_ = 1;
  path path_[additive_quantizer::most_width]{};
  path next_path_[additive_quantizer::most_width]{};
};

}  // namespace detail

template <class Arch>
status additive_quantizer::encode(matrix_view<float const> x, matrix_view<std::uint8_t> codes, beam_search const& beam,
                                  workspace scratch) const noexcept {
  if (auto const s = detail::check_code_rows(x, codes, dimension_, codebooks_); !s) return s;
  if (beam.width == 0 || beam.width > most_width) return errc::invalid_argument;
  if (scratch.size() < scratch_bytes(beam)) return errc::workspace_too_small;
  detail::beam_encoder<Arch> encoder{*this, beam, scratch};
  for (std::size_t i = 0; i < x.rows; ++i) encoder(x.row(i), codes.row(i));
  return errc::ok;
}

}  // namespace skive
