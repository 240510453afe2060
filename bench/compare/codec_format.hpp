// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/codec_format.hpp - any block codec of the library, or of a user, as an entry of the menu.
///
///   plain_format(name, codec)                nothing to fit
///   fitted_by_amax(name, make)               make(largest magnitude of the tensor) -> result<Codec>; stored once per tensor
///   fitted_by_absmax_mean(name, g, make)     make(mean over the tensor of the largest magnitudes of its groups of g)

#include "format.hpp"

#include "skive/core/concepts.hpp"
#include "skive/core/ieee.hpp"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <utility>

namespace skive::compare {
namespace detail {

template <block_codec Codec>
class fitted_codec final : public fitted {
 public:
  fitted_codec(Codec codec, std::vector<float> constants) : codec_{codec}, constants_{std::move(constants)} {}
  std::vector<float> constants() const override { return constants_; }
  std::size_t row_bytes(std::size_t cols) const override { return total_bytes(codec_.plane_bytes(cols)); }
  void encode_rows(matrix_view<float const> rows, std::byte* out) const override {
    std::vector<std::byte> memory(codec_.scratch_bytes(rows.cols));
    auto const bytes = row_bytes(rows.cols);
    for (std::size_t r = 0; r < rows.rows; ++r)
      check(codec_.encode(rows.row(r), layout(std::span{out + r * bytes, bytes}, rows.cols), workspace{memory}));
  }
  void decode_rows(std::byte const* in, matrix_view<float> rows) const override {
    std::vector<std::byte> memory(codec_.scratch_bytes(rows.cols));
    auto const bytes = row_bytes(rows.cols);
    for (std::size_t r = 0; r < rows.rows; ++r)
      check(codec_.decode(layout(std::span{in + r * bytes, bytes}, rows.cols), rows.row(r), workspace{memory}));
  }

 private:
  template <class Byte>
  planes<Byte, Codec::plane_count> layout(std::span<Byte> row, std::size_t cols) const {
    planes<Byte, Codec::plane_count> p;
    check(planar(codec_, cols, row, p));
    return p;
  }
  static void check(status s) {
    if (!s) throw std::runtime_error(s.message());
  }
  Codec codec_;
  std::vector<float> constants_;
};

// Fit: tensor -> constants;  Make: constants -> result<Codec>.
template <block_codec Codec, class Fit, class Make>
class codec_format final : public format {
 public:
  codec_format(std::string name, std::size_t constants, Codec sample, Fit fit, Make make)
      : name_{std::move(name)}, constants_{constants}, sample_{sample}, fit_{std::move(fit)}, make_{std::move(make)} {}
  std::string name() const override { return name_; }
  double total_bits(tensor_shape shape) const override {
    return 8.0 * static_cast<double>(shape.rows) * static_cast<double>(total_bytes(sample_.plane_bytes(shape.cols))) +
        32.0 * static_cast<double>(constants_);
  }
  std::unique_ptr<fitted> fit(matrix_view<float const> tensor) const override {
    auto const multiple = sample_.row_multiple();
    if (tensor.cols % multiple != 0) throw std::runtime_error("rows must be a multiple of " + std::to_string(multiple));
    return restore(fit_(tensor));
  }
  std::size_t constant_count() const override { return constants_; }
  std::unique_ptr<fitted> restore(std::span<float const> constants) const override {
    auto const codec = make_(constants);
    if (!codec) throw std::runtime_error(codec.message());
    return std::make_unique<fitted_codec<Codec>>(*codec, std::vector<float>(constants.begin(), constants.end()));
  }

 private:
  std::string name_;
  std::size_t constants_;
  Codec sample_;
  Fit fit_;
  Make make_;
};

inline float largest(std::span<float const> values) {
  float m = 0;
  for (float const v : values) m = std::max(m, magnitude(v));
  return m;
}

template <block_codec Codec, class Fit, class Make>
std::unique_ptr<format> make(std::string name, std::size_t constants, Codec sample, Fit fit, Make make) {
  return std::make_unique<codec_format<Codec, Fit, Make>>(std::move(name), constants, sample, std::move(fit), std::move(make));
}

}  // namespace detail

template <block_codec Codec>
std::unique_ptr<format> plain_format(std::string name, Codec codec) {
  auto const fit = [](matrix_view<float const>) { return std::vector<float>{}; };
  return detail::make(std::move(name), 0, codec, fit, [codec](std::span<float const>) { return result<Codec>{codec}; });
}

template <class Make>
std::unique_ptr<format> fitted_by_amax(std::string name, Make make) {
  auto const fit = [](matrix_view<float const> tensor) {
    float amax = 0;
    for (std::size_t r = 0; r < tensor.rows; ++r) amax = std::max(amax, detail::largest(tensor.row(r)));
    return std::vector<float>{amax};
  };
  return detail::make(std::move(name), 1, *make(1.0f), fit,
                      [make](std::span<float const> constants) { return make(constants[0]); });
}

template <class Make>
std::unique_ptr<format> fitted_by_absmax_mean(std::string name, std::size_t group, Make make) {
  auto const fit = [group](matrix_view<float const> tensor) {
    double sum = 0;
    double count = 0;
    for (std::size_t r = 0; r < tensor.rows; ++r)
      for (std::size_t c = 0; c < tensor.cols; c += group, ++count)
        sum += static_cast<double>(detail::largest(tensor.row(r).subspan(c, std::min(group, tensor.cols - c))));
    return std::vector<float>{static_cast<float>(count > 0 ? sum / count : 0.0)};
  };
  return detail::make(std::move(name), 1, *make(0.0f), fit,
                      [make](std::span<float const> constants) { return make(constants[0]); });
}

}  // namespace skive::compare
