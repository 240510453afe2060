// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tensor.hpp"

#include "mapped_file.hpp"
#include "problems.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

namespace skive::compare {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian and are read in place");

constexpr std::array<number_type_facts, 20> all_types{{
    {"F64", number_type::f64, 64, true},         {"F32", number_type::f32, 32, true},
    {"F16", number_type::f16, 16, true},         {"BF16", number_type::bf16, 16, true},
    {"F8_E4M3", number_type::f8_e4m3, 8, true},  {"F8_E5M2", number_type::f8_e5m2, 8, true},
    {"F8_E8M0", number_type::f8_e8m0, 8, false}, {"F6_E2M3", number_type::f6_e2m3, 6, false},
    {"F6_E3M2", number_type::f6_e3m2, 6, false}, {"F4", number_type::f4, 4, false},
    {"I64", number_type::i64, 64, false},        {"U64", number_type::u64, 64, false},
    {"I32", number_type::i32, 32, false},        {"U32", number_type::u32, 32, false},
    {"I16", number_type::i16, 16, false},        {"U16", number_type::u16, 16, false},
    {"I8", number_type::i8, 8, false},           {"U8", number_type::u8, 8, false},
    {"BOOL", number_type::boolean, 8, false},    {"C64", number_type::c64, 64, false},
}};

template <class T>
T load(std::byte const* p) noexcept {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// Any small IEEE-like float: `mantissa` fraction bits, exponent field of `exponent` bits.
// `finite_only`: the E4M3 of OCP, where only the all-ones code is NaN and there is no infinity.
float small_float(unsigned code, int exponent, int mantissa, bool finite_only) noexcept {
  int const bias = (1 << (exponent - 1)) - 1;
  int const top = (1 << exponent) - 1;
  auto const fraction = static_cast<int>(code & ((1u << mantissa) - 1));
  auto const field = static_cast<int>((code >> mantissa) & ((1u << exponent) - 1));
  bool const negative = ((code >> (mantissa + exponent)) & 1u) != 0;
  float magnitude;
  if (field == top && (finite_only ? fraction == (1 << mantissa) - 1 : fraction != 0))
    magnitude = std::numeric_limits<float>::quiet_NaN();
  else if (field == top && !finite_only)
    magnitude = std::numeric_limits<float>::infinity();
  else if (field == 0)
    magnitude = std::ldexp(static_cast<float>(fraction), 1 - bias - mantissa);
  else
    magnitude = std::ldexp(static_cast<float>(fraction + (1 << mantissa)), field - bias - mantissa);
  return negative ? -magnitude : magnitude;
}

// 8- and 16-bit types go through a table of all codes: exact, and as fast as the memory it is read from.
std::vector<float> all_codes(int bits, int exponent, bool finite_only) {
  std::vector<float> table(std::size_t{1} << bits);
  for (std::size_t code = 0; code < table.size(); ++code)
    table[code] = small_float(static_cast<unsigned>(code), exponent, bits - 1 - exponent, finite_only);
  return table;
}

template <class Code>
void by_table(std::vector<float> const& table, std::byte const* in, std::span<float> out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = table[load<Code>(in + i * sizeof(Code))];
}

}  // namespace

number_type_facts const& facts(number_type type) noexcept {
  return *std::find_if(all_types.begin(), all_types.end(), [type](auto const& f) { return f.type == type; });
}

std::optional<number_type> number_type_named(std::string_view name) noexcept {
  for (auto const& f : all_types)
    if (f.name == name) return f.type;
  return std::nullopt;
}

std::uint64_t tensor::elements() const noexcept {
  std::uint64_t n = 1;
  for (auto const extent : shape) n *= extent;
  return n;
}

std::string reason_to_skip(tensor const& t) {
  if (!facts(t.type).readable) return fmt::format("type {} is not compared", facts(t.type).name);
  if (t.shape.size() < 2) return t.shape.empty() ? "a scalar" : "a vector";
  if (t.elements() == 0) return "no elements";
  return {};
}

std::optional<std::uint64_t> byte_count(std::span<std::uint64_t const> shape, int bits) noexcept {
  // An extent of zero makes the product zero, but only after the others are known to fit.
  std::uint64_t n = static_cast<std::uint64_t>(bits);
  bool zero = false;
  for (auto const extent : shape) {
    if (extent == 0)
      zero = true;
    else if (__builtin_mul_overflow(n, extent, &n))
      return std::nullopt;
  }
  if (zero) return 0;
  if (n % 8 != 0) return std::nullopt;
  return n / 8;
}

void to_float(tensor const& t, std::size_t first, std::span<float> out) {
  auto const* const in = t.bytes.data() + first * static_cast<std::size_t>(facts(t.type).bits / 8);
  static std::vector<float> const half = all_codes(16, 5, false);
  static std::vector<float> const e4m3 = all_codes(8, 4, true);
  static std::vector<float> const e5m2 = all_codes(8, 5, false);
  switch (t.type) {
    case number_type::f32: std::memcpy(out.data(), in, out.size_bytes()); return;
    case number_type::f64:
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(load<double>(in + 8 * i));
      return;
    case number_type::bf16:
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = std::bit_cast<float>(std::uint32_t{load<std::uint16_t>(in + 2 * i)} << 16);
      return;
    case number_type::f16: by_table<std::uint16_t>(half, in, out); return;
    case number_type::f8_e4m3: by_table<std::uint8_t>(e4m3, in, out); return;
    case number_type::f8_e5m2: by_table<std::uint8_t>(e5m2, in, out); return;
    default: throw input_error{fmt::format("type {} is not compared", facts(t.type).name)};
  }
}

float_matrix::float_matrix(tensor const& t) : rows_{t.rows()}, cols_{t.cols()} {
  auto const address = reinterpret_cast<std::uintptr_t>(t.bytes.data());
  if (t.type == number_type::f32 && address % alignof(float) == 0) {
    data_ = {t.memory, reinterpret_cast<float const*>(t.bytes.data())};
    return;
  }
  auto const count = static_cast<std::size_t>(t.elements());
  auto copy = scratch_floats(count);
  auto const bits = static_cast<std::size_t>(facts(t.type).bits);
  constexpr std::size_t chunk = std::size_t{16} << 20;  // stored pages are dropped as the conversion passes
  for (std::size_t first = 0; first < count; first += chunk) {
    auto const n = std::min(chunk, count - first);
    to_float(t, first, {copy.get() + first, n});
    if (t.mapped) mapped_file::release(t.bytes.subspan(first * bits / 8, n * bits / 8));
  }
  data_ = std::move(copy);
}

}  // namespace skive::compare
