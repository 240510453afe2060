// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/composed_format.hpp - a composer of the library around other formats, as an entry of the menu.
///
///   composed_format{name, maker, parts}   maker: what it needs of the tensor, and the composer around erased parts
///
/// A part is fitted to what the composer hands it: every row is encoded once with a part that only notes it down, so that the
/// tensor's constant of nvfp4 behind a rotation is that of the rotated tensor. Parts are fitted in turn.

#include "erased_codec.hpp"

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace skive::compare {
namespace detail {

class coder_of_fitted final : public row_coder {
 public:
  explicit coder_of_fitted(std::unique_ptr<fitted> codec) : codec_{std::move(codec)} {}
  std::size_t bytes(std::size_t n) const override { return codec_->bytes({1, n}); }
  status encode(std::span<float const> row, std::byte* out) const override { return codec_->encode_row(row, out); }
  status decode(std::byte const* in, std::span<float> row) const override { return codec_->decode_row(in, row); }
  fitted const& codec() const { return *codec_; }

 private:
  std::unique_ptr<fitted> codec_;
};

// Takes any row, keeps nothing: stands for a part that is not there yet.
class coder_of_nothing : public row_coder {
 public:
  std::size_t bytes(std::size_t) const override { return 0; }
  status encode(std::span<float const>, std::byte*) const override { return errc::ok; }
  status decode(std::byte const*, std::span<float> row) const override {
    for (float& x : row) x = 0.0f;
    return errc::ok;
  }
};

// Notes down the rows that it is given; for one thread.
class coder_that_notes final : public coder_of_nothing {
 public:
  status encode(std::span<float const> row, std::byte*) const override {
    cols_ = row.size();
    numbers_.insert(numbers_.end(), row.begin(), row.end());
    return errc::ok;
  }
  matrix_view<float const> noted() const { return {numbers_.data(), cols_ == 0 ? 0 : numbers_.size() / cols_, cols_}; }

 private:
  mutable std::vector<float> numbers_;
  mutable std::size_t cols_ = 0;
};

class coder_of_size final : public coder_of_nothing {
 public:
  explicit coder_of_size(format const& f) : format_{f} {}
  std::size_t bytes(std::size_t n) const override { return *format_.row_bytes(n); }

 private:
  format const& format_;
};

}  // namespace detail

/// Maker: std::size_t count(cols)                      numbers of its own that a tensor of so many columns needs
///        double bits_each                             how many bits one of them takes
///        std::vector<float> sample(cols)              some that are valid
///        std::vector<float> fit(tensor)               those of a tensor; may throw std::runtime_error
///        std::size_t part_cols(cols)                  the length of the rows that parts are handed
///        Kept keep(numbers)                           those of fit() as make() takes them: codecs look at them
///        result<Composed> make(cols, kept, parts)     parts: std::vector<erased_codec>
/// Parts have row_bytes().
template <class Maker>
class composed_format final : public format {
  using parts_list = std::vector<std::unique_ptr<format>>;
  using kept_numbers = decltype(std::declval<Maker const&>().keep({}));
  using composed = typename decltype(std::declval<Maker const&>().make(0, std::declval<kept_numbers const&>(), {}))::value_type;

  class fitted_composition final : public fitted {
   public:
    fitted_composition(composed codec, std::vector<float> constants, std::vector<std::unique_ptr<row_coder>> parts,
                       std::shared_ptr<kept_numbers const> own)
        : codec_{codec}, constants_{std::move(constants)}, parts_{std::move(parts)}, own_{std::move(own)} {}
    std::size_t bytes(tensor_shape rows) const override {
      return saturating_multiply(rows.rows, total_bytes(codec_.plane_bytes(rows.cols)));
    }
    std::vector<float> constants() const override { return constants_; }
    void encode_rows(matrix_view<float const> rows, std::byte* out) const override {
      for (std::size_t r = 0; r < rows.rows; ++r) detail::check(encode_row(rows.row(r), out + r * bytes({1, rows.cols})));
    }
    void decode_rows(std::byte const* in, matrix_view<float> rows) const override {
      for (std::size_t r = 0; r < rows.rows; ++r) detail::check(decode_row(in + r * bytes({1, rows.cols}), rows.row(r)));
    }
    status encode_row(std::span<float const> row, std::byte* out) const override { return encode_by(codec_, row, out); }
    status decode_row(std::byte const* in, std::span<float> row) const override {
      std::vector<std::byte> scratch(codec_.scratch_bytes(row.size()));
      planes<std::byte const, composed::plane_count> from;
      if (auto const s = planar(codec_, row.size(), std::span{in, bytes({1, row.size()})}, from); !s) return s;
      return codec_.decode(from, row, workspace{scratch});
    }

   private:
    composed codec_;
    std::vector<float> constants_;
    std::vector<std::unique_ptr<row_coder>> parts_;
    std::shared_ptr<kept_numbers const> own_;  // what the codec's views look at
  };

 public:
  composed_format(std::string name, Maker maker, parts_list parts)
      : name_{std::move(name)}, maker_{std::move(maker)}, parts_{std::move(parts)} {}

  std::string name() const override { return name_; }
  std::optional<std::size_t> row_bytes(std::size_t cols) const override {
    return of_sizes(cols, [cols](composed const& codec) { return total_bytes(codec.plane_bytes(cols)); });
  }
  double total_bits(tensor_shape shape) const override {
    double bits = 8.0 * static_cast<double>(shape.rows) * static_cast<double>(*row_bytes(shape.cols));
    bits += maker_.bits_each * static_cast<double>(maker_.count(shape.cols));
    for (auto const& p : parts_) bits += 32.0 * static_cast<double>(p->constant_count(maker_.part_cols(shape.cols)));
    return bits;
  }
  std::unique_ptr<fitted> fit(matrix_view<float const> tensor) const override {
    auto constants = maker_.fit(tensor);
    auto const own = std::make_shared<kept_numbers const>(maker_.keep(constants));
    auto const multiple = of_sizes(tensor.cols, [](composed const& codec) { return codec.row_multiple(); });
    if (tensor.cols % multiple != 0) throw std::runtime_error("rows must be a multiple of " + std::to_string(multiple));
    std::vector<std::unique_ptr<row_coder>> coders;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i]->constant_count(maker_.part_cols(tensor.cols)) == 0) {  // nothing depends on what it is handed
        coders.push_back(std::make_unique<detail::coder_of_fitted>(parts_[i]->restore({}, maker_.part_cols(tensor.cols))));
        continue;
      }
      auto noting = std::make_unique<detail::coder_that_notes>();
      auto const* const notes = noting.get();
      coders.push_back(std::move(noting));
      while (coders.size() < parts_.size()) coders.push_back(std::make_unique<detail::coder_of_nothing>());
      auto const codec = made(tensor.cols, *own, coders);
      for (std::size_t r = 0; r < tensor.rows; ++r) {
        std::vector<std::byte> out(total_bytes(codec.plane_bytes(tensor.cols)));
        detail::check(encode_by(codec, tensor.row(r), out.data()));
      }
      auto part = parts_[i]->fit(notes->noted());
      auto const more = part->constants();
      constants.insert(constants.end(), more.begin(), more.end());
      coders.resize(i);
      coders.push_back(std::make_unique<detail::coder_of_fitted>(std::move(part)));
    }
    auto const codec = made(tensor.cols, *own, coders);
    return std::make_unique<fitted_composition>(codec, std::move(constants), std::move(coders), own);
  }
  std::size_t constant_count(std::size_t cols) const override {
    auto count = maker_.count(cols);
    for (auto const& p : parts_) count += p->constant_count(maker_.part_cols(cols));
    return count;
  }
  std::unique_ptr<fitted> restore(std::span<float const> constants, std::size_t cols) const override {
    if (constants.size() != constant_count(cols)) throw std::runtime_error("the tensor's constants are incomplete");
    std::vector<float> const all(constants.begin(), constants.end());
    auto const count = maker_.count(cols);
    auto const own = std::make_shared<kept_numbers const>(maker_.keep({all.data(), all.data() + count}));
    constants = constants.subspan(count);
    std::vector<std::unique_ptr<row_coder>> coders;
    for (auto const& p : parts_) {
      auto const more = p->constant_count(maker_.part_cols(cols));
      coders.push_back(std::make_unique<detail::coder_of_fitted>(p->restore(constants.first(more), maker_.part_cols(cols))));
      constants = constants.subspan(more);
    }
    auto const codec = made(cols, *own, coders);
    return std::make_unique<fitted_composition>(codec, all, std::move(coders), own);
  }

 private:
  static std::vector<erased_codec> erased(std::vector<std::unique_ptr<row_coder>> const& coders) {
    std::vector<erased_codec> list;
    for (auto const& c : coders) list.emplace_back(c.get());
    return list;
  }
  composed made(std::size_t cols, kept_numbers const& own, std::vector<std::unique_ptr<row_coder>> const& coders) const {
    auto const codec = maker_.make(cols, own, erased(coders));
    if (!codec) throw std::runtime_error(codec.message());
    return *codec;
  }
  // What `ask` says of the codec before anything is fitted.
  template <class Ask>
  std::size_t of_sizes(std::size_t cols, Ask ask) const {
    std::vector<std::unique_ptr<row_coder>> coders;
    for (auto const& p : parts_) coders.push_back(std::make_unique<detail::coder_of_size>(*p));
    auto const own = maker_.keep(maker_.sample(cols));
    return ask(made(cols, own, coders));
  }
  static status encode_by(composed const& codec, std::span<float const> row, std::byte* out) {
    std::vector<std::byte> scratch(codec.scratch_bytes(row.size()));
    planes<std::byte, composed::plane_count> to;
    if (auto const s = planar(codec, row.size(), std::span{out, total_bytes(codec.plane_bytes(row.size()))}, to); !s) return s;
    return codec.encode(row, to, workspace{scratch});
  }

  std::string name_;
  Maker maker_;
  parts_list parts_;
};

}  // namespace skive::compare
