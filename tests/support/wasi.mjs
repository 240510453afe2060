// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// node wasi.mjs PROGRAM.wasm [ARGUMENT...]: runs it with the files of this machine; the exit code is the program's.
import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const wasi = new WASI({ version: 'preview1', args: process.argv.slice(2), preopens: { '/': '/' }, returnOnExit: true });
const program = await WebAssembly.compile(await readFile(process.argv[2]));
process.exit(wasi.start(await WebAssembly.instantiate(program, wasi.getImportObject())));
