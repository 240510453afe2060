// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// @file transform/hadamard_table.hpp - four circulant rows each, for the Hadamard orders that no finite field gives.
///
///   bit j of a row is set where entry j is -1;   order 4 m,  A A^T + B B^T + C C^T + D D^T = 4 m I
///
/// Model of : -
/// Cost     : data.
/// Source   : the orders are due to L. D. Baumert, S. W. Golomb, M. Hall, 1962 (92); J. Williamson, 1944 (172); L. D. Baumert, M.
///            Hall, 1965, and L. D. Baumert, 1966 (156, 116); R. J. Turyn (188); R. J. Fletcher, C. Koukouvinos, J. Seberry, 2004
///            (236, a skew one); H. Kharaghani, B. Tayfeh-Rezaie, J. Combin. Designs 13, 2005 (428). The rows are those of
///            public tables; the tests multiply each matrix with its transpose.

#include <array>
#include <cstdint>

namespace skive::detail {

struct circulant_rows {
  std::uint32_t m;
  bool symmetric;  // entry j = entry m - j: Williamson's array; else that of Goethals and Seidel
  std::array<std::array<std::uint64_t, 2>, 4> row;
};

inline constexpr std::array<circulant_rows, 7> circulant_table{{
    {23, true, {{{0x117E88, 0}, {0x1CA538, 0}, {0x498192, 0}, {0x3BA5DC, 0}}}},
    {29, true, {{{0xDA2116C, 0}, {0x25C0E90, 0}, {0x17340B3A, 0}, {0x735EB38, 0}}}},
    {39, true, {{{0x1AFB3CDF58, 0}, {0xECF5AF370, 0}, {0x1975BDAE98, 0}, {0x72BE247D4E, 0}}}},
    {43, true, {{{0x730A26450CE, 0}, {0x207AC935E04, 0}, {0x14D42F42B28, 0}, {0x385B3FCDA1C, 0}}}},
    {47, false, {{{0x3B03D70E7B7A, 0}, {0x5090C775E06E, 0}, {0x3B512CEEF8B6, 0}, {0x44AED3EEF8B6, 0}}}},
    {59, false, {{{0x22B62183E7B92BA, 0}, {0x22B62183E7B92BA, 0}, {0x7BB5BEEFCD8A3C8, 0}, {0x7ED3487AEA9D8C0, 0}}}},
    {107,
     false,
     {{{0x158B3E8768C88682, 0x5E121F53C21},
       {0xE68D44241AD98439, 0x5F4F767488B},
       {0x1972BBD1E57C243D, 0x5F4F76748F4},
       {0xE68D442BE5267BC6, 0x5F4F767488B}}}},
}};

}  // namespace skive::detail
