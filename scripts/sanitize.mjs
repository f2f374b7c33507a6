// Runs tests of the native side with tools that detect memory errors and undefined behavior:
//
//   npm run sanitize                  AddressSanitizer and UndefinedBehaviorSanitizer
//   npm run sanitize -- --assertions  the debug build: assertions of libstdc++, no optimisation
//   npm run sanitize -- --valgrind    valgrind's memcheck on the release build
//
// Other arguments are compiled test files (dist-test/…). The default under valgrind is FILES_OF_VALGRIND, and else all
// files that load the addon.
import './lib/node-version.mjs';

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { main, SetupError } from './lib/advice.mjs';
import { DIST_TEST, ROOT, tool } from './lib/checkout.mjs';
import { capture, run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests } from './lib/typescript.mjs';

// These tests run no native code that other tests do not run: command line, documentation, examples, packages, and
// tests that need a GPU.
const LEFT_OUT = ['cli', 'cuda', 'docs', 'examples', 'package'];
// Valgrind is 30 times slower, and runs one thread at a time, so that tests of asynchronous calls never end.
const FILES_OF_VALGRIND = [
  'bindings/handle',
  'bindings/errors',
  'memory/tidy',
  'hostile/distance',
  'autograd/backward',
];
// Tests that measure the memory or address space of the process, which these tools change.
const MEASURES_PROCESS = [
  'stays flat',
  'memory goes back to the system',
  'found again among the garbage',
  'a limit on the address space',
  'leave no memory or threads behind',
];
// These tests call all of libtorch, which reads optional values before it checks whether they exist. One of them takes
// an hour under valgrind.
const CALLS_EVERYTHING = ['survives anything given to', 'whose prototype was replaced'];

// libtorch, OpenBLAS and Node are not instrumented. Therefore:
// - detect_leaks=0: Node and libtorch keep singletons until exit, and LeakSanitizer cannot look into
//   V8's heap. The fuzzer and test/memory/pressure.test.ts check for leaks.
// - detect_container_overflow=0: a std::vector filled by libtorch and read here (or the other way
//   round) has no annotation of its unused part, or a stale one.
// - detect_odr_violation=0: libtorch's libraries define the same vague symbols several times.
// - alloc_dealloc_mismatch=0: libtorch allocates in one library and frees in another, each with its
//   own operator new.
// - handle_segv stays on, since off would hide our faults. V8 handles SIGSEGV only for WebAssembly, which is not used.
// - allocator_may_return_null=1: huge requests fail as they do without the sanitizer.
// - quarantine_size_mb=64: freed memory is kept for a while, up to this size.
const ASAN_OPTIONS =
  'detect_leaks=0:detect_container_overflow=0:detect_odr_violation=0:alloc_dealloc_mismatch=0:' +
  'allocator_may_return_null=1:max_allocation_size_mb=4096:quarantine_size_mb=64:abort_on_error=1';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { assertions: { type: 'boolean' }, valgrind: { type: 'boolean' } },
});

await main(async () => {
  const configuration = values.valgrind ? 'Release' : values.assertions ? 'Debug' : 'Sanitize';
  const libtorch = await setUp(configuration);
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
  const { status } = await run(...commandOf(mocha, env, configuration));
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

/** Returns the arguments of `run` for mocha under the selected tool. */
function commandOf(mocha, env, configuration) {
  env.TORCH_LOSSES_BUILD = configuration;
  if (values.valgrind) {
    return ['valgrind', [...valgrindOptions(), process.execPath, ...mocha], { env, inherit: true }];
  }
  if (values.assertions) return [process.execPath, mocha, { env, inherit: true }];
  // The sanitizers' libraries must be loaded first in every process that loads the addon.
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
    // V8 generates code at run time.
    '--smc-check=all-non-file',
  ];
}
