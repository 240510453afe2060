// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plot.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace skive::compare {
namespace {

// The drawing area in pixels, fixed through gnuplot's margins, so that labels can be placed here without overlap.
constexpr double width = 1280;
constexpr double height = 860;
constexpr double left = 80;
constexpr double right = 1250;
constexpr double bottom = 70;
constexpr double top = 810;
constexpr double letter = 6.8;
constexpr double line = 12;

struct box {
  double x0, y0, x1, y1;
  bool meets(box const& o) const noexcept { return x0 < o.x1 && o.x0 < x1 && y0 < o.y1 && o.y0 < y1; }
};

struct axes {
  double x0, x1, y0, y1;
  double pixel_x(double bits) const noexcept { return left + (bits - x0) / (x1 - x0) * (right - left); }
  double pixel_y(double db) const noexcept { return bottom + (db - y0) / (y1 - y0) * (top - bottom); }
};

// In gnuplot's single quotes only the quote itself is special.
std::string quoted(std::string const& text) {
  std::string out = "'";
  for (char const c : text) {
    if (c == '\'') out += '\'';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "'";
}

std::vector<row const*> drawable(std::span<row const> rows) {
  std::vector<row const*> out;
  for (auto const& r : rows)
    if (std::isfinite(r.values.sqnr_db) && std::isfinite(r.values.bits_per_weight)) out.push_back(&r);
  return out;
}

axes axes_for(std::vector<row const*> const& rows) {
  axes a{1e9, -1e9, 1e9, -1e9};
  for (auto const* r : rows) {
    a.x0 = std::min(a.x0, r->values.bits_per_weight);
    a.x1 = std::max(a.x1, r->values.bits_per_weight);
    a.y0 = std::min(a.y0, r->values.sqnr_db);
    a.y1 = std::max(a.y1, r->values.sqnr_db);
  }
  return {std::floor(a.x0 - 0.3), std::ceil(a.x1 + 0.6), std::floor(a.y0 - 2), std::ceil(a.y1 + 3)};
}

struct placed_label {
  box where{};
  double distance = 0;
};

// The nearest free place among rings around the point; a label far from its point gets a leader line.
placed_label place(double x, double y, double w, std::vector<box> const& taken) {
  constexpr std::array<double, 7> rings{8, 18, 32, 50, 72, 100, 140};
  for (double const ring : rings) {
    for (int k = 0; k < 16; ++k) {
      double const angle = k * 2 * 3.14159265358979 / 16;
      double const cx = x + std::cos(angle) * (ring + w / 2);
      double const cy = y + std::sin(angle) * (ring + line / 2);
      box const b{cx - w / 2, cy - line / 2, cx + w / 2, cy + line / 2};
      bool const inside = b.x0 > left && b.x1 < right && b.y0 > bottom && b.y1 < top;
      if (inside && std::none_of(taken.begin(), taken.end(), [&](box const& t) { return t.meets(b); })) return {b, ring};
    }
  }
  return {{x + 6, y - line / 2, x + 6 + w, y + line / 2}, 0};
}

void add_labels(std::string& script, std::vector<row const*> const& rows, axes const& a) {
  std::vector<box> taken;
  for (auto const* r : rows) {
    double const x = a.pixel_x(r->values.bits_per_weight);
    double const y = a.pixel_y(r->values.sqnr_db);
    taken.push_back({x - 4, y - 4, x + 4, y + 4});
  }
  for (double bits = a.x0; bits < a.x1; bits += 0.02) {  // the bound is a line that labels keep off
    double const x = a.pixel_x(bits);
    double const y = a.pixel_y(20 * std::log10(2.0) * bits);
    taken.push_back({x - 2, y - 2, x + 2, y + 2});
  }
  auto const to = std::back_inserter(script);
  for (auto const* r : rows) {
    double const x = a.pixel_x(r->values.bits_per_weight);
    double const y = a.pixel_y(r->values.sqnr_db);
    auto const p = place(x, y, letter * static_cast<double>(r->format.size()), taken);
    taken.push_back(p.where);
    double const cx = (p.where.x0 + p.where.x1) / 2;
    double const cy = (p.where.y0 + p.where.y1) / 2;
    fmt::format_to(to, "set label {} at screen {:.5f},{:.5f} center noenhanced font ',9'\n", quoted(r->format), cx / width,
                   cy / height);
    if (p.distance > 15)
      fmt::format_to(to, "set arrow from screen {:.5f},{:.5f} to screen {:.5f},{:.5f} nohead lc rgb '#808080' lw 0.7 back\n",
                     x / width, y / height, std::clamp(x, p.where.x0, p.where.x1) / width,
                     std::clamp(y, p.where.y0, p.where.y1) / height);
  }
}

// Points that no other beats in both size and error, by rising size.
std::vector<row const*> front_of(std::vector<row const*> rows) {
  std::sort(rows.begin(), rows.end(), [](row const* a, row const* b) {
    auto const& x = a->values;
    auto const& y = b->values;
    if (x.bits_per_weight != y.bits_per_weight) return x.bits_per_weight < y.bits_per_weight;
    return x.sqnr_db != y.sqnr_db ? x.sqnr_db > y.sqnr_db : a < b;  // all point into one array
  });
  std::vector<row const*> out;
  for (auto const* r : rows)
    if (out.empty() || r->values.sqnr_db > out.back()->values.sqnr_db) out.push_back(r);
  return out;
}

void add_data(std::string& script, char const* name, std::vector<row const*> const& rows) {
  script += fmt::format("${} << END_OF_DATA\n", name);
  for (auto const* r : rows) script += fmt::format("{} {}\n", r->values.bits_per_weight, r->values.sqnr_db);
  script += "END_OF_DATA\n";
}

std::string program_path(std::string const& name) {
  char const* const search = std::getenv("PATH");
  std::string_view rest = search != nullptr ? search : "";
  while (!rest.empty()) {
    auto const end = std::min(rest.find(':'), rest.size());
    auto const candidate = std::string{rest.substr(0, end)} + "/" + name;
    if (end > 0 && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  throw std::runtime_error{"--plot needs gnuplot, which is not installed (Debian: apt-get install gnuplot-nox)"};
}

// A private temporary file that is gone with the object.
class temporary_file {
 public:
  explicit temporary_file(std::string const& text) {
    path_ = (std::filesystem::temp_directory_path() / "skive-plot-XXXXXX").string();
    int const file = ::mkstemp(path_.data());
    if (file < 0) throw std::runtime_error{fmt::format("cannot make a temporary file: {}", std::strerror(errno))};
    bool const written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(file);
    if (!written) {
      ::unlink(path_.c_str());
      throw std::runtime_error{"cannot write a temporary file"};
    }
  }
  temporary_file(temporary_file const&) = delete;
  temporary_file& operator=(temporary_file const&) = delete;
  ~temporary_file() { ::unlink(path_.c_str()); }
  std::string const& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace

std::string plot_script(std::span<row const> all, std::string const& title, std::string const& file) {
  auto const rows = drawable(all);
  if (rows.empty()) throw std::runtime_error{"nothing to plot: no format has a finite error"};
  auto const a = axes_for(rows);
  std::string script = file.ends_with(".svg") ? "set terminal svg" : "set terminal pngcairo";
  auto const to = std::back_inserter(script);
  // Absolute, because gnuplot takes a leading `|` for a command.
  fmt::format_to(to, " size {},{} font 'sans,12' background rgb 'white'\nset output {}\n", width, height,
                 quoted(std::filesystem::absolute(file).string()));
  fmt::format_to(
      to,
      "set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\nset bmargin at screen {:.5f}\nset tmargin at screen {:.5f}\n",
      left / width, right / width, bottom / height, top / height);
  fmt::format_to(to, "set title {} noenhanced\nset xlabel 'bits per weight, all metadata counted'\nset ylabel 'SQNR in dB'\n",
                 quoted(title));
  fmt::format_to(
      to, "set xrange [{}:{}]\nset yrange [{}:{}]\nset xtics 1\nset mxtics 4\nset grid lc rgb '#e4e4e4'\nset key bottom right\n",
      a.x0, a.x1, a.y0, a.y1);
  add_labels(script, rows, a);
  add_data(script, "points", rows);
  add_data(script, "front", front_of(rows));
  script +=
      "plot 20*log10(2)*x with lines lc rgb '#c03020' lw 1.5 title 'Gaussian rate-distortion bound, 6.02 dB a bit', \\\n"
      "  $front with lines lc rgb '#80a8d0' lw 1.5 title 'best at each size', \\\n"
      "  $points with points pt 7 ps 0.6 lc rgb '#205090' title 'formats'\n";
  return script;
}

void plot(std::span<row const> rows, std::string const& title, std::string const& file) {
  auto program = program_path("gnuplot");
  temporary_file const script{plot_script(rows, title, file)};
  auto argument = script.path();
  char* arguments[] = {program.data(), argument.data(), nullptr};
  pid_t child = 0;
  if (int const error = ::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ); error != 0)
    throw std::runtime_error{fmt::format("cannot start gnuplot: {}", std::strerror(error))};
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::error_code ignored;
  if (status != 0 || std::filesystem::file_size(file, ignored) == 0 || ignored)
    throw std::runtime_error{fmt::format("gnuplot could not draw '{}'", file)};
}

}  // namespace skive::compare
