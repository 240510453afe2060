// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "npy.hpp"

#include "mapped_file.hpp"
#include "problems.hpp"

#include <charconv>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace skive::compare {
namespace {

// The header is a Python dictionary of a fixed, small grammar: strings, True, False, and a tuple of integers.
class header_text {
 public:
  explicit header_text(std::string_view text) : rest_{text} {}

  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) throw input_error{fmt::format("has a header that NumPy does not write: '{}' expected", c)};
  }
  std::string string() {
    skip_space();
    char const quote = !rest_.empty() && rest_.front() == '"' ? '"' : '\'';
    expect(quote);
    auto const end = rest_.find(quote);
    if (end == rest_.npos) throw input_error{"has a header that NumPy does not write: a string without end"};
    std::string out{rest_.substr(0, end)};
    rest_.remove_prefix(end + 1);
    return out;
  }
  bool boolean() {
    skip_space();
    bool const yes = rest_.starts_with("True");
    if (!yes && !rest_.starts_with("False")) throw input_error{"has a header that NumPy does not write: True or False expected"};
    rest_.remove_prefix(yes ? 4 : 5);
    return yes;
  }
  std::vector<std::uint64_t> tuple() {
    std::vector<std::uint64_t> out;
    expect('(');
    while (!take(')')) {
      skip_space();
      std::uint64_t value = 0;
      auto const [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc{}) throw input_error{"has a shape that is not a list of non-negative integers below 2^64"};
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      out.push_back(value);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return out;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

number_type type_of(std::string const& descr) {
  if (descr == "<f4") return number_type::f32;
  if (descr == "<f8") return number_type::f64;
  if (descr == "<f2") return number_type::f16;
  throw input_error{fmt::format("has dtype '{}'; little-endian float16, float32 and float64 are read", descr)};
}

struct parts {
  std::string_view header;
  std::span<std::byte const> data;
};

parts split(std::span<std::byte const> bytes) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0) throw input_error{"is not a .npy file"};
  auto const major = std::to_integer<int>(bytes[6]);
  if (major < 1 || major > 3) throw input_error{fmt::format("has .npy version {}; versions 1 to 3 are read", major)};
  std::size_t const width = major == 1 ? 2 : 4;
  if (bytes.size() < 8 + width) throw input_error{"is truncated within its header"};
  std::size_t length = 0;
  for (std::size_t i = 0; i < width; ++i) length |= std::to_integer<std::size_t>(bytes[8 + i]) << (8 * i);
  auto const rest = bytes.subspan(8 + width);
  if (length > rest.size()) throw input_error{"is truncated within its header"};
  return {{reinterpret_cast<char const*>(rest.data()), length}, rest.subspan(length)};
}

}  // namespace

tensor read_npy(std::string const& path) {
  auto const file = mapped_file::open(path);
  auto const [header, data] = split(file->bytes());
  tensor t;
  bool seen[3] = {false, false, false};
  bool fortran = false;
  header_text text{header};
  text.expect('{');
  while (!text.take('}')) {
    auto const key = text.string();
    text.expect(':');
    int const which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
    if (which < 0 || seen[which]) throw input_error{fmt::format("has an unknown or repeated header key '{}'", key)};
    seen[which] = true;
    if (which == 0) t.type = type_of(text.string());
    if (which == 1) fortran = text.boolean();
    if (which == 2) t.shape = text.tuple();
    if (!text.take(',')) {
      text.expect('}');
      break;
    }
  }
  if (!seen[0] || !seen[1] || !seen[2]) throw input_error{"has a header without descr, fortran_order or shape"};
  if (fortran) throw input_error{"is stored in Fortran order; save it with numpy.ascontiguousarray"};
  auto const needed = byte_count(t.shape, facts(t.type).bits);
  if (!needed) throw input_error{fmt::format("has shape ({}), whose byte count overflows 64 bits", fmt::join(t.shape, ", "))};
  if (*needed != data.size())
    throw input_error{fmt::format("has shape ({}) of {} bytes, but holds {}", fmt::join(t.shape, ", "), *needed, data.size())};
  t.name = std::filesystem::path{path}.stem().string();
  t.file = path;
  t.bytes = data;
  t.memory = file;
  t.mapped = true;
  return t;
}

}  // namespace skive::compare
