# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# SHA-256 of codecs.tsv, which `skive_golden > tests/golden/codecs.tsv` makes (each line by the scalar rule; a change of it is a change
# of what stored files mean).
set(golden_sum 631930bfc48ce9c5d6ce4f4a8c4c486a32b1bbf08294e75d617ab8772f20b214)
