/** Packs the package with npm, and makes projects that install it. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { addonFor, findAddon } from '../../dist/bindings/libtorch/addons';
import { findLibtorch } from '../../dist/bindings/libtorch/find';

const run = promisify(execFile);
export const ROOT = path.join(__dirname, '..', '..');
const PLATFORM = `${process.platform}-${process.arch}`;

/** The libtorch that the tests use. */
export const libtorch = findLibtorch();

/** The temporary folder of all projects. Each run makes a new one and removes it. */
export const WORKSHOP = mkdtempSync(path.join(os.tmpdir(), 'torch-losses package '));
chmodSync(WORKSHOP, 0o755); // for the test that runs as another user
process.on('exit', () => rmSync(WORKSHOP, { recursive: true, force: true }));

/**
 * The folder of the tools that `npm run test:package` installs: other package managers, runtimes and package checkers.
 */
export const TOOLS = process.env['TORCH_LOSSES_PACKAGE_TOOLS'];

/** Returns the environment for a program: only the variables of this process that it needs. */
export function environment(variables: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: path.join(WORKSHOP, 'home'),
    LIBTORCH: libtorch.directory,
    npm_config_offline: 'true', // what the package needs is in it
    npm_config_cache: path.join(WORKSHOP, 'npm-cache'),
    ...variables,
  };
}

let packed: Promise<string> | undefined;

/**
 * Packs the package. Under `npm run test:package` it runs `npm pack`, which makes missing prebuilt addons. Otherwise it
 * uses the addons that were built here.
 *
 * @returns the path of the tarball
 */
export function pack(): Promise<string> {
  packed ??= TOOLS ? npmPack(ROOT, WORKSHOP, process.env) : packWithOwnAddons();
  return packed;
}

async function packWithOwnAddons(): Promise<string> {
  const stage = path.join(WORKSHOP, 'stage');
  mkdirSync(stage);
  const plain = await npmPack(ROOT, stage, environment(), '--ignore-scripts');
  await run('tar', ['-xzf', plain, '-C', stage]);
  const addons = path.join(stage, 'package', 'addons');
  rmSync(addons, { recursive: true, force: true });
  for (const name of ['loader', addonFor(libtorch.version)] as const) {
    cpSync(findAddon(name)!, path.join(addons, name, 'prebuilds', PLATFORM, 'torch-losses.node'));
  }
  return npmPack(path.join(stage, 'package'), WORKSHOP, environment(), '--ignore-scripts');
}

async function npmPack(
  folder: string,
  destination: string,
  env: NodeJS.ProcessEnv,
  ...options: string[]
): Promise<string> {
  const args = ['pack', '--pack-destination', destination, ...options];
  const { stdout } = await run('npm', args, { cwd: folder, env });
  return path.join(destination, stdout.trim().split('\n').at(-1)!);
}

/** A new project. */
export class Project {
  readonly folder: string;

  constructor(name: string, manifest: object = {}) {
    this.folder = path.join(WORKSHOP, name);
    this.write('package.json', JSON.stringify({ name: 'project', private: true, ...manifest }));
  }

  write(name: string, text: string): void {
    const file = path.join(this.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Runs a program in the project's folder. Returns its trimmed output. */
  async run(
    program: string,
    args: readonly string[],
    { env = environment(), ...options }: { env?: NodeJS.ProcessEnv; uid?: number } = {},
  ): Promise<string> {
    const { stdout } = await run(program, args, { cwd: this.folder, env, ...options });
    return stdout.trim();
  }

  /** Runs a file, or a program after `-e`, with the Node of this process. */
  node(args: readonly string[], options: Parameters<Project['run']>[2] = {}): Promise<string> {
    return this.run(process.execPath, args, options);
  }

  async install(): Promise<this> {
    await this.run('npm', ['install', await pack(), '--no-audit', '--no-fund']);
    return this;
  }

  get packageFolder(): string {
    return path.join(this.folder, 'node_modules', 'torch-losses');
  }
}

/** Returns the first program of README.md, and what it must print. */
export function firstProgram(): { program: string; printed: string } {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const [, program, printed] = /```ts\n([\s\S]*?)```[\s\S]*?```text\n([\s\S]*?)```/.exec(readme)!;
  return { program: program!, printed: printed!.trim() };
}

/** Returns the folder of a tool's package, or undefined if it is not installed. */
export function toolFolder(name: string): string | undefined {
  const folder = TOOLS && path.join(TOOLS, 'node_modules', name);
  return folder && existsSync(folder) ? folder : undefined;
}
