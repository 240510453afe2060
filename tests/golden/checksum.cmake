# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# SHA-256 of codecs.tsv, which `skive_golden > tests/golden/codecs.tsv` makes (each line by the scalar rule; a change of it is a change
# of what stored files mean).
set(golden_sum b56aafcd796463001c6db3933ae61369446dc468bae1595ac1d90b33b206a4bc)
