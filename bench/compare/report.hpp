// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/report.hpp - a comparison as text for people, as CSV and as JSON.

#include "comparison.hpp"

#include <string>

namespace skive::compare {

/// The columns that scripts rely on.
inline constexpr char const* csv_header =
    "tensor,format,bits_per_weight,relative_mse,sqnr_db,max_error,cosine,output_error,rd_gap_db,encode_ns,decode_ns";

/// A field in quotes where it holds a comma, a quote or a line break (RFC 4180).
std::string csv_field(std::string const& text);

/// Header and rows, tensor by tensor, `all` last. Figures that do not exist are empty; others round-trip.
std::string csv_text(comparison const& c);

/// Everything, problems included. Numbers that JSON does not have are null.
std::string json_text(comparison const& c, std::vector<std::string> const& problem_lines,
                      std::optional<recommendation> const& advice, std::optional<double> copy_ns);

struct table_options {
  bool summary = false;           // the overall table only
  std::optional<double> copy_ns;  // the yardstick, where it was measured
};

/// Tables sorted by bits per weight. In the overall table `*` marks formats that no other beats in both size and error.
std::string table_text(comparison const& c, table_options const& o);

/// One line that recommends, or says that nothing fits.
std::string advice_text(std::optional<recommendation> const& advice, double budget);

}  // namespace skive::compare
