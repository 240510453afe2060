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
///            (236, a skew one); H. Kharaghani, B. Tayfeh-Rezaie, J. Combin. Designs 13, 2005 (428); D. Z. Djokovic, "Five new orders
///            for Hadamard matrices of skew type", Australas. J. Combin. 10, 1994 (412, 604): rows of public tables.
///            612: A. L. Whiteman, 1973, from a conference matrix of order 18 and the quadratic character of 17.
///            324: functions on GF(81) that are constant on the cosets of its subgroup of order 4, found by trying all: their Fourier
///            transforms are, away from 0, +-18 where those of the other three vanish, as in M.-Y. Xia, "Some infinite classes of special
///            Williamson matrices and difference sets", J. Combin. Theory A 61, 1992.
///            The rows of m = 65, 67, 73, 93, 101, 113, 119, 127, 133 and 163 were searched for this table: unions of orbits of
///            maps x -> g x mod m, four whose autocorrelations cancel, as in D. Z. Djokovic, "Construction of some new Hadamard
///            matrices", Bull. Austral. Math. Soc. 45, 1992. The tests multiply each matrix with its transpose.

#include <array>
#include <cstdint>

namespace skive::detail {

struct circulant_rows {
  std::uint32_t m;
  bool symmetric;     // entry j = entry m - j: Williamson's array; else that of Goethals and Seidel
  std::uint8_t base;  // if not 0: entry (r, c) is that of the digits of c less those of r in this base, without carries
  std::array<std::array<std::uint64_t, 3>, 4> row;
};

inline constexpr std::array<circulant_rows, 21> circulant_table{{
    {23, true, 0, {{{0x117E88, 0}, {0x1CA538, 0}, {0x498192, 0}, {0x3BA5DC, 0}}}},
    {29, true, 0, {{{0xDA2116C, 0}, {0x25C0E90, 0}, {0x17340B3A, 0}, {0x735EB38, 0}}}},
    {39, true, 0, {{{0x1AFB3CDF58, 0}, {0xECF5AF370, 0}, {0x1975BDAE98, 0}, {0x72BE247D4E, 0}}}},
    {43, true, 0, {{{0x730A26450CE, 0}, {0x207AC935E04, 0}, {0x14D42F42B28, 0}, {0x385B3FCDA1C, 0}}}},
    {47, false, 0, {{{0x3B03D70E7B7A, 0}, {0x5090C775E06E, 0}, {0x3B512CEEF8B6, 0}, {0x44AED3EEF8B6, 0}}}},
    {59, false, 0, {{{0x22B62183E7B92BA, 0}, {0x22B62183E7B92BA, 0}, {0x7BB5BEEFCD8A3C8, 0}, {0x7ED3487AEA9D8C0, 0}}}},
    {65,
     false,
     0,
     {{{0xE8B3812E6303779A, 0x1, 0}, {0x5F2F0215F716565C, 0x1, 0}, {0x2EB1EBED91A588EE, 0, 0}, {0x172F24911854803C, 0x1, 0}}}},
    {67,
     false,
     0,
     {{{0xD9F71B9C02754658, 0x2, 0}, {0x8CFF0EF4F20479B6, 0x4, 0}, {0xEBF3F49D9AD57518, 0x1, 0}, {0xBE2A75B12D367AFE, 0x2, 0}}}},
    {73,
     false,
     0,
     {{{0x745FDC48EFE8B848, 0x48, 0},
       {0x9AA0B63740678B16, 0x1B7, 0},
       {0xB966B58E5A72CCA0, 0x5C, 0},
       {0xDCB9FC67E5EBB95E, 0x15, 0}}}},
    {81,
     true,
     3,
     {{{0x7E7292CFC90010E8, 0xD299, 0},
       {0xB0797C014914175E, 0x383E, 0},
       {0xA84C37550C8928EE, 0x19B44, 0},
       {0x99B826647362D0A6, 0x8E1C, 0}}}},
    {93,
     false,
     0,
     {{{0x4B0E2750923F46B2, 0x4D71DFB, 0},
       {0xD95422C2FAD9E0B2, 0x178372E5, 0},
       {0x107233005E5BACB2, 0x5CF16FB, 0},
       {0xD2F39FAF5F78BDEC, 0x11DDA8C, 0}}}},
    {101,
     false,
     0,
     {{{0x5F5D3E8B4346CCDC, 0x177A29237A, 0},
       {0x982C55947CD671CE, 0x1DCEFC036F, 0},
       {0x1D7438B2030A41DA, 0x129DDB6036, 0},
       {0x8D5FC52C3F2C9A88, 0xE710B5010, 0}}}},
    {103,
     false,
     0,
     {{{0x8EF08EBB55A5F9B8, 0x62605A5522, 0},
       {0xB8153994BEBBE7C4, 0x5978CA149, 0},
       {0xA79FED8E16BA6E8E, 0x637E497806, 0},
       {0xB36EDCEC863E5A1E, 0x71DDD7483F, 0}}}},
    {107,
     false,
     0,
     {{{0x158B3E8768C88682, 0x5E121F53C21},
       {0xE68D44241AD98439, 0x5F4F767488B},
       {0x1972BBD1E57C243D, 0x5F4F76748F4},
       {0xE68D442BE5267BC6, 0x5F4F767488B}}}},
    {113,
     false,
     0,
     {{{0x3D0E75A1FFEB3226, 0x6ECCA001E946, 0},
       {0xEA39039E22F4F908, 0xD1B0DDD69966, 0},
       {0xEA67580D503C3D2, 0x1ACC3022A28DD, 0},
       {0x336A88615A49E5B6, 0x1A60EA02B4701, 0}}}},
    {119,
     false,
     0,
     {{{0x99BC8853560DE396, 0x69C7F06AEA112D, 0},
       {0x16FB9C5F82B2BB2C, 0x4A20F6B635E670, 0},
       {0x8F9AD4EA34E86880, 0x7FEBECDBB8F4E6, 0},
       {0x8F9AD4EA34E86880, 0x7FEBECDBB8F4E6, 0}}}},
    {127,
     false,
     0,
     {{{0xD71146A8F5A0F0C8, 0x7B9F83AB901ECCCA, 0},
       {0xEDA0AFA3B03145B6, 0x7EF9EE82ECFDC40D, 0},
       {0x345B97BE6D76BE68, 0x5321B4D439F65F6, 0},
       {0x476A7EB5B8E74B96, 0x121D16E6177CED39, 0}}}},
    {133,
     false,
     0,
     {{{0xB44EBE58539A17F2, 0x2ADB358214CE3F01, 0xE},
       {0xDE9F1D1EDE80239A, 0x1EB7E421D2432535, 0x14},
       {0x8B5266883825DCEC, 0xD1CD53DEAFB0A860, 0x1B},
       {0xEE92DCD87F9F8A9E, 0xBB85C479B32FB635, 0x15}}}},
    {151,
     false,
     0,
     {{{0x2CA0A1BBD0AE0D32, 0xF4227AFACB719671, 0x334F8A},
       {0xE46C3C4F70818814, 0x57623E742B729250, 0x2050CF},
       {0x3B31436B4D9D03FE, 0x4CE6BAE892AC596F, 0x6F80B3},
       {0x6B7B2B077503E48, 0xBC3479BD5FD7E770, 0x52CE18}}}},
    {153,
     true,
     0,
     {{{0x6B0750A131103CD8, 0x32142B835965FE9A, 0x6CF022},
       {0xCA57F8E51B01345C, 0x629C7FA94C6D7AD8, 0xE8B203},
       {0x6B0F50A531123CD8, 0x32942BC35945FE8A, 0x6CF122},
       {0x35A0071EE4FCCBA2, 0x9DE38016B3B28537, 0x1174CFC}}}},
    {163,
     false,
     0,
     {{{0x4BD35E0AB78B8EE, 0x91349DDAF1373242, 0x8C3F90EE},
       {0x5258E208377A0DCC, 0x157434B7DBDD374A, 0x2BA366689},
       {0x65F22BDE341BCF9E, 0x53BE95857C6716E1, 0x1E1F1F570},
       {0x566BEB688D0064B6, 0x847025FB8FB915A8, 0x313021229}}}},
}};

}  // namespace skive::detail
