// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/codec_format.hpp - any codec of the library, or of a user, as an entry of the menu.
///
///   plain_format(name, codec)                nothing to fit
///   fitted_by_amax(name, make)               make(largest magnitude of the tensor) -> result<Codec>; stored once per tensor
///   fitted_by_absmax_mean(name, g, make)     make(mean over the tensor of the largest magnitudes of its groups of g)
///
/// Codec models block_codec (rows one by one, planes one after another in each) or matrix_codec (a piece of rows at once).

#include "format.hpp"

#include "skive/core/concepts.hpp"
#include "skive/core/ieee.hpp"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace skive::compare {
namespace detail {

template <class Codec>
concept any_codec = block_codec<Codec> || matrix_codec<Codec>;

template <any_codec Codec>
std::size_t bytes_of(Codec const& codec, tensor_shape rows) {
  if constexpr (block_codec<Codec>)
    return saturating_multiply(rows.rows, total_bytes(codec.plane_bytes(rows.cols)));
  else
    return total_bytes(codec.plane_bytes(rows.rows, rows.cols));
}

// Rows [first, first + count) that are coded by one call, and their planes one after another in `memory`.
template <any_codec Codec, class Byte, class Number, class Call>
status each_call(Codec const& codec, Byte* memory, matrix_view<Number> rows, Call call) {
  planes<Byte, Codec::plane_count> p;
  if constexpr (block_codec<Codec>) {
    auto const bytes = bytes_of(codec, {1, rows.cols});
    for (std::size_t r = 0; r < rows.rows; ++r) {
      if (auto const s = planar(codec, rows.cols, std::span{memory + r * bytes, bytes}, p); !s) return s;
      if (auto const s = call(p, rows.row(r)); !s) return s;
    }
    return errc::ok;
  } else {
    auto const bytes = codec.plane_bytes(rows.rows, rows.cols);
    for (std::size_t i = 0; i < bytes.size(); memory += bytes[i++]) p[i] = {memory, bytes[i], 0};
    return call(p, rows);
  }
}

template <any_codec Codec>
std::size_t scratch_of(Codec const& codec, tensor_shape rows) {
  if constexpr (block_codec<Codec>)
    return codec.scratch_bytes(rows.cols);
  else
    return codec.scratch_bytes(rows.rows, rows.cols);
}

// Arch: void for the one that encode and decode take by themselves.
template <any_codec Codec, class Arch>
class fitted_codec final : public fitted {
 public:
  fitted_codec(Codec codec, std::vector<float> constants) : codec_{codec}, constants_{std::move(constants)} {}
  std::vector<float> constants() const override { return constants_; }
  std::size_t bytes(tensor_shape rows) const override { return bytes_of(codec_, rows); }
  std::size_t row_multiple() const override {
    if constexpr (block_codec<Codec>)
      return 1;
    else if constexpr (requires { codec_.tile_rows(); })
      return codec_.tile_rows();
    else
      return whole_height;
  }
  std::optional<codec_description> description() const override {
    if constexpr (describable<Codec>)
      return describe(codec_);
    else
      return std::nullopt;
  }
  void encode_rows(matrix_view<float const> rows, std::byte* out) const override { check(encode(rows, out)); }
  void decode_rows(std::byte const* in, matrix_view<float> rows) const override { check(decode(in, rows)); }
  status encode_row(std::span<float const> row, std::byte* out) const override {
    return block_codec<Codec> ? encode({row.data(), 1, row.size()}, out) : errc::unsupported;
  }
  status decode_row(std::byte const* in, std::span<float> row) const override {
    return block_codec<Codec> ? decode(in, {row.data(), 1, row.size()}) : errc::unsupported;
  }

 private:
  status encode(matrix_view<float const> rows, std::byte* out) const {
    std::vector<std::byte> memory(scratch_of(codec_, {rows.rows, rows.cols}));
    return each_call(codec_, out, rows, [&](auto const& p, auto numbers) {
      if constexpr (std::is_void_v<Arch>)
        return codec_.encode(numbers, p, workspace{memory});
      else
        return codec_.template encode<Arch>(numbers, p, workspace{memory});
    });
  }
  status decode(std::byte const* in, matrix_view<float> rows) const {
    std::vector<std::byte> memory(scratch_of(codec_, {rows.rows, rows.cols}));
    return each_call(codec_, in, rows, [&](auto const& p, auto numbers) {
      if constexpr (std::is_void_v<Arch>)
        return codec_.decode(p, numbers, workspace{memory});
      else
        return codec_.template decode<Arch>(p, numbers, workspace{memory});
    });
  }

  Codec codec_;
  std::vector<float> constants_;
};

// Fit: tensor -> constants;  Make: constants -> result<Codec>.
template <any_codec Codec, class Arch, class Fit, class Make>
class codec_format final : public format {
 public:
  codec_format(std::string name, std::size_t constants, Codec sample, Fit fit, Make make)
      : name_{std::move(name)}, constants_{constants}, sample_{sample}, fit_{std::move(fit)}, make_{std::move(make)} {}
  std::string name() const override { return name_; }
  double total_bits(tensor_shape shape) const override {
    double const bytes = block_codec<Codec>
        ? static_cast<double>(shape.rows) * static_cast<double>(bytes_of(sample_, {1, shape.cols}))
        : static_cast<double>(bytes_of(sample_, shape));
    return 8.0 * bytes + 32.0 * static_cast<double>(constants_);
  }
  std::optional<std::size_t> row_bytes(std::size_t cols) const override {
    return block_codec<Codec> ? std::optional{bytes_of(sample_, {1, cols})} : std::nullopt;
  }
  std::unique_ptr<fitted> fit(matrix_view<float const> tensor) const override {
    if constexpr (block_codec<Codec>)
      if (auto const multiple = sample_.row_multiple(); tensor.cols % multiple != 0)
        throw std::runtime_error("rows must be a multiple of " + std::to_string(multiple));
    return restore(fit_(tensor), tensor.cols);
  }
  std::size_t constant_count(std::size_t) const override { return constants_; }
  std::unique_ptr<fitted> restore(std::span<float const> constants, std::size_t) const override {
    auto const codec = make_(constants);
    if (!codec) throw std::runtime_error(codec.message());
    return std::make_unique<fitted_codec<Codec, Arch>>(*codec, std::vector<float>(constants.begin(), constants.end()));
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

template <class Arch = void, any_codec Codec, class Fit, class Make>
std::unique_ptr<format> make(std::string name, std::size_t constants, Codec sample, Fit fit, Make make) {
  return std::make_unique<codec_format<Codec, Arch, Fit, Make>>(std::move(name), constants, sample, std::move(fit),
                                                                std::move(make));
}

}  // namespace detail

template <class Arch = void, detail::any_codec Codec>
std::unique_ptr<format> plain_format(std::string name, Codec codec) {
  auto const fit = [](matrix_view<float const>) { return std::vector<float>{}; };
  return detail::make<Arch>(std::move(name), 0, codec, fit, [codec](std::span<float const>) { return result<Codec>{codec}; });
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
