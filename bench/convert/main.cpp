// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// convert: numbers to codes and back, for conformance checks written in other languages.
//
//   scalar format : float32 -> one code per number (1 byte; 2 over 8 bits; 4 over 16), little-endian, and back
//   block codec   : rows of `--columns` float32 -> packed rows (planes one after another; of tiles: those of the whole matrix),
//                   then the tensor's constants as float32
//   IN            : raw little-endian float32, or .npy (whose last axis gives the columns); OUT: raw, .npy when it is so named
#include "compare/format.hpp"
#include "compare/npy.hpp"
#include "compare/problems.hpp"
#include "rounded.hpp"
#include "scalar.hpp"

#include "skive/core/random.hpp"

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

namespace {

using skive::convert::any_rounding;
using bytes = std::vector<char>;

struct options {
  std::string format, in, out, rounding = "nearest_even", finite = "saturate", infinite = "saturate";
  std::size_t columns = 0;
  std::uint64_t seed = 0;
  int random_bits = 32;
  bool decode = false;
};

[[noreturn]] void fail(std::string const& subject, std::string const& reason) {
  throw std::runtime_error(subject + ": " + reason);
}

bytes read(std::string const& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) fail(path, "is not a file that can be read");
  std::ifstream file(path, std::ios::binary);
  bytes data{std::istreambuf_iterator<char>(file), {}};
  if (!file) fail(path, "cannot be read");
  return data;
}

// Written beside and renamed, so that a failure leaves no half-written file.
void write(std::string const& path, bytes const& data) {
  auto const part = path + ".part";
  {
    std::ofstream file(part, std::ios::binary);
    file.write(data.data(), static_cast<std::streamsize>(data.size()));
    if (!file.flush()) fail(path, "cannot be written");
  }
  std::error_code error;
  std::filesystem::rename(part, path, error);
  if (error) fail(path, "cannot be written");
}

struct numbers {
  std::vector<float> values;
  std::size_t columns;
};

numbers read_numbers(options const& o) {
  if (std::filesystem::path{o.in}.extension() == ".npy") {
    auto const t = skive::compare::read_npy(o.in);
    numbers n{std::vector<float>(t.elements()), t.cols()};
    to_float(t, 0, n.values);
    if (o.columns != 0 && o.columns != n.columns) fail(o.in, fmt::format("has {} columns, not {}", n.columns, o.columns));
    return n;
  }
  auto const raw = read(o.in);
  if (raw.size() % 4 != 0) fail(o.in, fmt::format("{} bytes are no whole count of float32 numbers", raw.size()));
  numbers n{std::vector<float>(raw.size() / 4), o.columns};
  std::memcpy(n.values.data(), raw.data(), raw.size());
  return n;
}

bytes to_raw(std::vector<float> const& values) {
  bytes data(values.size() * 4);
  std::memcpy(data.data(), values.data(), data.size());
  return data;
}

void write_numbers(options const& o, std::vector<float> const& values) {
  auto data = to_raw(values);
  if (std::filesystem::path{o.out}.extension() == ".npy") {
    auto const shape =
        o.columns == 0 ? fmt::format("({},)", values.size()) : fmt::format("({}, {})", values.size() / o.columns, o.columns);
    auto head = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", shape);
    head.append(63 - (10 + head.size()) % 64, ' ').push_back('\n');
    std::string const start =
        std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(head.size() & 0xFF) + static_cast<char>(head.size() >> 8) + head;
    data.insert(data.begin(), start.begin(), start.end());
  }
  write(o.out, data);
}

any_rounding rounding_of(options const& o) {
  static std::map<std::string, any_rounding::kind> const plain{
      {"nearest_even", any_rounding::kind::nearest_even},       {"nearest_away", any_rounding::kind::nearest_away},
      {"toward_zero", any_rounding::kind::toward_zero},         {"toward_positive", any_rounding::kind::toward_positive},
      {"toward_negative", any_rounding::kind::toward_negative}, {"toward_odd", any_rounding::kind::toward_odd}};
  if (auto const found = plain.find(o.rounding); found != plain.end()) return {found->second, {}};
  auto const variant = static_cast<skive::stochastic_variant>(o.rounding.back() - 'a');
  return {any_rounding::kind::random, {0, o.random_bits, variant}};
}

skive::overflow_policy overflow_of(options const& o) {
  auto const action = [](std::string const& word) {
    return word == "saturate" ? skive::overflow_action::saturate : skive::overflow_action::to_special;
  };
  return {action(o.finite), action(o.infinite)};
}

std::size_t code_bytes(int bits) { return bits <= 8 ? 1 : bits <= 16 ? 2 : 4; }

void scalar(options const& o, skive::convert::scalar_entry const& f) {
  auto const width = code_bytes(f.bits);
  if (o.decode) {
    auto const data = read(o.in);
    if (data.size() % width != 0) fail(o.in, fmt::format("{} bytes are no whole count of {}-byte codes", data.size(), width));
    std::vector<float> values;
    for (std::size_t i = 0; i < data.size(); i += width) {
      std::uint32_t code = 0;
      for (std::size_t b = 0; b < width; ++b) code |= std::uint32_t{static_cast<unsigned char>(data[i + b])} << (8 * b);
      values.push_back(static_cast<float>(f.decode(code)));
    }
    return write_numbers(o, values);
  }
  auto const n = read_numbers(o);
  auto rounding = rounding_of(o);
  skive::counter_random const random{o.seed};
  bytes data;
  for (std::size_t i = 0; i < n.values.size(); ++i) {
    if (rounding.which == any_rounding::kind::random) rounding.random.random = random.bits(i) >> (32 - o.random_bits);
    auto const code = f.encode(static_cast<double>(n.values[i]), rounding, overflow_of(o));
    for (std::size_t b = 0; b < width; ++b) data.push_back(static_cast<char>((code >> (8 * b)) & 0xFF));
  }
  write(o.out, data);
}

// Rows that were packed into `size` bytes: each takes a byte at least, and more rows never take fewer.
std::size_t rows_in(std::size_t size, skive::compare::fitted const& codec, options const& o) {
  std::size_t low = 0;
  std::size_t high = size;
  while (low < high) {
    auto const middle = low + (high - low + 1) / 2;
    if (codec.bytes({middle, o.columns}) <= size)
      low = middle;
    else
      high = middle - 1;
  }
  if (codec.bytes({low, o.columns}) != size)
    fail(o.in, fmt::format("{} bytes are no whole count of rows of {} numbers", size, o.columns));
  return low;
}

// By the format's own rounding, or by another where the library's codec takes one.
void encode(options const& o, skive::compare::fitted const& codec, skive::matrix_view<float const> rows, std::byte* out) {
  if (o.rounding == "nearest_even") return codec.encode_rows(rows, out);
  auto const policy = rounding_of(o);
  skive::convert::row_rounding const rounding{policy.which, {o.seed, 0, o.random_bits, policy.random.variant}};
  auto const description = codec.description();
  auto const encoder = description ? skive::convert::find_rounded(*description, rounding) : nullptr;
  if (!encoder) fail(o.format, "rounds to nearest even only");
  encoder->encode_rows(rows, out);
}

void block(options const& o, skive::compare::format const& f) {
  if (o.finite != "saturate" || o.infinite != "saturate") fail(o.format, "block codecs saturate");
  if (o.decode) {
    if (o.columns == 0) fail(o.format, "--columns is needed to decode packed rows");
    auto const data = read(o.in);
    std::vector<float> constants(f.constant_count(o.columns));
    auto const tail = constants.size() * 4;
    if (data.size() < tail) fail(o.in, "is too short to hold the tensor's constants");
    std::memcpy(constants.data(), data.data() + (data.size() - tail), tail);
    auto const codec = f.restore(constants, o.columns);
    auto const rows = rows_in(data.size() - tail, *codec, o);
    std::vector<float> values(rows * o.columns);
    codec->decode_rows(reinterpret_cast<std::byte const*>(data.data()), {values.data(), rows, o.columns});
    return write_numbers(o, values);
  }
  auto const n = read_numbers(o);
  auto const columns = n.columns == 0 ? n.values.size() : n.columns;
  if (columns == 0 || n.values.size() % columns != 0)
    fail(o.in, fmt::format("{} numbers are no whole count of rows of {}", n.values.size(), columns));
  skive::matrix_view<float const> const rows{n.values.data(), n.values.size() / columns, columns};
  auto const codec = f.fit(rows);
  bytes data(codec->bytes({rows.rows, columns}));
  encode(o, *codec, rows, reinterpret_cast<std::byte*>(data.data()));
  auto const constants = to_raw(codec->constants());
  data.insert(data.end(), constants.begin(), constants.end());
  write(o.out, data);
}

int run(int argc, char** argv) {
  options o;
  CLI::App app{
      "Numbers to codes and back. Scalar formats: one code per number, of 1, 2 or 4 bytes. Block codecs: packed rows,\n"
      "then the tensor's constants (float32) where the format has any.",
      "convert"};
  bool list = false;
  app.add_flag("--list", list, "print the names of the scalar formats and of the default block codecs");
  auto* const format = app.add_option("--format", o.format, "name of a scalar format or block codec");
  app.add_flag("--decode", o.decode, "codes to numbers");
  app.add_option("--columns", o.columns, "numbers in a row (raw input of a block codec; default: one row)");
  app.add_option("--rounding", o.rounding, "of numbers to codes")
      ->check(CLI::IsMember({"nearest_even", "nearest_away", "toward_zero", "toward_positive", "toward_negative", "toward_odd",
                             "stochastic_a", "stochastic_b", "stochastic_c"}));
  app.add_option("--overflow", o.finite, "finite numbers past the largest code")->check(CLI::IsMember({"saturate", "special"}));
  app.add_option("--infinity", o.infinite, "infinite input")->check(CLI::IsMember({"saturate", "special"}));
  app.add_option("--seed", o.seed,
                 "of stochastic rounding; number i takes word i of the stream, or of the row's stream in a block codec");
  app.add_option("--random-bits", o.random_bits, "of stochastic rounding")->check(CLI::Range(1, 32));
  auto* const in = app.add_option("IN", o.in, "raw float32 or .npy; codes with --decode");
  auto* const out = app.add_option("OUT", o.out, "where the result goes");
  try {
    app.parse(argc, argv);
    if (!list && (format->empty() || in->empty() || out->empty())) throw CLI::RequiredError("--format, IN and OUT");
  } catch (CLI::ParseError const& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (list) {
    for (auto const& f : skive::convert::scalar_formats()) fmt::print("{}\n", f.name);
    for (auto const& f : skive::compare::menu()) fmt::print("{}\n", f->name());
    return 0;
  }
  if (auto const* const f = skive::convert::find_scalar(o.format)) {
    scalar(o, *f);
  } else {
    block(o, *skive::compare::make_format(o.format));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (std::exception const& e) {
    fmt::print(stderr, "convert: {}\n", e.what());
    return 2;
  }
}
