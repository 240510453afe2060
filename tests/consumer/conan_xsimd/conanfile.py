# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Stands in for the xsimd package of conan-center, so that the recipe is tested without a network. XSIMD_INCLUDE: where it lies."""

import os
import re

from conan import ConanFile
from conan.tools.files import copy, load


class XsimdConan(ConanFile):
    name = "xsimd"
    package_type = "header-library"
    no_copy_source = True

    def set_version(self):
        text = load(self, os.path.join(os.environ["XSIMD_INCLUDE"], "xsimd", "config", "xsimd_config.hpp"))
        parts = (re.search(rf"#define XSIMD_VERSION_{part} (\d+)", text).group(1) for part in ("MAJOR", "MINOR", "PATCH"))
        self.version = ".".join(parts)

    def package_id(self):
        self.info.clear()

    def package(self):
        copy(self, "xsimd/*", os.environ["XSIMD_INCLUDE"], os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
