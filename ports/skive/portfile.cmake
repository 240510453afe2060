# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Overlay port: `vcpkg install skive --overlay-ports=ports` packages the checkout that this file lies in.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(VCPKG_BUILD_TYPE release)  # header-only

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS -DSKIVE_BUILD_TESTING=OFF -DSKIVE_BUILD_BENCHMARKS=OFF -DSKIVE_BUILD_EXAMPLES=OFF -DSKIVE_INSTALL=ON)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/skive)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/licenses" "${CURRENT_PACKAGES_DIR}/lib")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
