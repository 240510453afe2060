# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conan 2 recipe. `conan create . --build=missing` packages the checkout and builds tests/consumer/conan with it."""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout


class SkiveConan(ConanFile):
    name = "skive"
    description = "Compression primitives for neural-network tensors: header-only C++20"
    license = "Apache-2.0 WITH LLVM-exception"
    topics = ("quantization", "compression", "simd", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    no_copy_source = True
    exports_sources = "include/*", "LICENSE"
    test_package_folder = "tests/consumer/conan"

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "include", "skive", "version.hpp"))
        parts = (re.search(rf"#define SKIVE_VERSION_{part} (\d+)", text).group(1) for part in ("MAJOR", "MINOR", "PATCH"))
        self.version = ".".join(parts)

    def layout(self):
        basic_layout(self, src_folder=".")

    def requirements(self):
        self.requires("xsimd/[>=13 <15]", transitive_headers=True)

    def validate(self):
        check_min_cppstd(self, 20)

    def package_id(self):
        self.info.clear()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "skive")
        self.cpp_info.set_property("cmake_target_name", "skive::skive")
        self.cpp_info.set_property("pkg_config_name", "skive")
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
