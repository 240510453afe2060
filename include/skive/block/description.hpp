// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file block/description.hpp - every block codec as a plain run-time value, for files, logs and tools, and back.
///
///   describe(codec) -> codec_description;   describe(codec, rows, cols) -> matrix_description (with the bytes of each plane)
///   restore<Codec>(description) -> result<Codec>;   restore<Codec>(describe(codec)) encodes and decodes like codec
///
/// What a name can say (block/name.hpp) is the base named_codec; the constant that belongs to one tensor stands beside it. The
/// rounding policy is no part of either: it changes no byte's meaning, and restore() gives the codec a default one.
///
/// Model of : -
/// Cost     : about 200 bytes; a few comparisons.
/// Accuracy : exact: a constant keeps its bits.
/// Promise  : restore fails with unsupported where the description is of another type, with invalid_argument or not_finite where
///            no codec of this type has these parameters; it never gives a codec that differs from its description.
/// Source   : -

#include "skive/block/absmax.hpp"
#include "skive/block/adaptive.hpp"
#include "skive/block/affine.hpp"
#include "skive/block/double_quantized.hpp"
#include "skive/block/mx.hpp"
#include "skive/block/number_format.hpp"
#include "skive/block/nvfp4.hpp"
#include "skive/block/sign.hpp"
#include "skive/block/tiles.hpp"

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace skive {

enum class codec_family : std::uint8_t {
  none,
  absmax,
  static_scale,
  affine,
  mx,  ///< block floating point too: elements of fixed point
  nvfp,
  mean,  ///< binary and ternary
  double_quantized,
  adaptive,
};

/// A tile that reaches over all rows.
inline constexpr std::size_t whole_height = ~std::size_t{0} / sizeof(float);

/// What the name of a codec holds. Fields that a family does not have stay as they are here.
struct named_codec {
  static constexpr std::size_t max_choices = 8;

  codec_family family = codec_family::none;
  number_format element{};                              // adaptive: none
  std::array<number_format, max_choices> choices{};     // adaptive: its formats, then none
  number_format scale{};                                // of the groups
  std::size_t group = 0;                                // numbers that share a state, 0: the row; 0 for tiles
  std::size_t tile_rows = 0;                            // 0: no tiles
  std::size_t tile_cols = 0;                            //
  bit_order order = bit_order::low_first;               //
  scale_choice choice = scale_choice::absmax;           // absmax
  mx_rule rule = mx_rule::floor;                        // mx
  nvfp4_dialect dialect = nvfp4_dialect::ideal;         // nvfp4
  nested_dialect nested = nested_dialect::dynamic_map;  // double_quantized
  bool dense = false;                                   // mean: five codes in a byte

  friend constexpr bool operator==(named_codec const&, named_codec const&) noexcept = default;
};

struct codec_description : named_codec {
  /// What belongs to the tensor: the scale (static_scale), the largest magnitude (nvfp4) or the offset (double_quantized).
  float constant = 0.0f;

  constexpr bool has_constant() const noexcept {
    return family == codec_family::static_scale || family == codec_family::nvfp || family == codec_family::double_quantized;
  }
  friend constexpr bool operator==(codec_description const& a, codec_description const& b) noexcept {
    return static_cast<named_codec const&>(a) == static_cast<named_codec const&>(b) &&
        std::bit_cast<std::uint32_t>(a.constant) == std::bit_cast<std::uint32_t>(b.constant);
  }
};

/// A codec, the shape of a matrix in it, and what that takes.
struct matrix_description {
  codec_description codec{};
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t plane_count = 0;
  std::array<std::size_t, 4> plane_bytes{};  ///< of all rows together; the largest std::size_t where that overflows

  friend constexpr bool operator==(matrix_description const&, matrix_description const&) noexcept = default;
};

namespace detail {

// describe(scheme) and make(description) -> result<scheme>, for each scheme; make checks values, restore() the rest.
template <class Scheme>
struct scheme_description;

template <class Format, class Scale, class Rounding>
struct scheme_description<absmax_scheme<Format, Scale, Rounding>> {
  using scheme = absmax_scheme<Format, Scale, Rounding>;
  static constexpr codec_description describe(scheme const& s) noexcept {
    return {{.family = codec_family::absmax, .element = format_of<Format>(), .scale = format_of<Scale>(), .choice = s.choice}};
  }
  static constexpr result<scheme> make(codec_description const& d) noexcept { return scheme{d.choice, {}}; }
};

template <class Format, class Rounding>
struct scheme_description<static_scale_scheme<Format, Rounding>> {
  using scheme = static_scale_scheme<Format, Rounding>;
  static constexpr codec_description describe(scheme const& s) noexcept {
    return {{.family = codec_family::static_scale, .element = format_of<Format>()}, s.scale};
  }
  static constexpr result<scheme> make(codec_description const& d) noexcept {
    if (!is_finite(d.constant)) return errc::not_finite;
    return scheme{d.constant, {}};
  }
};

template <int Bits, class Scale, class Rounding>
struct scheme_description<affine_scheme<Bits, Scale, Rounding>> {
  using scheme = affine_scheme<Bits, Scale, Rounding>;
  static constexpr codec_description describe(scheme const&) noexcept {
    return {{.family = codec_family::affine, .element = format_of<uint_format<Bits>>(), .scale = format_of<Scale>()}};
  }
  static constexpr result<scheme> make(codec_description const&) noexcept { return scheme{}; }
};

template <class Element, class Rounding>
struct scheme_description<mx_scheme<Element, Rounding>> {
  using scheme = mx_scheme<Element, Rounding>;
  static constexpr codec_description describe(scheme const& s) noexcept {
    return {{.family = codec_family::mx, .element = format_of<Element>(), .scale = format_of<e8m0>(), .rule = s.rule}};
  }
  static constexpr result<scheme> make(codec_description const& d) noexcept { return scheme{d.rule, {}}; }
};

template <>
struct scheme_description<nvfp4_scheme> {
  static constexpr codec_description describe(nvfp4_scheme const& s) noexcept {
    return {{.family = codec_family::nvfp, .element = format_of<e2m1>(), .scale = format_of<ue4m3>(), .dialect = s.dialect()},
            s.amax()};
  }
  static constexpr result<nvfp4_scheme> make(codec_description const& d) noexcept {
    return nvfp4_scheme::make(d.constant, d.dialect);
  }
};

template <class Format, class Packing, class Scale>
struct scheme_description<mean_scheme<Format, Packing, Scale>> {
  using scheme = mean_scheme<Format, Packing, Scale>;
  static constexpr codec_description describe(scheme const&) noexcept {
    return {{.family = codec_family::mean,
             .element = format_of<Format>(),
             .scale = format_of<Scale>(),
             .dense = std::is_same_v<Packing, trits>}};
  }
  static constexpr result<scheme> make(codec_description const&) noexcept { return scheme{}; }
};

template <class Scale, class... Formats>
struct scheme_description<adaptive_scheme<Scale, Formats...>> {
  static_assert(sizeof...(Formats) <= named_codec::max_choices, "skive::describe takes adaptive codecs of at most 8 formats");
  using scheme = adaptive_scheme<Scale, Formats...>;
  static constexpr codec_description describe(scheme const&) noexcept {
    return {{.family = codec_family::adaptive, .choices = {format_of<Formats>()...}, .scale = format_of<Scale>()}};
  }
  static constexpr result<scheme> make(codec_description const&) noexcept { return scheme{}; }
};

// Not a scheme of the caller's own.
template <class Scheme>
concept described_scheme = requires(Scheme const& s) { scheme_description<Scheme>::describe(s); };

template <class Codec>
struct codec_describer;

template <described_scheme Scheme>
struct codec_describer<grouped<Scheme>> {
  static constexpr codec_description describe(grouped<Scheme> const& codec) noexcept {
    auto d = scheme_description<Scheme>::describe(codec.scheme());
    d.group = codec.group_size();
    d.order = codec.order();
    return d;
  }
  static constexpr result<grouped<Scheme>> make(codec_description const& d) noexcept {
    auto const scheme = scheme_description<Scheme>::make(d);
    if (!scheme) return scheme.error();
    return grouped<Scheme>{d.group, *scheme, d.order};
  }
};

template <described_scheme Scheme>
struct codec_describer<tiles<Scheme>> {
  static constexpr codec_description describe(tiles<Scheme> const& codec) noexcept {
    auto d = scheme_description<Scheme>::describe(codec.scheme());
    d.tile_rows = codec.tile_rows();
    d.tile_cols = codec.tile_cols();
    d.order = Scheme::default_order;
    return d;
  }
  static constexpr result<tiles<Scheme>> make(codec_description const& d) noexcept {
    auto const scheme = scheme_description<Scheme>::make(d);
    if (!scheme) return scheme.error();
    return tiles<Scheme>::make(d.tile_rows, d.tile_cols, *scheme);
  }
};

template <class Format>
struct codec_describer<double_quantized<Format>> {
  static constexpr codec_description describe(double_quantized<Format> const& codec) noexcept {
    return {{.family = codec_family::double_quantized,
             .element = format_of<Format>(),
             .group = codec.group_size(),
             .order = codec.order(),
             .nested = codec.dialect()},
            codec.offset()};
  }
  static constexpr result<double_quantized<Format>> make(codec_description const& d) noexcept {
    return double_quantized<Format>::make(d.group, d.constant, d.nested, d.order);
  }
};

}  // namespace detail

/// A codec of this library: grouped of any of its schemes, tiles of one, double_quantized.
template <class Codec>
concept describable = requires(Codec const& codec) { detail::codec_describer<Codec>::describe(codec); };

template <describable Codec>
constexpr codec_description describe(Codec const& codec) noexcept {
  return detail::codec_describer<Codec>::describe(codec);
}

/// A block codec encodes the rows one by one; the planes' bytes are the sums over them.
template <describable Codec>
constexpr matrix_description describe(Codec const& codec, std::size_t rows, std::size_t cols) noexcept {
  matrix_description m{describe(codec), rows, cols, Codec::plane_count, {}};
  if constexpr (block_codec<Codec>) {
    auto const row = codec.plane_bytes(cols);
    for (std::size_t i = 0; i < row.size(); ++i) m.plane_bytes[i] = saturating_multiply(rows, row[i]);
  } else {
    auto const bytes = codec.plane_bytes(rows, cols);
    for (std::size_t i = 0; i < bytes.size(); ++i) m.plane_bytes[i] = bytes[i];
  }
  return m;
}

namespace detail {
// What the type of a codec alone decides.
constexpr bool same_type(named_codec const& a, named_codec const& b) noexcept {
  return a.family == b.family && a.element == b.element && a.choices == b.choices && a.scale == b.scale && a.dense == b.dense &&
      (a.tile_rows == 0) == (b.tile_rows == 0);
}
}  // namespace detail

/// The codec of type Codec that `d` describes.
template <describable Codec>
constexpr result<Codec> restore(codec_description const& d) noexcept {
  if (!detail::same_type(describe(Codec{}), d)) return errc::unsupported;
  auto const codec = detail::codec_describer<Codec>::make(d);
  if (!codec) return codec;
  return describe(*codec) == d ? codec : result<Codec>{errc::invalid_argument};
}

static_assert(std::is_trivially_copyable_v<matrix_description>);
static_assert(describable<absmax<int4>> && describable<tiles<mx_scheme<e2m1>>> && describable<double_quantized<nf4>>);

}  // namespace skive
