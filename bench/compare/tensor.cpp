// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tensor.hpp"

#include "mapped_file.hpp"
#include "problems.hpp"

#include "skive/format/fp8.hpp"
#include "skive/format/half.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

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

// 8- and 16-bit types go through a table of all codes: exact, and as fast as the memory it is read from.
template <class Format>
std::vector<float> all_codes() {
  std::vector<float> table(std::size_t{1} << Format::bits);
  for (std::size_t code = 0; code < table.size(); ++code)
    table[code] = Format::decode(static_cast<typename Format::code_type>(code));
  return table;
}

template <class Format>
void by_table(std::byte const* in, std::span<float> out) {
  using code_type = typename Format::code_type;
  static std::vector<float> const table = all_codes<Format>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = table[load<code_type>(in + i * sizeof(code_type))];
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
  switch (t.type) {
    case number_type::f32: std::memcpy(out.data(), in, out.size_bytes()); return;
    case number_type::f64:
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(load<double>(in + 8 * i));
      return;
    case number_type::bf16: by_table<bfloat16>(in, out); return;
    case number_type::f16: by_table<float16>(in, out); return;
    case number_type::f8_e4m3: by_table<e4m3fn>(in, out); return;
    case number_type::f8_e5m2: by_table<e5m2>(in, out); return;
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
