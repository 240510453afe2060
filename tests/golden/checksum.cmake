# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# SHA-256 of codecs.tsv, which `skive_golden > tests/golden/codecs.tsv` makes (each line by the scalar rule; a change of it is a change
# of what stored files mean).
set(golden_sum 8a66d92cbb26f2c1a3147afa5ec67757a419caada18c7eb30afa130dda070acc)
