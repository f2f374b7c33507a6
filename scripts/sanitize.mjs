// Tests of the native side in builds that notice what others survive:
//
//   npm run sanitize                  AddressSanitizer and UndefinedBehaviorSanitizer
//   npm run sanitize -- --assertions  the debug build: assertions of libstdc++, no optimisation
//   npm run sanitize -- --valgrind    valgrind's memcheck on the release build
//
// Further arguments name compiled test files (dist-test/…). Without any, those of FILES_OF_VALGRIND run
// under valgrind, and else all that load the addon.
import './lib/node-version.mjs';

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { buildAddon } from './lib/addon.mjs';
import { main, SetupError } from './lib/advice.mjs';
import { DIST_TEST, ROOT, tool } from './lib/checkout.mjs';
import { capture, run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests } from './lib/typescript.mjs';

// They run no native code of ours that other tests do not run: command lines, documentation, examples,
// packages, and what needs a GPU.
const LEFT_OUT = ['cli', 'cuda', 'docs', 'examples', 'package'];
// Valgrind is 30 times slower, and runs one thread at a time: those of async do not come to an end.
const FILES_OF_VALGRIND = [
  'bindings/handle',
  'bindings/errors',
  'memory/tidy',
  'hostile/distance',
  'autograd/backward',
];
// Tests of how much memory or address space the process takes, which these tools change.
const MEASURES_PROCESS = [
  'stays flat',
  'memory goes back to the system',
  'found again among the garbage',
  'a limit on the address space',
  'leave no memory or threads behind',
];
// These call all of libtorch, which reads optional values before it asks whether they are there; and
// one takes an hour under valgrind.
const CALLS_EVERYTHING = ['survives anything given to', 'whose prototype was replaced'];

// libtorch, OpenBLAS and Node are not instrumented, so:
// - detect_leaks=0: Node and libtorch leave singletons at exit, and LeakSanitizer cannot see through
//   V8's heap. That we leak nothing is measured by the fuzzer and test/memory/pressure.test.ts.
// - detect_container_overflow=0: a std::vector filled by libtorch and read here (or the other way
//   round) has no marks of its unused part, or stale ones.
// - detect_odr_violation=0: libtorch's libraries define the same vague symbols several times.
// - alloc_dealloc_mismatch=0: libtorch allocates in one library and frees in another, each with its
//   own operator new.
// - handle_segv=0 would hide ours; V8 handles SIGSEGV only for WebAssembly, which nothing here uses.
// Huge requests fail as without it, and what is freed is kept for a while, but not all of it.
const ASAN_OPTIONS =
  'detect_leaks=0:detect_container_overflow=0:detect_odr_violation=0:alloc_dealloc_mismatch=0:' +
  'allocator_may_return_null=1:max_allocation_size_mb=4096:quarantine_size_mb=64:abort_on_error=1';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { assertions: { type: 'boolean' }, valgrind: { type: 'boolean' } },
});

await main(async () => {
  const libtorch = await setUp();
  await compileTests();
  const files = positionals.length > 0 ? positionals : filesToRun();
  const env = {
    ...process.env,
    OMP_WAIT_POLICY: 'PASSIVE',
    ...(libtorch.python && { TORCH_LOSSES_PYTHON: libtorch.python }),
  };
  const mocha = [
    tool('mocha', 'bin', 'mocha.js'),
    '--no-config',
    '--no-package',
    `--reporter=${path.join(ROOT, 'scripts', 'lib', 'reporter.cjs')}`,
    '--timeout=0',
    ...(values.assertions ? [] : [`--grep=${leftOut().join('|')}`, '--invert']),
    ...files,
  ];
  const { status } = await run(...commandOf(mocha, env, await built(libtorch)));
  return status;
});

function filesToRun() {
  if (values.valgrind) {
    return FILES_OF_VALGRIND.map((name) => path.join(DIST_TEST, `${name}.test.js`));
  }
  return readdirSync(DIST_TEST, { recursive: true })
    .filter((name) => name.endsWith('.test.js') && !LEFT_OUT.includes(name.split(path.sep)[0]))
    .sort()
    .map((name) => path.join(DIST_TEST, name));
}

function leftOut() {
  return values.valgrind ? [...MEASURES_PROCESS, ...CALLS_EVERYTHING] : MEASURES_PROCESS;
}

/** Builds what is to be run; returns the name of the build. */
async function built(libtorch) {
  if (values.valgrind) return 'Release';
  const configuration = values.assertions ? 'Debug' : 'Sanitize';
  await buildAddon(libtorch, { configuration });
  return configuration;
}

/** The arguments of `run` for mocha under the tool that was asked for. */
function commandOf(mocha, env, configuration) {
  env.TORCH_LOSSES_BUILD = configuration;
  if (values.valgrind) {
    return ['valgrind', [...valgrindOptions(), process.execPath, ...mocha], { env, inherit: true }];
  }
  if (values.assertions) return [process.execPath, mocha, { env, inherit: true }];
  // The run-time libraries must come first in every process that loads the addon.
  const libraries = ['libasan.so', 'libubsan.so'].map(libraryOfCompiler);
  const sanitized = {
    ...env,
    LD_PRELOAD: libraries.join(' '),
    ASAN_OPTIONS,
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  };
  return [process.execPath, mocha, { env: sanitized, inherit: true }];
}

function libraryOfCompiler(name) {
  const file = capture(process.env.CXX || 'g++', [`-print-file-name=${name}`]);
  if (!path.isAbsolute(file)) throw new SetupError(`The compiler has no ${name}`);
  return file;
}

function valgrindOptions() {
  try {
    execFileSync('valgrind', ['--version']);
  } catch {
    throw new SetupError('There is no valgrind', 'Install it: `apt install valgrind`.');
  }
  return [
    `--suppressions=${path.join(ROOT, 'scripts', 'lib', 'valgrind.supp')}`,
    '--error-exitcode=9',
    '--leak-check=no', // see ASAN_OPTIONS
    '--num-callers=30',
    '--max-threads=2000',
    '--fair-sched=try', // else the thread that waits for another may keep it from running
    // V8 writes code while it runs.
    '--smc-check=all-non-file',
  ];
}
