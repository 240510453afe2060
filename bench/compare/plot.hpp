// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file compare/plot.hpp - the rate-distortion picture: SQNR against bits per weight, with the Gaussian bound, through gnuplot.
///
///   bound: SQNR = 20 log10(2) R = 6.02 R dB, what no code of R bits per weight passes on Gaussian numbers of one variance
///
/// gnuplot is looked up when the picture is wanted and started without a shell; names are quoted in its script.

#include "comparison.hpp"

#include <span>
#include <string>

namespace skive::compare {

/// The script that draws `rows` into `file` (.svg or .png). Rows without a finite SQNR are left out.
std::string plot_script(std::span<row const> rows, std::string const& title, std::string const& file);

/// Throws std::runtime_error: no gnuplot, nothing to draw, gnuplot failed, the file cannot be written.
void plot(std::span<row const> rows, std::string const& title, std::string const& file);

}  // namespace skive::compare
